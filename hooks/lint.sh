#!/bin/sh
# What .pre-commit-hooks.yaml runs: the shipped program for this machine. Arguments are options and names of files; what is no workflow is passed over.
set -eu

folder=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
case "$(uname -s)/$(uname -m)" in
  Linux/x86_64) program=refgate-linux-x64 ;;
  Linux/aarch64 | Linux/arm64) program=refgate-linux-arm64 ;;
  *)
    case "$(uname -m)" in arm64 | aarch64) program=refgate-linux-arm64 ;; *) program=refgate-linux-x64 ;; esac
    echo "refgate lint runs on Linux (x64 and arm64), not on $(uname -s)/$(uname -m); nothing was checked. There is no program for this system, and ./dev build makes one on Linux only.
  To commit without it: SKIP=refgate git commit …; a check on each pull request looks at it there (https://github.com/refgate/refgate/blob/main/docs/lint.md#on-each-pull-request).
  To check here, in a container: docker run --rm -v \"\$PWD\":/work -v \"$folder/dist\":/dist -w /work debian:12 /dist/$program lint" >&2
    exit 3
    ;;
esac
exec "$folder/dist/$program" lint "$@"
