#!/bin/sh
# SPDX-License-Identifier: MIT
# Debian's tools, command by command, as dom0's administrator uses them: the
# machine, guests, scheduling, pools, diagnosis. Each step says its result;
# scripts/mkxl.py sets those of two hypervisors side by side.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/xl-lib.sh"
TOOL=xl
with_guest
limit=1200
stock_programs xentop xentrace_setsize xen-mfndump xen-hptool xenwatchdogd \
    xenstore-control
dom0_program corecheck
xl_script <<'DOM0'
# -- the machine
step "xl info" 0 xl info
has '^xen_scheduler +: credit2$'
has '^free_cpus +: 0$'
step "xl info -n" 0 xl info -n
has '^numa_info'
has '^cpu_topology'

step "xl list" 0 xl list
has '^Domain-0 +0 +512 +2 '
step "xl list -v" 0 xl list -v
has '^Domain-0 .* 00000000-0000-0000-0000-000000000000 '
step "xl list -l" 0 xl list -l
has '"domid": 0'
step "xl list -n" 0 xl list -n
step "xl list -c" 0 xl list -c
has 'Pool-0$'
step "xl uptime" 0 xl uptime
has '^Domain-0 +0 '
step "xl domid" 0 xl domid Domain-0
has '^0$'
step "xl domid of nobody" 1 xl domid nobody
step "xl domname" 0 xl domname 0
has '^Domain-0$'
step "xl vcpu-list" 0 xl vcpu-list
has '^Domain-0 +0 +1 +[01] +[-r][-b]- +[0-9.]+ +all / all'
step "xl dmesg" 0 xl dmesg
has '\(XEN\)'
step "xl dmesg -c" 0 xl dmesg -c
step "xl debug-keys h" 0 xl debug-keys h
step "xl dmesg after a key" 0 xl dmesg
has "\\(XEN\\).*key '?h'?|'h' pressed"
step "xl debug-keys r" 0 xl debug-keys r
step "xl debug-keys q" 0 xl debug-keys q
step "xl claims" 0 xl claims
has '^Domain-0 +0 +512 +2 .* 0$'
step "xl loadpolicy" 255 xl loadpolicy /etc/passwd
step "xl getenforce" "?" xl getenforce
step "xl set-parameters" "?" xl set-parameters xpti=dom0
step "xentop -b" 0 xentop -b -i 2 -d 1
has ' Domain-0 '
has '^Mem: '
step "xl cpupool-list" 0 xl cpupool-list
has '^Pool-0 +2 +credit2 +y +1'
step "xl cpupool-list -c" 0 xl cpupool-list -c
has '^Pool-0 +0,1'
step "xl cpupool-create of CPUs in use" "?" xl cpupool-create 'name="p1"' \
    'cpus=["1"]'
step "xl sched-credit2" 0 xl sched-credit2
has '^Domain-0 +0 +256 '
step "xl sched-credit2 -s" 0 xl sched-credit2 -s
has 'ratelimit=1000us'
step "xl sched-credit" 0 xl sched-credit
step "xl sched-credit -s" "?" xl sched-credit -s
step "xl sched-rtds" 0 xl sched-rtds
step "xl psr-hwinfo" "?" xl psr-hwinfo
step "xl pci-assignable-list" "?" xl pci-assignable-list

# -- a guest
guest_config demo 'extra = "console=hvc0 quiet xl.mode=shell"' 'memory = 128' \
    'maxmem = 160' 'maxvcpus = 4' 'vcpus = 2' 'cpus = "0-1"' \
    'cpu_weight = 512' 'cap = 150' 'on_reboot = "restart"' \
    'on_poweroff = "destroy"' 'on_crash = "coredump-destroy"'
