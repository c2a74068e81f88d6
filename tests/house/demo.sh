#!/usr/bin/env bash
# demo.sh REFGATE: the main job on a local store. A push and its pull request ask the gate, as two runs that share nothing but the remote; the first
# is to run, the second to skip. Then a run that holds its work dies, and the next one takes over. Exits 1 when any answer is not the right one.
set -euo pipefail

refgate=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
remote=$folder/remote.git
failures=0

check() { # check "what should be" expected actual
  if [ "$2" = "$3" ]; then
    printf '   ok: %s\n' "$1"
  else
    printf '   WRONG: %s: expected "%s", got "%s"\n' "$1" "$2" "$3"
    failures=$((failures + 1))
  fi
}
value() { sed -n "s/^$1=//p" "$2" | tail -n 1; } # value NAME file
# What a person reads of a verdict.
tell() {
  case $(value SKIP_EXECUTION "$1") in
    false) printf '   runs: ' ;;
    *) printf '   skipped: ' ;;
  esac
  value REASON "$1"
}
title() { printf '\n== %s\n' "$*"; }

export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
git init -q --bare -b main "$remote"
tree=$(git -C "$remote" mktree </dev/null)
head=$(git -C "$remote" -c user.name=demo -c user.email=demo@example.invalid commit-tree -m 'the change that both events are about' "$tree")
merge=$(git -C "$remote" -c user.name=demo -c user.email=demo@example.invalid commit-tree -p "$head" -m 'the merge commit of the pull request' "$tree")
git -C "$remote" update-ref refs/heads/feature "$head"
git -C "$remote" update-ref refs/pull/7/merge "$merge"

repository='"repository": {"full_name": "octo/demo", "name": "demo", "owner": {"login": "octo"}, "default_branch": "main", "fork": false}'
cat >"$folder/push.json" <<JSON
{"ref": "refs/heads/feature", "before": "0000000000000000000000000000000000000000", "after": "$head",
 "head_commit": {"id": "$head"}, "pusher": {"name": "octo"}, "sender": {"login": "octo", "type": "User"}, $repository}
JSON
cat >"$folder/pull_request.json" <<JSON
{"action": "opened", "number": 7, "sender": {"login": "octo", "type": "User"}, $repository,
 "pull_request": {"number": 7, "title": "A change", "user": {"login": "octo", "type": "User"},
  "head": {"sha": "$head", "ref": "feature", "repo": {"full_name": "octo/demo", "fork": false}},
  "base": {"sha": "$merge", "ref": "main", "repo": {"full_name": "octo/demo", "fork": false}}}}
JSON

# as EVENT RUN SHA REF command…: one job of one run, with the environment that a runner gives and nothing of this machine's.
as() {
  local event=$1 run=$2 sha=$3 ref=$4
  shift 4
  mkdir -p "$folder/run-$run/temp"
  : >>"$folder/run-$run/output"
  env -i PATH="$PATH" HOME="$folder/run-$run" RUNNER_TEMP="$folder/run-$run/temp" GITHUB_ACTIONS=true CI=true \
    GITHUB_REPOSITORY=octo/demo GITHUB_SERVER_URL=https://github.com GITHUB_ACTOR=octo GITHUB_TRIGGERING_ACTOR=octo \
    GITHUB_WORKFLOW='Agent review' GITHUB_WORKFLOW_REF="octo/demo/.github/workflows/agent.yml@$ref" GITHUB_JOB=review \
    GITHUB_EVENT_NAME="$event" GITHUB_EVENT_PATH="$folder/$event.json" GITHUB_SHA="$sha" GITHUB_REF="$ref" \
    GITHUB_RUN_ID="$run" GITHUB_RUN_ATTEMPT=1 GITHUB_OUTPUT="$folder/run-$run/output" GITHUB_STEP_SUMMARY="$folder/run-$run/summary" \
    REFGATE_REMOTE="$remote" "$refgate" "$@"
}
push() { as push 1001 "$head" refs/heads/feature "$@"; }
pull_request() { as pull_request 1002 "$merge" refs/pull/7/merge "$@"; }

title "run 1001, push of ${head:0:8}: may it start?"
push gate >"$folder/first"
tell "$folder/first"
check 'the first event is told to run' false "$(value SKIP_EXECUTION "$folder/first")"
check 'because it is the first' first "$(value REASON_CODE "$folder/first")"

title "run 1002, pull_request of the same commit (its GITHUB_SHA is the merge commit ${merge:0:8}): may it start?"
pull_request gate >"$folder/second"
tell "$folder/second"
check 'the second event is told to skip' true "$(value SKIP_EXECUTION "$folder/second")"
check 'because a push already handles the commit' pr_lock "$(value REASON_CODE "$folder/second")"
check 'and is told which run does' 1001 "$(value HOLDER_RUN_ID "$folder/second")"
check 'the guard of its later steps is closed' true "$(value skip_execution "$folder/run-1002/output")"

title 'status, while run 1001 works'
push status | tee "$folder/status"
check 'one session is live, that of run 1001' 1 "$(grep -c 1001 "$folder/status" || true)"

title 'run 1002 ends; having skipped, it must not end the session of run 1001'
pull_request finish --status success || true
push status >"$folder/status"
check 'the session of run 1001 is still live' 1 "$(grep -c 1001 "$folder/status" || true)"

title 'run 1001 ends'
push finish --status success
push status | tee "$folder/status"
check 'no session is live any more' 0 "$(grep -c 1001 "$folder/status" || true)"

title 'run 1003, the same push again'
as push 1003 "$head" refs/heads/feature gate >"$folder/third"
tell "$folder/third"
check 'it is told to skip' true "$(value SKIP_EXECUTION "$folder/third")"
check 'because the work is done' already_done "$(value REASON_CODE "$folder/third")"

title 'run 1004 holds the next commit, and its runner dies: nothing is heard of it again'
head=$(git -C "$remote" -c user.name=demo -c user.email=demo@example.invalid commit-tree -p "$head" -m 'the next change' "$tree")
sed "s/\"after\": \"[0-9a-f]*\"/\"after\": \"$head\"/; s/\"head_commit\": {\"id\": \"[0-9a-f]*\"/\"head_commit\": {\"id\": \"$head\"/" "$folder/push.json" >"$folder/next.json"
mv "$folder/next.json" "$folder/push.json"
as push 1004 "$head" refs/heads/feature gate --lease 2s --skew 1s >"$folder/fourth"
tell "$folder/fourth"
check 'it was told to run' false "$(value SKIP_EXECUTION "$folder/fourth")"

title 'run 1005, the same commit: it stands by until the lease has passed'
as push 1005 "$head" refs/heads/feature gate --wait 60s >"$folder/fifth"
tell "$folder/fifth"
check 'exactly one takes the work over' takeover "$(value REASON_CODE "$folder/fifth")"
check 'with the next generation' 2 "$(value GENERATION "$folder/fifth")"
as push 1005 "$head" refs/heads/feature finish --status success

title 'log'
push log | tee "$folder/log"
check 'the record names all five runs' '1001 1002 1003 1004 1005' "$(grep -oE '\b100[1-5]\b' "$folder/log" | sort -u | tr '\n' ' ' | sed 's/ $//')"

echo
[ "$failures" = 0 ] || { echo "demo: $failures answers were wrong" && exit 1; }
echo 'demo: all answers were right'
