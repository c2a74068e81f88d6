#!/bin/sh
# usage: install_python.sh PYTHON FOLDER REQUIREMENTS    An environment with these versions; one that is complete is left as it is.
set -eu
python=$1 folder=$2 requirements=$3
if ! cmp -s "$requirements" "$folder/complete"; then
  rm -rf "$folder"
  "$python" -m venv "$folder"
  "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
  cp "$requirements" "$folder/complete"
fi
"$folder/bin/pip" --disable-pip-version-check freeze
