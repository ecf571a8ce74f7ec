#!/bin/sh
# SPDX-License-Identifier: MIT
# `make demo` and `make run`: boot the hypervisor with dom0 in QEMU, and a
# Linux guest beside it.
#
#   scripts/demo.sh demo|run
#
# demo  no terminal needed: the guest must report and answer a random
#       challenge, then the machine powers off; status 0 only if all was so
# run   dom0's shell on this terminal
# Environment: O (build folder), CACHE, HV=xenlite|xen, TOOL=xlite|xl,
# GUEST=debian (run: a Debian guest on a disk; what it writes is forgotten).
set -eu

mode=${1:?usage: demo.sh demo|run}
here=$(cd "$(dirname "$0")" && pwd)
O=${O:-$here/../build} HV=${HV:-xenlite}
case $HV in
xen)
    hypervisor=${CACHE:-$O/cache}/root/boot/xen-4.17-amd64.gz
    title='Xen 4.17'
    TOOL=${TOOL:-xl}
    ;;
*)
    hypervisor=$O/xen-lite.elf
    title=xen-lite
    TOOL=${TOOL:-xlite}
    ;;
esac
[ -e "$hypervisor" ] || {
    echo "demo: no hypervisor at $hypervisor" >&2
    exit 1
}

work=$O/$mode
mkdir -p "$work"
log=$work/console.log

memory=1G disk='' files=$O/images/guest.cpio script=/usr/share/xl/demo.sh
if [ "${GUEST:-}" = debian ]; then
    debian=$O/images/debian-base
    memory=1536M files=$debian/dom0.cpio script=/lib/debian-run.sh
    disk="-drive if=none,id=debian,format=raw,snapshot=on,\
file=$debian/disk.img -device virtio-blk-pci,drive=debian
-netdev user,id=outside -device virtio-net-pci,netdev=outside,romfile="
fi
dom0_args="xl.run=$script xl.tool=$TOOL"
challenge=''
if [ "$mode" = demo ]; then
    challenge=$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')
    dom0_args="$dom0_args xl.challenge=$challenge"
else
    dom0_args="$dom0_args xl.after=shell"
fi

echo "Making the boot ISO ($title, Debian's kernel as dom0 and guest)"
"$here/mkiso.sh" -o "$work/boot.iso" -x "$hypervisor" \
    -k "$O/images/vmlinuz" -i "$O/images/dom0.img" -i "$files" \
    -X "dom0_mem=512M,max:512M dom0_max_vcpus=2 console=com1 \
com1=115200,8n1 loglvl=info noreboot" \
    -K "console=hvc0 $dom0_args"

echo "Starting QEMU (2 CPUs, $memory; whole console in $log)"
bad='Panic on CPU|PANIC|Manual reset required|Kernel panic - not syncing'
set -- --log "$log" --bad "$bad" \
    --show 'XL-STAGE grub-handover=>GRUB has loaded everything' \
    --show '^\(XEN\) Xen version ([^ ]*)=>Xen \1 starts' \
    --show '^\(XEN\) (xen-lite): .*=>\1 starts' \
    --show '^\[ *0\.0+\] Linux version ([^ ]*)=>dom0: Linux \1 starts' \
    --show 'XL-STAGE dom0-userspace=>dom0: user space' \
    --show 'XL-STAGE xenstored=>dom0: xenstored answers' \
    --show 'XL-STAGE xen-services=>dom0: Xen services run' \
    --show "XL-STAGE demo-create =>dom0: $TOOL create demo" \
    --show "XL-STAGE demo-created=>dom0: the guest is started" \
    --show 'XL-STAGE guest-userspace=>guest: user space' \
    --show '^XL-REPORT ([^ ]*) (.*)=>\1: \2' \
    --show '^XL-ANSWER ([^ ]*) .*hash=(.{16}).*=>\1: answers \2...' \
    --show '^(Name|Domain-0|demo) .*' \
    --show 'script-end rc=[1-9].*=>dom0: the script failed' \
    --show '^(guest demo did not say|xc:|libxl:|xlite:|demo:).*'

if [ "$mode" = run ]; then
    # Nobody watches the time while somebody types.
    # shellcheck disable=SC2086 # a list of words
    exec python3 "$here/console.py" "$@" --limit 0 \
        --terminal 'XL-STAGE shell' -- "$here/qemu.sh" -i -s 2 -m "$memory" \
        "$work/boot.iso" $disk
fi

python3 "$here/console.py" "$@" --limit "${DEMO_LIMIT:-600}" -- \
    "$here/qemu.sh" -s 2 "$work/boot.iso" || exit 1

failed() {
    echo "demo: $* (see $log)" >&2
    exit 1
}
lines() {
    tr -d '\r' <"$log"
}
lines | grep -q '^XL-STAGE script-end rc=0 ' || failed "dom0's script failed"
lines | grep -q -E '^XL-REPORT guest uptime=[0-9.]+ memory_kb=[0-9]+ cpus=2 ' ||
    failed "the guest did not report"
hash=$(python3 "$here/../tests/system/answer.py" "$challenge" 2)
for who in guest dom0; do
    lines | grep -q "^XL-ANSWER $who parts=2 hash=$hash\$" ||
        failed "$who answered wrongly"
done
echo "The challenge was $challenge: both hashed it and their memory rightly."
