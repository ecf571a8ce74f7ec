// SPDX-License-Identifier: MIT
/*
 * CPU and node maps: bitmaps as long as the machine has CPUs or nodes.
 */
#include "private.h"

#include <stdlib.h>

size_t bitmap_bytes(int bits)
{
    return ((size_t)bits + 7) / 8;
}

int xc_get_max_cpus(xc_interface *xch)
{
    xc_physinfo_t info;

    if (xc_physinfo(xch, &info) < 0) {
        return -1;
    }
    return (int)(info.max_cpu_id + 1);
}

int xc_get_online_cpus(xc_interface *xch)
{
    xc_physinfo_t info;

    if (xc_physinfo(xch, &info) < 0) {
        return -1;
    }
    return (int)info.nr_cpus;
}

int xc_get_max_nodes(xc_interface *xch)
{
    xc_physinfo_t info;

    if (xc_physinfo(xch, &info) < 0) {
        return -1;
    }
    return (int)(info.max_node_id + 1);
}

static int map_size(int bits)
{
    return bits < 0 ? -1 : (int)bitmap_bytes(bits);
}

int xc_get_cpumap_size(xc_interface *xch)
{
    return map_size(xc_get_max_cpus(xch));
}

int xc_get_nodemap_size(xc_interface *xch)
{
    return map_size(xc_get_max_nodes(xch));
}

static uint8_t *map_alloc(int bytes)
{
    return bytes <= 0 ? NULL : calloc(1, (size_t)bytes);
}

xc_cpumap_t xc_cpumap_alloc(xc_interface *xch)
{
    return map_alloc(xc_get_cpumap_size(xch));
}

xc_nodemap_t xc_nodemap_alloc(xc_interface *xch)
{
    return map_alloc(xc_get_nodemap_size(xch));
}

void xc_cpumap_clearcpu(int cpu, xc_cpumap_t map)
{
    map[cpu / 8] = (uint8_t)(map[cpu / 8] & ~(1U << (cpu % 8)));
}

void xc_cpumap_setcpu(int cpu, xc_cpumap_t map)
{
    map[cpu / 8] = (uint8_t)(map[cpu / 8] | (1U << (cpu % 8)));
}

int xc_cpumap_testcpu(int cpu, xc_cpumap_t map)
{
    return (map[cpu / 8] >> (cpu % 8)) & 1;
}
