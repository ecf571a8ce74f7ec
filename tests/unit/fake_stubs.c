/* SPDX-License-Identifier: MIT */
/* Parts of the core that are not there yet. */
#include "domain.h"
#include "fake.h"
#include "grant_table.h"

__attribute__((weak)) int grant_table_init(struct domain *d,
                                           unsigned int max_frames,
                                           unsigned int max_maptrack_frames,
                                           unsigned int max_version)
{
    (void)d;
    (void)max_frames;
    (void)max_maptrack_frames;
    (void)max_version;
    return 0;
}

__attribute__((weak)) void grant_table_destroy(struct domain *d)
{
    (void)d;
}

__attribute__((weak)) int grant_table_release_maps(struct domain *d)
{
    (void)d;
    return 0;
}
