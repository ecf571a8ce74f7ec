#!/bin/sh
# SPDX-License-Identifier: MIT
# A Debian 12 guest on a disk of dom0's: systemd reaches `running`, SSH from
# dom0 works over its vif, what it writes is there after a reboot of the guest,
# and it shuts down by itself when asked.
. "$(dirname "$0")/lib.sh"
. "$here/debian-lib.sh"
with_debian base
limit=1200
dom0_script <<'DOM0'
. /lib/debian-lib.sh
check "disk" debian_disk
debian_config debian 2
check "create, and SSH answers" debian_up debian 2
check "systemd is running" \
    [ "$(debian_ssh 2 systemctl is-system-running --wait)" = running ]
debian_ssh 2 'systemctl --failed --no-legend; systemd-analyze; uname -a;
    cat /etc/debian_version; df / | tail -n 1; systemctl is-active \
    serial-getty@hvc0'
check "login on the console" guest_wait debian 60 'debian login:'
check "write" debian_ssh 2 'dd if=/dev/urandom of=/root/file bs=64k count=64 \
    2>/dev/null; sync; sha256sum /root/file >/root/sum'
id=$(guest_id debian)
debian_ssh 2 systemctl reboot
other_id() { [ -n "$(guest_id debian)" ] && [ "$(guest_id debian)" != "$id" ]; }
check "restarted" wait_for 300 other_id
check "SSH answers again" wait_for 600 debian_ssh 2 true
check "data is there" debian_ssh 2 sha256sum -c /root/sum
check "asked to shut down" "$TOOL" shutdown debian
check "gone" wait_for 300 debian_gone debian
check "audit" audit_clean
tail -n 3 "$(guest_log debian)"
checks_end
DOM0
boot -s 2 -m 1536M
script_ended_well
ended_by poweroff
pass