step "xl create -n" 0 xl create -n /run/demo.cfg
step "xl create -p" 0 xl create -p /run/demo.cfg
step "xl create of a name in use" "?" xl create -p /run/demo.cfg
step "xl list, paused" 0 xl list
has '^demo +[0-9]+ +128 +1 +--p---'
step "xenctx of a guest not started" "?" xenctx "$(guest_id demo)"
step "xl unpause" 0 xl unpause demo
check "guest at its shell" guest_wait demo 300 '^XL-STAGE guest-shell'
step "xl list, running" 0 xl list demo
has '^demo +[0-9]+ +128 +2 +[-r][-b]----'
step "xl list -l of a guest" 0 xl list -l demo
has '"max_vcpus": 4'
step "xl vcpu-list of a guest" 0 xl vcpu-list demo
has '^demo +[0-9]+ +3 +- +--p +[0-9.]+ +0-1 / all|^demo +[0-9]+ +3 .*(0-1|all) / all'
step "xl sched-credit2 of a guest" 0 xl sched-credit2 -d demo
has '^demo +[0-9]+ +512 +150'
step "xl sched-credit2 set" 0 xl sched-credit2 -d demo -w 300 -c 50
step "xl sched-credit2 was set" 0 xl sched-credit2 -d demo
has '^demo +[0-9]+ +300 +50'
step "xl sched-credit2 bad weight" "?" xl sched-credit2 -d demo -w 0
step "xl sched-credit of a guest" "?" xl sched-credit -d demo
step "xl sched-rtds of a guest" "?" xl sched-rtds -d demo
step "xl sched-credit2 unlimited" 0 xl sched-credit2 -d demo -w 256 -c 0
step "xl rename" 0 xl rename demo other
step "xl domid of the new name" 0 xl domid other
step "xl rename back" 0 xl rename other demo
step "xl pause" 0 xl pause demo
step "xl list, paused again" 0 xl list demo
has '^demo .* --p---| -bp---| r-p---'
step "xl unpause again" 0 xl unpause demo
step "xl vcpu-set 4" 0 xl vcpu-set demo 4
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
step "xl console" "?" sh -c '(sleep 2; echo echo con$((40+2)); sleep 3) |
    timeout 10 xl console demo'
has 'con42'
step "xl network-list" 0 xl network-list demo
step "xl block-list" 0 xl block-list demo
step "xl dump-core" 0 xl dump-core demo /run/core
step "dump-core: notes and pages" 0 corecheck /run/core
rm -f /run/core

# -- pools
step "xl cpupool-cpu-remove" 0 xl cpupool-cpu-remove Pool-0 1
step "xl info, a free CPU" 0 xl info
has '^free_cpus +: 1$'
step "xl cpupool-create" 0 xl cpupool-create 'name="p1"' 'sched="credit2"' \
    'cpus=["1"]'
step "xl cpupool-list, two" 0 xl cpupool-list -c
has '^p1 +1$'
step "xl cpupool-migrate" 0 xl cpupool-migrate demo p1
step "xl list -c, moved" 0 xl list -c demo
has ' p1$'
step "xl vcpu-list, moved" 0 xl vcpu-list demo
has '^demo +[0-9]+ +0 +1 '
step "xl cpupool-destroy in use" "?" xl cpupool-destroy p1
step "xl cpupool-cpu-remove of the last" "?" xl cpupool-cpu-remove p1 1
step "xl cpupool-rename" 0 xl cpupool-rename p1 p2
step "xl cpupool-migrate back" 0 xl cpupool-migrate demo Pool-0
step "xl cpupool-destroy" 0 xl cpupool-destroy p2
step "xl cpupool-cpu-add" 0 xl cpupool-cpu-add Pool-0 1
step "xl cpupool-list, one" 0 xl cpupool-list -c
has '^Pool-0 +0,1'
step "xl cpupool-create null" "?" xl cpupool-create 'name="p3"' 'sched="null"'
step "xl cpupool-numa-split" "?" xl cpupool-numa-split

