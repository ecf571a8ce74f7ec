#!/bin/sh
# SPDX-License-Identifier: MIT
# Make a Debian 12 root file system, from Debian's packages alone, as a tar
# file: what a guest's or dom0's disk is made of (mk-debian-disk.sh).
#
#   mk-debian-rootfs.sh CACHE VARIANT
#
# VARIANT   base  systemd, sshd, the stock kernel with an initramfs that boots
#                 from xvda, gdb and strace
#           full  that, PostgreSQL, fio and iperf3
#           dom0  the stock kernel and Xen's stock tools, to boot from a disk
# The result is CACHE/debian/VARIANT.tar; packages stay in CACHE/debian/deb, so
# that a second run downloads only what is new. Runs as root, or as a user with
# sub-ids (mmdebstrap's unshare mode).
set -eu

cache=${1:?usage: mk-debian-rootfs.sh CACHE VARIANT}
variant=${2:?usage: mk-debian-rootfs.sh CACHE VARIANT}

packages="systemd systemd-sysv dbus udev kmod e2fsprogs
    openssh-server openssh-client iproute2 iputils-ping procps
    linux-image-amd64 initramfs-tools"
case $variant in
base) packages="$packages gdb-minimal strace" ;;
full) packages="$packages gdb-minimal strace postgresql fio iperf3" ;;
dom0) packages="$packages libpam-systemd xen-utils-4.17
    xen-hypervisor-4.17-amd64
    xenstore-utils grub-pc ifupdown bridge-utils" ;;
*)
    echo "mk-debian-rootfs: no variant '$variant'" >&2
    exit 2
    ;;
esac

mkdir -p "$cache/debian/deb"
cache=$(cd "$cache/debian" && pwd)
exec 9>"$cache/lock"
flock 9

hook=$(mktemp -d)
trap 'rm -rf "$hook"' EXIT
chmod 755 "$hook"

# Before packages are unpacked: what initramfs-tools is to put in, so that the
# stock kernel's own postinst makes an initramfs that is small.
cat >"$hook/setup" <<'HOOK'
set -eu
mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/var/cache/apt/archives"
printf 'MODULES=list\nCOMPRESS=gzip\nFSTYPE=ext4\n' \
    >"$1/etc/initramfs-tools/conf.d/disk"
printf '%s\n' xen-blkfront ext4 crc32c_generic virtio_pci virtio_blk ahci \
    sd_mod >"$1/etc/initramfs-tools/modules"
cp "$2"/*.deb "$1/var/cache/apt/archives/" 2>/dev/null || true
HOOK

# At the end: keep the packages for the next run, drop what only a machine
# that lived would need.
cat >"$hook/end" <<'HOOK'
set -eu
cp -n "$1"/var/cache/apt/archives/*.deb "$2/"
rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/var/log/* \
    "$1"/usr/share/doc/* "$1"/usr/share/man/* "$1"/usr/share/locale/* \
    "$1"/etc/ssh/ssh_host_* "$1"/var/lib/dbus/machine-id
: >"$1/etc/machine-id"
for unit in apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer \
    e2scrub_reap.service systemd-networkd-wait-online.service; do
    ln -sf /dev/null "$1/etc/systemd/system/$unit"
done
HOOK

# Drivers of hardware that no guest has; dom0 keeps its own.
excludes=''
if [ "$variant" != dom0 ]; then
    kernel='/lib/modules/*/kernel'
    for part in gpu media iio infiniband isdn staging usb hwmon input \
        net/wireless net/ethernet scsi; do
        excludes="$excludes --dpkgopt=path-exclude=$kernel/drivers/$part/*"
    done
    excludes="$excludes --dpkgopt=path-exclude=$kernel/sound/*"
fi

comma_list=$(echo $packages | tr ' ' ,)
# shellcheck disable=SC2086 # a list of words
SOURCE_DATE_EPOCH=1700000000 mmdebstrap --variant=minbase --format=tar --quiet \
    --architectures=amd64 --components=main --include="$comma_list" $excludes \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --aptopt='Acquire::Check-Valid-Until "false"' \
    --skip=download/empty --skip=essential/unlink \
    --setup-hook="sh $hook/setup \"\$1\" $cache/deb" \
    --customize-hook="sh $hook/end \"\$1\" $cache/deb" \
    bookworm "$cache/$variant.tar.tmp" \
    'deb http://deb.debian.org/debian bookworm main' \
    'deb http://deb.debian.org/debian bookworm-updates main' \
    'deb http://deb.debian.org/debian-security bookworm-security main' \
    >"$cache/$variant.log" 2>&1 || {
    tail -n 20 "$cache/$variant.log" >&2
    echo "mk-debian-rootfs: mmdebstrap failed (see $cache/$variant.log)" >&2
    exit 1
}
mv "$cache/$variant.tar.tmp" "$cache/$variant.tar"
