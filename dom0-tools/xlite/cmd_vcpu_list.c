// SPDX-License-Identifier: MIT
/* xlite vcpu-list: where each virtual CPU runs and may run. */
#include "xlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

/* "all", or ranges such as "0-2,5". */
static char *map_text(xc_cpumap_t map, int cpus)
{
    char *text = get_memory(1, (size_t)cpus * 12 + 8);
    char *out = text;
    int set = 0;

    for (int i = 0; i < cpus; i++) {
        set += xc_cpumap_testcpu(i, map);
    }
    if (set == cpus || set == 0) {
        (void)sprintf(text, "%s", set == 0 ? "none" : "all");
        return text;
    }
    for (int i = 0; i < cpus; i++) {
        int end = i;

        if (!xc_cpumap_testcpu(i, map)) {
            continue;
        }
        while (end + 1 < cpus && xc_cpumap_testcpu(end + 1, map)) {
            end++;
        }
        out += sprintf(out, end > i ? "%s%d-%d" : "%s%d",
                       out == text ? "" : ",", i, end);
        i = end;
    }
    return text;
}

struct row {
    const char *name;
    uint32_t domid;
    uint32_t vcpu;
    xc_vcpuinfo_t info;
    bool paused;
    char *hard;
    char *soft;
};

static const char *vcpu_state(const struct row *row, char letters[4])
{
    (void)memcpy(letters, "---", 4);
    if (row->info.online && row->info.running) {
        letters[0] = 'r';
    }
    if (row->info.online && row->info.blocked) {
        letters[1] = 'b';
    }
    if (row->paused || !row->info.online) {
        letters[2] = 'p';
    }
    return letters;
}

static void print_text(const struct row *row)
{
    char letters[4];
    char cpu[16] = "-";

    if (row->info.online) {
        (void)snprintf(cpu, sizeof(cpu), "%u", row->info.cpu);
    }
    (void)printf("%-32s %5u %5u %5s   %s %9.1f  %s / %s\n", row->name,
                 row->domid, row->vcpu, cpu, vcpu_state(row, letters),
                 (double)row->info.cpu_time / 1e9, row->hard, row->soft);
}

static void print_json(const struct row *row)
{
    char letters[4];

    json_open(NULL, '{');
    json_text("name", row->name);
    json_number("domid", row->domid);
    json_number("vcpu", row->vcpu);
    json_bool("online", row->info.online != 0);
    json_signed("cpu", row->info.online ? (int64_t)row->info.cpu : -1);
    json_text("state", vcpu_state(row, letters));
    json_number("cpu_time_ns", row->info.cpu_time);
    json_text("affinity_hard", row->hard);
    json_text("affinity_soft", row->soft);
    json_close('}');
}

static void print_vcpu(struct xlite *x, struct row *row, int cpus)
{
    xc_cpumap_t hard = xc_cpumap_alloc(x->xch);
    xc_cpumap_t soft = xc_cpumap_alloc(x->xch);

    if (hard != NULL && soft != NULL &&
        xc_vcpu_getaffinity(x->xch, row->domid, (int)row->vcpu, hard, soft,
                            XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT) ==
            0) {
        row->hard = map_text(hard, cpus);
        row->soft = map_text(soft, cpus);
    } else {
        row->hard = format_text("?");
        row->soft = format_text("?");
    }
    if (x->json) {
        print_json(row);
    } else {
        print_text(row);
    }
    free(row->hard);
    free(row->soft);
    free(hard);
    free(soft);
}

/* A vCPU may not exist yet, or the domain may be gone: then it has no row. */
static void print_domain(struct xlite *x, const xc_dominfo_t *info)
{
    char *name = domain_name(x, info->domid);
    int cpus = xc_get_max_cpus(x->xch);

    for (uint32_t vcpu = 0; cpus > 0 && vcpu < vcpu_limit(info); vcpu++) {
        struct row row = {
            .name = name,
            .domid = info->domid,
            .vcpu = vcpu,
            .paused = info->paused,
        };

        if (xc_vcpu_getinfo(x->xch, info->domid, vcpu, &row.info) == 0) {
            print_vcpu(x, &row, cpus);
        }
    }
    free(name);
}

static void print_domains(struct xlite *x, const xc_dominfo_t *list, int count)
{
    if (x->json) {
        json_open(NULL, '[');
    } else {
        (void)printf("%-32s %5s %5s %5s   %s %9s  %s\n", "Name", "ID", "VCPU",
                     "CPU", "State", "Time(s)", "Affinity (Hard / Soft)");
    }
    for (int i = 0; i < count; i++) {
        print_domain(x, &list[i]);
    }
    if (x->json) {
        json_close(']');
    }
}

int cmd_vcpu_list(struct xlite *x, int argc, char *argv[])
{
    return show_domains(x, argc, argv, print_domains);
}
