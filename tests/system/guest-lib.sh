# SPDX-License-Identifier: MIT
# For the tests whose dom0 is one of our own example guests; sourced after
# lib.sh. Each must pass on Xen 4.17 as well: HV=xen.
# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # variables of lib.sh

# In place of lib.sh's: the guest is all there is, without a RAM file system.
make_iso() {
    "$top/scripts/mkiso.sh" -o "$work/boot.iso" -x "$hypervisor" \
        -k "$kernel" \
        -X "dom0_mem=$dom0_mem console=com1 com1=115200,8n1 loglvl=all \
guest_loglvl=error $hv_args" -K "$dom0_args"
}

# guest_passes EXAMPLE CPUS...: boot it once for each number of CPUs
guest_passes() {
    example=$1
    shift
    kernel=$O/guest/$example.elf
    [ -e "$kernel" ] || make -s -C "$top" O="$O" "$kernel"
    dom0_mem=256M
    dom0_args="guestkit name=$example"
    hv_args="dom0_max_vcpus=2 ${hv_more:-}"
    # Where the machine goes afterwards is the hypervisor's affair.
    until='^RESULT '
    for cpus in "$@"; do
        boot -s "$cpus"
        reject '^not ok' "a check failed with $cpus CPUs"
        expect '^RESULT PASS [0-9]+' "no pass with $cpus CPUs"
    done
    pass
}
