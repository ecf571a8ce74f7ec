# SPDX-License-Identifier: MIT
# dom0's part of bench_io.py: small Linux guests whose programs are those of a
# Debian root disk (mounted, not booted: that takes an emulator minutes); xvdb
# of the first is on dom0's RAM. Lines as in bench_io-guest.sh.
#   xl.parts=disk,net,pgbench   what to measure (net needs the second guest)
#   xl.seconds=N                each time
# shellcheck shell=sh
. /lib/debian-lib.sh
seconds=$(option seconds 4)

has_part() {
    case ,$(option parts disk,net,pgbench), in
    *",$1,"*) return 0 ;;
    esac
    return 1
}

# in_guest WORD...: of bench-io.sh in io1; its lines are shown as they come.
# Nothing else runs in dom0 meanwhile: asking again and again whether it is done
# (guest_run) would take more of an emulated CPU than what is measured.
in_guest() {
    last="XL-DONE $(($(grep -c '^XL-DONE' "$(guest_log io1)") + 1)) "
    exec 3<>"$(xenstore-read "/local/domain/$(guest_id io1)/console/tty")"
    # By its path: a bare name would be busybox's, and so all that it calls.
    echo "chroot /d /bin/sh /opt/inside/bench-io.sh $*" >&3
    while read -r line; do
        echo "$line"
        case $line in "$last"*) break ;; esac
    done <&3
    exec 3>&-
    case $line in *rc=0*) return 0 ;; esac
    return 1
}

# iperf_dom0 METRIC OPTION...
iperf_dom0() {
    metric=$1
    shift
    for round in 1 2 3; do
        echo "IO-BEGIN $metric"
        iperf3 -t "$seconds" -f k -c "$debian_net.2" "$@" |
            awk -v name="$metric" '/receiver/ { for (i = 1; i < NF; i++)
                if ($(i + 1) == "Kbits/sec") print "IO", name, $i }'
        echo "IO-END $metric"
    done
}

net() {
    debian_small io2 3 "'phy:/dev/vdb,xvda,w'" 'vcpus = 1' 'memory = 192' ||
        return 1
    for name in io1 io2; do
        debian_in $name 60 iperf3 -s -D || return 1
    done
    in_guest net "$seconds" iperf_guest_guest "$debian_net.3" || return 1
    iperf_dom0 iperf_dom0_guest
    iperf_dom0 iperf_guest_dom0 -R
    for round in 1 2 3; do
        echo "IO-BEGIN ping"
        ping -q -A -w "$seconds" "$debian_net.2" 2>/dev/null |
            awk -F/ '/round-trip/ { print "IO ping", 1000 / $4 }'
        echo "IO-END ping"
    done
    "$TOOL" destroy io2
}

debian_disk
insmod /lib/brd.ko rd_nr=1 rd_size=196608
dd if=/dev/zero of=/dev/ram0 bs=1M count=192 2>/dev/null
debian_small io1 2 "'phy:/dev/vda,xvda,w'" 'memory = 384' || return 1
# Not at once: xl gives all hot-plug scripts of a guest 40 s together.
"$TOOL" block-attach io1 phy:/dev/ram0,xvdb,w || return 1
guest_run io1 60 'wait_for 30 test -b /dev/xvdb' || return 1
if has_part disk; then in_guest disk "$seconds" || return 1; fi
if has_part net; then net || return 1; fi
if has_part pgbench; then in_guest pgbench "$seconds" || return 1; fi
"$TOOL" destroy io1
