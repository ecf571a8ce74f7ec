#!/bin/sh
# SPDX-License-Identifier: MIT
# Real work in a Debian guest: fio writes and verifies checksums on a disk of
# dom0's, PostgreSQL serves pgbench and its totals add up, iperf3 runs both
# ways over the vif. Then the references are counted.
. "$(dirname "$0")/lib.sh"
. "$here/debian-lib.sh"
with_debian full
limit=1800
dom0_mem=640M
dom0_script <<'DOM0'
. /lib/debian-lib.sh
check "disk" debian_disk
insmod /lib/brd.ko rd_nr=1 rd_size=131072
debian_config debian 2 'memory = 512' \
    'disk = [ "phy:/dev/vda,xvda,w", "phy:/dev/ram0,xvdb,w" ]'
check "create, and SSH answers" debian_up debian 2
check "fio verifies random writes" debian_ssh 2 fio --name=verify \
    --filename=/dev/xvdb --direct=1 --ioengine=libaio --iodepth=16 \
    --rw=randwrite --bsrange=4k-128k --size=96M --verify=crc32c \
    --verify_fatal=1 --minimal --output=/dev/null
check "pgbench" debian_ssh 2 'cd /tmp &&
    pg="runuser -u postgres --" &&
    $pg pgbench -q -i -s 1 2>/dev/null &&
    $pg pgbench -n -c 4 -j 2 -t 50 | grep "200/200" &&
    sum() { $pg psql -At -c "select sum($2) from $1"; } &&
    [ "$(sum pgbench_accounts abalance)" = "$(sum pgbench_history delta)" ] &&
    [ "$(sum pgbench_tellers tbalance)" = "$(sum pgbench_history delta)" ]'
debian_ssh 2 iperf3 -s -D
check "iperf3 to the guest" iperf3 -n 32M -f m -c "$debian_net.2"
check "iperf3 from the guest" iperf3 -n 32M -f m -R -c "$debian_net.2"
check "audit under load" audit_clean
check "asked to shut down" "$TOOL" shutdown debian
check "gone" wait_for 300 debian_gone debian
check "audit" audit_clean
checks_end
DOM0
boot -s 2 -m 1536M
script_ended_well
ended_by poweroff
pass
