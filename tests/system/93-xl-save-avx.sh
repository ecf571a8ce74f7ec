#!/bin/sh
# SPDX-License-Identifier: MIT
# As 91-xl-save, on a processor with AVX: the guest's YMM registers are saved
# and restored as well.
model=Haswell
. "$(dirname "$0")/91-xl-save.sh"
