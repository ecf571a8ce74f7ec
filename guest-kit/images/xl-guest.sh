# SPDX-License-Identifier: MIT
# Helpers for scripts in dom0 that start guests. Tool-neutral: $TOOL is xl or
# xlite, guests' consoles are read from xenconsoled's log files.
# shellcheck shell=sh

TOOL=$(option tool xl)

# guest_config NAME [LINE...]: write /run/NAME.cfg, lines override defaults
guest_config() {
    xl_name=$1
    shift
    # An explicit uuid: a random one waits for the kernel's random pool.
    xl_uuid=$(echo "$xl_name" | md5sum |
        sed 's/^\(.\{8\}\)\(.\{4\}\)\(.\{4\}\)\(.\{4\}\)\(.\{12\}\).*/\1-\2-\3-\4-\5/')
    {
        cat <<CONFIG
name = "$xl_name"
uuid = "$xl_uuid"
kernel = "/guest/vmlinuz"
ramdisk = "/guest/guest.img"
memory = 256
vcpus = 2
on_crash = "preserve"
CONFIG
        for xl_line in "$@"; do
            echo "$xl_line"
        done
    } >"/run/$xl_name.cfg"
}

# where the console of guest NAME is logged
guest_log() {
    echo "/var/log/xen/console/guest-$1.log"
}

# the log has the line, or the guest is dead
guest_says() {
    grep -q -E -e "$2" "$1" || grep -q 'Kernel panic' "$1"
}

# what is known of each vCPU, twice: times that stand still, flags, queues
vcpus_shown() {
    xl vcpu-list
    xl dmesg -c >/dev/null
    xl debug-keys q
    xl debug-keys r
    xl dmesg
    sleep 1
    xl vcpu-list
}

# guest_wait NAME SECONDS REGEX: 0 when a line of the guest's console matches
guest_wait() {
    xl_log=$(guest_log "$1")
    wait_for "$2" guest_says "$xl_log" "$3"
    grep -q -E -e "$3" "$xl_log" && return 0
    echo "guest $1 did not say '$3'; its last lines, and its vCPUs:"
    tail -n 20 "$xl_log"
    vcpus_shown
    return 1
}

# guest_line NAME REGEX: the guest's matching lines, on our console
guest_line() {
    tr -d '\r' <"$(guest_log "$1")" | grep -E -e "$2"
}

# guest_run NAME SECONDS COMMAND: a guest in mode agent runs it; its status
guest_run() {
    xl_log=$(guest_log "$1")
    xl_next=$(($(grep -c '^XL-DONE' "$xl_log") + 1))
    # Its lines, joined, are one.
    printf '%s\n' "$3" | awk '{ sub(/\\$/, ""); printf "%s ", $0 }
        END { print "" }' >/run/guest_command
    cat /run/guest_command >"$(xenstore-read \
        "/local/domain/$(guest_id "$1")/console/tty")"
    wait_for "$2" guest_says "$xl_log" "^XL-DONE $xl_next " || {
        echo "guest $1 did not finish '$3':"
        tail -n 5 "$xl_log"
        return 1
    }
    grep -q "^XL-DONE $xl_next rc=0" "$xl_log" && return 0
    echo "guest $1 failed at '$3':"
    tail -n 5 "$xl_log"
    return 1
}

# guest_output NAME: what its last command of guest_run said
guest_output() {
    tr -d '\r' <"$(guest_log "$1")" | awk '/^XL-DONE/ { last = text; text = ""
        next } { text = text $0 "\n" } END { printf "%s", last }'
}

# domid of NAME, nothing if there is none
guest_id() {
    for xl_id in $(xenstore-list /local/domain); do
        [ "$(xenstore-read "/local/domain/$xl_id/name" 2>/dev/null)" = "$1" ] &&
            echo "$xl_id"
    done
    return 0
}

# free machine memory in MiB, as the hypervisor counts it
free_mib() {
    "$TOOL" info | sed -n 's/^free_memory *: //p'
}

# free pages of the machine, by our tool, which counts them on any hypervisor
free_pages() {
    xlite info | sed -n 's/^free_pages *: //p'
}

# as many pages are free as when $pages was taken
same_pages() {
    [ "$(free_pages)" = "$pages" ]
}

# as much memory is free as when $before was taken, but for dom0's tables
same_memory() {
    [ $((before - $(free_mib))) -le 1 ]
}

# no guest has a loop device or an interface
no_devices() {
    [ -z "$(losetup -a; ls -d /sys/class/net/vif* 2>/dev/null)" ]
}

# nor an entry in xenstore
no_entries() {
    [ -z "$(xenstore-ls /local/domain/0/backend; xenstore-ls /libxl)" ]
}

# check WHAT COMMAND...: one line for each thing tried; all must hold at end
xl_failures=0
check() {
    xl_what=$1
    shift
    if "$@"; then
        echo "XL-CHECK ok $xl_what"
    else
        echo "XL-CHECK failed $xl_what"
        xl_failures=$((xl_failures + 1))
        return 1
    fi
}

# last word of a script that used check
checks_end() {
    echo "XL-CHECKS failed=$xl_failures"
    [ "$xl_failures" = 0 ]
}

# audit_clean: xen-lite counts all references, grants and channels again, with
# every other vCPU stopped, and finds none missing. Xen has no such key.
audit_clean() {
    xl info | grep -q '^xen_changeset.*xen-lite' || return 0
    xl dmesg -c >/dev/null
    xl debug-keys a
    xl dmesg | grep 'audit: 0 violations'
}
