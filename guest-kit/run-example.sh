#!/bin/sh
# SPDX-License-Identifier: MIT
# Boot one example guest as dom0 under a hypervisor in QEMU, by GRUB and
# multiboot2, and show what it says.
# usage: run-example.sh HYPERVISOR GUEST.elf [QEMU options...]
#   HYPERVISOR  xen-lite.elf, or Xen's own image (.gz is unpacked)
# environment:
#   CPU=Nehalem SMP=1 MEM=512 TIMEOUT=120   the machine; seconds to wait
#   HV_OPTIONS, GUEST_OPTIONS               more words for the command lines
#   QEMU=qemu-system-x86_64                 the emulator
#   LOG=file                                keep the serial console there
# Exit status: 0 when the guest's last line is RESULT PASS.
set -eu

if [ $# -lt 2 ]; then
    sed -n '3,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
hypervisor=$1
guest=$2
shift 2
name=$(basename "$guest" .elf)
work=$(mktemp -d)
log=${LOG:-$work/serial.log}
pid=

cleanup()
{
    if [ -n "$pid" ]; then
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# A GRUB menu of one entry, for BIOS; both files stand on the image.
make_iso()
{
    mkdir -p "$work/iso/boot/grub"
    case $hypervisor in
    *.gz) gzip -dc "$hypervisor" >"$work/iso/boot/hypervisor" ;;
    *) cp "$hypervisor" "$work/iso/boot/hypervisor" ;;
    esac
    cp "$guest" "$work/iso/boot/guest.elf"
    cat >"$work/iso/boot/grub/grub.cfg" <<END
serial --unit=0 --speed=115200
terminal_output serial
multiboot2 /boot/hypervisor placeholder dom0_mem=256M dom0_max_vcpus=2 \
com1=115200,8n1 console=com1 loglvl=info guest_loglvl=error \
$(printf '%s' "${HV_OPTIONS:-}")
module2 --nounzip /boot/guest.elf placeholder guestkit name=$name \
$(printf '%s' "${GUEST_OPTIONS:-}")
boot
END
    grub-mkrescue -d /usr/lib/grub/i386-pc -o "$work/guest.iso" "$work/iso" \
        >"$work/mkrescue.log" 2>&1 || {
        cat "$work/mkrescue.log" >&2
        exit 1
    }
}

qemu_alive()
{
    kill -0 "$pid" 2>/dev/null
}

# Until the machine stops by itself, or 3 s after the guest's last line.
wait_for_result()
{
    ticks=$((${TIMEOUT:-120} * 5))
    after=15
    while qemu_alive && [ "$ticks" -gt 0 ] && [ "$after" -gt 0 ]; do
        sleep 0.2
        ticks=$((ticks - 1))
        if grep -q '^RESULT ' "$log"; then
            after=$((after - 1))
        fi
    done
}

make_iso
: >"$log"
"${QEMU:-qemu-system-x86_64}" -accel tcg -cpu "${CPU:-Nehalem}" \
    -smp "${SMP:-1}" -m "${MEM:-512}" -display none -no-reboot \
    -serial "file:$log" -cdrom "$work/guest.iso" -boot d "$@" \
    2>"$work/qemu.err" &
pid=$!
wait_for_result
tr -d '\r' <"$log"
cat "$work/qemu.err" >&2
tr -d '\r' <"$log" | grep '^RESULT ' | tail -n 1 | grep -q '^RESULT PASS '
