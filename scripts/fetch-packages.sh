#!/bin/sh
# SPDX-License-Identifier: MIT
# Download the Debian packages that boot media are made of (kernel, Xen's
# hypervisor and tools with their libraries, busybox) and unpack them into
# one tree, without installing anything.
#
#   scripts/fetch-packages.sh CACHE
#
# CACHE/deb   the packages; kept, so that later runs need no network
# CACHE/root  the tree; CACHE/root/kver holds the kernel's version
# Delete CACHE/deb to get newer packages.
set -eu

cache=${1:?usage: fetch-packages.sh CACHE}

# The list has no versions: whatever Debian 12 offers at the first run.
packages="xen-hypervisor-4.17-amd64 xen-utils-4.17 xen-utils-common
    xenstore-utils busybox-static
    libxenmisc4.17 libxencall1 libxendevicemodel1 libxenevtchn1
    libxenforeignmemory1 libxengnttab1 libxenhypfs1 libxenstore4
    libxentoolcore1 libxentoollog1
    libc6 libgcc-s1 libuuid1 libyajl2 liblzma5 libzstd1 zlib1g libext2fs2 libcom-err2
    libtinfo6 libncurses6 bash mount util-linux libsmartcols1"

mkdir -p "$cache/deb"
cache=$(cd "$cache" && pwd)

# Two makes may run at once: one fetches, the other waits.
exec 9>"$cache/lock"
flock 9

kernel_package() {
    apt-cache depends linux-image-amd64 2>/dev/null |
        sed -n 's/^ *Depends: \(linux-image-[0-9].*-amd64\)$/\1/p' | head -n 1
}

have_deb() {
    for f in "$cache/deb/$1"_*.deb; do
        [ -e "$f" ] && return 0
    done
    return 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# The kernel is a metapackage's dependency: the cache remembers which.
have_deb 'linux-image-[0-9]*' && kernel= || {
    kernel=$(kernel_package)
    if [ -z "$kernel" ]; then
        echo "  refreshing the package lists (apt-get update)"
        as_root apt-get -q update >/dev/null
        kernel=$(kernel_package)
    fi
    [ -n "$kernel" ] || {
        echo "fetch-packages: no linux-image-amd64 in the package lists" >&2
        exit 1
    }
}

missing=
for p in $kernel $packages; do
    have_deb "$p" || missing="$missing $p"
done

download() {
    # apt's own sandbox user cannot write here: that is harmless.
    (cd "$cache/deb" && apt-get -q download $missing) 2>&1
}

if [ -n "$missing" ]; then
    echo "  downloading from Debian (kept in $cache/deb):"
    echo "$missing" | fmt -w 70 | sed 's/^ */    /'
    if ! log=$(download); then
        as_root apt-get -q update >/dev/null
        log=$(download) || {
            echo "$log" >&2
            echo "fetch-packages: download failed" >&2
            exit 1
        }
    fi
    rm -f "$cache/root/kver"
fi

[ -e "$cache/root/kver" ] && exit 0

echo "  unpacking the packages into $cache/root"
rm -rf "$cache/root.new"
mkdir "$cache/root.new"
for deb in "$cache"/deb/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$cache/root.new" \
        --no-same-owner --exclude=./usr/share/doc --exclude=./usr/share/man
done
cd "$cache/root.new"
kver=$(ls lib/modules)
# Packages carry no module dependencies: they are made at installation.
PATH=$PATH:/usr/sbin:/sbin depmod -b . "$kver"
(cd "$cache/deb" && ls) >versions
echo "$kver" >kver
# At once, for others who read the tree meanwhile.
[ ! -e "$cache/root" ] || mv "$cache/root" "$cache/root.old"
mv "$cache/root.new" "$cache/root"
rm -rf "$cache/root.old"
