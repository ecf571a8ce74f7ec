// SPDX-License-Identifier: MIT
/* xlite list: what domains there are. */
#include "xlite.h"

#include <stdio.h>
#include <stdlib.h>

#include "json.h"

#define NS_PER_SECOND 1000000000ULL

static uint64_t mib_of_pages(unsigned long pages)
{
    return (uint64_t)pages >> (20 - XC_PAGE_SHIFT);
}

static void print_row(struct xlite *x, const xc_dominfo_t *info)
{
    char *name = domain_name(x, info->domid);
    char letters[7];

    (void)printf("%-40s %5u %5llu %5u     %s  %7.1f\n", name, info->domid,
                 (unsigned long long)mib_of_pages(info->nr_pages),
                 info->nr_online_vcpus, state_letters(info, letters),
                 (double)info->cpu_time / (double)NS_PER_SECOND);
    free(name);
}

static const char *shutdown_name(const xc_dominfo_t *info)
{
    static const char *const names[] = {"poweroff", "reboot",   "suspend",
                                        "crash",    "watchdog", "soft_reset"};

    if (info->crashed) {
        return "crash";
    }
    if (!info->shutdown) {
        return "none";
    }
    return info->shutdown_reason < sizeof(names) / sizeof(names[0])
               ? names[info->shutdown_reason]
               : "unknown";
}

static void print_json(struct xlite *x, const xc_dominfo_t *info)
{
    char *name = domain_name(x, info->domid);
    char letters[7];
    char uuid[37];

    format_uuid(info->handle, uuid);
    json_open(NULL, '{');
    json_text("name", name);
    json_number("domid", info->domid);
    json_text("uuid", uuid);
    json_number("memory_pages", info->nr_pages);
    json_number("memory_mib", mib_of_pages(info->nr_pages));
    json_number("max_memory_kib", info->max_memkb);
    json_number("vcpus_online", info->nr_online_vcpus);
    json_number("vcpus_max", vcpu_limit(info));
    json_text("state", state_letters(info, letters));
    json_text("shutdown_reason", shutdown_name(info));
    json_number("cpu_time_ns", info->cpu_time);
    json_number("cpupool", info->cpupool);
    json_close('}');
    free(name);
}

static void print_list(struct xlite *x, const xc_dominfo_t *list, int count)
{
    if (x->json) {
        json_open(NULL, '[');
        for (int i = 0; i < count; i++) {
            print_json(x, &list[i]);
        }
        json_close(']');
        return;
    }
    (void)printf("%-40s %5s %5s %5s     %-6s  %7s\n", "Name", "ID", "Mem",
                 "VCPUs", "State", "Time(s)");
    for (int i = 0; i < count; i++) {
        print_row(x, &list[i]);
    }
}

int cmd_list(struct xlite *x, int argc, char *argv[])
{
    return show_domains(x, argc, argv, print_list);
}
