#!/bin/sh
# SPDX-License-Identifier: MIT
# Deliberate faults of the hypervisor end in a report that names what happened
# and in which function; an NMI in the middle of one is survived.
. "$(dirname "$0")/lib.sh"
only_on xenlite 'faults are asked for by an option of xen-lite'
bad='no line like this'
until='Manual reset required'
limit=90
more=''

# fault NAME REGEX...: boot with it, and see each line
fault() {
    hv_args="fault=$1 $more"
    fault=$1
    shift
    boot -s 2
    expect '^\(XEN\) Panic on CPU 0:' "no panic for $fault"
    for line in "$@"; do
        expect "^\(XEN\) $line" "not said of $fault"
    done
}

fault page 'FATAL page fault at 0000123456789000' \
    ' .*\[<.*>\] fault_page\+' ' .*\[<.*>\] selftest_run\+' \
    ' .*\[<.*>\] start_finish\+'
fault text 'FATAL page fault .* \(rights of write\)' 'RIP: .* fault_text\+'
fault nx 'FATAL page fault .* \(rights of fetch\)'
fault ud 'FATAL TRAP: vector 6 \(invalid opcode\)' 'RIP: .* fault_ud\+'
fault stack 'DOUBLE FAULT' ' .*\[<.*>\] fault_stack\+'
fault bug '.*selftest.c:[0-9]*$' ' .*\[<.*>\] fault_bug\+'

more='watchdog' # also sees a CPU that hangs
fault hang 'Watchdog: CPU 0 hangs' ' .*\[<.*>\] fault_hang\+'

# QEMU's monitor sends an NMI to all CPUs while the report stands.
qemu_more="-monitor unix:$work/monitor,server,nowait"
until='NMI during panic at [0-9a-f]* [a-z_]*\+'
python3 - "$work" <<'PYTHON' &
import socket, sys, time
work = sys.argv[1]
deadline = time.time() + 90
while time.time() < deadline:
    time.sleep(0.5)
    try:
        if b"Manual reset" not in open(work + "/console.log", "rb").read():
            continue
        monitor = socket.socket(socket.AF_UNIX)
        monitor.connect(work + "/monitor")
        monitor.sendall(b"nmi\n")
        time.sleep(1)
        break
    except OSError:
        pass
PYTHON
rm -f "$log"
fault panic "$until"
wait
pass
