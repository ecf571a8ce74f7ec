#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs in a Debian guest: every program of this folder, then gdb, strace,
# modules and swap. One line each, `ok NAME` or `not ok NAME`; the last says
# how many failed.
#   inside.sh [SECONDS]     how long clocks are compared (default 60)
cd "$(dirname "$0")" || exit 1
failed=0

# one COMMAND...: its last line is its result
one() {
    line=$("$@" 2>&1 | tail -n 1)
    case $line in
    'ok '*) ;;
    'not ok '*) failed=$((failed + 1)) ;;
    *)
        line="not ok $1: $line"
        failed=$((failed + 1))
        ;;
    esac
    echo "$line"
}

# says NAME FILE REGEX...: the file has lines like each of these
says() {
    says_name=$1
    says_file=$2
    shift 2
    for regex in "$@"; do
        grep -q -E -e "$regex" "$says_file" || {
            tail -n 12 "$says_file"
            echo "not ok $says_name: no line like '$regex'"
            return 1
        }
    done
    echo "ok $says_name"
}

watchpoint() {
    gdb -q -batch -ex 'break main' -ex run -ex 'watch counter' -ex continue \
        -ex 'print counter' -ex continue -ex 'print counter' \
        -ex 'delete' -ex continue ./watched >/tmp/watch 2>&1
    says watchpoint /tmp/watch '^Hardware watchpoint 2: counter' \
        '^Old value = 0' '^New value = 1' '^Old value = 1' '^New value = 3' \
        '^counter 6' 'exited normally'
}

single_step() {
    gdb -q -batch -ex 'break step' -ex run -ex delete \
        -ex 'set $before = $pc' -ex 'stepi 300' -ex 'print $pc != $before' \
        -ex continue ./watched >/tmp/step 2>&1
    says single-step /tmp/step '^\$1 = 1' '^counter 6' 'exited normally'
}

traced() {
    strace -f -o /tmp/trace sh -c 'echo traced; /bin/true' >/dev/null 2>&1
    says strace /tmp/trace 'write\(1, "traced\\n", 7\) += 7' 'execve\(' \
        'exited with 0'
}

modules() {
    for round in 1 2 3 4 5; do
        modprobe loop && grep -q '^loop ' /proc/modules &&
            modprobe -r loop && ! grep -q '^loop ' /proc/modules &&
            modprobe dm-mod && modprobe -r dm-mod || {
            echo "not ok modules: round $round"
            return 1
        }
    done
    echo "ok modules"
}

# Twice the memory that a group of processes may have.
to_swap() {
    group=/sys/fs/cgroup/swap
    why=$(dd if=/dev/zero of=/swap bs=1M count=96 status=none 2>&1 &&
        chmod 600 /swap && mkswap -q /swap 2>&1 && swapon /swap 2>&1) || {
        echo "not ok swap: no swap file: $why"
        return 1
    }
    [ -e /sys/fs/cgroup/cgroup.procs ] ||
        mount -t cgroup2 cgroup2 /sys/fs/cgroup
    echo +memory >/sys/fs/cgroup/cgroup.subtree_control
    mkdir $group && echo 32M >$group/memory.max &&
        sh -c "echo \$\$ >$group/cgroup.procs && exec ./stress swap 64"
    rmdir $group
    swapoff /swap && rm /swap
}

# The clock that a PV kernel prefers takes a system call to read where the
# processor does not call its counter invariant; the counter (tsc) takes none.
# clocks_by SOURCE SECONDS
clocks_by() {
    source=/sys/devices/system/clocksource/clocksource0/current_clocksource
    echo "$1" >$source
    ./clocks "$2" || return
    [ "$(cat $source)" = "$1" ] && return
    echo "not ok clocks: the kernel does not keep clock source $1:" \
        "$(dmesg | grep -i clocksource | tail -n 1)"
    return 1
}

vdso_clock() {
    clocks_by tsc "$1" || return
    strace -f -e trace=clock_gettime -o /tmp/clock ./clocks 0 >/dev/null
    ! grep -q 'clock_gettime(' /tmp/clock ||
        echo "not ok clocks: a system call in place of the vDSO"
}

one ./compat32
# The same on each CPU alone.
for cpu in $(seq 0 $(($(nproc) - 1))); do
    one taskset -c "$cpu" ./compat32
done
one ./ldt
one ./ports
one ./avxsig
one taskset -c 0 ./avxsig
one ./stress
one watchpoint
one single_step
one traced
one modules
one to_swap
one vdso_clock "${1:-60}"
one clocks_by xen $((${1:-60} / 2))
if dmesg | grep -E 'BUG:|WARNING: CPU|Oops|rcu.*stall|segfault'; then
    echo "not ok kernel-log"
    failed=$((failed + 1))
fi
echo "inside: $failed failed"
[ $failed = 0 ]
