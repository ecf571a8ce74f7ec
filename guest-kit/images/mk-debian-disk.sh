#!/bin/sh
# SPDX-License-Identifier: MIT
# Make a guest's root disk (ext4, no partitions) from a root file system of
# mk-debian-rootfs.sh, without mounting anything.
#
#   mk-debian-disk.sh TAR FOLDER SIZE [OVERLAY...]
#
# FOLDER/disk.img         the disk, sparse, of SIZE (as mke2fs takes it)
# FOLDER/vmlinuz, initrd  the kernel and initramfs that are also on it
# FOLDER/tree             the unpacked root file system
# FOLDER/../debian-keys   user and host SSH key, made once for a build folder
# OVERLAY  folders laid over the root file system
#
# root's password is `xen-lite` (console login); SSH takes the key only. The
# network comes from `ip=` on the kernel's command line, else from DHCP. Same
# tar, keys and overlays give the same disk.
set -eu

tar=${1:?usage: mk-debian-disk.sh TAR FOLDER SIZE [OVERLAY...]}
folder=${2:?usage: mk-debian-disk.sh TAR FOLDER SIZE [OVERLAY...]}
size=${3:?usage: mk-debian-disk.sh TAR FOLDER SIZE [OVERLAY...]}

# Files must belong to root: a user needs a name space for that.
[ "$(id -u)" = 0 ] || exec unshare --map-root-user --map-auto -- "$0" "$@"
shift 3

export PATH="$PATH:/usr/sbin:/sbin" SOURCE_DATE_EPOCH=1700000000
keys=$folder/../debian-keys
tree=$folder/tree
rm -rf "$tree"
mkdir -p "$tree"

tar -x -p -C "$tree" --exclude='./dev/*' -f "$tar"
for overlay in "$@"; do
    cp -a --no-preserve=ownership "$overlay/." "$tree/"
done

echo '/dev/xvda / ext4 noatime,errors=remount-ro 0 1' >"$tree/etc/fstab"
"$(dirname "$0")/mk-debian-common.sh" "$keys" "$tree" debian

# ip= becomes 90-NAME.network at each boot, which comes before this one.
printf '[Match]\nType=ether\n\n[Network]\nDHCP=yes\n' \
    >"$tree/etc/systemd/network/99-dhcp.network"
wants=$tree/etc/systemd/system
mkdir -p "$wants/multi-user.target.wants" "$wants/sysinit.target.wants"
ln -sf /lib/systemd/system/systemd-networkd.service \
    "$wants/multi-user.target.wants/"
ln -sf /lib/systemd/system/systemd-network-generator.service \
    "$wants/sysinit.target.wants/"

cp "$tree"/boot/vmlinuz-* "$folder/vmlinuz"
cp "$tree"/boot/initrd.img-* "$folder/initrd"
chmod 644 "$folder/initrd"

find "$tree" -newermt "@$SOURCE_DATE_EPOCH" \
    -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
rm -f "$folder/disk.img"
E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH mke2fs -q -t ext4 -L debian \
    -U 6c697465-7865-6e00-8000-000000000001 -m 0 \
    -E hash_seed=6c697465-7865-6e00-8000-000000000002,lazy_itable_init=0 \
    -d "$tree" "$folder/disk.img" "$size" >/dev/null
