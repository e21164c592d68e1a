#!/usr/bin/env bash
# Fuzzes every target with libFuzzer, ASan and UBSan for SECONDS each (600), as many at once as there
# are processors. New inputs are kept in build-fuzz/corpus; a finding is left in
# build-fuzz/findings and makes this fail.
#
#   tests/fuzz/run.sh [SECONDS [TARGET…]]
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-600}
shift $(($# > 0 ? 1 : 0))
targets=("$@")
if [ ${#targets[@]} = 0 ]; then
  for source in src/*/*_fuzz.cc; do
    folder=$(basename "$(dirname "$source")")
    targets+=("${folder}_$(basename "$source" .cc)")
  done
fi
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target "${targets[@]}"
mkdir -p build-fuzz/findings build-fuzz/logs

fuzz() {
  local target=$1 seconds=$2 committed=()
  mkdir -p "build-fuzz/corpus/$target"
  [ -d "tests/corpus/$target" ] && committed=("tests/corpus/$target")
  if "build-fuzz/src/$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
    -artifact_prefix="build-fuzz/findings/$target-" "build-fuzz/corpus/$target" "${committed[@]}" \
    >"build-fuzz/logs/$target" 2>&1; then
    echo "$target: $(grep -o 'Done .* runs' "build-fuzz/logs/$target" || true)"
  else
    echo "$target: FINDING, see build-fuzz/logs/$target"
    return 1
  fi
}
export -f fuzz
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c "fuzz {} $seconds"
