#pragma once
// One command as a row: its words, its options, its help, and the function that runs it. The rows
// stand in the commands_*.cpp beside this file.

#include <initializer_list>
#include <span>
#include <vector>

#include "call/invocation.h"

namespace refgate {

using Names = std::vector<const char*>;

struct OptionRow {
  const char* name;
  const char* metavar;  ///< empty for a flag; "=word" for a flag that may have a value, `word` when
                        ///< none is given
  const char* help;     ///< empty: for the program itself, and told to nobody
  const char* actions = "";  ///< of a command with actions: those that take it, commas between
};

/// How a command speaks, and what it does to what it meets.
struct Traits {
  bool tells_sentences = false;  ///< to a person: nothing of it is meant to be applied or parsed
  bool leaves_terminal = false;  ///< to another program, or to the work beside which it lives
  bool only_reads = false;   ///< nothing of the state or a checkout is changed, but by an option
                             ///< that says so
  bool takes_files = false;  ///< its words are names of files or programs
  bool about_event = false;  ///< what the runner tells is what it is asked about
};

struct CommandRow {
  const char* name;
  const char* group;
  const char* summary;
  Names positional;  ///< "name", or "[name]" when it may be left out, or "[names...]" for any
                     ///< number of them
  Names settings;    ///< rows of setting_table()
  std::vector<OptionRow> options;
  const char* example;  ///< one a line; behind an empty line, what else is to be known
  int (*run)(const Invocation&);
  Traits traits;
  const char* exits = "";  ///< "1 when …", or, without a number, all of what its status says
  const char* see = "";    ///< commands and pages, commas between
  Names borrowed = {};     ///< of the settings those that it takes so that it can be called as its
                           ///< gate is, and that change nothing about what it does
};

inline const OptionRow json_option{"json", "", "print JSON", ""};

Names join(std::initializer_list<Names> groups);

/// Words that any command takes besides its own.
inline const OptionRow color_option{"color", "auto|always|never",
                                    "colours: on a terminal (auto), or as said", ""};

/// Which remote, and how long a call may take.
const Names& store_settings();
/// What run asks, and about what.
const Names& subject_settings();
/// What is decided, and how.
const Names& policy_settings();
/// Like subject_settings, where positional words say event, workflow, commit and run.
const Names& positional_settings();
/// May the work be launched now, beside what its scope says.
const Names& governing_settings();
/// What a session cost.
const Names& cost_settings();
/// How a session stays alive.
const Names& liveness_settings();
/// In what order sessions run.
const Names& ordering_settings();
/// What holds back work that would run; of these, other lists have some too.
const Names& limit_settings();
/// What the runner tells by itself, and nobody has to say in a workflow.
const Names& runner_settings();

std::span<const CommandRow> workflow_commands();  ///< what a workflow calls
std::span<const CommandRow> session_commands();   ///< sessions that live: run, heartbeat, health
std::span<const CommandRow> person_commands();    ///< what a person calls: live state, repair
std::span<const CommandRow> record_commands();    ///< reading and keeping the record
std::span<const CommandRow> input_commands();     ///< results, delivery, inputs, other queues
std::span<const CommandRow> lint_commands();      ///< on workflow files

}  // namespace refgate
