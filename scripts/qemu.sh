#!/bin/sh
# SPDX-License-Identifier: MIT
# Run QEMU with the machine that this project boots on, headless.
#
#   scripts/qemu.sh [options] ISO [QEMU option...]    ISO `-`: none, boot a disk
#     -c MODEL  CPU model (default Nehalem)     -s N   CPUs (default 2)
#     -m SIZE   memory (default 1G)             -f bios|uefi  (default bios)
#     -M TYPE   pc or q35 (default pc)          -d FILE  raw disk, on AHCI
#     -n CARD   network card on QEMU's user network (e1000, virtio-net-pci)
#     -l FILE   serial line to FILE (default: this terminal)
#     -t SEC    kill the machine after that long
#     -i        QEMU's monitor on the terminal too (Ctrl-A x ends the machine)
#     -e        add isa-debug-exit at port 0xf4
#     -p        print the command in place of running it
#
# KVM only where the CPU shows VMX or SVM and KVM runs; else emulation. CPU
# models are the same in both, so that figures and bugs can be compared.
set -eu

model=Nehalem cpus=2 memory=1G firmware=bios machine=pc disk='' card=''
log='' limit='' debug_exit=0 print=0 monitor=0
while getopts c:s:m:f:M:d:n:l:t:eip opt; do
    case $opt in
    c) model=$OPTARG ;;
    s) cpus=$OPTARG ;;
    m) memory=$OPTARG ;;
    f) firmware=$OPTARG ;;
    M) machine=$OPTARG ;;
    d) disk=$OPTARG ;;
    n) card=$OPTARG ;;
    l) log=$OPTARG ;;
    t) limit=$OPTARG ;;
    e) debug_exit=1 ;;
    i) monitor=1 ;;
    p) print=1 ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
iso=${1:?usage: qemu.sh [options] ISO [QEMU option...]}
shift

# A KVM that opens is not always one that works: try it on an empty machine.
kvm_works() {
    grep -q -w -E '^flags.*(vmx|svm)' /proc/cpuinfo && [ -w /dev/kvm ] &&
        echo quit | timeout 10 qemu-system-x86_64 -accel kvm -machine pc \
            -display none -monitor stdio -S >/dev/null 2>&1
}

accel=tcg
case ${ACCEL:-auto} in
auto) kvm_works && accel=kvm ;;
*) accel=$ACCEL ;;
esac
[ $accel = tcg ] && accel=tcg,thread=multi

set -- -accel "$accel" -machine "$machine" -cpu "$model" -smp "$cpus" \
    -m "$memory" -display none -no-reboot "$@"
[ "$iso" = - ] || set -- -cdrom "$iso" -boot d "$@"

if [ "$firmware" = uefi ]; then
    set -- -drive \
        if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE.fd "$@"
fi
if [ -n "$log" ]; then
    set -- -serial "file:$log" -monitor none "$@"
elif [ $monitor = 1 ]; then
    set -- -chardev stdio,id=line,signal=off,mux=on -serial chardev:line \
        -mon chardev=line,mode=readline "$@"
else
    set -- -chardev stdio,id=line,signal=off -serial chardev:line \
        -monitor none "$@"
fi
if [ -n "$disk" ]; then
    set -- -device ahci,id=sata -device ide-hd,drive=disk0,bus=sata.0 \
        -drive "if=none,id=disk0,format=raw,file=$disk" "$@"
fi
if [ -n "$card" ]; then
    set -- -netdev user,id=net0 -device "$card,netdev=net0,romfile=" "$@"
else
    set -- -nic none "$@"
fi
[ $debug_exit = 0 ] || set -- -device isa-debug-exit,iobase=0xf4 "$@"

set -- qemu-system-x86_64 "$@"
[ -z "$limit" ] || set -- timeout --foreground "$limit" "$@"
if [ $print = 1 ]; then
    echo "$@"
else
    exec "$@"
fi
