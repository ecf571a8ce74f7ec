#!/bin/sh
# SPDX-License-Identifier: MIT
# Seeds for the fuzzers, from the packed files of the unit tests: small ones,
# behind the byte that chooses their decoder in fuzz_unpack.c.
# usage: make_seeds.sh UNIT_DATA SEED_DIR
set -e
data=$1
seeds=$2
mkdir -p "$seeds/unpack" "$seeds/elf"
head -c 6000 "$data/mixed.plain" >"$seeds/text"

seed()
{
    { printf '%b' "$1"; cat; } >"$seeds/unpack/$2"
}

xz -T1 --format=raw --lzma2=preset=6 <"$seeds/text" | {
    cat
    head -c 24 /dev/zero
} | seed '\000' lzma2
gzip -9 <"$seeds/text" | seed '\001' gzip
zstd -q -19 -c <"$seeds/text" | seed '\002' zstd
zstd -q -1 -c <"$seeds/text" | seed '\002' zstd1
lz4 -q -l -9 -c <"$seeds/text" | seed '\003' lz4
seed '\004' bcj <"$seeds/text"
xz -T1 --check=crc32 --x86 --lzma2 <"$seeds/text" | seed '\005' xz
rm "$seeds/text"

# An ELF file with a PV kernel's notes, from its parts.
word()
{
    printf '%b' "$(printf '\\0%03o\\0%03o\\0%03o\\0%03o' \
        $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) \
        $(($1 >> 24 & 255)))"
}
long()
{
    word "$1"
    word $(($1 >> 32))
}
segment()
{
    word "$1"
    word 7
    long "$2"
    long 0
    long "$3"
    long "$4"
    long "$5"
    long 4096
}
{
    printf '\177ELF\002\001\001\0\0\0\0\0\0\0\0\0\002\0\076\0'
    word 1
    long 0x1000000
    long 64
    long 0
    word 0
    printf '\100\0\070\0\002\0\0\0\0\0\0\0'
    segment 1 176 0x1000000 72 8192
    segment 4 176 0 72 72
    # notes: XEN_VERSION, VIRT_BASE, ENTRY
    word 4; word 8; word 5; printf 'Xen\0xen-3.0\0'
    word 4; word 8; word 3; printf 'Xen\0'; long 0
    word 4; word 8; word 1; printf 'Xen\0'; long 0x1000010
} >"$seeds/elf/kernel"
