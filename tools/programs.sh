#!/usr/bin/env bash
# programs.sh [NAME...]: build the pinned programs that tests and benchmarks run, each as
# build/tools/NAME and kept by version: the newest restic, which judges our repositories, servers
# to store in, and by name alone kopia, which only benchmarks run. tools/programs/NAME/go.mod pins
# the version, go.sum every byte of it. Two minutes cold on two cores, kopia two more.
set -euo pipefail
cd "$(dirname "$0")/.."

build() {
  local name=$1 package=$2
  local source=tools/programs/$name
  local version
  version=$(sed -n "s|^require .* v||p" "$source/go.mod")
  local built=$PWD/build/tools/$name-$version
  if ! [ -x "$built/$name" ]; then
    mkdir -p "$built"
    local log=$built.log
    { go=$(tools/go.sh) && (cd "$source" &&
        "$go" build -mod=readonly -buildvcs=false -o "$built/$name" "$package"); } 2>"$log" || {
      echo "programs.sh: could not build $name $version: $(tail -1 "$log") (all of it: $log)" >&2
      return 1
    }
  fi
  ln -sfn "$name-$version/$name" "build/tools/$name"
}

failed=0
[ $# -gt 0 ] || set -- restic rest-server fake-gcs-server
for name; do
  case $name in
    restic) package=github.com/restic/restic/cmd/restic ;;
    rest-server) package=github.com/restic/rest-server/cmd/rest-server ;;
    fake-gcs-server) package=github.com/fsouza/fake-gcs-server ;;
    kopia) package=github.com/kopia/kopia ;;
    *) echo "programs.sh: no program is called $name" >&2; exit 2 ;;
  esac
  (build "$name" "$package") || failed=1
done
exit $failed
