// SPDX-License-Identifier: MIT
/* xlite info: the hypervisor and the machine it runs on. */
#include "xlite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "json.h"

static void put_text(const struct xlite *x, const char *key, const char *value)
{
    if (x->json) {
        json_text(key, value);
    } else {
        (void)printf("%-22s : %s\n", key, value);
    }
}

static void put_number(const struct xlite *x, const char *key, uint64_t value)
{
    if (x->json) {
        json_number(key, value);
    } else {
        (void)printf("%-22s : %llu\n", key, (unsigned long long)value);
    }
}

static void put_host(const struct xlite *x)
{
    struct utsname host;

    if (uname(&host) == 0) {
        put_text(x, "host", host.nodename);
        put_text(x, "release", host.release);
        put_text(x, "version", host.version);
        put_text(x, "machine", host.machine);
    }
}

static void put_capabilities(const struct xlite *x, uint32_t capabilities)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } names[] = {
        {XEN_SYSCTL_PHYSCAP_pv, "pv"},
        {XEN_SYSCTL_PHYSCAP_hvm, "hvm"},
        {XEN_SYSCTL_PHYSCAP_directio, "directio"},
        {XEN_SYSCTL_PHYSCAP_hap, "hap"},
        {XEN_SYSCTL_PHYSCAP_shadow, "shadow"},
        {XEN_SYSCTL_PHYSCAP_gnttab_v1, "gnttab-v1"},
        {XEN_SYSCTL_PHYSCAP_gnttab_v2, "gnttab-v2"},
    };
    char text[128] = "";
    int used = 0;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if ((capabilities & names[i].bit) != 0) {
            used += sprintf(text + used, "%s%s", used == 0 ? "" : " ",
                            names[i].name);
        }
    }
    put_text(x, "virt_caps", text);
}

static void put_machine(const struct xlite *x, const xc_physinfo_t *info)
{
    char caps[8 * 9 + 1] = "";

    put_number(x, "nr_cpus", info->nr_cpus);
    put_number(x, "max_cpu_id", info->max_cpu_id);
    put_number(x, "nr_nodes", info->nr_nodes);
    put_number(x, "cores_per_socket", info->cores_per_socket);
    put_number(x, "threads_per_core", info->threads_per_core);
    put_number(x, "cpu_mhz", info->cpu_khz / 1000);
    for (int i = 0; i < 8; i++) {
        (void)sprintf(caps + strlen(caps), "%s%08x", i == 0 ? "" : ":",
                      info->hw_cap[i]);
    }
    put_text(x, "hw_caps", caps);
    put_capabilities(x, info->capabilities);
    put_number(x, "total_memory", info->total_pages >> (20 - XC_PAGE_SHIFT));
    put_number(x, "free_memory", info->free_pages >> (20 - XC_PAGE_SHIFT));
    put_number(x, "free_pages", info->free_pages);
    put_number(x, "scrub_pages", info->scrub_pages);
    put_number(x, "outstanding_claims", info->outstanding_pages);
}

static void put_scheduler(const struct xlite *x)
{
    static const char *const names[] = {
        [XEN_SCHEDULER_CREDIT] = "credit",
        [XEN_SCHEDULER_CREDIT2] = "credit2",
        [XEN_SCHEDULER_ARINC653] = "arinc653",
        [XEN_SCHEDULER_RTDS] = "rtds",
        [XEN_SCHEDULER_NULL] = "null",
    };
    int id;

    if (xc_sched_id(x->xch, &id) == 0 && id >= 0 &&
        (size_t)id < sizeof(names) / sizeof(names[0]) && names[id] != NULL) {
        put_text(x, "xen_scheduler", names[id]);
    }
}

static void put_build(const struct xlite *x)
{
    xen_compile_info_t build = {0};
    xen_changeset_info_t changeset = {0};
    xen_commandline_t commandline = {0};

    if (xc_version(x->xch, XENVER_changeset, &changeset) >= 0) {
        put_text(x, "xen_changeset", changeset);
    }
    if (xc_version(x->xch, XENVER_commandline, &commandline) >= 0) {
        put_text(x, "xen_commandline", commandline);
    }
    if (xc_version(x->xch, XENVER_compile_info, &build) >= 0) {
        put_text(x, "cc_compiler", build.compiler);
        put_text(x, "cc_compile_by", build.compile_by);
        put_text(x, "cc_compile_domain", build.compile_domain);
        put_text(x, "cc_compile_date", build.compile_date);
    }
}

static void put_version(const struct xlite *x)
{
    int version = xc_version(x->xch, XENVER_version, NULL);
    xen_extraversion_t extra = "";
    xen_capabilities_info_t caps = "";
    xen_platform_parameters_t platform = {0};
    char text[64];

    (void)xc_version(x->xch, XENVER_extraversion, &extra);
    put_number(x, "xen_major", (uint64_t)version >> 16);
    put_number(x, "xen_minor", (uint64_t)version & 0xffff);
    put_text(x, "xen_extra", extra);
    (void)snprintf(text, sizeof(text), "%d.%d%s", version >> 16,
                   version & 0xffff, extra);
    put_text(x, "xen_version", text);
    if (xc_version(x->xch, XENVER_capabilities, &caps) >= 0) {
        put_text(x, "xen_caps", caps);
    }
    put_scheduler(x);
    put_number(x, "xen_pagesize",
               (uint64_t)xc_version(x->xch, XENVER_pagesize, NULL));
    if (xc_version(x->xch, XENVER_platform_parameters, &platform) >= 0) {
        (void)snprintf(text, sizeof(text), "virt_start=%#lx",
                       (unsigned long)platform.virt_start);
        put_text(x, "platform_params", text);
    }
    put_build(x);
}

int cmd_info(struct xlite *x, int argc, char *argv[])
{
    int first = common_options(x, argc, argv, true);
    xc_physinfo_t info = {0};
    int rc;

    if (first < 0 || argc != first) {
        return first < 0 ? EXIT_USAGE : usage(x);
    }
    rc = need_hypervisor(x);
    if (rc != 0) {
        return rc;
    }
    if (xc_physinfo(x->xch, &info) < 0) {
        complain(x, "cannot ask the hypervisor about the machine: %s",
                 strerror(errno));
        return EXIT_FAILED;
    }
    if (x->json) {
        json_open(NULL, '{');
    }
    put_host(x);
    put_machine(x, &info);
    put_version(x);
    if (x->json) {
        json_close('}');
    }
    return EXIT_DONE;
}
