# SPDX-License-Identifier: MIT
# Helpers for scripts in dom0 that start Debian guests (mk-debian-disk.sh)
# from a disk of dom0's. Sourced after xl-guest.sh; TOOL may be xl or xlite.
# shellcheck shell=sh

# dom0 is .1 on the bridge xenbr0 (start_backends).
debian_net=192.168.77

# debian_disk: dom0's disk that holds the guest's root (the first of virtio)
debian_disk() {
    modprobe -a virtio_pci virtio_blk xen-blkback xen-netback bridge
    wait_for 60 test -b /dev/vda
}

# debian_config NAME N [LINE...]: /run/NAME.cfg, address $debian_net.N; lines
# override defaults
debian_config() {
    xl_name=$1
    xl_n=$2
    shift 2
    guest_config "$xl_name" 'kernel = "/guest/debian/vmlinuz"' \
        'ramdisk = "/guest/debian/initrd"' 'memory = 384' \
        'disk = [ "phy:/dev/vda,xvda,w" ]' \
        "vif = [ \"mac=00:16:3e:00:00:0$xl_n,bridge=xenbr0\" ]" \
        "extra = \"root=/dev/xvda ro console=hvc0 quiet net.ifnames=0 \
ip=$debian_net.$xl_n::$debian_net.1:255.255.255.0:$xl_name:eth0:off \
${debian_extra:-}\"" "$@"
}

# debian_ssh N COMMAND...: in the guest at $debian_net.N
debian_ssh() {
    xl_n=$1
    shift
    ssh -n -o BatchMode=yes -o HostKeyAlias=debian -o ConnectTimeout=20 \
        -o StrictHostKeyChecking=yes "root@$debian_net.$xl_n" "$@"
}

# debian_up NAME N: create it, and wait until SSH answers; its console is
# shown on ours meanwhile
debian_up() {
    rm -f "$(guest_log "$1")"
    "$TOOL" create "/run/$1.cfg" || return 1
    wait_for 30 test -e "$(guest_log "$1")"
    tail -n 1000 -f "$(guest_log "$1")" |
        while read -r xl_line; do echo "$1| $xl_line"; done &
    xl_tail=$!
    wait_for 200 debian_ssh "$2" true
    xl_up=$?
    kill $xl_tail
    return $xl_up
}

# debian_outside N: the guest reaches what QEMU's user network does; dom0's
# bridge takes its card (with_outside in tests, 10.0.2.2 is QEMU's gateway)
debian_outside() {
    modprobe -a virtio_pci virtio_net
    wait_for 20 test -e /sys/class/net/eth0 || return 1
    ifconfig eth0 up
    brctl addif xenbr0 eth0
    debian_ssh "$1" "ip address add 10.0.2.$(($1 + 30))/24 dev eth0 &&
        ip route replace default via 10.0.2.2 &&
        echo nameserver 10.0.2.3 >/etc/resolv.conf"
}

# debian_small NAME N DISKS [LINE...]: a small guest that has booted our own
# image, with the Debian root of xvda mounted at /d: an emulator needs minutes
# for a whole Debian. Commands go there by debian_in.
debian_small() {
    xl_small=$1
    xl_n=$2
    xl_disks=$3
    shift 3
    guest_config "$xl_small" 'extra = "console=hvc0 quiet xl.mode=agent"' \
        "disk = [ $xl_disks ]" \
        "vif = [ 'mac=00:16:3e:00:00:0$xl_n,bridge=xenbr0' ]" "$@"
    "$TOOL" create "/run/$xl_small.cfg" || return 1
    guest_wait "$xl_small" 200 '^XL-STAGE guest-agent' || return 1
    guest_run "$xl_small" 60 "wait_for 30 test -b /dev/xvda; mkdir /d;
        mount -t ext4 /dev/xvda /d; mkdir -m 1777 /dev/shm;
        mount --bind /dev /d/dev;
        mount -t proc proc /d/proc; mount -t sysfs sysfs /d/sys;
        mount -t tmpfs tmpfs /d/run; mount -t tmpfs tmpfs /d/tmp;
        ifconfig eth0 $debian_net.$xl_n up"
}

# debian_show NAME: from now on, the results that it says are on our console
debian_show() {
    tail -n 0 -f "$(guest_log "$1")" | while read -r xl_line; do
        case $xl_line in
        'ok '* | 'not ok '* | IO-* | inside:*) echo "$xl_line" ;;
        esac
    done &
}

# debian_in NAME SECONDS COMMAND...: with Debian's programs, where busybox would
# take its own of that name
debian_in() {
    xl_small=$1
    xl_seconds=$2
    shift 2
    guest_run "$xl_small" "$xl_seconds" "chroot /d /usr/bin/env $*"
}

# debian_gone NAME
debian_gone() {
    [ -z "$(guest_id "$1")" ]
}
