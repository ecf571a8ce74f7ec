# SPDX-License-Identifier: MIT
# Helpers of the image scripts: put programs with their libraries, and kernel
# modules with what they need, from an unpacked package tree into an image.
# Sourced; expects $root (package tree) and $image (folder being filled).
# shellcheck shell=sh disable=SC2154

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# where a shared library lies in the package tree
find_library() {
    for dir in usr/lib/x86_64-linux-gnu lib/x86_64-linux-gnu \
        usr/lib lib64 lib; do
        if [ -e "$root/$dir/$1" ]; then
            echo "$root/$dir/$1"
            return
        fi
    done
    die "no package in the list holds $1"
}

# put one library by name, and what it needs
put_library() {
    case $1 in
    ld-linux-x86-64.so.2) to=lib64/$1 ;;
    *) to=lib/x86_64-linux-gnu/$1 ;;
    esac
    [ ! -e "$image/$to" ] || return 0
    found=$(find_library "$1") || exit 1
    install -D -m 755 "$found" "$image/$to"
    put_libraries "$found"
}

# put the libraries that a program or library needs, and theirs
put_libraries() {
    for name in $(LC_ALL=C readelf -d "$1" 2>/dev/null |
        sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
        put_library "$name"
    done
}

# put_program SOURCE DESTINATION: an ELF program (or script) and its libraries
put_program() {
    [ -e "$1" ] || die "missing program $1"
    install -D -m 755 "$1" "$image/$2"
    if LC_ALL=C readelf -l "$1" 2>/dev/null | grep -q 'program interpreter'
    then
        put_library ld-linux-x86-64.so.2
        put_libraries "$1"
    fi
}

# put busybox and one link for each of its commands
put_busybox() {
    install -D -m 755 "$root/bin/busybox" "$image/bin/busybox"
    for applet in $("$root/bin/busybox" --list); do
        [ "$applet" = busybox ] || ln -sf busybox "$image/bin/$applet"
    done
    # The kernel runs these by their full names.
    mkdir -p "$image/sbin"
    for applet in poweroff reboot halt modprobe; do
        ln -sf ../bin/busybox "$image/sbin/$applet"
    done
}

# put kernel modules by name, with what they need, and the tables for modprobe
put_modules() {
    kver=$(cat "$root/kver")
    tree=lib/modules/$kver
    for name in "$@"; do
        line=$(grep -E "/$name\.ko:" "$root/$tree/modules.dep") ||
            die "no kernel module $name"
        for file in $(echo "$line" | tr -d ':'); do
            install -D -m 644 "$root/$tree/$file" "$image/$tree/$file"
        done
    done
    cp "$root/$tree/modules.order" "$root/$tree/modules.builtin" \
        "$root/$tree/modules.builtin.modinfo" "$image/$tree/"
    PATH=$PATH:/usr/sbin:/sbin depmod -b "$image" "$kver"
    # busybox reads the text forms only.
    rm -f "$image/$tree"/*.bin "$image/$tree"/modules.builtin.modinfo
}
