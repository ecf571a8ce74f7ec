#!/bin/sh
# SPDX-License-Identifier: MIT
# What a user may get wrong with guests: each is refused with a message and a
# status, nothing crashes, and nothing is left behind.
. "$(dirname "$0")/lib.sh"
with_guest
limit=900
dom0_script <<'DOM0'
before=$(free_mib)
same_memory() { [ "$(free_mib)" = "$before" ]; }
alone() { [ "$("$TOOL" list | wc -l)" = 2 ]; }

# refused WHAT COMMAND...: fails in time, by itself, with some words
refused() {
    what=$1
    shift
    timeout $((120 * xl_slow)) "$@" >/run/said 2>&1
    rc=$?
    echo "$what: status $rc: $(head -n 2 /run/said | tr '\n' ' ')"
    check "$what: refused" [ $rc != 0 ]
    check "$what: in time, no crash" [ $rc -lt 124 ]
    check "$what: a message" [ -s /run/said ]
}

echo 'name = "x' >/run/broken.cfg
refused "malformed config" "$TOOL" create /run/broken.cfg
refused "missing config" "$TOOL" create /run/none.cfg
refused "unknown domain, destroy" "$TOOL" destroy nobody
refused "unknown domain, pause" "$TOOL" pause nobody
refused "unknown domain, shutdown" "$TOOL" shutdown nobody
refused "unknown domain by number" "$TOOL" destroy 4711
refused "dom0 cannot be destroyed" "$TOOL" destroy 0
refused "unknown command" "$TOOL" frobnicate

guest_config big 'memory = 100000'
refused "larger than free memory" "$TOOL" create /run/big.cfg
guest_config nokernel 'kernel = "/guest/none"'
refused "missing kernel" "$TOOL" create /run/nokernel.cfg
guest_config notpv 'kernel = "/bin/busybox"'
refused "kernel without Xen notes" "$TOOL" create /run/notpv.cfg
head -c 3000000 /guest/vmlinuz >/run/half
guest_config half 'kernel = "/run/half"'
refused "truncated kernel" "$TOOL" create /run/half.cfg
check "dom0 is alone" alone
check "no memory lost" wait_for 30 same_memory

head -c 700000 /guest/guest.img >/run/half.img
tail -c 200000 /guest/vmlinuz >>/run/half.img
guest_config badinitrd 'ramdisk = "/run/half.img"' \
    'extra = "console=hvc0 panic=0"' 'on_crash = "preserve"'
if "$TOOL" create /run/badinitrd.cfg; then
    panicked() { grep -q 'Kernel panic' "$(guest_log badinitrd)"; }
    check "corrupt initrd: the guest says so" wait_for 240 panicked
    "$TOOL" destroy badinitrd
    check "corrupt initrd: destroyed" wait_for 30 alone
else
    echo "corrupt initrd: refused"
fi

guest_config twin 'extra = "console=hvc0 quiet xl.mode=shell"'
check "first twin" "$TOOL" create -p /run/twin.cfg
sed 's/^uuid.*/uuid = "00000000-1111-2222-3333-444444444444"/' /run/twin.cfg \
    >/run/twin2.cfg
refused "two guests with one name" "$TOOL" create -p /run/twin2.cfg
check "first twin lives" [ -n "$(guest_id twin)" ]
"$TOOL" destroy twin
check "dom0 is alone again" wait_for 30 alone
check "no memory lost at all" wait_for 30 same_memory

if [ "$TOOL" != xl ]; then
    # (xl waits for ever for a dead xenstored.)
    kill "$(pidof xenstored)"
    check "xenstored is dead" wait_for 10 sh -c '! pidof xenstored'
    refused "dead xenstored" "$TOOL" create /run/twin.cfg
    check "nothing left of it" same_memory
fi
checks_end
DOM0
script_passes -s 2
