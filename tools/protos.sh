#!/usr/bin/env bash
# protos.sh: fetch Google's API descriptions, as the npm package google-proto-files has them, and
# print the folder in which they lie. Kept by version; every byte is pinned by the package's hash.
set -euo pipefail
cd "$(dirname "$0")/.."

version=5.0.3
sha512=HrKG4IIPUHaU1E4+J8yETm41N39+pm9z+ZBERNcq+q8ltHRcFwTcxSviqJSuxPiZJNTWmdBhp03xcElCRlQPxA==

folder=build/tools/google-proto-files-$version
if ! [ -d "$folder" ]; then
  {
    tools/npm.sh
    mkdir -p build/tools
    unpacked=$(mktemp -d build/tools/protos.XXXXXX)
    trap 'rm -rf "$unpacked"' EXIT
    (cd "$unpacked" && npm pack --silent "google-proto-files@$version" >/dev/null)
    package=$unpacked/google-proto-files-$version.tgz
    [ "$(openssl dgst -sha512 -binary "$package" | base64 -w0)" = "$sha512" ] || {
      echo "protos.sh: google-proto-files $version is not the package that is pinned here"
      exit 1
    }
    tar -xzf "$package" -C "$unpacked" package/google/{api,firestore,rpc,type}
    mv "$unpacked/package" "$folder"
  } >&2
fi
echo "$PWD/$folder"
