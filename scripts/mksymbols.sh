#!/bin/sh
# SPDX-License-Identifier: MIT
# Turn `nm -n` of the hypervisor (stdin) into the table of function names that
# panic.c reads: offsets from the image's start, ascending, and names.
awk '
BEGIN { count = 0 }
/ [tT] / && $3 !~ /^\.L/ && $3 !~ /^(image|text)_/ && substr($1, 9) != last {
    last = substr($1, 9)
    offset[count] = last
    name[count++] = $3
}
END {
    print "    .section .symbols, \"a\", @progbits"
    print "    .balign 4"
    print "    .global symbol_count, symbol_offsets, symbol_names"
    printf "symbol_count:\n    .long %d\n", count
    print "symbol_offsets:"
    # The image starts at ...40000000: see layout.h.
    for (i = 0; i < count; i++)
        printf "    .long 0x%s - 0x40000000\n", offset[i]
    print "symbol_names:"
    for (i = 0; i < count; i++)
        printf "    .asciz \"%s\"\n", name[i]
    print "    .section .note.GNU-stack, \"\", @progbits"
}'
