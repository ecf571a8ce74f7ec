# SPDX-License-Identifier: MIT
# What every system test shares: boot a hypervisor with the dom0 image, give
# dom0 a script, look at what the serial line said. Sourced first; a test is
#
#   . "$(dirname "$0")/lib.sh"
#   dom0_script <<'DOM0'
#   check "two CPUs" [ "$(nproc)" = 2 ]
#   checks_end
#   DOM0
#   script_passes -s 2
#
# Its last line is `PASS name`, `FAIL name: why` or `SKIP name: why`.
# Environment: HV=xenlite|xen, TOOL=xlite|xl, O (build folder), CACHE, SLOW
# (all time limits times that: for hosts that do much else).
# shellcheck shell=sh
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
name=$(basename "$0" .sh)
name=${name#[0-9][0-9]-}
HV=${HV:-xenlite}
O=${O:-$top/build}
root=${CACHE:-$O/cache}/root

case $HV in
xen)
    hypervisor=$root/boot/xen-4.17-amd64.gz
    TOOL=${TOOL:-xl}
    ;;
xenlite)
    hypervisor=$O/xen-lite.elf
    TOOL=${TOOL:-xlite}
    ;;
*)
    echo "FAIL $name: HV=$HV is neither xen nor xenlite"
    exit 1
    ;;
esac

# Files of this run stay for reading after a failure.
work=$O/test-system/$HV/$name
rm -rf "$work"
mkdir -p "$work"
log=$work/console.log

kernel=$O/images/vmlinuz
dom0_mem=512M
hv_args='' dom0_args='' extra_initrds='' extra_modules='' guest_files=0
# Lines that end a boot at once, as failures.
bad='Panic on CPU|PANIC|Manual reset required|Kernel panic - not syncing'
until='' hurt=''
limit=400
SLOW=${SLOW:-1}
qemu_more='' # options of QEMU's own

pass() {
    echo "PASS $name"
    exit 0
}

fail() {
    echo "--- last lines of $log"
    [ ! -e "$log" ] || tail -n 25 "$log" | tr -d '\r' | sed 's/^/| /'
    echo "FAIL $name: $*"
    exit 1
}

skip() {
    echo "SKIP $name: $*"
    exit 77
}

# standard input becomes the script that dom0 runs
dom0_script() {
    mkdir -p "$work/dom0"
    cat >"$work/dom0/test.sh"
}

# give dom0 the stock guest kernel and image below /guest
with_guest() {
    guest_files=1
}

# dom0_file SOURCE DESTINATION: one more file in dom0
dom0_file() {
    mkdir -p "$work/dom0/$(dirname "$2")"
    cp -L "$1" "$work/dom0/$2"
}

# dom0_guest NAME: an example guest of the guest kit, /guest/NAME.elf in dom0
dom0_guest() {
    [ -e "$O/guest/$1.elf" ] || make -s -C "$top" O="$O" "$O/guest/$1.elf"
    dom0_file "$O/guest/$1.elf" "guest/$1.elf"
}

# dom0_program NAME: progs/NAME.c, built static, as a command in dom0
dom0_program() {
    mkdir -p "$work/dom0/usr/bin"
    "${CC:-gcc}" -std=gnu11 -O2 -Wall -Wextra -Werror -static -pthread \
        -o "$work/dom0/usr/bin/$1" "$here/progs/$1.c" ||
        fail "progs/$1.c does not build"
}

# dom0_inside NAME: a program of inside/ (static) as a command in dom0
dom0_inside() {
    make -s -C "$top" O="$O" "$O/inside/opt/inside/$1" ||
        fail "inside/$1.c does not build"
    dom0_file "$O/inside/opt/inside/$1" "usr/bin/$1"
}

# only_on HV WHY: other hypervisors skip this test
only_on() {
    [ "$HV" = "$1" ] || skip "$2"
}

make_iso() {
    initrds="-i $O/images/dom0.img $extra_initrds"
    [ $guest_files = 0 ] || initrds="$initrds -i $O/images/guest.cpio"
    if [ -d "$work/dom0" ]; then
        "$top/guest-kit/images/mkcpio.sh" "$work/dom0" "$work/dom0.cpio"
        initrds="$initrds -i $work/dom0.cpio"
    fi
    # shellcheck disable=SC2086 # lists of words
    "$top/scripts/mkiso.sh" -o "$work/boot.iso" -x "$hypervisor" \
        ${kernel:+-k "$kernel"} $initrds $extra_modules \
        -X "dom0_mem=$dom0_mem,max:$dom0_mem console=com1 com1=115200,8n1 \
loglvl=all guest_loglvl=all noreboot $hv_args" \
        -K "console=hvc0 earlyprintk=xen xl.tool=$TOOL xl.slow=$SLOW $dom0_args"
}

# boot [option of scripts/qemu.sh]...: to the machine's end, or to $until
boot() {
    [ -e "$hypervisor" ] || fail "no hypervisor at $hypervisor"
    make_iso
    reboot_boot "$@"
}

# the machine again, with the same ISO
reboot_boot() {
    # shellcheck disable=SC2086 # a list of words
    set -- python3 "$top/scripts/console.py" --log "$log" \
        --times "$work/times" --limit $((limit * SLOW)) \
        ${bad:+--bad "$bad"} ${until:+--until "$until"} -- \
        "$top/scripts/qemu.sh" "$@" "$work/boot.iso" \
        -trace qemu_system_shutdown_request -D "$work/qemu.log" $qemu_more
    for boot_try in 1 2 3; do
        boot_status=0
        "$@" 2>"$work/why" || boot_status=$?
        # QEMU 7.2 itself may die when one CPU moves a device's memory while
        # another uses a device (docs/porting-facts.md): no verdict on us.
        [ $boot_status = 6 ] || break
        echo "note: $(tail -n 1 "$work/why"), try $boot_try of 3"
    done
    [ $boot_status = 0 ] || fail "$(tail -n 1 "$work/why")"
    rm -f "$work/boot.iso"
}

# The console's lines without what steers a terminal: GRUB and an interactive
# shell put that before the first words of a line.
lines() {
    tr -d '\r' <"$log" | sed 's/\x1b\[[0-9;?]*[A-Za-z]//g'
}

# expect REGEX WHY: a line of the console matches
expect() {
    lines | grep -q -E -e "$1" || fail "$2 (no line like '$1')"
}

# reject REGEX WHY: no line does
reject() {
    ! lines | grep -q -E -e "$1" ||
        fail "$2 ($(lines | grep -E -m 1 -e "$1"))"
}

# dom0's script ran to its end, and nothing in it failed
script_ended_well() {
    reject '^XL-CHECK failed' 'a check in dom0 failed'
    expect '^XL-STAGE script-end rc=0 ' 'the script in dom0 failed'
}

# ended_by poweroff|reset: how the machine itself came to its end
ended_by() {
    if grep -q qemu_system_shutdown_request "$work/qemu.log" 2>/dev/null; then
        how=poweroff
    else
        how=reset
    fi
    [ "$how" = "$1" ] || fail "the machine ended by $how, not by $1"
}

# script_passes [option of scripts/qemu.sh]...: boot; the script ends well
script_passes() {
    boot "$@"
    script_ended_well
    [ -z "$hurt" ] || reject "$hurt" 'dom0 was hurt'
    ended_by poweroff
    pass
}

# dom0_passes ...: and dom0, where no guest that crashes has its console shown
dom0_passes() {
    hurt='BUG:|Oops|general protection'
    script_passes "$@"
}
