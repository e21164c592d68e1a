#!/usr/bin/env bash
# npm.sh: install npm where it is missing.
set -euo pipefail
command -v npm >/dev/null && exit 0
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
"${as_root[@]}" apt-get -q update
"${as_root[@]}" apt-get -q install -y --no-install-recommends npm
