#!/bin/sh
# SPDX-License-Identifier: MIT
# Make the Linux guest image: Debian's busybox, the paravirtual front-end
# modules and an init of ours (see guest-init for what it does).
#
#   mk-guest-initramfs.sh ROOT OUTPUT [PACKING]
#
# ROOT     package tree of scripts/fetch-packages.sh
# PACKING  none, gzip or xz (default gzip)
set -eu

here=$(dirname "$0")
root=${1:?usage: mk-guest-initramfs.sh ROOT OUTPUT [PACKING]}
output=${2:?usage: mk-guest-initramfs.sh ROOT OUTPUT [PACKING]}
packing=${3:-gzip}
. "$here/lib.sh"

image=$(mktemp -d)
trap 'rm -rf "$image"' EXIT
chmod 755 "$image"

mkdir -p "$image/etc" "$image/lib" "$image/proc" "$image/sys" "$image/dev" \
    "$image/run" "$image/tmp" "$image/root"
put_busybox
put_modules xen-blkfront xen-netfront xen-evtchn xen-privcmd ext4 \
    crc32c_generic
echo "root:x:0:0:root:/root:/bin/sh" >"$image/etc/passwd"
install -m 755 "$here/guest-init" "$image/init"
install -m 644 "$here/xl-lib.sh" "$here/xl-work.sh" "$image/lib/"

"$here/mkcpio.sh" "$image" "$output" "$packing"
