#!/bin/sh
# SPDX-License-Identifier: MIT
# Part of bench_io.py that runs inside the guest, on Debian's root. Lines:
#
#   IO-BEGIN metric, IO-END metric   around each measurement
#   IO metric value                  a figure by the guest's clock, per second
#
#   bench-io.sh disk SECONDS              fio on xvdb (on RAM in dom0)
#   bench-io.sh net SECONDS METRIC HOST   iperf3 to HOST
#   bench-io.sh pgbench SECONDS           transactions, database on xvdb
set -eu
what=$1 seconds=$2
shift 2

# All in one fio, which takes an emulator long to start.
disk_jobs() {
    cat <<JOBS
[global]
filename=/dev/xvdb
direct=1
ioengine=libaio
thread
gtod_reduce=1
time_based
runtime=$seconds
stonewall
JOBS
    for round in 1 2 3; do
        while read -r name mode block depth; do
            printf '[%s]\nrw=%s\nbs=%s\niodepth=%s\n' "$name" "$mode" \
                "$block" "$depth"
            # fio itself adds `>FILE`.
            printf 'exec_%s=echo IO-%s %s >/dev/console && true\n' \
                prerun BEGIN "$name" postrun END "$name"
        done <<LIST
randread_qd1 randread 4k 1
randwrite_qd1 randwrite 4k 1
randread_qd32 randread 4k 32
randwrite_qd32 randwrite 4k 32
read_128k read 128k 8
write_128k write 128k 8
LIST
    done
}

# fio's terse lines: 3 is the job; reads and writes: 7, 48 KiB/s; 8, 49 IOPS
disk() {
    cd /tmp
    disk_jobs >./jobs
    fio --minimal jobs 2>/dev/null | awk -F';' '$1 == 3 {
        print "IO", $3, $3 ~ /128k/ ? $7 + $48 : $8 + $49 }'
}

# net METRIC HOST
net() {
    for round in 1 2 3; do
        echo "IO-BEGIN $1"
        iperf3 -t "$seconds" -f k -c "$2" | awk -v name="$1" '/receiver/ {
            for (i = 1; i < NF; i++) if ($(i + 1) == "Kbits/sec")
                print "IO", name, $i }'
        echo "IO-END $1"
    done
}

pgbench_runs() {
    mke2fs -q -t ext4 /dev/xvdb
    mount /dev/xvdb /mnt
    mkdir -p /dev/shm
    mount -t tmpfs -o mode=1777 shm /dev/shm
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
        pg pgbench -n -c 4 -j 2 -T "$seconds" 2>/dev/null |
            awk '/^tps/ { print "IO pgbench", $3 }'
        echo "IO-END pgbench"
    done
    # What each transaction added to three tables is the same in all.
    sums=$(pg psql -At -c "select (select sum(abalance) from pgbench_accounts),
        (select sum(tbalance) from pgbench_tellers),
        (select sum(bbalance) from pgbench_branches)")
    done=$(pg psql -At -c "select count(*) from pgbench_history")
    pg pg_ctl -w -D /mnt/main stop >/dev/null
    echo "IO-SUMS $sums"
    echo "$done|$sums" |
        awk -F'|' '{ exit !($1 > 0 && $2 == $3 && $3 == $4) }'
    umount /mnt
}

case $what in
disk) disk ;;
net) net "$@" ;;
pgbench) pgbench_runs ;;
esac
