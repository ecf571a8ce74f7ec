# SPDX-License-Identifier: MIT
# dom0's part of `make run GUEST=debian`: start the guest, say how to get in.
# Sourced by dom0-init (xl.run=), with its functions.
# shellcheck shell=sh
. /lib/debian-lib.sh

debian_disk
debian_config debian 2
stage demo-create
debian_up debian 2 || {
    echo "demo: the guest does not answer"
    tail -n 20 "$(guest_log debian)"
    return 1
}
stage demo-created
cat >/etc/motd <<HINT

dom0's shell. A Debian guest runs beside it, at $debian_net.2:
  ssh -o HostKeyAlias=debian $debian_net.2    as root, by key
  $TOOL console debian                   root's password: xen-lite (Ctrl-] leaves)
It reaches what this machine's user can (apt-get update), through QEMU.
'poweroff' ends the machine, and so does Ctrl-A x.

HINT
debian_outside 2
debian_ssh 2 uptime
