#!/bin/sh
# SPDX-License-Identifier: MIT
# xl save and restore of a Linux guest with two vCPUs: counters on both, memory,
# an open TCP connection, what is on its disk and the clocks go on. Also
# checkpoints, a move through a pipe, and what the tool says of live migration
# without a log of dirty pages.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/xl-lib.sh"
TOOL=xl
with_guest
limit=1200
mkdir -p "$work/dom0/guest.d"
dom0_program avxhold
mv "$work/dom0/usr/bin/avxhold" "$work/dom0/guest.d/"
cat >"$work/dom0/guest.d/test.sh" <<'GUEST'
. /lib/xl-lib.sh
dd if=/dev/urandom of=/run/data bs=1M count=16 2>/dev/null
sum=$(md5sum </run/data)
sleep 99999 | nc -l -p 5000 >/run/received &
count() {
    n=0
    while :; do
        n=$((n + 1))
        now
        echo "COUNT $1 $n up=$xl_now wall=$(date +%s)"
        usleep 300000
    done
}
usleep 500000
(n=0; while :; do n=$((n + 1)); echo $n; usleep 200000; done) |
    nc 127.0.0.1 5000 &
count 0 &
taskset -p 1 $! >/dev/null
count 1 &
taskset -p 2 $! >/dev/null
/avxhold &
# Blocks of the disk are written and, eight later, read again, both without the
# guest's cache.
block() { yes "block $1" | head -c 65536; }
disk() {
    n=0
    while :; do
        n=$((n + 1)) old=$((n > 8 ? n - 8 : 1))
        block $n | dd of=/dev/xvda bs=64k iflag=fullblock oflag=direct \
            seek=$((n % 256)) 2>/dev/null
        block $old >/run/old
        dd if=/dev/xvda bs=64k count=1 iflag=direct skip=$((old % 256)) \
            2>/dev/null | cmp -s - /run/old && echo "DISK good $n" ||
            echo "DISK bad $n"
        usleep 300000
    done
}
modprobe xen-blkfront
wait_for 60 [ -b /dev/xvda ]
disk &
while :; do
    [ "$(md5sum </run/data)" = "$sum" ] && echo "SUM good" || echo "SUM bad"
    cp /run/received /run/copy
    lines=$(wc -l </run/copy)
    [ "$(tail -n 1 /run/copy)" = "$lines" ] && echo "TCP good $lines" ||
        echo "TCP bad $lines"
    echo "CPUS $(nproc)"
    sleep 1
done
GUEST
xl_script <<'DOM0'
guest_image test.sh avxhold
guest=demo

# last WHAT: the last number said of it
last() {
    tr -d '\r' <"$(guest_log $guest)" | sed -n "s/^$1 \([0-9]*\).*/\1/p" | tail -n 1
}
# beyond WHAT NUMBER: it has been counted further
beyond() {
    [ "$(last "$1")" -gt "$2" ]
}
remember() {
    zero=$(last 'COUNT 0') one=$(last 'COUNT 1') tcp=$(last 'TCP good')
    avx=$(last 'AVX good') disk=$(last 'DISK good')
    echo "counters: $zero $one, TCP $tcp, disk $disk, AVX $avx"
}
# All of it goes on from where it was, and nothing went back or started anew.
goes_on() {
    check "$1: counter on vCPU 0" wait_for 60 beyond 'COUNT 0' $((zero + 3))
    check "$1: counter on vCPU 1" wait_for 60 beyond 'COUNT 1' $((one + 3))
    if [ -n "$avx" ]; then
        check "$1: AVX" wait_for 60 beyond 'AVX good' $((avx + 2))
    fi
    check "$1: TCP" wait_for 60 beyond 'TCP good' $((tcp + 3))
    check "$1: disk" wait_for 60 beyond 'DISK good' $((disk + 3))
    tr -d '\r' <"$(guest_log $guest)" >/run/said
    here=$(date +%s)
    # The log is read while it is written: its last line may be half a one.
    check "$1: each count follows the last" awk '
        half { print "cut: " half; bad = 1; half = "" }
        /^COUNT/ && !/^COUNT [01] [0-9]+ up=[0-9]+ wall=[0-9]{10}$/ {
            half = $0; next }
        !/^COUNT/ { next }
        $2 in seen && $3 != seen[$2] + 1 {
            print seen[$2] " before: " $0; bad = 1 }
        { seen[$2] = $3 }
        END { exit bad || !(0 in seen) || !(1 in seen) }' /run/said
    check "$1: memory, disk and registers whole" sh -c \
        '! grep -E "^(SUM|TCP|AVX|DISK) bad" /run/said &&
            grep -q "^SUM good" /run/said'
    check "$1: clock not back" awk '
        /^COUNT.* wall=[0-9]{10}$/ {
            split($4, up, "="); now = up[2] + 0
            if (now < was[$2]) bad = 1
            was[$2] = now }
        END { exit bad || !now }' /run/said
    wall=$(sed -n 's/^COUNT.* wall=\([0-9]*\)$/\1/p' /run/said | tail -n 1)
    echo "wall clock: $wall in the guest, $here in dom0"
    check "$1: wall clock near dom0's" [ $((here - wall)) -le $((8 * xl_slow)) ]
    check "$1: no complaint of its kernel" sh -c \
        '! grep -E "BUG:|WARNING:|Oops|Call Trace|stall" /run/said'
}

