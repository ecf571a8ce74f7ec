#!/bin/sh
# SPDX-License-Identifier: MIT
# Make what is laid over the dom0 image where Debian guests are started: their
# kernel and initramfs, an SSH client with the key that they accept, and the
# shell functions of debian-lib.sh.
#
#   mk-debian-dom0.sh FOLDER PACKAGES OUTPUT
#
# FOLDER    as made by mk-debian-disk.sh
# PACKAGES  package tree of scripts/fetch-packages.sh, for dom0's RAM disk
set -eu

here=$(dirname "$0")
usage='usage: mk-debian-dom0.sh FOLDER PACKAGES OUTPUT'
folder=${1:?$usage}
packages=${2:?$usage}
output=${3:?$usage}
root=$folder/tree
. "$here/lib.sh"

image=$(mktemp -d)
trap 'rm -rf "$image"' EXIT
chmod 755 "$image"

mkdir -p "$image/guest/debian" "$image/root/.ssh" "$image/lib"
cp "$folder/vmlinuz" "$folder/initrd" "$image/guest/debian/"
put_program "$root/usr/bin/ssh" usr/bin/ssh
put_library libgcc_s.so.1 # which the C library loads by name
[ ! -e "$root/usr/bin/iperf3" ] ||
    put_program "$root/usr/bin/iperf3" usr/bin/iperf3
cp "$packages/lib/modules/$(cat "$packages/kver")/kernel/drivers/block/brd.ko" \
    "$image/lib/"
install -m 600 "$folder/../debian-keys/user" "$image/root/.ssh/id_ed25519"
echo "debian $(cut -d' ' -f1,2 "$folder/../debian-keys/host.pub")" \
    >"$image/root/.ssh/known_hosts"
chmod 700 "$image/root/.ssh"
install -m 644 "$here/debian-lib.sh" "$here/debian-run.sh" "$image/lib/"
"$here/mkcpio.sh" "$image" "$output"
