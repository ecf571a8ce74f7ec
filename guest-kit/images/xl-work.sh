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

# eight FILE: its name eight times
eight() {
    echo "$1 $1 $1 $1 $1 $1 $1 $1"
}

# answer_part N CHALLENGE WRITER READER: 64 MiB that depend on the challenge
# and on N, written to memory by one CPU and hashed by another. Few processes:
# a fork costs more than copying a megabyte.
answer_part() {
    xl_file=/run/answer/$1
    yes "$2 part$1" | head -c 65536 >"$xl_file.64k"
    # shellcheck disable=SC2046 # lists of words
    cat $(eight "$xl_file.64k") $(eight "$xl_file.64k") >"$xl_file.1m"
    # shellcheck disable=SC2046
    cat $(eight "$xl_file.1m") >"$xl_file.8m"
    # shellcheck disable=SC2046
    taskset -c "$3" cat $(eight "$xl_file.8m") >"$xl_file"
    taskset -c "$4" md5sum <"$xl_file" | cut -d' ' -f1 >"$xl_file.sum"
    rm -f "$xl_file" "$xl_file.64k" "$xl_file.1m" "$xl_file.8m"
}

# answer NAME CHALLENGE [PARTS]: all parts (default one for each CPU) at once
answer() {
    xl_cpus=$(nproc)
    xl_parts=${3:-$xl_cpus}
    mkdir -p /run/answer
    mount -t tmpfs -o size=90% tmpfs /run/answer
    xl_part=0
    xl_pids=
    while [ $xl_part -lt "$xl_parts" ]; do
        answer_part $xl_part "$2" $((xl_part % xl_cpus)) \
            $(((xl_part + 1) % xl_cpus)) &
        xl_pids="$xl_pids $!"
        xl_part=$((xl_part + 1))
    done
    # shellcheck disable=SC2086 # a list of words
    wait $xl_pids
    xl_hash=$({
        echo "$2"
        xl_part=0
        while [ $xl_part -lt "$xl_parts" ]; do
            cat /run/answer/$xl_part.sum
            xl_part=$((xl_part + 1))
        done
    } | sha256sum | cut -d' ' -f1)
    umount /run/answer
    echo "XL-ANSWER $1 parts=$xl_parts hash=$xl_hash"
}
