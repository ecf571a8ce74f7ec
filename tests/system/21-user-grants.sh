#!/bin/sh
# SPDX-License-Identifier: MIT
# Grants from user space in dom0: gntalloc and gntdev by Debian's libxengnttab,
# and a channel of its libxenvchan. Afterwards no grant is left in use.
. "$(dirname "$0")/lib.sh"
lib=lib/x86_64-linux-gnu
mkdir -p "$work/dom0/usr/bin"
# shellcheck disable=SC2086 # a list of libraries
"${CC:-gcc}" -std=gnu11 -O2 -Wall -Wextra -Werror \
    -o "$work/dom0/usr/bin/usergrants" "$here/progs/usergrants.c" \
    -lxenvchan -lxengnttab -lxenevtchn ||
    fail "progs/usergrants.c does not build"
for library in libxenvchan.so.4.17 libxengnttab.so.1 libxenevtchn.so.1 \
    libxenstore.so.4 libxentoolcore.so.1 libxentoollog.so.1; do
    dom0_file "$root/usr/$lib/$library" "$lib/$library"
done
dom0_script <<'DOM0'
modprobe xen-gntdev
modprobe xen-gntalloc
before=$(free_mib)
usergrants
check "usergrants" [ $? = 0 ]
usergrants >/run/again
check "usergrants again" [ $? = 0 ]
same_memory() { [ "$(free_mib)" = "$before" ]; }
check "the hypervisor's memory is back" wait_for 10 same_memory
checks_end
DOM0
script_passes -s 2
