#!/bin/sh
# SPDX-License-Identifier: MIT
# Make the disk of a whole machine: Debian 12 as dom0 with its own systemd and
# the stock Xen services, and GRUB (BIOS) with the menu that Debian's own
# /etc/grub.d makes. Nothing is mounted, no device is touched.
#
#   mk-debian-machine.sh TAR HYPERVISOR DISK SIZE [OVERLAY...]
#
# TAR         of mk-debian-rootfs.sh, variant dom0
# HYPERVISOR  becomes /boot/xen-lite.elf, or is `stock`: Debian's Xen 4.17
# SIZE        of the disk in MiB
# root's password is `xen-lite`.
set -eu

usage='usage: mk-debian-machine.sh TAR HYPERVISOR DISK SIZE [OVERLAY...]'
tar=${1:?$usage} hypervisor=${2:?$usage} disk=${3:?$usage} size=${4:?$usage}
[ "$(id -u)" = 0 ] || exec unshare --map-root-user --map-auto -- "$0" "$@"
shift 4

export PATH="$PATH:/usr/sbin:/sbin" SOURCE_DATE_EPOCH=1700000000
uuid=6c697465-7865-6e00-8000-000000000003
tree=$(mktemp -d)
trap 'rm -rf "$tree" "$disk.tmp"' EXIT
chmod 755 "$tree"
tar -x -p -C "$tree" --exclude='./dev/*' -f "$tar"
for overlay in "$@"; do
    cp -a --no-preserve=ownership "$overlay/." "$tree/"
done

mkdir -p "$tree/var/log/xen" # whose absence oxenstored does not survive
echo "UUID=$uuid / ext4 noatime,errors=remount-ro 0 1" >"$tree/etc/fstab"
keys=$(dirname "$disk")/debian-keys
"$(dirname "$0")/mk-debian-common.sh" "$keys" "$tree" dom0
cat >>"$tree/etc/network/interfaces" <<'NET'

auto lo
iface lo inet loopback

auto xenbr0
iface xenbr0 inet static
    address 192.168.77.1/24
    bridge_ports none
NET

if [ "$hypervisor" != stock ]; then
    rm "$tree"/boot/xen-4.17-*
    cp -L "$hypervisor" "$tree/boot/xen-lite.elf"
fi
cat >"$tree/etc/default/grub.d/machine.cfg" <<'GRUB'
GRUB_DEFAULT="Debian GNU/Linux, with Xen hypervisor"
GRUB_TIMEOUT=0
GRUB_TERMINAL=serial
GRUB_SERIAL_COMMAND="serial --unit=0 --speed=115200"
GRUB_CMDLINE_LINUX_DEFAULT="quiet"
GRUB_CMDLINE_XEN="dom0_mem=768M,max:768M console=com1 com1=115200,8n1 noreboot"
GRUB_CMDLINE_LINUX_XEN_REPLACE="console=hvc0"
GRUB

# The stock menu scripts, with answers about the disk that this will be.
mv "$tree/usr/sbin/grub-probe" "$tree/usr/sbin/grub-probe.real"
cat >"$tree/usr/sbin/grub-probe" <<PROBE
#!/bin/sh
case "\$*" in
*abstraction* | *cryptodisk*) ;;
*fs_uuid*) echo $uuid ;;
*partuuid*) echo 6c697465-01 ;;
*hints_string*) echo --hint=hd0,msdos1 ;;
*compatibility_hint*) echo hd0,msdos1 ;;
*drive*) echo '(hd0,msdos1)' ;;
*partmap*) echo msdos ;;
*target=device*) echo /dev/vda1 ;;
*fs*) echo ext2 ;;
esac
PROBE
chmod 755 "$tree/usr/sbin/grub-probe"
mkdir -p "$tree/dev/disk/by-uuid" "$tree/boot/grub/i386-pc"
: >"$tree/dev/disk/by-uuid/$uuid"
: >"$tree/dev/null"
log=$(chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    grub-mkconfig -o /boot/grub/grub.cfg 2>&1) || {
    echo "$log" >&2
    exit 1
}
rm -rf "${tree:?}"/dev/*
mv "$tree/usr/sbin/grub-probe.real" "$tree/usr/sbin/grub-probe"
cp "$tree"/usr/lib/grub/i386-pc/*.mod "$tree"/usr/lib/grub/i386-pc/*.lst \
    "$tree/boot/grub/i386-pc/"

find "$tree" -newermt "@$SOURCE_DATE_EPOCH" \
    -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
rm -f "$disk.tmp"
truncate -s "${size}M" "$disk.tmp"
printf 'label-id: 0x6c697465\nstart=2048, type=83, bootable\n' |
    sfdisk -q "$disk.tmp"
E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH mke2fs -q -F -t ext4 -U "$uuid" -m 0 \
    -E offset=1048576,hash_seed=$uuid -d "$tree" "$disk.tmp" \
    "$((size - 1))M" >/dev/null 2>&1

# GRUB's first sector, which loads the next; the rest lies before partition 1.
grub-mkimage -O i386-pc -d "$tree/usr/lib/grub/i386-pc" \
    -p '(hd0,msdos1)/boot/grub' -o "$disk.core" biosdisk part_msdos ext2
dd if="$tree/usr/lib/grub/i386-pc/boot.img" of="$disk.tmp" bs=440 count=1 \
    conv=notrunc status=none
dd if="$disk.core" of="$disk.tmp" bs=512 seek=1 conv=notrunc status=none
rm "$disk.core"
mv "$disk.tmp" "$disk"
