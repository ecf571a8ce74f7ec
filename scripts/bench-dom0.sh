# SPDX-License-Identifier: MIT
# dom0's part of `make bench`: memory, then one guest for each tool, its
# console shown at once so that whoever reads the serial line can take times.
# Sourced by dom0-init, with its functions.
# shellcheck shell=sh

"$TOOL" info | grep -E '^(total_memory|free_memory|xen_version) '
echo "BENCH dom0_kib=$(xenstore-read /local/domain/0/memory/target)"

# An input that never ends and never says anything, for consoles.
mkfifo /run/silence
exec 3<>/run/silence

# bench_guest NAME TOOL: from `create` to the guest's user space
bench_guest() {
    guest_config "$1" 'vcpus = 1' 'memory = 128' \
        'extra = "console=hvc0 quiet xl.mode=report xl.after=poweroff"'
    echo "BENCH $1 create"
    "$2" create "/run/$1.cfg" >/dev/null || return 1
    echo "BENCH $1 created"
    # Ends when the guest does.
    "$2" console "$1" <&3 &
    guest_wait "$1" 600 '^XL-STAGE guest-poweroff' || return 1
    wait
    echo "BENCH $1 gone"
}

bench_guest xl xl || return 1
if [ "$TOOL" = xlite ]; then
    bench_guest xlite xlite || return 1
fi