# A disk that two guests may have at once, as both ends of a move do: the stock
# script would not let them.
truncate -s 16M /run/disk.img
loop=$(losetup -f)
losetup "$loop" /run/disk.img
cat >/run/block-shared <<SCRIPT
#!/bin/sh
[ "\$1" = add ] || exit 0
xenstore-write "\$XENBUS_PATH/physical-device" 7:${loop#/dev/loop} \\
    "\$XENBUS_PATH/hotplug-status" connected
SCRIPT
chmod 755 /run/block-shared
guest_config demo \
    "disk = [ '$loop,raw,xvda,rw,script=/run/block-shared' ]" \
    'ramdisk = "/run/guest.img"' 'memory = 112' \
    'extra = "console=hvc0 quiet"'
step "xl create" 0 xl create /run/demo.cfg
guest_or_end demo 300 '^TCP good [0-9]{2,}'
if grep -q -w avx /proc/cpuinfo; then
    check "AVX in use" guest_wait demo 60 '^AVX good'
fi
free_before=$(free_mib)
remember
step "xl save" 0 xl save demo /run/saved
has 'Saving to'
check "not listed" [ -z "$(guest_id demo)" ]
step "xl restore" 0 xl restore /run/saved
goes_on "restored"
rm -f /run/saved

remember
step "xl save -c" 0 xl save -c demo /run/saved
goes_on "after a checkpoint"
step "xl destroy" 0 xl destroy demo
step "xl restore -p" 0 xl restore -p /run/saved
has_paused() { xl list demo | grep -q -- '--p---'; }
check "restored paused" has_paused
remember
step "xl unpause" 0 xl unpause demo
rm -f "$(guest_log $guest)"
kill -HUP "$(pidof xenconsoled)"
check "counts again" guest_wait demo 60 '^COUNT 1 '
rm -f /run/saved

# Through a pipe, as a migration to the same host without its protocol: under
# another name, for both are there at once.
check "counts on" guest_wait demo 60 '^TCP good'
remember
sed 's/^name.*/name = "moved"/; s/^uuid = "......../uuid = "00000000/' \
    /run/demo.cfg >/run/moved.cfg
mkfifo /run/pipe
xl restore /run/moved.cfg /run/pipe >/run/restored 2>&1 &
step "xl save into xl restore" 0 xl save demo /run/pipe
check "restored from the pipe" wait $!
guest=moved
check "it says so" guest_wait moved 60 '^TCP good'
goes_on "moved"

remember
step "xl migrate" "?" xl migrate -s '' moved 'xl migrate-receive'
has 'dirty'
goes_on "after a migration refused"
check "as much memory free as before" [ $((free_before - $(free_mib))) -le 1 ]
step "xl destroy, moved" 0 xl destroy moved
check "references afterwards" audit_clean
checks_end
DOM0
script_passes -s 2 ${model:+-c "$model"}
