#!/bin/sh
# SPDX-License-Identifier: MIT
# docs/hypercalls.md from the tables in the code: what is served, and what a
# call that is not offered answers.
#   scripts/mkhypercalls.sh >docs/hypercalls.md
set -eu
cd "$(dirname "$0")/.."

# rows MACRO FILE: the X and N lines of a list macro
rows() {
    sed -n "/#define $1(/,/^\$/p" "$2" | sed -n \
        -e 's/^ *X(\([a-z0-9_]*\).*/\1|served/p' \
        -e 's/^ *N(\([a-z0-9_]*\), *XEN_\([A-Z]*\)).*/\1|not offered: -\2/p'
}

# table PREFIX MACRO FILE: a Markdown table
table() {
    echo "| command | state |"
    echo "|---|---|"
    rows "$2" "$3" | while IFS='|' read -r command state; do
        echo "| \`$1$command\` | $state |"
    done
    echo
}

# cases FILE...: commands named in switch statements and tables of handlers
cases() {
    cat "$@" | grep -oE "${prefix}[A-Za-z0-9_]+" | LC_ALL=C sort -u |
        grep -vE '_INTERFACE_VERSION$|_SLEEP_EXTENDED$|_RESET_CONT$|M_resource_'
}

# Commands of calls whose handlers dispatch by switch.
list() {
    title=$1 prefix=$2
    shift 2
    echo "## $title"
    echo
    echo "Commands that the code knows (each says in its place what it refuses):"
    cases "$@" | sed 's/.*/`&`/' | paste -sd' ' - | fold -s -w 118 |
        sed 's/ *\$//'
    echo
}

cat <<'HEAD'
# Calls and their state

Made from the code by `scripts/mkhypercalls.sh`; `make lint` checks that it is current. Unknown numbers and commands answer
`-ENOSYS`. Calls of dom0 answer `-EPERM` to others. "served": there is a handler, which may refuse part. `shadow_op` and
`cpu_hotplug` never do anything, `setdebugging` cannot turn it on, `page_offline_op` only answers queries.

## Hypercalls

| call | arguments | who |
|---|---|---|
HEAD
sed -n 's/^ *X(\([a-z_]*\), \([0-9]\), \([A-Z0-9]*\)).*/\1 \2 \3/p' \
    xen-lite/include/hypercall_list.h |
    while read -r name arguments who; do
        [ "$who" = DOM0 ] && who='dom0' || who='any guest'
        echo "| \`$name\` | $arguments | $who |"
    done
echo
echo "## domctl"
echo
table XEN_DOMCTL_ DOMCTL_LIST xen-lite/include/control.h
echo "## sysctl"
echo
table XEN_SYSCTL_ SYSCTL_LIST xen-lite/include/control.h
list memory_op 'XENMEM_' xen-lite/hypercall/memory_op.c
list physdev_op 'PHYSDEVOP_' xen-lite/hypercall/physdev*.c
list platform_op 'XENPF_' xen-lite/hypercall/platform_op.c
list event_channel_op 'EVTCHNOP_' xen-lite/event/*.c
list grant_table_op 'GNTTABOP_' xen-lite/grant/*.c
list mmuext_op 'MMUEXT_' xen-lite/mm/mmuext.c
list sched_op 'SCHEDOP_' xen-lite/hypercall/sched_op.c
list vcpu_op 'VCPUOP_' xen-lite/hypercall/vcpu_op.c
