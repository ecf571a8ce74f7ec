#!/bin/sh
# SPDX-License-Identifier: MIT
# Debian's libvirtd with its libxl driver manages a PV guest. Fetches libvirt's
# packages the first time.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/xl-lib.sh"
TOOL=xl
limit=540
cache=${CACHE:-$O/cache}
"$top/scripts/fetch-libvirt.sh" "$cache" || skip "no libvirt to be had"
with_guest
(
    root=$cache/libvirt/root
    image=$work/dom0
    drivers=usr/lib/x86_64-linux-gnu/libvirt/connection-driver
    . "$top/guest-kit/images/lib.sh"
    put_program "$root/usr/sbin/libvirtd" usr/sbin/libvirtd
    put_program "$root/usr/bin/virsh" usr/bin/virsh
    install -D -m 755 "$root/$drivers/libvirt_driver_libxl.so" \
        "$image/$drivers/libvirt_driver_libxl.so"
    put_libraries "$root/$drivers/libvirt_driver_libxl.so"
    # Without its list of processors the driver does not start.
    mkdir -p "$image/usr/share/libvirt"
    cp -r "$root/usr/share/libvirt/cpu_map" "$image/usr/share/libvirt/"
) || fail "no libvirt in dom0"
xl_script <<'DOM0'
mkdir -p /etc/libvirt /var/lib/libvirt /var/run/libvirt /var/log/libvirt \
    /var/cache/libvirt
cat >/etc/libvirt/libvirtd.conf <<CONFIG
auth_unix_rw = "none"
host_uuid = "00000000-0000-4000-8000-000000000001"
log_outputs = "3:file:/var/log/libvirt/log"
CONFIG
cat >/run/virt.xml <<CONFIG
<domain type='xen'>
  <name>virt</name>
  <uuid>00000000-0000-4000-8000-000000000017</uuid>
  <memory unit='MiB'>128</memory>
  <vcpu>2</vcpu>
  <os>
    <type arch='x86_64' machine='xenpv'>linux</type>
    <kernel>/guest/vmlinuz</kernel>
    <initrd>/guest/guest.img</initrd>
    <cmdline>console=hvc0 quiet xl.mode=shell</cmdline>
  </os>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
</domain>
CONFIG

v() {
    xl_name=$1
    shift
    step "virsh $xl_name" 0 virsh -q -c xen:///system "$@"
}
# The linker has seventy libraries to bind: that takes its time in an emulator.
libvirtd -d || tail -n 20 /var/log/libvirt/log
answers() { virsh -q -c xen:///system version; }
answered=1
wait_for 150 answers || answered=0
[ $answered = 1 ] || tail -n 20 /var/log/libvirt/log
check "libvirtd answers" [ $answered = 1 ]
[ $answered = 1 ] || exit 1
v version version
v nodeinfo nodeinfo
has '^CPU\(s\): +2$'
v capabilities capabilities
has '<os_type>xen</os_type>|<domain type=.xen.'
v define define /run/virt.xml
v "list --all" list --all
has 'virt +shut off'
v start start virt
v list list
has 'virt +running'
v domid domid virt
has '^[1-9]'
v dominfo dominfo virt
has '^State: +running'
has '^Max memory: +131072 KiB'
v dumpxml dumpxml virt
has '<kernel>/guest/vmlinuz</kernel>'
v vcpuinfo vcpuinfo virt
v schedinfo schedinfo virt
v suspend suspend virt
v "domstate, suspended" domstate virt
has '^paused'
v resume resume virt
v "domstate, resumed" domstate virt
has '^running'
step "xl list knows it" 0 xl list virt
check "the guest is at its shell" guest_wait virt 400 '^XL-STAGE guest-shell'
v shutdown shutdown virt
check "the guest ends" until_has 100 '^shut off' \
    virsh -q -c xen:///system domstate virt
gone() { [ -z "$(guest_id virt)" ]; }
check "nothing of it is left" wait_for 20 gone
v "start again" start virt
v destroy destroy virt
v "domstate, destroyed" domstate virt
has '^shut off'
v undefine undefine virt
v "list, undefined" list --all
check "nothing of the second is left" wait_for 20 gone
tail -n 5 /var/log/libvirt/log
check "references afterwards" audit_clean
checks_end
DOM0
script_passes -s 2
