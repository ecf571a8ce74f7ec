#!/bin/sh
# SPDX-License-Identifier: MIT
# Boot a hypervisor with the dom0 image, run a script in dom0, say how it ended.
#
#   scripts/boot-dom0.sh [options] [-- option of scripts/qemu.sh...]
#     -H WHICH  xen (Debian's Xen 4.17), xenlite ($O/xen-lite.elf), or a file
#     -T FILE   script to run in dom0 (without: a shell on this terminal)
#     -a DIR    files laid over the dom0 image (programs with their
#               libraries); may be repeated
#     -X ARGS   more for the hypervisor's command line
#     -K ARGS   more for the dom0 kernel's command line
#     -l FILE   keep the console's output in FILE
#     -t SEC    time limit (default 300)
# O names the build folder, as for make (default build); `make images` first.
# QEMU_MORE: more words for QEMU itself.
# With -T the status is 0 only when the script ran and returned 0.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=${O:-$here/../build}
hypervisor=xen script='' overlays='' hv_more='' dom0_more='' limit=300 log=''
while getopts H:T:a:X:K:l:t: opt; do
    case $opt in
    H) hypervisor=$OPTARG ;;
    T) script=$OPTARG ;;
    a) overlays="$overlays $OPTARG" ;;
    X) hv_more=$OPTARG ;;
    K) dom0_more=$OPTARG ;;
    l) log=$OPTARG ;;
    t) limit=$OPTARG ;;
    *)
        sed -n '3,/^set/s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
    esac
done
shift $((OPTIND - 1))

root=${CACHE:-$out/cache}/root
case $hypervisor in
xen) hypervisor=$root/boot/xen-4.17-amd64.gz ;;
xenlite) hypervisor=$out/xen-lite.elf ;;
esac
for file in "$hypervisor" "$out/images/dom0.img" $script; do
    [ -e "$file" ] || {
        echo "boot-dom0: $file is missing (try: make all images)" >&2
        exit 2
    }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
initrds="-i $out/images/dom0.img"
n=0
for overlay in $overlays; do
    n=$((n + 1))
    cp -a "$overlay" "$work/overlay$n"
    "$here/../guest-kit/images/mkcpio.sh" "$work/overlay$n" "$work/$n.cpio"
    initrds="$initrds -i $work/$n.cpio"
done
if [ -n "$script" ]; then
    mkdir "$work/script"
    cp "$script" "$work/script/test.sh"
    "$here/../guest-kit/images/mkcpio.sh" "$work/script" "$work/script.cpio"
    initrds="$initrds -i $work/script.cpio"
fi

# shellcheck disable=SC2086 # lists of words
"$here/mkiso.sh" -o "$work/boot.iso" -x "$hypervisor" \
    -k "$root"/boot/vmlinuz-* $initrds \
    -X "dom0_mem=512M,max:512M dom0_max_vcpus=2 console=com1 \
com1=115200,8n1 loglvl=all guest_loglvl=all noreboot $hv_more" \
    -K "console=hvc0 earlyprintk=xen $dom0_more"

if [ -z "$script" ]; then
    "$here/qemu.sh" "$@" "$work/boot.iso"
    exit
fi

log=${log:-$work/serial.log}
# shellcheck disable=SC2086 # lists of words
"$here/qemu.sh" -t "$limit" -l "$log" "$@" "$work/boot.iso" \
    ${QEMU_MORE:-} || true
tr -d '\r' <"$log"
tr -d '\r' <"$log" | grep -q '^XL-STAGE script-end rc=0 '
