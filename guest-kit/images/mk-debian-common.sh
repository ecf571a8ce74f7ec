#!/bin/sh
# SPDX-License-Identifier: MIT
# What all disks with a Debian root file system have in common: a name, root's
# password, SSH keys (one for the user, one for the host, made once for a build
# folder), and patience, for emulators are slow.
#
#   mk-debian-common.sh KEYS TREE NAME
set -eu

keys=${1:?usage: mk-debian-common.sh KEYS TREE NAME}
tree=${2:?usage: mk-debian-common.sh KEYS TREE NAME}
name=${3:?usage: mk-debian-common.sh KEYS TREE NAME}

echo "$name" >"$tree/etc/hostname"
echo "127.0.0.1 localhost $name" >"$tree/etc/hosts"
hash=$(openssl passwd -6 -salt xenlite xen-lite)
sed -i "s|^root:[^:]*:|root:$hash:|" "$tree/etc/shadow"
mkdir -p "$tree/etc/systemd/system.conf.d"
printf '[Manager]\nDefault%s=900\nDefault%s=900\n' TimeoutStartSec \
    DeviceTimeoutSec >"$tree/etc/systemd/system.conf.d/patience.conf"

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
