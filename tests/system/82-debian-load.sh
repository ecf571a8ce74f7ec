#!/bin/sh
# SPDX-License-Identifier: MIT
# Real work in a guest with Debian's root: fio writes and verifies checksums on
# a disk of dom0's, PostgreSQL serves pgbench and its totals add up, iperf3 runs
# both ways over the vif. Then the references are counted.
. "$(dirname "$0")/lib.sh"
. "$here/debian-lib.sh"
with_debian full
with_guest
limit=1200
dom0_mem=640M
dom0_script <<'DOM0'
. /lib/debian-lib.sh
check "disk" debian_disk
insmod /lib/brd.ko rd_nr=1 rd_size=196608
check "create" debian_small debian 2 \
    "'phy:/dev/vda,xvda,w', 'phy:/dev/ram0,xvdb,w'" 'memory = 384'
debian_show debian
check "fio verifies random writes" debian_in debian 300 fio --name=verify \
    --filename=/dev/xvdb --direct=1 --ioengine=libaio --iodepth=16 \
    --rw=randwrite --bsrange=4k-128k --size=96M --verify=crc32c \
    --verify_fatal=1 --eta=never --minimal --output=/dev/null
check "pgbench, and its sums" debian_in debian 600 \
    sh /opt/inside/bench-io.sh pgbench 10
check "iperf3 server" debian_in debian 60 iperf3 -s -D
check "iperf3 to the guest" iperf3 -n 32M -f m -c "$debian_net.2"
check "iperf3 from the guest" iperf3 -n 32M -f m -R -c "$debian_net.2"
check "audit under load" audit_clean
check "destroy" "$TOOL" destroy debian
check "gone" wait_for 60 debian_gone debian
check "audit" audit_clean
checks_end
DOM0
script_passes -s 2 -m 1280M
