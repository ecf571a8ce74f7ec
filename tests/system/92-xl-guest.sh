#!/bin/sh
# SPDX-License-Identifier: MIT
# xl on a Linux guest, command by command: create, hot-plug of vCPUs and memory,
# affinity, its console, its end. scripts/mkxl.py sets the results of two
# hypervisors side by side.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/xl-lib.sh"
TOOL=xl
with_guest
limit=580
mkdir -p "$work/dom0/guest.d"
# The guest brings vCPUs up that are plugged in, as udev would.
cat >"$work/dom0/guest.d/test.sh" <<'GUEST'
while :; do
    for file in /sys/devices/system/cpu/cpu[1-9]/online; do
        [ "$(cat "$file")" = 1 ] || echo 1 >"$file"
    done 2>/dev/null
    sleep 1
done &
GUEST
xl_script <<'DOM0'
# -- a guest
guest_image test.sh
# A guest that hangs says where each of its CPUs is; the NMIs that ask for it may
# well wake the one that slept, so that it goes on.
no_lockup() { ! grep 'soft lockup' "$(guest_log demo)"; }
guest_config demo 'memory = 128' \
    'extra = "console=hvc0 quiet xl.after=shell softlockup_all_cpu_backtrace=1"' \
    'ramdisk = "/run/guest.img"' 'maxmem = 160' 'maxvcpus = 4' \
    'vcpus = 2' 'cpus = "0-1"' \
    'cpu_weight = 512' 'cap = 150' 'on_reboot = "restart"' \
    'on_poweroff = "destroy"' 'on_crash = "coredump-destroy"'
step "xl create -n" 0 xl create -n /run/demo.cfg
step "xl create -p" 0 xl create -p /run/demo.cfg
step "xl create of a name in use" "?" xl create -p /run/demo.cfg
step "xl list, paused" 0 xl list
has '^demo +[0-9]+ +128 +1 +--p---'
step "xenctx of a guest not started" "?" xenctx "$(guest_id demo)"
step "xl sched-credit2 of a guest" 0 xl sched-credit2 -d demo
has '^demo +[0-9]+ +512 +150'
step "xl sched-credit2 set" 0 xl sched-credit2 -d demo -w 300 -c 50
step "xl sched-credit2 was set" 0 xl sched-credit2 -d demo
has '^demo +[0-9]+ +300 +50'
step "xl sched-credit2 bad weight" "?" xl sched-credit2 -d demo -w 0
step "xl sched-credit of a guest" "?" xl sched-credit -d demo
step "xl sched-rtds of a guest" "?" xl sched-rtds -d demo
step "xl sched-credit2 unlimited" 0 xl sched-credit2 -d demo -w 256 -c 0
step "xl unpause" 0 xl unpause demo
guest_or_end demo 400 '^XL-STAGE guest-shell'
step "xl list, running" 0 xl list demo
has '^demo +[0-9]+ +128 +2 +[-r][-b]----'
step "xl list -l of a guest" 0 xl list -l demo
has '"max_vcpus": 4'
step "xl vcpu-list of a guest" 0 xl vcpu-list demo
has '^demo +[0-9]+ +3 +- +--p +[0-9.]+ +0-1 / all|^demo +[0-9]+ +3 .*(0-1|all) / all'
step "xl rename" 0 xl rename demo other
step "xl domid of the new name" 0 xl domid other
step "xl rename back" 0 xl rename other demo
step "xl pause" 0 xl pause demo
step "xl list, paused again" 0 xl list demo
has '^demo .* --p---| -bp---| r-p---'
step "xl unpause again" 0 xl unpause demo
step "xl vcpu-set 4" 0 xl vcpu-set -i demo 4
check "four vCPUs online" until_has 60 '^demo +[0-9]+ +128 +4 ' xl list demo
step "xl vcpu-set 1" 0 xl vcpu-set demo 1
check "one vCPU online" until_has 60 '^demo +[0-9]+ +128 +1 ' xl list demo
step "xl vcpu-set 2" 0 xl vcpu-set demo 2
step "xl vcpu-set 9" "?" xl vcpu-set demo 9
step "xl vcpu-pin hard" 0 xl vcpu-pin demo 0 1
step "xl vcpu-pin soft" 0 xl vcpu-pin demo 1 all 0
step "xl vcpu-list, pinned" 0 xl vcpu-list demo
has '^demo +[0-9]+ +0 .* 1 / (all|0-1)$'
has '^demo +[0-9]+ +1 .* (all|0-1) / 0$'
step "xl vcpu-pin to no CPU" "?" xl vcpu-pin demo 0 7
step "xl vcpu-pin all" 0 xl vcpu-pin demo all all all
step "xl mem-set down" 0 xl mem-set demo 96
check "96 MiB" until_has 60 '^demo +[0-9]+ +96 ' xl list demo
step "xl mem-set up" 0 xl mem-set demo 128
check "128 MiB" until_has 60 '^demo +[0-9]+ +128 ' xl list demo
step "xl mem-max" 0 xl mem-max demo 144
step "xl mem-set over the maximum" "?" xl mem-set demo 400
step "xl sysrq" 0 xl sysrq demo h
check "sysrq seen" guest_wait demo 60 'sysrq: HELP'
step "xl trigger nmi" 0 xl trigger demo nmi 0
step "xl trigger power" "?" xl trigger demo power
step "xl console" "?" timeout 5 xl console demo
has 'XL-STAGE guest-shell'
step "xenconsole, both ways" "?" sh -c \
    "(sleep 5; echo 'echo con\$((40+2))'; sleep 10) |
    timeout 30 xenconsole --interactive $(guest_id demo)"
has 'con42'
step "xl network-list" 0 xl network-list demo
step "xl block-list" 0 xl block-list demo

# -- its end
xl_old=$(guest_id demo)
new_id() { xl_new=$(guest_id demo); [ -n "$xl_new" ] && [ "$xl_new" != "$xl_old" ]; }
gone() { [ -z "$(guest_id demo)" ]; }
check "no CPU of it hung" no_lockup
rm -f "$(guest_log demo)"
kill -HUP "$(pidof xenconsoled)"
step "xl reboot" 0 xl reboot demo
check "another guest of that name" wait_for 120 new_id
check "at its shell again" guest_wait demo 400 '^XL-STAGE guest-shell'
check "no CPU of it hung, again" no_lockup
step "xl shutdown -w" 0 xl shutdown -w demo
check "gone" wait_for 120 gone
guest_config demo 'extra = "console=hvc0 quiet xl.mode=shell"' 'memory = 128'
xl_limit=300
step "xl create -c" "?" timeout $((30 * xl_slow)) xl create -c /run/demo.cfg
has 'XL-STAGE guest-shell'
unset xl_limit
step "xl destroy" 0 xl destroy demo
check "references afterwards" audit_clean
checks_end
DOM0
script_passes -s 2
