"""Texts of strangers: what some terminal, log, page, parser or shell obeys. One list for every output."""

import re

# One of each kind that some terminal, log, page or parser obeys.
MARKS = ("\x1b[2J", "\x1b]0;title\x07", "\x1b]8;;http://evil.example\x1b\\", "\x07", "\x08", "\x7f",
         "\r", "\n", "\t", "\x0b", "\x00"[:0] + "\x01", "\u009b31m", "\u009d0;x\u009c", "\u0085",
         "\u061c", "\u200b", "\u200d", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202e",
         "\u2060", "\u2066", "\u2069", "\ufeff", "\ufff9", "\U000e0001", "\U000e0041\U000e007f",
         "\U000e0100", "\u3164")
COMMANDS = ("\n::set-output name=skip_execution::false", "%0A::error::x", "\n##[error]x",
            "::add-mask::x", "\nskip_execution=false\n", "skip_execution<<EOF\nfalse\nEOF",
            "<script>alert(1)</script>", "[x](javascript:alert(1))", "| a | b |", "`x`", "$(id)",
            '"; id; "', "' \\' \"", "{{7*7}}", "\\n", "\\\\", '"} 1\nforged{a="')
# What a log obeys at the beginning of a line alone, and where it passes over blanks in front of it.
FIRST = ("::add-mask::pwn", " ::stop-commands::k", "\u3000::error::x", "##[error]x", ":", "::")
TEXTS = tuple(f"a{mark}b" for mark in MARKS + COMMANDS) + FIRST
# What nobody sees and something obeys.
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e"
                    "\u2060-\u206f\u3164\ufeff\ufff0-\ufffb\U000e0000-\U000e0fff]")
