#!/usr/bin/env bash
# restic.sh: build the newest restic, which judges our repositories in the tests, as
# build/tools/restic. Kept by version; some 45 seconds cold.
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.19.1
built=$PWD/build/tools/restic-$version

if ! [ -x "$built/restic" ]; then
  mkdir -p build/tools
  log=$built.log
  { go=$(tools/go.sh) && GOBIN=$built GOFLAGS=-mod=mod "$go" install \
      "github.com/restic/restic/cmd/restic@v$version"; } 2>"$log" || {
    echo "restic.sh: could not build restic $version: $(tail -1 "$log") (all of it: $log)" >&2
    exit 1
  }
fi
ln -sfn "restic-$version/restic" build/tools/restic
