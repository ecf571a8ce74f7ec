#!/bin/sh
# SPDX-License-Identifier: MIT
# A machine that boots from its own disk: GRUB with the menu that Debian's
# 20_linux_xen made, the hypervisor in /boot, Debian's systemd in dom0 and the
# stock Xen services. Somebody logs in on the console, asks, and powers off.
. "$(dirname "$0")/lib.sh"
limit=900
image=$O/images/machine-$HV.img
[ -e "$image" ] || skip "no machine disk (make image HV=$HV)"

prompt='root@dom0:.*# '
units='xen.service xendomains.service'
python3 "$top/scripts/console.py" --log "$log" --times "$work/times" \
    --limit $((limit * SLOW)) --bad "$bad" \
    --send 'dom0 login: =>root' --send 'Password: =>xen-lite' \
    --send "$prompt=>systemctl is-system-running --wait; xl info" \
    --send "$prompt=>xl list; systemctl is-active $units" \
    --send "$prompt=>systemctl --failed --no-pager; poweroff" -- \
    "$top/scripts/qemu.sh" -s 2 -m 1280M - \
    -drive "if=none,id=root,format=raw,snapshot=on,file=$image" \
    -device virtio-blk-pci,drive=root \
    -trace qemu_system_shutdown_request -D "$work/qemu.log" 2>"$work/why" ||
    fail "$(tail -n 1 "$work/why")"
expect '^running' 'systemd is not running'
expect '^xen_version *: 4.17' 'xl info does not answer'
expect '^Domain-0 ' 'xl list does not answer'
[ "$(lines | grep -c '^active')" = 2 ] || fail 'a Xen service is not active'
[ "$HV" = xen ] || expect '^xen_changeset.*xen-lite' 'another hypervisor'
ended_by poweroff
pass
