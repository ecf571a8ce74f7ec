#!/bin/sh
# SPDX-License-Identifier: MIT
# Install the Debian packages that a purpose needs and that are missing, and
# nothing else. Says which and why first; silent when all are there.
#
#   scripts/install-deps.sh [-n] PURPOSE...     -n: only say what is missing
#
# Purposes: build run test bench debian lint (run, test and bench include build,
# debian includes run).
set -eu

# purpose, package, what it is for
packages() {
    cat <<'LIST'
build|gcc|compiles the hypervisor, the tools and the tests
build|make|drives every step
build|libc6-dev|C library headers for tools and host tests
build|binutils|linker, readelf and objcopy
build|libxen-dev|the Xen ABI and libxenctrl headers
build|uuid-dev|libuuid for the xlite command
build|libyajl-dev|libyajl, linked by libxlutil
build|liblzma-dev|xz unpacking in the domain builder
build|zlib1g-dev|gzip unpacking in the domain builder
build|libzstd-dev|zstd unpacking in the domain builder
build|liblz4-dev|lz4 unpacking in the domain builder
run|qemu-system-x86|the machine that everything is booted in
run|qemu-utils|disk images for device tests
run|ovmf|UEFI firmware for that machine
run|grub-common|grub-mkrescue, which makes the boot ISO
run|grub-pc-bin|GRUB for BIOS machines
run|grub-efi-amd64-bin|GRUB for UEFI machines
run|xorriso|writes the ISO file
run|mtools|writes the ISO's UEFI partition
run|cpio|packs the initial RAM file systems
run|kmod|finds which kernel modules need which
run|busybox-static|user space of dom0 and guests
run|python3|reads the serial console with time stamps
run|xz-utils|unpacks kernels
run|ca-certificates|package downloads over https
test|libcmocka-dev|host unit tests
test|e2fsprogs|file systems for disk tests
test|zstd|packed files for the decoders' tests
test|lz4|packed files for the decoders' tests
bench|time|measures host-side steps
debian|mmdebstrap|makes Debian root file systems
debian|e2fsprogs|makes their disks
debian|fdisk|makes a partition table
debian|openssh-client|makes the guest's SSH keys
debian|openssl|hashes the guest's password
debian|uidmap|lets a user own files as root
lint|clang|second compiler
lint|clang-format|code format
lint|clang-tidy|static checks
lint|cppcheck|static checks
LIST
}

# what one purpose draws in
expand() {
    case $1 in
    build) echo build ;;
    run) echo "build run" ;;
    test) echo "build run test" ;;
    bench) echo "build run bench" ;;
    debian) echo "build run debian" ;;
    lint) echo "build lint" ;;
    *)
        echo "install-deps: unknown purpose '$1'" >&2
        exit 2
        ;;
    esac
}

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "install-deps: not root and no sudo; run as root: $*" >&2
        exit 1
    fi
}

dry_run=0
if [ "${1:-}" = -n ]; then
    dry_run=1
    shift
fi
[ $# -gt 0 ] || set -- build

wanted=" "
for purpose in "$@"; do
    wanted="$wanted$(expand "$purpose") "
done

if ! command -v dpkg-query >/dev/null; then
    echo "install-deps: not a Debian system; install by hand:" >&2
    packages | cut -d'|' -f2- | sed 's/|/: /' >&2
    exit 0
fi

missing=$(packages | while IFS='|' read -r purpose package why; do
    case $wanted in
    *" $purpose "*)
        is_installed "$package" || echo "$package|$why"
        ;;
    esac
done)
[ -n "$missing" ] || exit 0

echo "Debian packages missing for: $*"
echo "$missing" | awk -F'|' '{ printf "  %-20s %s\n", $1, $2 }'
[ $dry_run = 0 ] || exit 1

names=$(echo "$missing" | cut -d'|' -f1)
# A fresh machine has no package lists yet, or old ones.
# shellcheck disable=SC2086 # a list of words
if ! apt-get install -s $names >/dev/null 2>&1; then
    echo "  refreshing the package lists (apt-get update)"
    as_root apt-get -q update >/dev/null
fi
echo "  installing (apt-get install)"
install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
        -o Dpkg::Use-Pty=0 --no-install-recommends install $names
}
if ! log=$(install 2>&1); then
    # The lists name versions that the mirror no longer has: once more.
    as_root apt-get -q update >/dev/null
    if ! log=$(install 2>&1); then
        echo "$log" >&2
        echo "install-deps: apt-get failed" >&2
        exit 1
    fi
fi
