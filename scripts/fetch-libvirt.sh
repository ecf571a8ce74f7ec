#!/bin/sh
# SPDX-License-Identifier: MIT
# Download Debian's libvirt with its driver for Xen, and the libraries it
# needs, and unpack them beside those of fetch-packages.sh: for one system test
# only, so not part of what every build fetches.
#
#   scripts/fetch-libvirt.sh CACHE
#
# CACHE/libvirt/deb   the packages; kept
# CACHE/libvirt/root  the tree, with Xen's own libraries in it too
set -eu

cache=${1:?usage: fetch-libvirt.sh CACHE}
packages="libvirt0 libvirt-daemon libvirt-daemon-driver-xen libvirt-clients
    libacl1 libapparmor1 libaudit1 libblkid1 libbrotli1 libcap-ng0 libcap2
    libcom-err2 libcurl3-gnutls libdevmapper1.02.1 libffi8 libgcrypt20
    libglib2.0-0 libgmp10 libgnutls30 libgpg-error0 libgssapi-krb5-2
    libhogweed6 libicu72 libidn2-0 libk5crypto3 libkeyutils1 libkrb5-3
    libkrb5support0 libldap-2.5-0 liblz4-1 libnettle8 libnghttp2-14
    libnl-3-200 libnl-route-3-200 libnuma1 libp11-kit0 libparted2 libpcap0.8
    libpciaccess0 libpcre2-8-0 libpsl5 libreadline8 librtmp1 libsasl2-2
    libselinux1 libssh-4 libssh2-1 libssl3 libstdc++6 libsystemd0 libtasn1-6
    libtirpc3 libudev1 libunistring2 libxml2"

mkdir -p "$cache/libvirt/deb"
cache=$(cd "$cache" && pwd)
exec 9>"$cache/libvirt/lock"
flock 9
missing=
for package in $packages; do
    ls "$cache/libvirt/deb/${package}"_*.deb >/dev/null 2>&1 ||
        missing="$missing $package"
done
[ -n "$missing" ] || [ ! -e "$cache/libvirt/root/done" ] || exit 0
if [ -n "$missing" ]; then
    echo "  downloading libvirt from Debian (kept in $cache/libvirt/deb)"
    # shellcheck disable=SC2086 # a list of words
    (cd "$cache/libvirt/deb" && apt-get -q download $missing) >/dev/null 2>&1 ||
        {
            echo "fetch-libvirt: download failed (try apt-get update)" >&2
            exit 1
        }
fi
rm -rf "$cache/libvirt/root"
mkdir -p "$cache/libvirt/root"
for deb in "$cache"/deb/*.deb "$cache"/libvirt/deb/*.deb; do
    case $deb in
    */linux-image-* | */xen-hypervisor-*) ;;
    *) dpkg -x "$deb" "$cache/libvirt/root" ;;
    esac
done
touch "$cache/libvirt/root/done"
