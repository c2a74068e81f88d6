#!/bin/sh
# What .pre-commit-hooks.yaml runs: the shipped program for this machine. Arguments are options and names of files; what is no workflow is passed over.
set -eu

case "$(uname -s)/$(uname -m)" in
  Linux/x86_64) program=refgate-linux-x64 ;;
  Linux/aarch64 | Linux/arm64) program=refgate-linux-arm64 ;;
  *)
    echo "refgate lint runs on Linux (x64 and arm64), not on $(uname -s)/$(uname -m); nothing was checked. SKIP=refgate in the environment leaves it out." >&2
    exit 3
    ;;
esac
exec "$(dirname -- "$0")/../dist/$program" lint "$@"
