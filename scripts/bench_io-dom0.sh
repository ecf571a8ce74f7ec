# SPDX-License-Identifier: MIT
# dom0's part of bench_io.py: two Debian guests, xvdb of the first on RAM.
#   xl.parts=disk,net,pgbench   what to measure (net needs the second guest)
# shellcheck shell=sh
. /lib/debian-lib.sh

has_part() {
    case ,$(option parts disk,net,pgbench), in
    *",$1,"*) return 0 ;;
    esac
    return 1
}

in_guest() {
    debian_ssh 2 "sh /opt/inside/bench-io.sh $*"
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
    debian_config io2 3 'disk = [ "phy:/dev/vdb,xvda,w" ]' 'vcpus = 1' \
        'memory = 256'
    debian_up io2 3 || return 1
    # Nothing else is to run meanwhile.
    for n in 2 3; do
        debian_ssh $n 'systemctl is-system-running --wait; iperf3 -s -D'
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
debian_config io1 2 'memory = 448' \
    'disk = [ "phy:/dev/vda,xvda,w", "phy:/dev/ram0,xvdb,w" ]'
debian_up io1 2 || return 1
debian_ssh 2 systemctl is-system-running --wait
if has_part disk; then in_guest disk; fi
if has_part net; then net || return 1; fi
if has_part pgbench; then in_guest pgbench; fi
"$TOOL" destroy io1
