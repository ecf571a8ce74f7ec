#!/bin/sh
# SPDX-License-Identifier: MIT
# Pack a folder as an initial RAM file system: same files, same bytes (sorted,
# owned by root, no dates, no inode numbers of this machine).
#
#   guest-kit/images/mkcpio.sh FOLDER OUTPUT [none|gzip|xz]
#
# Linux takes several such archives one after the other (at multiples of 4
# bytes: scripts/mkiso.sh sees to it), so tests append their own small ones.
# Nothing may follow the packed data here: domain builders read gzip's size
# field from the last 4 bytes.
set -eu

folder=${1:?usage: mkcpio.sh FOLDER OUTPUT [none|gzip|xz]}
output=${2:?usage: mkcpio.sh FOLDER OUTPUT [none|gzip|xz]}
packing=${3:-none}

find "$folder" -exec touch -h -d @0 {} +
(cd "$folder" && find . -mindepth 1 -print0 | LC_ALL=C sort -z |
    cpio --quiet --null -o -H newc --reproducible -R +0:+0) >"$output.tmp"

case $packing in
none) ;;
gzip) gzip -9 -n <"$output.tmp" >"$output.gz" && mv "$output.gz" "$output.tmp" ;;
xz)
    # The kernel's decoder knows CRC32 only.
    xz --check=crc32 -6 <"$output.tmp" >"$output.xz"
    mv "$output.xz" "$output.tmp"
    ;;
*)
    echo "mkcpio: unknown packing '$packing'" >&2
    exit 2
    ;;
esac
mv "$output.tmp" "$output"
