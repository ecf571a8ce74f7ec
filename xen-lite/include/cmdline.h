/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's command line, in Xen's own words
 * (docs: xen-command-line). Options are a table in boot/cmdline.c.
 */
#ifndef XEN_LITE_CMDLINE_H
#define XEN_LITE_CMDLINE_H

#include "types.h"

/* Memory sizes of dom0_mem=: 0 means "not given". */
struct option_memory {
    uint64_t bytes;
    uint64_t min_bytes;
    uint64_t max_bytes;
    bool bytes_negative; /* "-1G": all but so much */
    bool min_negative;
    bool max_negative;
};

/* A switch that may be left to us. */
enum option_switch {
    OPTION_DEFAULT,
    OPTION_ON,
    OPTION_OFF,
};

struct options {
    struct option_memory dom0_mem;
    unsigned int dom0_vcpus_min; /* 0: not given */
    unsigned int dom0_vcpus_max;
    unsigned int max_cpus;
    bool noreboot;
    bool watchdog;
    bool sync_console;
    uint64_t mem_limit; /* mem=: use no RAM above */
    enum option_switch xpti, pcid, x2apic, smap, smep, xsave, fsgsbase, hpet,
        spec_ctrl;
    char console[32];
    char com1[40];
    char sched[16];
    char fault[24];    /* deliberate fault, for tests: see debugging.md */
    char selftest[24]; /* self-test to run, for tests */
    char clocksource[12];
};

extern struct options options;

/* Parse @text into options; @report unknown and malformed ones in warnings. */
void cmdline_parse(const char *text, bool report);

#endif
