#!/usr/bin/env bash
# The demonstration behind `make demo`: back up a generated tree, copy the backup to a second
# repository under other keys, damage the first, detect it, repair it from the second, restore, and
# compare every byte. Everything happens in one temporary folder, which is removed at the end; set
# FIREBREAK_DEMO_KEEP=1 to look at it.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$PWD/build
export PATH="$build:$build/tools:$PATH"

work=$(mktemp -d "${TMPDIR:-/tmp}/firebreak-demo-XXXXXX")
[ -n "${FIREBREAK_DEMO_KEEP:-}" ] || trap 'rm -rf "$work"' EXIT
cd "$work"
export HOME=$work XDG_CACHE_HOME=$work/cache
unset FIREBREAK_REPOSITORY FIREBREAK_PASSWORD FIREBREAK_PASSWORD_FILE FIREBREAK_PASSWORD_COMMAND

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() { printf '$ %s\n' "$*"; "$@"; }
fail() { printf '\ndemo: FAILED: %s\n' "$*" >&2; exit 1; }

say "1. A tree to lose: photos, text, small files, copies"
"$build/bench/firebreak-generate" --bytes 64M --seed 7 tree >/dev/null
mkdir tree/odd && ln -s ../photos tree/odd/link && printf 'x' >"tree/odd/line
break" && chmod 0640 "tree/odd/line
break"
printf '   %s files, %s\n' "$(find tree -type f | wc -l)" "$(du -sh tree | cut -f1)"

say "2. Two repositories, each with a password of its own"
echo "first secret" >one.password
echo "second secret" >two.password
run firebreak init -r one -p one.password --recovery-sheet one.recovery.txt
run firebreak init -r two -p two.password --from-repo one --from-password-file one.password \
  --copy-chunker-params

say "3. Back up, then copy the snapshot to the second repository"
run firebreak backup -r one -p one.password tree
run firebreak copy -r two -p two.password --from-repo one --from-password-file one.password

say "4. Damage the first: flip a byte in one pack, remove another"
mapfile -t packs < <(find one/data -type f -size +1M | sort)
[ "${#packs[@]}" -ge 2 ] || fail "too few packs to damage"
flipped=${packs[0]}
chmod u+w "$flipped"
python3 - "$flipped" <<'PYTHON'
import sys
with open(sys.argv[1], "r+b") as pack:
    pack.seek(1000)
    byte = pack.read(1)[0]
    pack.seek(1000)
    pack.write(bytes([byte ^ 1]))
PYTHON
rm -f "${packs[1]}"
printf '   flipped a bit of %s\n   removed %s\n' "${flipped#one/}" "${packs[1]#one/}"

say "5. Detect it"
printf '$ firebreak check -r one -p one.password --read-data\n'
if firebreak check -r one -p one.password --read-data; then
  fail "check found nothing"
else
  code=$?
  [ "$code" = 1 ] || fail "check ended with $code"
fi

say "6. Repair it from the second"
run firebreak repair packs -r one -p one.password --from-repo two --from-password-file two.password
run firebreak check -r one -p one.password --read-data

say "7. Restore from the first, and compare every byte"
run firebreak restore latest -r one -p one.password --target restored --verify
diff --recursive --no-dereference tree restored/tree || fail "the restored tree differs"
echo "   equal"

if command -v restic >/dev/null; then
  say "8. Somebody else's opinion: $(restic version | cut -d' ' -f1-2)"
  run restic -r one -p one.password --no-cache -q check --read-data
  run restic -r two -p two.password --no-cache -q check --read-data
fi
printf '\ndemo: passed in %s s\n' "$SECONDS"
