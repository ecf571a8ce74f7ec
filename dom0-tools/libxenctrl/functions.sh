#!/bin/sh
# SPDX-License-Identifier: MIT
# The list of what our libxenctrl implements, as a page of the documentation.
# The functions come from the archive itself, the headers from libxen-dev, so
# that the page can only say what is so.
# usage: functions.sh ARCHIVE >docs/libxenctrl.md
set -eu
export LC_ALL=C

archive=$1
names='(xc|xencall|xenforeignmemory|xenevtchn|xengnttab|xengntshr)_?[a-z0-9_]*L?'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# "object function" for each global function of the interface
nm -A --defined-only "$archive" |
    sed -n 's/^[^:]*:\([^:]*\)\.o:[0-9a-f]* T \(.*\)$/\1 \2/p' |
    grep -E " $names\$" | sort >"$work/ours"

# "header function" for each declaration; inline ones are the header's own
for header in xenctrl xencall xenforeignmemory xenevtchn xengnttab; do
    {
        echo '#define XC_WANT_COMPAT_MAP_FOREIGN_API'
        echo '#define XC_WANT_COMPAT_EVTCHN_API'
        echo '#define XC_WANT_COMPAT_GNTTAB_API'
        echo "#include <$header.h>"
    } | ${CC:-gcc} -E -x c - |
        awk -v header="$header" '
            /^# [0-9]+ "/ {
                inside = index($3, "/" header ".h\"") ||
                    (header == "xenctrl" && index($3, "/xenctrl_compat.h\""))
                next
            }
            inside && !/^#/' |
        sed 's/static inline .*//' | tr '\n' ' ' |
        grep -o -E "\\b$names *\\(" | tr -d ' (' | sort -u |
        sed "s/^/$header /"
done >"$work/declared"

count() {
    grep -c "^$1 " "$work/declared" || true
}

# how many of header $1 are ours
implemented() {
    sed -n "s/^$1 //p" "$work/declared" | sort -u >"$work/a"
    cut -d ' ' -f 2 "$work/ours" | sort -u >"$work/b"
    comm -12 "$work/a" "$work/b" | wc -l
}

cat <<'TEXT'
# What our libxenctrl implements

Made by `make docs-tools` from `libxenctrl.a`; `make test-unit` fails when this
page and the library differ. Signatures and errors are those of Debian's
headers (package `libxen-dev`, Xen 4.17). What is missing serves HVM guests
(altp2m, memory access, sharing, paging, device models), or other parts of Xen
that a PV system does not use.

| header | implemented | declared |
|---|---|---|
TEXT
for header in xenctrl xencall xenforeignmemory xenevtchn xengnttab; do
    echo "| \`<$header.h>\` | $(implemented $header) | $(count $header) |"
done
echo
echo "By source file, in \`dom0-tools/libxenctrl/\`:"
cut -d ' ' -f 1 "$work/ours" | uniq | while read -r object; do
    echo
    echo "## $object.c"
    grep "^$object " "$work/ours" | cut -d ' ' -f 2 | sed 's/.*/- `&`/'
done
echo
echo "## Not implemented, of \`<xenctrl.h>\`"
sed -n 's/^xenctrl //p' "$work/declared" | sort -u >"$work/a"
cut -d ' ' -f 2 "$work/ours" | sort -u >"$work/b"
comm -23 "$work/a" "$work/b" | tr '\n' ' ' | fold -s -w 78 | sed 's/ *$//'
echo
