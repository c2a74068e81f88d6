// What every sanitized program knows of its libraries, so that a report is about this code.
//
// libgit2 1.5 forgets a regular expression's workspace when a configuration key does not match
// (git_regexp_match in regexp.c). The suppression is compiled in, since tests start the program
// with an environment of their own. Weak, so that a test program may have its own.
extern "C" __attribute__((weak)) const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libpcre2-8\n"; }
