#!/bin/sh
# SPDX-License-Identifier: MIT
# Boot the hypervisor in QEMU and attach gdb to it (make gdb).
# Environment: O (build folder), GDB_PORT, HV_ARGS; GDB_COMMANDS: a file of gdb
# commands to run in place of a session. Arguments go to QEMU.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=${O:-$here/../build}
port=${GDB_PORT:-1234}
command -v gdb >/dev/null || {
    echo "gdb is missing: apt-get install gdb" >&2
    exit 1
}
work=$(mktemp -d)
trap 'kill "$qemu" 2>/dev/null || true; rm -rf "$work"' EXIT

"$here/mkiso.sh" -o "$work/boot.iso" -x "$out/xen-lite.elf" \
    -k "$out/images/vmlinuz" -i "$out/images/dom0.img" \
    -X "dom0_mem=512M console=com1 com1=115200,8n1 loglvl=all noreboot \
${HV_ARGS:-}" -K 'console=hvc0 earlyprintk=xen'
# shellcheck disable=SC2086 # a list of options
"$here/qemu.sh" -l "$out/gdb-console.log" "$work/boot.iso" -S \
    -gdb "tcp:127.0.0.1:$port" "$@" &
qemu=$!
echo "The console goes to $out/gdb-console.log"

# Hardware breakpoints: the image is not in memory yet. The loader may move
# it in physical memory, but its virtual address is always the linked one.
cat >"$work/setup" <<GDB
set confirm off
set pagination off
target remote 127.0.0.1:$port
hbreak start_first_cpu
continue
GDB
if [ -n "${GDB_COMMANDS:-}" ]; then
    gdb -q -batch -x "$work/setup" -x "$GDB_COMMANDS" \
        "$out/xen-lite-syms.elf"
else
    gdb -q -x "$work/setup" "$out/xen-lite-syms.elf"
fi
