#!/bin/sh
# SPDX-License-Identifier: MIT
# Give a Debian root file system its SSH keys: one for the user, one for the
# host, made once for a build folder and shared by its disks.
#
#   mk-debian-keys.sh KEYS TREE
set -eu

keys=${1:?usage: mk-debian-keys.sh KEYS TREE}
tree=${2:?usage: mk-debian-keys.sh KEYS TREE}

mkdir -p "$keys"
for key in user host; do
    [ -e "$keys/$key" ] ||
        ssh-keygen -q -t ed25519 -N '' -C "xen-lite-$key" -f "$keys/$key"
done
install -d -m 700 "$tree/root/.ssh"
install -m 600 "$keys/user.pub" "$tree/root/.ssh/authorized_keys"
install -m 600 "$keys/host" "$tree/etc/ssh/ssh_host_ed25519_key"
install -m 644 "$keys/host.pub" "$tree/etc/ssh/ssh_host_ed25519_key.pub"
printf 'HostKey /etc/ssh/ssh_host_ed25519_key\nUseDNS no\n' \
    >"$tree/etc/ssh/sshd_config.d/disk.conf"
