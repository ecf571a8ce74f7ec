#!/bin/sh
# SPDX-License-Identifier: MIT
# A Linux guest with the stock kernel: created, reports, answers with memory
# of both vCPUs, powers itself off, and gives back what it had.
. "$(dirname "$0")/lib.sh"
with_guest
dom0_script <<'DOM0'
before=$(free_mib)
guest_config demo \
    'extra = "console=hvc0 xl.mode=demo xl.nonce=guest xl.after=poweroff"'
check "create" "$TOOL" create /run/demo.cfg
"$TOOL" list
check "listed" sh -c "$TOOL list | grep -q -E '^demo +1 +25[56] '"
check "user space" guest_wait demo 200 '^XL-STAGE guest-userspace'
check "references while it runs" audit_clean
check "answer" guest_wait demo 200 '^XL-ANSWER'
check "its own power-off" guest_wait demo 60 '^XL-STAGE guest-poweroff'
guest_line demo '^XL-'
gone() { [ -z "$(guest_id demo)" ]; }
check "gone after power-off" wait_for 60 gone
# To 1 MiB: the first guest makes the hypervisor's heap grow. To the page, over
# many guests: 40-guest-cycles.sh.
same_memory() { [ $((before - $(free_mib))) -le 1 ]; }
check "all of its memory is free again" wait_for 30 same_memory
check "references afterwards" audit_clean
checks_end
DOM0
boot -s 2
script_ended_well
expect '^XL-REPORT guest uptime=[0-9.]+ memory_kb=2[0-9]{5} cpus=2 ' \
    'the guest did not report 256 MiB and 2 CPUs'
expect "^XL-ANSWER guest parts=2 hash=$(python3 "$here/answer.py" guest 2)\$" \
    'a wrong hash of the memory'
ended_by poweroff
pass
