#pragma once
// The commands, one function each. Each returns an exit status and may throw UsageError and
// StoreError, which `run_main` turns into messages.

#include "call/invocation.h"

namespace refgate {

int command_gate(const Invocation& call);
int command_finish(const Invocation& call);

int command_run(const Invocation& call);
int command_heartbeat(const Invocation& call);
int command_health(const Invocation& call);

int command_check(const Invocation& call);
int command_register(const Invocation& call);
int command_cleanup(const Invocation& call);
int command_audit(const Invocation& call);

int command_status(const Invocation& call);
int command_log(const Invocation& call);
int command_show(const Invocation& call);
int command_stats(const Invocation& call);
int command_verify(const Invocation& call);
int command_metrics(const Invocation& call);
int command_report(const Invocation& call);

int command_release(const Invocation& call);
int command_pause(const Invocation& call);
int command_resume(const Invocation& call);
int command_gc(const Invocation& call);
int command_doctor(const Invocation& call);
int command_leave(const Invocation& call);

int command_explain(const Invocation& call);
int command_envelope(const Invocation& call);

int command_result(const Invocation& call);
int command_deliver(const Invocation& call);
int command_matrix(const Invocation& call);

int command_lint(const Invocation& call);
int command_init(const Invocation& call);
int command_completion(const Invocation& call);

}  // namespace refgate
