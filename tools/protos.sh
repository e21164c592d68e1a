#!/usr/bin/env bash
# protos.sh: fetch Google's API descriptions, as the npm package google-proto-files has them, and
# print the folder in which they lie. Kept by version; every byte is pinned by the package's hash.
set -euo pipefail
cd "$(dirname "$0")/.."

version=5.0.3
sha512=1eb286e0820f507694d44e3e27cc844e6e35377f7ea66f73f9904444d72afaaf25b4745c1704dcc52be2a894aec4f89924d4d699d061a74df170494246540fc4

folder=build/tools/google-proto-files-$version
if ! [ -d "$folder" ]; then
  {
    tools/npm.sh
    mkdir -p build/tools
    unpacked=$(mktemp -d build/tools/protos.XXXXXX)
    trap 'rm -rf "$unpacked"' EXIT
    (cd "$unpacked" && npm pack --silent "google-proto-files@$version" >/dev/null)
    package=$unpacked/google-proto-files-$version.tgz
    echo "$sha512  $package" | sha512sum --check --quiet || {
      echo "protos.sh: google-proto-files $version is not the package that is pinned here"
      exit 1
    }
    tar -xzf "$package" -C "$unpacked" package/google/{api,firestore,rpc,type}
    mv "$unpacked/package" "$folder"
  } >&2
fi
echo "$PWD/$folder"
