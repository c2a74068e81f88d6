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
  const char* help;
};

struct CommandRow {
  const char* name;
  const char* group;
  const char* summary;
  Names positional;  ///< "name", or "[name]" when it may be left out, or "[names...]" for any
                     ///< number of them
  Names settings;    ///< rows of setting_table()
  std::vector<OptionRow> options;
  const char* example;
  int (*run)(const Invocation&);
};

inline const OptionRow json_option{"json", "", "print JSON"};

Names join(std::initializer_list<Names> groups);

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

std::span<const CommandRow> workflow_commands();  ///< what a workflow calls
std::span<const CommandRow> session_commands();   ///< sessions that live: run, heartbeat, health
std::span<const CommandRow> person_commands();    ///< what a person calls: live state, repair
std::span<const CommandRow> record_commands();    ///< reading and keeping the record
std::span<const CommandRow> input_commands();     ///< results, delivery, inputs, other queues
std::span<const CommandRow> lint_commands();      ///< on workflow files

}  // namespace refgate