# -- diagnosis
id=$(guest_id demo)
step "xenstore-write" 0 xenstore-write /tool/walk 1
step "xenstore-read" 0 xenstore-read /tool/walk
has '^1$'
step "xenstore-ls" 0 xenstore-ls /local/domain/0
step "xenstore-list" 0 xenstore-list /local/domain
step "xenstore-exists" 0 xenstore-exists /tool/walk
step "xenstore-chmod" 0 xenstore-chmod /tool/walk b0
step "xenstore-rm" 0 xenstore-rm /tool/walk
step "xenstore-watch" 0 xenstore-watch -n 1 /tool
step "xenstore-control check" 0 xenstore-control check
step "xenstore-control memreport" "?" xenstore-control memreport /run/mem
step "lsevtchn" 0 lsevtchn
has 'VCPU 0: Interdomain|Interdomain'
step "lsevtchn of a guest" 0 lsevtchn "$id"
has 'Interdomain \(Connected\)'
step "xenperf" "?" xenperf -p
step "xenperf -f" "?" xenperf -f
step "xentrace_setsize" "?" xentrace_setsize 32
step "xentrace" "?" sh -c 'timeout -s INT 20 xentrace -D -e all -T 3 /run/trace'
step "xentrace: records" 0 [ -s /run/trace ]
rm -f /run/trace
step "xenpm get-cpuidle-states" "?" xenpm get-cpuidle-states
step "xenpm get-cpufreq-para" "?" xenpm get-cpufreq-para
step "xenpm get-cpu-topology" 0 xenpm get-cpu-topology
has '^CPU0'
step "xenpm get-cpufreq-average" "?" xenpm get-cpufreq-average
step "xenpm set-sched-smt" "?" xenpm set-sched-smt enable
step "xenpm set-max-cstate" "?" xenpm set-max-cstate 1
step "xenpm get-core-temp" "?" xenpm get-core-temp
step "xen-hptool cpu-offline" "?" xen-hptool cpu-offline 7
step "xen-hptool mem-query-status" "?" xen-hptool mem-query 4096
step "xen-mfndump dump-m2p" "?" sh -c 'xen-mfndump dump-m2p | head -n 3'
step "xen-mfndump dump-p2m" "?" sh -c "xen-mfndump dump-p2m $id | head -n 3"
step "xen-mfndump lookup-pte" "?" xen-mfndump lookup-pte "$id" 0x1000
step "xenctx" 0 xenctx "$id" 0
has 'rip: |cs:eip|rax: '
step "xenctx -a" 0 xenctx -a "$id" 0
step "xen-cpuid -p" 0 xen-cpuid -p
step "xen-diag" "?" xen-diag gnttab_query_size "$id"
has 'domid'
step "xenwatchdogd" "?" sh -c 'xenwatchdogd 60 10; sleep 1; killall -USR1 xenwatchdogd'

# -- its end
xl_old=$(guest_id demo)
new_id() { xl_new=$(guest_id demo); [ -n "$xl_new" ] && [ "$xl_new" != "$xl_old" ]; }
gone() { [ -z "$(guest_id demo)" ]; }
rm -f "$(guest_log demo)"
kill -HUP "$(pidof xenconsoled)"
step "xl reboot" 0 xl reboot demo
check "another guest of that name" wait_for 120 new_id
check "at its shell again" guest_wait demo 300 '^XL-STAGE guest-shell'
step "xl shutdown -w" 0 xl shutdown -w demo
check "gone" wait_for 120 gone
guest_config demo 'extra = "console=hvc0 quiet xl.mode=shell"' 'memory = 128' \
    'on_crash = "coredump-destroy"'
step "xl create" 0 xl create /run/demo.cfg
rm -f "$(guest_log demo)"
kill -HUP "$(pidof xenconsoled)"
check "third guest at its shell" guest_wait demo 300 '^XL-STAGE guest-shell'
step "xl sysrq c" 0 xl sysrq demo c
cored() { ls /var/lib/xen/dump/*-demo* >/dev/null 2>&1 && gone; }
check "core of the crash, and gone" wait_for 120 cored
step "core of the crash" 0 sh -c 'corecheck /var/lib/xen/dump/*demo*'
rm -f /var/lib/xen/dump/*
guest_config demo 'extra = "console=hvc0 quiet xl.mode=shell"' 'memory = 128'
step "xl create again" 0 xl create -p /run/demo.cfg
step "xl destroy" 0 xl destroy demo
step "xl destroy of nobody" "?" xl destroy nobody
step "xl destroy of dom0" "?" xl destroy 0
check "references afterwards" audit_clean
checks_end
DOM0
boot -s 2
script_ended_well
ended_by poweroff
pass
