#!/bin/sh
# SPDX-License-Identifier: MIT
# Networks for guests from dom0's own xen-netback on a bridge: guest and dom0,
# guest and guest, and out of the machine through QEMU's user network; in bulk
# with checksums; hot attach and detach; nothing is left behind.
. "$(dirname "$0")/lib.sh"
with_guest
limit=900
mkdir -p "$work/tftp"
head -c 700000 /dev/urandom >"$work/tftp/file"
outside=$(md5sum <"$work/tftp/file" | cut -d' ' -f1)
qemu_more="-netdev user,id=n0,tftp=$work/tftp
    -device virtio-net-pci,netdev=n0,romfile="
dom0_args="xl.outside=$outside"
dom0_script <<'DOM0'
modprobe -a virtio_pci virtio_net
wait_for 10 test -e /sys/class/net/eth0
ifconfig eth0 up
brctl addif xenbr0 eth0
ifconfig xenbr0:0 10.0.2.20 netmask 255.255.255.0
mkdir -p /run/www
dd if=/dev/urandom of=/run/www/f bs=64k count=256 2>/dev/null
dd if=/dev/urandom of=/run/www/small bs=64k count=4 2>/dev/null
sum=$(md5sum </run/www/f | cut -d' ' -f1)
httpd -p 80 -h /run/www
before=$(free_mib)
in_guest() { # GUEST WHAT COMMAND: a check that the guest makes
    check "$1: $2" guest_run "$1" 120 "$3"
}
ours="memory = 192"
guest_config one 'extra = "console=hvc0 quiet xl.mode=agent"' "$ours" \
    'vif = [ "bridge=xenbr0,mac=00:16:3e:00:00:01" ]'
guest_config two 'extra = "console=hvc0 quiet xl.mode=agent"' "$ours" \
    'vif = [ "mac=00:16:3e:00:00:02" ]' 'vcpus = 1'
check "create one" "$TOOL" create -p /run/one.cfg || exit 1
check "create two" "$TOOL" create -p /run/two.cfg || exit 1
check "unpause" "$TOOL" unpause one && "$TOOL" unpause two
check "one is up" guest_wait one 200 '^XL-STAGE guest-agent' || exit 1
check "two is up" guest_wait two 200 '^XL-STAGE guest-agent' || exit 1
"$TOOL" network-list one
check "network-list" sh -c "$TOOL network-list one | grep -q 00:16:3e:00:00:01"
in_guest one "address" 'wait_for 20 test -e /sys/class/net/eth0 &&
    ifconfig eth0 10.0.2.31 netmask 255.255.255.0 &&
    grep 00:16:3e:00:00:01 /sys/class/net/eth0/address'
in_guest two "address" 'wait_for 20 test -e /sys/class/net/eth0 &&
    ifconfig eth0 10.0.2.32 netmask 255.255.255.0'
in_guest one "ping dom0" 'ping -c 3 10.0.2.20'
check "ping one" ping -c 3 10.0.2.31
in_guest one "ping two" 'ping -c 3 10.0.2.32'
in_guest one "16 MiB from dom0" \
    "cd /tmp && wget -q http://10.0.2.20/f && md5sum f | grep $sum"
in_guest one "serve" 'httpd -p 80 -h /tmp'
check "16 MiB from one" sh -c \
    "wget -q -O - http://10.0.2.31/f | md5sum | grep $sum"
in_guest two "16 MiB from one" \
    "wget -q -O - http://10.0.2.31/f | md5sum | grep $sum"
in_guest one "segmentation is left to dom0" \
    'n=$(cat /sys/class/net/eth0/statistics/tx_packets); echo $n;
    [ $n -lt 16000 ]'
in_guest one "a queue for each vCPU" \
    '[ $(ls -d /sys/class/net/eth0/queues/tx-* | wc -l) = 2 ]'
in_guest one "large packets come whole" \
    'r=/sys/class/net/eth0/statistics/rx_packets; a=$(cat $r);
    wget -q -O /dev/null http://10.0.2.20/f || exit 1;
    n=$(($(cat $r) - a)); echo $n; [ $n -lt 8000 ]'
in_guest one "many connections" 'for i in $(seq 24); do
    wget -q -O /dev/null http://10.0.2.20/small & done; wait'
in_guest one "by both queues" 'grep vif0-q /proc/interrupts;
    for q in q0-tx q0-rx q1-tx q1-rx; do awk "/vif0-$q/ { n = \$2 + \$3 }
    END { exit n < 10 }" /proc/interrupts || exit 1; done'
in_guest two "out through QEMU" 'ping -c 1 10.0.2.2 &&
    tftp -g -r file -l /tmp/o 10.0.2.2 &&
    md5sum /tmp/o | grep '"$(option outside x)"

check "hot attach" "$TOOL" network-attach one bridge=xenbr0 \
    mac=00:16:3e:00:00:99
in_guest one "hot interface" 'wait_for 20 test -e /sys/class/net/eth1 &&
    ifconfig eth1 192.168.77.2 && ping -c 2 192.168.77.1'
check "two interfaces listed" sh -c \
    "[ \$($TOOL network-list one | grep -c 00:16:3e) = 2 ]"
check "hot detach" "$TOOL" network-detach one 1
in_guest one "hot interface goes" \
    'wait_for 20 test ! -e /sys/class/net/eth1'
in_guest one "the other stays" 'ping -c 1 10.0.2.20'

check "references" audit_clean
check "destroy one" "$TOOL" destroy one
check "dom0 goes on" ping -c 1 10.0.2.32
check "destroy two" "$TOOL" destroy two
check "interfaces are gone" wait_for 20 no_devices
check "no entries left" wait_for 20 no_entries
check "all memory is free again" wait_for 30 same_memory
check "no warning" sh -c '! dmesg | grep -E "WARNING: CPU|BUG:"'
cat /var/log/xen/xen-hotplug.log
checks_end
DOM0
dom0_passes -s 2
