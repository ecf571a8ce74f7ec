#!/bin/sh
# SPDX-License-Identifier: MIT
# A Debian 12 guest on a disk of dom0's, as `make run GUEST=debian` starts it:
# systemd reaches `running`, SSH from dom0 and a login on the console work, so do
# the programs of inside/, apt-get fetches Debian's package lists through dom0
# and QEMU's user network, what it writes is there after a reboot of the guest,
# and it shuts down by itself when asked, with its file system clean.
. "$(dirname "$0")/lib.sh"
. "$here/debian-lib.sh"
with_debian base
with_outside
limit=1200
dom0_script <<'DOM0'
. /lib/debian-lib.sh
check "created, and SSH answers" . /lib/debian-run.sh || exit 1
check "systemd is running" \
    [ "$(debian_ssh 2 systemctl is-system-running --wait)" = running ]
debian_ssh 2 'systemctl --failed --no-legend; systemd-analyze; uname -a;
    cat /etc/debian_version; df / | tail -n 1; systemctl is-active \
    serial-getty@hvc0'
check "prompt on the console" guest_wait debian 60 'debian login:'
tty=$(xenstore-read "/local/domain/$(guest_id debian)/console/tty")
echo root >"$tty"
check "asks for a password" guest_wait debian 60 '^Password:'
echo xen-lite >"$tty"
check "logged in" guest_wait debian 60 'root@debian'
check "programs" debian_ssh 2 sh /opt/inside/inside.sh 10
if [ "$(option registry no)" = yes ]; then
    check "apt-get update" debian_ssh 2 'apt-get -q update &&
        apt-cache policy xen-utils-4.17 | grep -A 1 Candidate: &&
        apt-cache show xen-utils-4.17 | grep -q ^SHA256:'
else
    echo "note: no Debian registry from here; 71-net has dom0's HTTP server"
fi
check "write" debian_ssh 2 'dd if=/dev/urandom of=/root/file bs=64k count=64 \
    2>/dev/null; sync; sha256sum /root/file >/root/sum'
id=$(guest_id debian)
debian_ssh 2 systemctl reboot
other_id() { [ -n "$(guest_id debian)" ] && [ "$(guest_id debian)" != "$id" ]; }
check "restarted" wait_for 300 other_id
check "SSH answers again" wait_for 600 debian_ssh 2 true
check "data is there" debian_ssh 2 sha256sum -c /root/sum
check "nothing to recover" debian_ssh 2 '! dmesg | grep "EXT4.*recover"'
check "asked to shut down" "$TOOL" shutdown debian
check "gone" wait_for 300 debian_gone debian
mkdir /d
clean() {
    mount -t ext4 -o ro /dev/vda /d && ! dmesg | grep "EXT4.*recover"
}
check "file system is clean" clean
check "data is there for dom0" chroot /d sha256sum -c /root/sum
check "audit" audit_clean
tail -n 3 "$(guest_log debian)"
dmesg | grep -A 30 'soft lockup'
checks_end
DOM0
script_passes -s 2 -m 1536M
