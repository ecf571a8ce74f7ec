#!/bin/sh
# SPDX-License-Identifier: MIT
# Debian's own xenstored, xen-init-dom0, xenconsoled and xl in dom0.
. "$(dirname "$0")/lib.sh"
dom0_script <<'DOM0'
check "xenstored keeps what it is told" sh -c \
    'xenstore-write /tool/x 17 && [ "$(xenstore-read /tool/x)" = 17 ]'
check "xen-init-dom0 named dom0" \
    [ "$(xenstore-read /local/domain/0/name)" = Domain-0 ]
xl info >/run/info
cat /run/info
check "xl info: CPUs" grep -q -E "^nr_cpus +: 2$" /run/info
check "xl info: memory" grep -q -E "^total_memory +: (9[0-9][0-9]|10[0-9][0-9])$" \
    /run/info
check "xl info: some memory is free" [ "$(free_mib)" -gt 300 ]
check "xl info: the interface's version" \
    grep -q -E "^xen_version +: 4\.17" /run/info
check "xl info: PV guests of 64 bits" \
    grep -q -E "^xen_caps +: .*xen-3.0-x86_64" /run/info
xl list >/run/list
cat /run/list
check "xl list: dom0 and nothing else" [ "$(wc -l </run/list)" = 2 ]
check "xl list: name, memory and vCPUs of dom0" \
    grep -q -E "^Domain-0 +0 +512 +2 " /run/list
xl vcpu-list >/run/vcpus
cat /run/vcpus
check "xl vcpu-list: two of them" [ "$(grep -c ^Domain-0 /run/vcpus)" = 2 ]
check "xl dmesg: the hypervisor's messages" sh -c 'xl dmesg | grep -q .'
check "xenconsoled and xenstored live" sh -c \
    'pidof xenstored && pidof xenconsoled'
checks_end
DOM0
script_passes -s 2
