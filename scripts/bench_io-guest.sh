#!/bin/sh
# SPDX-License-Identifier: MIT
# Part of bench_io.py that runs inside the guest, on Debian's root. Each
# measurement does a fixed amount of work between two lines that the host puts
# times to:
#
#   IO-BEGIN metric
#   IO-END metric amount rate     rate: by the guest's own clock, per second
#
#   bench-io.sh disk       fio on xvdb (empty, on RAM in dom0)
#   bench-io.sh net HOST   iperf3 to HOST
#   bench-io.sh pgbench    transactions, database on xvdb
set -eu

# fio_one METRIC UNITS-FIELD AMOUNT OPTION...: terse field 8 or 49 (IOPS) and
# 7 or 48 (KiB/s)
fio_one() {
    metric=$1 field=$2
    shift 2
    echo "IO-BEGIN $metric"
    line=$(fio --name=one --filename=/dev/xvdb --direct=1 --ioengine=libaio \
        --randrepeat=1 --minimal "$@" 2>/dev/null | tail -n 1)
    amount=$(echo "$line" | awk -F';' '{ print $6 + $47 }')
    echo "IO-END $metric $amount $(echo "$line" | cut -d';' -f"$field")"
}

disk() {
    for round in 1 2 3; do
        fio_one randread_qd1 8 --rw=randread --bs=4k --iodepth=1 --size=8M
        fio_one randwrite_qd1 49 --rw=randwrite --bs=4k --iodepth=1 --size=8M
        fio_one randread_qd32 8 --rw=randread --bs=4k --iodepth=32 --size=32M
        fio_one randwrite_qd32 49 --rw=randwrite --bs=4k --iodepth=32 \
            --size=32M
        fio_one read_128k 7 --rw=read --bs=128k --iodepth=8 --size=128M
        fio_one write_128k 48 --rw=write --bs=128k --iodepth=8 --size=128M
    done
}

# net METRIC HOST OPTION...
net() {
    metric=$1
    shift
    for round in 1 2 3; do
        echo "IO-BEGIN $metric"
        rate=$(iperf3 -n 96M -f k -c "$@" |
            awk '/receiver/ { for (i = 1; i < NF; i++)
                if ($(i + 1) == "Kbits/sec") print $i }')
        echo "IO-END $metric 98304 $rate"
    done
}

pgbench_runs() {
    mke2fs -q -t ext4 /dev/xvdb
    mount /dev/xvdb /mnt
    cp -a /var/lib/postgresql/15/main /mnt/
    install -d -o postgres /run/postgresql
    PATH=$PATH:/usr/lib/postgresql/15/bin
    pg() {
        runuser -u postgres -- "$@"
    }
    pg pg_ctl -w -t 300 -D /mnt/main -l /tmp/postgres.log start -o "-c \
config_file=/etc/postgresql/15/main/postgresql.conf -c data_directory=/mnt/main"
    pg pgbench -q -i -s 1 >/dev/null 2>&1
    for round in 1 2 3; do
        echo "IO-BEGIN pgbench"
        rate=$(pg pgbench -n -c 4 -j 2 -t 150 2>/dev/null |
            awk '/^tps/ { print $3 }')
        echo "IO-END pgbench 600 $rate"
    done
    # What each transaction added to three tables is the same in all.
    sums=$(pg psql -At -c "select (select sum(abalance) from pgbench_accounts),
        (select sum(tbalance) from pgbench_tellers),
        (select sum(bbalance) from pgbench_branches)")
    pg pg_ctl -w -D /mnt/main stop >/dev/null
    echo "IO-SUMS $sums"
    echo "$sums" | awk -F'|' '{ exit !($1 == $2 && $2 == $3) }'
    umount /mnt
}

case $1 in
disk) disk ;;
net)
    shift
    net "$@"
    ;;
pgbench) pgbench_runs ;;
esac
