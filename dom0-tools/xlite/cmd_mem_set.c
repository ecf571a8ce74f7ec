// SPDX-License-Identifier: MIT
/*
 * xlite mem-set: memory/target is what the guest's balloon driver follows; the
 * hypervisor's limit goes with it, so that the guest cannot take back what it
 * was asked to give.
 */
#include "xlite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLACK_KIB  1024U /* as at creation */
#define MIB_IN_KIB 1024U
#define GIB_IN_KIB (1024ULL * 1024)

/* "256", "256m", "1g", "262144k". Returns false for anything else. */
static bool parse_kib(const char *text, uint64_t *kib)
{
    uint64_t unit;
    char *end;

    errno = 0;
    *kib = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || errno != 0 || *kib >> 40 != 0) {
        return false;
    }
    switch (*end) {
    case 'k':
    case 'K':
        unit = 1;
        break;
    case 'g':
    case 'G':
        unit = GIB_IN_KIB;
        break;
    default:
        unit = MIB_IN_KIB;
        break;
    }
    *kib *= unit;
    return *kib != 0 &&
           (*end == '\0' || (strchr("kKmMgG", *end) != NULL && end[1] == '\0'));
}

static int set_target(struct xlite *x, const xc_dominfo_t *info, uint64_t kib)
{
    char *path = format_text("/local/domain/%u/memory/target", info->domid);
    char *value = format_text("%llu", (unsigned long long)kib);
    int rc = EXIT_DONE;

    if (xc_domain_setmaxmem(x->xch, info->domid, kib + SLACK_KIB) < 0) {
        complain(x, "the hypervisor refuses that limit: %s", strerror(errno));
        rc = EXIT_FAILED;
    } else if (!xs_write(x->xsh, XBT_NULL, path, value,
                         (unsigned int)strlen(value))) {
        complain(x, "cannot write %s: %s", path, strerror(errno));
        (void)xc_domain_setmaxmem(x->xch, info->domid, info->max_memkb);
        rc = EXIT_FAILED;
    }
    free(value);
    free(path);
    return rc;
}

int cmd_mem_set(struct xlite *x, int argc, char *argv[])
{
    int first = common_options(x, argc, argv, false);
    xc_dominfo_t info;
    uint64_t most = UINT64_MAX;
    uint64_t kib;
    char *text;
    int rc;

    if (first < 0 || argc - first != 2) {
        return first < 0 ? EXIT_USAGE : usage(x);
    }
    if (!parse_kib(argv[first + 1], &kib)) {
        complain(x, "%s: must be a number of MiB, or end in k, m or g",
                 argv[first + 1]);
        return EXIT_USAGE;
    }
    rc = find_domain(x, argv[first], &info);
    if (rc == 0) {
        rc = need_store(x);
    }
    if (rc != 0) {
        return rc;
    }
    text = read_domain_node(x, info.domid, "memory/static-max");
    if (text != NULL) {
        most = strtoull(text, NULL, 10);
    }
    free(text);
    if (kib > most) {
        complain(x, "domain %u was made for at most %llu MiB (maxmem=)",
                 info.domid, (unsigned long long)(most / MIB_IN_KIB));
        return EXIT_CONFIG;
    }
    return set_target(x, &info, kib);
}
