#!/usr/bin/env bash
# setup.sh [check]: install by name what the build and the tests need (Debian 12), and with `check`
# what `make check` needs on top. Asks apt-get only when something is missing.
set -euo pipefail

packages=(
  cmake ninja-build ccache g++ make pkg-config git patch python3
  libssl-dev libsodium-dev libzstd-dev libcurl4-openssl-dev nlohmann-json3-dev libsimdjson-dev libpugixml-dev
  libfmt-dev libcli11-dev libhowardhinnant-date-dev unicode-data tzdata
  libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc librocksdb-dev
  libboost-dev zlib1g-dev
  libgtest-dev libgmock-dev libbenchmark-dev librapidcheck-dev
  restic attr openssl ca-certificates
  ceph-mon ceph-osd ceph-common radosgw  # an S3 server with object lock
)
if [ "${1:-}" = check ]; then
  packages+=(clang clang-tidy clang-format lld libclang-rt-14-dev)
fi

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing=()
for package in "${packages[@]}"; do
  installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

command -v apt-get >/dev/null || {
  echo "setup: no apt-get here; install these yourself: ${missing[*]}" >&2
  exit 1
}
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
export DEBIAN_FRONTEND=noninteractive
echo "setup: installing ${missing[*]}"
"${as_root[@]}" apt-get -q update
"${as_root[@]}" apt-get -q install -y --no-install-recommends "${missing[@]}"
