#!/bin/sh
# SPDX-License-Identifier: MIT
# Make the dom0 image: Debian's busybox, kernel modules and Xen tools, our
# tools when built, and an init of ours.
#
#   mk-dom0-initramfs.sh ROOT OUTPUT [STAGING [PACKING]]
#
# ROOT     package tree of scripts/fetch-packages.sh
# STAGING  folder laid over the image (our tools under usr/), may be missing
# PACKING  none, gzip or xz (default gzip)
set -eu

here=$(dirname "$0")
root=${1:?usage: mk-dom0-initramfs.sh ROOT OUTPUT [STAGING [PACKING]]}
output=${2:?usage: mk-dom0-initramfs.sh ROOT OUTPUT [STAGING [PACKING]]}
staging=${3:-}
packing=${4:-gzip}
. "$here/lib.sh"

image=$(mktemp -d)
trap 'rm -rf "$image"' EXIT
chmod 755 "$image"

mkdir -p "$image/etc/xen" "$image/var" "$image/root" "$image/tmp" \
    "$image/proc" "$image/sys" "$image/dev" "$image/run"
ln -s ../run "$image/var/run"

put_busybox

# What the toolstack needs; then devices, disks and file systems for tests.
put_modules xen-privcmd xen-evtchn xen-gntdev xen-gntalloc xenfs \
    xen-blkback xen-netback \
    e1000 e1000e virtio_pci virtio_net virtio_blk ahci ata_piix sd_mod \
    sr_mod isofs ext4 crc32c_generic loop bridge virtio-rng

xenbin=usr/lib/xen-4.17/bin
for program in xenstored xenconsoled xenconsole xen-init-dom0 xl \
    libxl-save-helper lsevtchn xenperf xentrace xenpm xen-cpuid xenctx \
    readnotes xen-diag; do
    put_program "$root/$xenbin/$program" "$xenbin/$program"
done
put_program "$root/usr/bin/xenstore" usr/bin/xenstore
for name in chmod exists list ls read rm watch write; do
    ln -s xenstore "$image/usr/bin/xenstore-$name"
done
mkdir -p "$image/usr/sbin"
ln -s "/$xenbin/xl" "$image/usr/sbin/xl"
# Debian's hot-plug scripts, and of what they call those programs that busybox
# lacks or has with less. Its ip, brctl, stat and logger do.
cp -a "$root/etc/xen/scripts" "$image/etc/xen/"
put_program "$root/bin/bash" bin/bash
put_program "$root/sbin/losetup" sbin/losetup
put_program "$root/usr/bin/flock" usr/bin/flock
# dom0's memory is set on the command line.
cat >"$image/etc/xen/xl.conf" <<'CONF'
autoballoon="off"
run_hotplug_scripts=1
vif.default.bridge="xenbr0"
CONF

# The C library loads this one by name when a thread is cancelled.
put_library libgcc_s.so.1

echo "root:x:0:0:root:/root:/bin/sh" >"$image/etc/passwd"
echo "root:x:0:" >"$image/etc/group"
install -m 755 "$here/dom0-init" "$image/init"
install -m 644 "$here/xl-lib.sh" "$here/xl-work.sh" "$here/xl-guest.sh" \
    "$image/lib/"
install -D -m 644 "$here/demo-dom0.sh" "$image/usr/share/xl/demo.sh"

if [ -n "$staging" ] && [ -d "$staging" ]; then
    cp -a "$staging/." "$image/"
    find "$staging" -type f -perm -100 | while read -r program; do
        put_libraries "$program"
    done
fi

"$here/mkcpio.sh" "$image" "$output" "$packing"
