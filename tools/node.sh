#!/usr/bin/env bash
# node.sh: print the path of a Node new enough for the official clients and their tests: the one on
# PATH, or else the pinned npm package `node` in build/tools.
set -euo pipefail
cd "$(dirname "$0")/.."

oldest=20.14
package=22.12.0

new_enough() {
  local version
  version=$("$1" --version 2>/dev/null) || return 1
  [ "$(printf '%s\n' "$oldest" "${version#v}" | sort -V | head -1)" = "$oldest" ]
}

if node=$(command -v node) && new_enough "$node"; then
  echo "$node"
  exit 0
fi
folder=build/tools/node-$package
node=$folder/node_modules/node/bin/node
if ! [ -x "$node" ]; then
  {
    tools/npm.sh
    mkdir -p "$folder"
    npm install --no-save --no-audit --no-fund --prefix "$folder" "node@$package"
  } >&2
fi
new_enough "$node" || { echo "node.sh: no Node $oldest or newer, and npm did not give one" >&2; exit 1; }
echo "$PWD/$node"
