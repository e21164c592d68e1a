#!/usr/bin/env bash
# clients.sh: the official Firebase clients that judge the stand-in, as tests/standby/package-lock.json
# pins them, into tests/standby/node_modules.
set -euo pipefail
cd "$(dirname "$0")/.."

cd tests/standby
if ! cmp -s package-lock.json node_modules/.locked; then
  ../../tools/npm.sh
  npm ci --ignore-scripts --no-audit --no-fund
  cp package-lock.json node_modules/.locked
fi
