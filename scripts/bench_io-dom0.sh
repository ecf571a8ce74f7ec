# SPDX-License-Identifier: MIT
# dom0's part of bench_io.py: two Debian guests, xvdb of the first on RAM.
# shellcheck shell=sh
. /lib/debian-lib.sh
debian_disk
insmod /lib/brd.ko rd_nr=1 rd_size=196608
dd if=/dev/zero of=/dev/ram0 bs=1M count=192 2>/dev/null
debian_config io1 2 'memory = 448' \
    'disk = [ "phy:/dev/vda,xvda,w", "phy:/dev/ram0,xvdb,w" ]'
debian_config io2 3 'disk = [ "phy:/dev/vdb,xvda,w" ]' 'vcpus = 1' \
    'memory = 256'
debian_up io1 2 || return 1
debian_up io2 3 || return 1
# Nothing else is to run meanwhile.
for n in 2 3; do
    debian_ssh $n 'systemctl is-system-running --wait; iperf3 -s -D'
done
in_guest() {
    debian_ssh 2 "sh /opt/inside/bench-io.sh $*"
}
in_guest disk
in_guest net iperf_guest_guest "$debian_net.3"
iperf_dom0() { # METRIC OPTION...
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
iperf_dom0 iperf_dom0_guest
iperf_dom0 iperf_guest_dom0 -R
for round in 1 2 3; do
    echo "IO-BEGIN ping"
    rate=$(ping -q -c 400 -A "$debian_net.2" 2>/dev/null |
        awk -F/ '/round-trip/ { print 1000 / $4 }')
    echo "IO-END ping 400 $rate"
done
in_guest pgbench
for name in io2 io1; do
    "$TOOL" shutdown $name
done
both_gone() { debian_gone io1 && debian_gone io2; }
wait_for 300 both_gone
