# SPDX-License-Identifier: MIT
# dom0's part of bench_io.py: small Linux guests whose programs are those of a
# Debian root disk (mounted, not booted: that takes an emulator minutes); xvdb
# of the first is on dom0's RAM.
#   xl.parts=disk,net,pgbench   what to measure (net needs the second guest)
# shellcheck shell=sh
. /lib/debian-lib.sh

has_part() {
    case ,$(option parts disk,net,pgbench), in
    *",$1,"*) return 0 ;;
    esac
    return 1
}

# start NAME N DISKS [LINE...]: a guest at $debian_net.N; its markers are shown
start() {
    debian_small "$@" || return 1
    debian_show "$1"
}

in_guest() {
    debian_in io1 600 sh /opt/inside/bench-io.sh "$@"
}

# iperf_dom0 METRIC OPTION...
iperf_dom0() {
    metric=$1
    shift
    for round in 1 2 3; do
        echo "IO-BEGIN $metric"
        rate=$(iperf3 -n 96M -f k -c "$debian_net.2" "$@" |
            awk '/receiver/ { for (i = 1; i < NF; i++)
                if ($(i + 1) == "Kbits/sec") print $i }')
        echo "IO-END $metric 98304 $rate"
    done
}

net() {
    start io2 3 "'phy:/dev/vdb,xvda,w'" 'vcpus = 1' 'memory = 192' || return 1
    for name in io1 io2; do
        debian_in $name 60 iperf3 -s -D || return 1
    done
    in_guest net iperf_guest_guest "$debian_net.3"
    iperf_dom0 iperf_dom0_guest
    iperf_dom0 iperf_guest_dom0 -R
    for round in 1 2 3; do
        echo "IO-BEGIN ping"
        rate=$(ping -q -c 400 -A "$debian_net.2" 2>/dev/null |
            awk -F/ '/round-trip/ { print 1000 / $4 }')
        echo "IO-END ping 400 $rate"
    done
    "$TOOL" destroy io2
}

debian_disk
insmod /lib/brd.ko rd_nr=1 rd_size=196608
dd if=/dev/zero of=/dev/ram0 bs=1M count=192 2>/dev/null
start io1 2 "'phy:/dev/vda,xvda,w', 'phy:/dev/ram0,xvdb,w'" 'memory = 384' ||
    return 1
if has_part disk; then in_guest disk; fi
if has_part net; then net || return 1; fi
if has_part pgbench; then in_guest pgbench; fi
"$TOOL" destroy io1
