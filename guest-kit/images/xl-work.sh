# SPDX-License-Identifier: MIT
# The work that dom0 and a guest both do to show that they run: report their
# own figures, and hash a challenge with memory that every CPU has touched.
# shellcheck shell=sh

# report NAME: uptime, memory and CPU count, as this kernel sees them
report() {
    read -r xl_up xl_rest </proc/uptime
    xl_kb=$(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo)
    echo "XL-REPORT $1 uptime=$xl_up memory_kb=$xl_kb cpus=$(nproc)" \
        "kernel=$(uname -r)"
}

# One CPU's part: 64 MiB that depend on the challenge and on the CPU's number,
# written to memory, read back from there and hashed.
answer_on_cpu() {
    xl_file=/run/answer/$1
    # A 64 KiB piece grown from the challenge, then 1,024 times that.
    yes "$2 cpu$1" | head -c 65536 >"$xl_file.piece"
    xl_n=0
    while [ $xl_n -lt 16 ]; do
        cat "$xl_file.piece"
        xl_n=$((xl_n + 1))
    done >"$xl_file.mib"
    xl_n=0
    while [ $xl_n -lt 64 ]; do
        cat "$xl_file.mib"
        xl_n=$((xl_n + 1))
    done >"$xl_file"
    md5sum <"$xl_file" | cut -d' ' -f1 >"$xl_file.sum"
    rm -f "$xl_file" "$xl_file.piece" "$xl_file.mib"
}

# answer NAME CHALLENGE: every CPU does its part at the same time
answer() {
    mkdir -p /run/answer
    mount -t tmpfs -o size=90% tmpfs /run/answer
    xl_cpus=$(nproc)
    xl_cpu=0
    xl_pids=
    while [ $xl_cpu -lt "$xl_cpus" ]; do
        taskset -c $xl_cpu sh -c \
            ". /lib/xl-work.sh; answer_on_cpu $xl_cpu '$2'" &
        xl_pids="$xl_pids $!"
        xl_cpu=$((xl_cpu + 1))
    done
    # shellcheck disable=SC2086 # a list of words
    wait $xl_pids
    xl_hash=$({
        echo "$2"
        xl_cpu=0
        while [ $xl_cpu -lt "$xl_cpus" ]; do
            cat /run/answer/$xl_cpu.sum
            xl_cpu=$((xl_cpu + 1))
        done
    } | sha256sum | cut -d' ' -f1)
    umount /run/answer
    echo "XL-ANSWER $1 cpus=$xl_cpus hash=$xl_hash"
}
