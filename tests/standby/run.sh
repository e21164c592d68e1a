#!/usr/bin/env bash
# run.sh TEST…: runs tests of the stand-in. Clients whose server was killed go on trying for
# minutes, and are not waited for.
set -euo pipefail
node=$("$(dirname "$0")/../../tools/node.sh")
exec "$node" --test --test-force-exit "$@"
