#!/bin/sh
# SPDX-License-Identifier: MIT
# Make the files that test_unpack unpacks: NAME.plain and NAME.KIND.FORMAT,
# packed by the distribution's own tools in all the ways that matter.
# usage: make_packed.sh OUTPUT_DIR
set -e
dir=$1
mkdir -p "$dir"
rm -f "$dir"/*

# code (for the x86 filter), text, zeros, short periods, noise
{
    head -c 120000 /bin/bash
    cat xen-lite/include/[b-h]*.h
    head -c 70000 /dev/zero
    yes abcdefg | head -c 9000
    yes ab | head -c 3001
    head -c 70000 /dev/urandom
    tail -c 30000 /bin/bash
} >"$dir/mixed.plain"
head -c 70000 /dev/urandom >"$dir/noise.plain"
# opcodes and sign bytes close together, for the x86 filter
head -c 40000 /dev/urandom | LC_ALL=C tr '\000-\237' \
    '[\350*64][\351*32][\000*32][\377*32]' >"$dir/opcodes.plain"
head -c 200000 /dev/zero >"$dir/zeros.plain"
printf 'A short text, a short text, a text.' >"$dir/short.plain"
printf 'x' >"$dir/byte.plain"
: >"$dir/empty.plain"

pack()
{
    for plain in "$dir"/*.plain; do
        "$@" <"$plain" >"${plain%.plain}.$kind"
    done
}

x86='--check=crc32 --x86'
kind=crc64.xz pack xz -T1
# shellcheck disable=SC2086 # several words
kind=kernel.xz pack xz -T1 $x86 --lzma2=preset=9e,dict=1MiB
kind=nocheck.xz pack xz -T1 -0 --check=none
kind=blocks.xz pack xz -T1 -1 --block-size=40000 --check=crc32
kind=sized.xz pack xz -T2 -1 --block-size=60000 --x86=start=4096 \
    --lzma2=preset=1
kind=lp.xz pack xz -T1 --check=crc32 --lzma2=lc=1,lp=3,pb=4
kind=fast.gz pack gzip -1
kind=best.gz pack gzip -9
kind=fast.zst pack zstd -q -c -1
kind=best.zst pack zstd -q -c -19
kind=ultra.zst pack zstd -q -c --ultra -22
kind=nocheck.zst pack zstd -q -c --no-check -6
kind=fast.lz4 pack lz4 -q -c -l -1
kind=best.lz4 pack lz4 -q -c -l -9

# refused: what a kernel never uses
for name in sha256 delta arm; do
    case $name in
    sha256) set -- --check=sha256 ;;
    delta) set -- --delta=dist=4 --lzma2 ;;
    arm) set -- --arm --lzma2 ;;
    esac
    xz -T1 "$@" <"$dir/mixed.plain" >"$dir/refused.$name.xz"
done
# gzip with every optional field: flags 0x1e, then extra, name, comment, CRC
gzip -n9 <"$dir/mixed.plain" >"$dir/body"
{
    printf '\037\213\010\036\0\0\0\0\0\003\003\0abcname\0comment\0\0\0'
    tail -c +11 "$dir/body"
} >"$dir/mixed.fields.gz"
rm "$dir/body"
