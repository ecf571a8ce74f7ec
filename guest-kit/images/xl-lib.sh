# SPDX-License-Identifier: MIT
# What the first process and the test scripts in dom0 and guests share.
# shellcheck shell=sh

# stage NAME: one line on the console for whoever watches it
stage() {
    read -r xl_up xl_rest </proc/uptime
    echo "XL-STAGE $* up=$xl_up"
}

# option NAME DEFAULT: value of xl.NAME=... on the kernel command line
option() {
    xl_value=$2
    for xl_word in $(cat /proc/cmdline); do
        case $xl_word in
        "xl.$1="*) xl_value=${xl_word#*=} ;;
        esac
    done
    echo "$xl_value"
}

# whole seconds since this kernel started, in xl_now, without a process
now() {
    read -r xl_now xl_rest </proc/uptime
    xl_now=${xl_now%.*}
}

# Time limits are multiplied by this where the host is slow.
xl_slow=$(option slow 1)

# wait_for SECONDS COMMAND...: try until it succeeds; 1 when time is up. Ever
# longer naps: what it waits for needs the emulated CPUs more than the asking.
wait_for() {
    now
    xl_end=$((xl_now + $1 * xl_slow)) xl_nap=20000
    shift
    until "$@" >/dev/null 2>&1; do
        now
        [ "$xl_now" -lt "$xl_end" ] || return 1
        usleep $xl_nap
        [ $xl_nap -ge 400000 ] || xl_nap=$((xl_nap * 3 / 2))
    done
}

# What `poweroff`, `reboot` and `halt`, and so the toolstack's shutdown and
# reboot, ask of the first process.
obey_signals() {
    trap 'stage poweroff; poweroff -f' USR2
    trap 'stage reboot; reboot -f' TERM
    trap 'stage halt; halt -f' USR1
}

# A shell on the console, and another when it ends. In the background, as only
# a shell that waits acts on signals at once.
console_shell() {
    while :; do
        setsid cttyhack sh -l </dev/console &
        wait $!
        # A console without input would spin here.
        sleep 1
    done
}

start_xen_services() {
    mkdir -p /var/lib/xenstored /var/log/xen/console /var/lib/xen /var/lock \
        /run/xen /run/xenstored /var/lib/xen/dump
    xenstored --pid-file /run/xenstored.pid || return 1
    wait_for 60 xenstore-read -s / || return 1
    stage xenstored
    xen-init-dom0 || return 1
    xenconsoled --log=all --pid-file=/run/xenconsoled.pid || return 1
    start_backends
    stage xen-services
}

# Disks and networks for guests: dom0's drivers, and a bridge that guests'
# interfaces join.
start_backends() {
    modprobe -a xen-blkback xen-netback loop bridge || return 0
    brctl addbr xenbr0
    ifconfig xenbr0 192.168.77.1 netmask 255.255.255.0 up
}
