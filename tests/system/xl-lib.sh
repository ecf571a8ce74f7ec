# SPDX-License-Identifier: MIT
# For the tests that walk the stock tools; sourced after lib.sh. Both the
# programs that the dom0 image lacks, and what dom0's scripts share.
# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # variables of lib.sh

# xen-lite does without page-table isolation under emulation, where it costs
# most of the time: so does Xen then.
[ "$HV" = xenlite ] || hv_args="$hv_args xpti=no"

# stock_programs NAME...: more of Debian's Xen programs in dom0
stock_programs() {
    # In a shell of its own: the images' functions have variables of theirs.
    (
        image=$work/dom0
        mkdir -p "$image"
        . "$top/guest-kit/images/lib.sh"
        for program in "$@"; do
            for dir in usr/lib/xen-4.17/bin usr/bin usr/sbin; do
                [ -f "$root/$dir/$program" ] || continue
                put_program "$root/$dir/$program" "$dir/$program"
                continue 2
            done
            die "no package holds $program"
        done
    ) || fail "the image lacks programs"
}

# xl_script: standard input, with the functions below, becomes dom0's script
xl_script() {
    mkdir -p "$work/dom0"
    {
        sed -n '/^# -- in dom0/,$p' "$top/tests/system/xl-lib.sh"
        cat
    } >"$work/dom0/test.sh"
}

return 0
# -- in dom0 ----------------------------------------------------------------

# step NAME STATUS COMMAND...: run it, keep its output in /run/out, and say in
# one line how it ended (scripts/mkxl.py sets these side by side). STATUS is
# what it must return, ? for any.
step() {
    xl_step=$1 xl_want=$2
    shift 2
    xl_rc=0
    timeout $((${xl_limit:-60} * xl_slow)) "$@" </dev/null >/run/out 2>&1 || xl_rc=$?
    tr -d '\r' </run/out | head -n "${xl_lines:-6}" | cut -c 1-150 |
        sed 's/^/    | /'
    echo "XL-STEP $xl_step;rc=$xl_rc;$(tr -d '\r' </run/out | tr ';' ',' |
        grep -v '^ *$' | head -n 1 | cut -c 1-100)"
    [ "$xl_want" = "?" ] || check "$xl_step" [ "$xl_rc" = "$xl_want" ]
}

# has REGEX: the last step's output has such a line
has() {
    grep -q -E -e "$1" /run/out && return
    xl_lines=30 head -n 30 /run/out
    check "$xl_step: no line like '$1'" false
}

# until_has SECONDS REGEX COMMAND...: its output comes to have such a line
says() {
    xl_pattern=$1
    shift
    "$@" 2>&1 | grep -q -E -e "$xl_pattern"
}
until_has() {
    xl_limit=$1
    shift
    wait_for "$xl_limit" says "$@"
}

# guest_or_end NAME SECONDS REGEX: as guest_wait, but without it the script
# ends, and shows where the guest's kernel died
guest_or_end() {
    guest_wait "$@" && return
    tr -d '\r' <"$(guest_log "$1")" |
        grep -E -B 3 -A 30 'Kernel panic|BUG:|Oops' | head -n 80
    check "guest $1: $3" false
    checks_end
    exit 1
}

# guest_image FILE...: /run/guest.img, the guest's image with these files of
# /guest.d in it. The kernel takes archives end to end, each of them at a
# multiple of four.
guest_image() {
    xl_odd=$(($(stat -c %s /guest/guest.img) % 4))
    {
        cat /guest/guest.img
        head -c $(((4 - xl_odd) % 4)) /dev/zero
        (cd /guest.d && printf '%s\n' "$@" | cpio -o -H newc 2>/dev/null)
    } >/run/guest.img
}
