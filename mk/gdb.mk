# SPDX-License-Identifier: MIT
# `make gdb`: boot the hypervisor with dom0 in QEMU, stopped before its first
# instruction, and attach gdb with the hypervisor's symbols.
#   HV_ARGS="..."  more for the hypervisor's command line
#   QEMU_ARGS="..."  more for QEMU
GDB_PORT ?= 1234

.PHONY: gdb
gdb: $(O)/xen-lite.elf images ## debug the hypervisor in QEMU with gdb
	$(Q)O=$(abspath $(O)) CACHE=$(abspath $(CACHE)) GDB_PORT=$(GDB_PORT) \
	    HV_ARGS="$(HV_ARGS)" scripts/gdb.sh $(QEMU_ARGS)
