#!/bin/sh
# SPDX-License-Identifier: MIT
# Grant tables of both versions, parts of pages, ways through another domain,
# transfers, batches and limits.
. "$(dirname "$0")/lib.sh"
. "$here/guest-lib.sh"
hv_more='gnttab_max_frames=12 gnttab_max_maptrack_frames=1'
guest_passes grants 1 2
