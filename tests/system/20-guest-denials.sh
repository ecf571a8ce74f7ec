#!/bin/sh
# SPDX-License-Identifier: MIT
# What a guest must not get: each refusal with the errno of Xen 4.17.
. "$(dirname "$0")/lib.sh"
. "$here/guest-lib.sh"
guest_passes denials 1 2
