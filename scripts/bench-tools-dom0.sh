# SPDX-License-Identifier: MIT
# dom0's second part of `make bench`: how long the stock xl takes for what its
# users wait for. Each command stands between two lines on the serial console.
# Sourced by dom0-init, with its functions.
# shellcheck shell=sh

# timed METRIC COMMAND...
timed() {
    bench_metric=$1
    shift
    echo "BENCH-BEGIN $bench_metric"
    "$@" >/run/out 2>&1 || {
        echo "bench: $* failed:"
        cat /run/out
        return 1
    }
    echo "BENCH-END $bench_metric"
}
fewer() { [ "$(xl list | wc -l)" -le $(($1 + 2)) ]; }

small() {
    guest_config "$1" 'kernel = "/guest/spin.elf"' 'ramdisk = ""' \
        'extra = "idle"' 'memory = 16' 'vcpus = 1'
    sed -i '/^ramdisk/d' "/run/$1.cfg"
}

n=0
while [ $n -lt 5 ]; do
    small small
    timed create_small xl create /run/small.cfg || return 1
    timed destroy_small xl destroy small || return 1
    wait_for 60 fewer 0 || return 1
    n=$((n + 1))
done

n=0
while [ $n -lt 50 ]; do
    small "g$n"
    xl create "/run/g$n.cfg" >/dev/null || return 1
    n=$((n + 1))
done
fewer 49 && return 1
n=0
while [ $n -lt 5 ]; do
    timed list_50 xl list || return 1
    n=$((n + 1))
done
n=0
while [ $n -lt 50 ]; do
    xl destroy "g$n" || return 1
    n=$((n + 1))
done
wait_for 120 fewer 0 || return 1

guest_config big 'vcpus = 1' 'memory = 512' \
    'extra = "console=hvc0 quiet xl.mode=agent"'
xl create /run/big.cfg >/dev/null || return 1
guest_wait big 200 '^XL-STAGE guest-agent' || return 1
n=0
while [ $n -lt 2 ]; do
    timed save_512 xl save big /run/big.save || return 1
    timed restore_512 xl restore /run/big.save || return 1
    rm /run/big.save
    guest_run big 60 true || return 1
    n=$((n + 1))
done
xl destroy big
