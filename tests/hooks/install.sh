#!/bin/sh
# usage: install.sh PYTHON FOLDER    An environment with the versions of requirements.txt; one that is complete is left as it is.
set -eu
python=$1 folder=$2
requirements=$(dirname -- "$0")/requirements.txt
if ! cmp -s "$requirements" "$folder/complete"; then
  rm -rf "$folder"
  "$python" -m venv "$folder"
  "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
  cp "$requirements" "$folder/complete"
fi
"$folder/bin/pre-commit" --version
