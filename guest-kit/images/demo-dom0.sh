# SPDX-License-Identifier: MIT
# dom0's part of `make demo` and `make run`: start the guest `demo`, show that
# it runs; for demo, do the same work as the guest and compare.
# Sourced by dom0-init (xl.run=), with its functions.
#   xl.challenge=WORD   a random word; without it (make run) nothing to prove
# shellcheck shell=sh

challenge=$(option challenge '')
report dom0

guest_config demo \
    "extra = \"console=hvc0 quiet xl.mode=demo xl.nonce=${challenge:-hello}\""
stage demo-create
"$TOOL" create /run/demo.cfg || {
    echo "demo: $TOOL create failed"
    return 1
}
stage demo-created
guest_wait demo 240 '^XL-REPORT' || return 1
guest_line demo '^XL-(STAGE guest-userspace|REPORT)'

if [ -z "$challenge" ]; then
    cat >/etc/motd <<HINT

dom0's shell. A Linux guest runs beside it: '$TOOL list' shows both, and
'$TOOL console demo' is its console (Ctrl-] comes back).
'poweroff' ends the machine, and so does Ctrl-A x.

HINT
    return 0
fi

# Both at the same time: the guest is at it already.
answer dom0 "$challenge" 2
guest_wait demo 240 '^XL-ANSWER' || return 1
guest_line demo '^XL-ANSWER'
"$TOOL" list
