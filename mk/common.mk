# SPDX-License-Identifier: MIT
# Compilers, warnings and the quiet step printer shared by all houses.
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
HOSTCC ?= $(CC)

ifeq ($(V),1)
Q :=
step =
else
Q := @
step = @printf '  %-5s %s\n' '$(1)' '$(2)';
endif

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
    -Wmissing-prototypes -Wundef -Wvla -Wwrite-strings -Wcast-qual \
    -Wconversion

# Freestanding code sees the Xen ABI headers, and nothing else of
# /usr/include, through a folder that holds only this link.
XEN_ABI := $(O)/xen-abi
$(XEN_ABI)/xen:
	$(Q)mkdir -p $(XEN_ABI) && ln -sfn /usr/include/xen $@

ALL_TARGETS :=
