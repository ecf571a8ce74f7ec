// SPDX-License-Identifier: MIT
/*
 * Start a guest: images are checked before anything is created, and whatever
 * was created is taken back when a later step fails.
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "builder/build.h"
#include "builder/initrd.h"
#include "device.h"
#include "store.h"

#define LOCK_FILE         "/run/xlite.lock"
#define PAGES_PER_MIB     (1UL << (20 - XC_PAGE_SHIFT))
#define SLACK_KIB         1024U /* above its memory, as libxl grants */
#define GRANT_VERSION_MAX 2U

struct start {
    struct xlite *x;
    struct guest_config *c;
    struct bytes kernel_file;
    struct bytes initrd_file;
    struct kernel kernel;
    struct pv_guest pv;
    struct build_error error;
};

/* Map a file to memory; an empty file has no data. */
static int open_file(struct start *s, const char *what, const char *path,
                     struct bytes *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    void *p;

    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        complain(s->x, "%s %s: %s", what, path,
                 fd < 0 ? strerror(errno) : "not a file");
        if (fd >= 0) {
            (void)close(fd);
        }
        return EXIT_BAD_IMAGE;
    }
    out->size = (size_t)st.st_size;
    p = st.st_size == 0 ? NULL
                        : mmap(NULL, out->size, PROT_READ, MAP_PRIVATE, fd, 0);
    (void)close(fd);
    if (p == MAP_FAILED) {
        complain(s->x, "%s %s: %s", what, path, strerror(errno));
        out->size = 0;
        return EXIT_FAILED;
    }
    out->data = p;
    return 0;
}

static void close_file(struct bytes *file)
{
    union {
        const uint8_t *in;
        void *out;
    } plain = {.in = file->data};

    if (file->data != NULL) {
        (void)munmap(plain.out, file->size);
        file->data = NULL;
    }
}

static int code_of(const struct build_error *e)
{
    switch (e->failure) {
    case BUILD_BAD_IMAGE:
        return EXIT_BAD_IMAGE;
    case BUILD_NO_MEMORY:
        return EXIT_NO_MEMORY;
    case BUILD_OK:
    case BUILD_FAILED:
    default:
        return EXIT_FAILED;
    }
}

static int image_failed(struct start *s, const char *what, const char *path)
{
    complain(s->x, "%s %s: %s", what, path, s->error.text);
    return code_of(&s->error);
}

static int load_initrd(struct start *s, bool check)
{
    const char *path = s->c->ramdisk;
    int rc;

    if (path == NULL) {
        return 0;
    }
    rc = open_file(s, "ramdisk", path, &s->initrd_file);
    if (rc == 0 && check && initrd_check(s->initrd_file, &s->error) < 0) {
        rc = image_failed(s, "ramdisk", path);
    }
    s->pv.initrd = s->initrd_file;
    return rc;
}

static int load_kernel(struct start *s)
{
    const char *path = s->c->kernel;
    struct layout unused;
    int rc = open_file(s, "kernel", path, &s->kernel_file);

    if (rc != 0) {
        return rc;
    }
    s->pv.kernel = &s->kernel;
    s->pv.cmdline = s->c->cmdline;
    if (kernel_load(s->kernel_file, &s->kernel, &s->error) < 0 ||
        pv_layout(&s->pv, &unused, &s->error) < 0) {
        return image_failed(s, "kernel", path);
    }
    return 0;
}

/* Two guests must share neither name nor uuid. */
static int check_identity(struct start *s)
{
    int other = domid_by_name(s->x, s->c->name);
    xc_dominfo_t *list;
    int count;
    int rc = 0;

    if (other >= 0) {
        complain(s->x,
                 "a domain named '%s' exists already (id %d); choose another "
                 "name, or end that one with 'xlite destroy %s'",
                 s->c->name, other, s->c->name);
        return EXIT_NAME_TAKEN;
    }
    count = all_domains(s->x, &list);
    if (count < 0) {
        return EXIT_FAILED;
    }
    for (int i = 0; i < count && rc == 0; i++) {
        if (list[i].domid != 0 && !list[i].dying &&
            memcmp(list[i].handle, s->c->uuid, sizeof(s->c->uuid)) == 0) {
            complain(s->x, "domain %u has the same uuid; choose another",
                     list[i].domid);
            rc = EXIT_NAME_TAKEN;
        }
    }
    free(list);
    return rc;
}

static int check_memory(struct start *s)
{
    xc_physinfo_t info = {0};

    if (xc_physinfo(s->x->xch, &info) < 0) {
        complain(s->x, "cannot ask for free memory: %s", strerror(errno));
        return EXIT_FAILED;
    }
    if (s->pv.nr_pages > info.free_pages - info.outstanding_pages) {
        complain(
            s->x,
            "the guest needs %llu MiB, but only %llu MiB are free; lower "
            "'memory' in its configuration, or give dom0 less with "
            "dom0_mem=",
            (unsigned long long)s->c->memory_mib,
            (unsigned long long)((info.free_pages - info.outstanding_pages) /
                                 PAGES_PER_MIB));
        return EXIT_NO_MEMORY;
    }
    return 0;
}

/* A version 4 uuid, when the configuration names none. */
static void choose_uuid(struct guest_config *c)
{
    if (c->uuid_given) {
        return;
    }
    if (getrandom(c->uuid, sizeof(c->uuid), GRND_INSECURE) !=
        (ssize_t)sizeof(c->uuid)) {
        memset(c->uuid, 0, sizeof(c->uuid));
        (void)snprintf((char *)c->uuid, sizeof(c->uuid), "%d", getpid());
    }
    c->uuid[6] = (uint8_t)((c->uuid[6] & 0x0f) | 0x40);
    c->uuid[8] = (uint8_t)((c->uuid[8] & 0x3f) | 0x80);
    c->uuid_given = true;
}

static uint32_t grant_options(struct start *s)
{
    xc_physinfo_t info = {0};

    if (xc_physinfo(s->x->xch, &info) == 0 &&
        (info.capabilities & XEN_SYSCTL_PHYSCAP_gnttab_v2) != 0) {
        return XEN_DOMCTL_GRANT_version(GRANT_VERSION_MAX);
    }
    return XEN_DOMCTL_GRANT_version(1);
}

static int create_domain(struct start *s)
{
    struct xen_domctl_createdomain create = {
        .max_vcpus = s->c->max_vcpus,
        .max_evtchn_port = s->c->max_event_channels,
        .max_grant_frames = s->c->max_grant_frames,
        .max_maptrack_frames = s->c->max_maptrack_frames,
        .grant_opts = grant_options(s),
    };
    uint32_t domid = 0;

    memcpy(create.handle, s->c->uuid, sizeof(create.handle));
    if (xc_domain_create(s->x->xch, &domid, &create) < 0) {
        complain(s->x, "the hypervisor will not create a domain: %s",
                 strerror(errno));
        return EXIT_FAILED;
    }
    s->pv.domid = domid;
    return 0;
}

static int pin_vcpus(struct start *s)
{
    int cpus = xc_get_max_cpus(s->x->xch);
    xc_cpumap_t wanted = xc_cpumap_alloc(s->x->xch);
    xc_cpumap_t map = xc_cpumap_alloc(s->x->xch);
    int rc = 0;

    if (cpus <= 0 || wanted == NULL || map == NULL ||
        config_parse_cpus(s->c->cpus, cpus, wanted) < 0) {
        complain(s->x,
                 "cpus=\"%s\": must be a list such as 0-1,^1 of this "
                 "machine's %d CPUs",
                 s->c->cpus, cpus);
        rc = EXIT_CONFIG;
    }
    for (unsigned int v = 0; v < s->c->max_vcpus && rc == 0; v++) {
        memcpy(map, wanted, (size_t)(cpus + 7) / 8);
        if (xc_vcpu_setaffinity(s->x->xch, s->pv.domid, (int)v, map, NULL,
                                XEN_VCPUAFFINITY_HARD) < 0) {
            complain(s->x, "cannot pin vCPU %u: %s", v, strerror(errno));
            rc = EXIT_FAILED;
        }
    }
    free(map);
    free(wanted);
    return rc;
}

/* Weight and cap, in the terms of the scheduler that runs. */
static int set_share(struct start *s)
{
    struct xen_domctl_sched_credit2 credit2;
    struct xen_domctl_sched_credit credit;
    xc_interface *xch = s->x->xch;
    int id = -1;
    int rc = -1;

    (void)xc_sched_id(xch, &id);
    errno = EOPNOTSUPP; /* of a scheduler that is neither */
    if (id == XEN_SCHEDULER_CREDIT2 &&
        xc_sched_credit2_domain_get(xch, s->pv.domid, &credit2) == 0) {
        if (s->c->weight != 0) {
            credit2.weight = (uint16_t)s->c->weight;
        }
        if (s->c->cap_given) {
            credit2.cap = (uint16_t)s->c->cap;
        }
        rc = xc_sched_credit2_domain_set(xch, s->pv.domid, &credit2);
    } else if (id == XEN_SCHEDULER_CREDIT &&
               xc_sched_credit_domain_get(xch, s->pv.domid, &credit) == 0) {
        if (s->c->weight != 0) {
            credit.weight = (uint16_t)s->c->weight;
        }
        if (s->c->cap_given) {
            credit.cap = (uint16_t)s->c->cap;
        }
        rc = xc_sched_credit_domain_set(xch, s->pv.domid, &credit);
    }
    if (rc < 0) {
        complain(s->x, "the scheduler refuses cpu_weight or cap: %s",
                 strerror(errno));
        return EXIT_FAILED;
    }
    return 0;
}

/* A step of configuration that failed; names what the hypervisor refused. */
static int refused(struct start *s, const char *what)
{
    complain(s->x, "the hypervisor refuses %s: %s", what, strerror(errno));
    return EXIT_FAILED;
}

static int configure_domain(struct start *s)
{
    xc_interface *xch = s->x->xch;
    uint32_t domid = s->pv.domid;
    uint64_t max_kib = s->c->max_memory_mib * 1024;
    int rc = 0;

    if (xc_domain_max_vcpus(xch, domid, s->c->max_vcpus) < 0) {
        return refused(s, "that many vCPUs");
    }
    if (s->c->cpus != NULL) {
        rc = pin_vcpus(s);
    }
    if (rc == 0 && (s->c->weight != 0 || s->c->cap_given)) {
        rc = set_share(s);
    }
    if (rc != 0) {
        return rc;
    }
    /* what it may have beyond that is mem-set's to give */
    if (xc_domain_setmaxmem(xch, domid, s->c->memory_mib * 1024 + SLACK_KIB) <
        0) {
        return refused(s, "that much memory");
    }
    if (xc_domain_set_tsc_info(xch, domid, 0, 0, 0, 0) < 0) {
        return refused(s, "a time stamp counter");
    }
    if (xc_domain_set_memmap_limit(xch, domid, max_kib) < 0) {
        return refused(s, "a memory map");
    }
    return 0;
}

static int open_port(struct start *s, evtchn_port_t *port)
{
    int rc = xc_evtchn_alloc_unbound(s->x->xch, s->pv.domid, 0);

    if (rc < 0) {
        return refused(s, "an event channel");
    }
    *port = (evtchn_port_t)rc;
    return 0;
}

static int build_domain(struct start *s)
{
    int rc = open_port(s, &s->pv.xenstore_port);

    if (rc == 0) {
        rc = open_port(s, &s->pv.console_port);
    }
    if (rc == 0 && pv_build(&s->pv, &s->error) < 0) {
        complain(s->x, "%s", s->error.text);
        rc = code_of(&s->error);
    }
    return rc;
}

static int introduce(struct start *s)
{
    struct store_guest g = {
        .domid = s->pv.domid,
        .config = s->c,
        .xenstore_mfn = s->pv.xenstore_mfn,
        .xenstore_port = s->pv.xenstore_port,
        .console_mfn = s->pv.console_mfn,
        .console_port = s->pv.console_port,
    };

    if (store_add(s->x->xsh, &g) < 0) {
        complain(s->x, "xenstored refuses the guest's entries: %s",
                 strerror(errno));
        return EXIT_NO_STORE;
    }
    return 0;
}

static int attach_devices(struct start *s)
{
    int rc = 0;

    for (unsigned int i = 0; i < s->c->device_count && rc == 0; i++) {
        rc = device_attach(s->x, s->pv.domid, &s->c->devices[i]);
    }
    return rc;
}

static int check_devices(struct start *s)
{
    int rc = 0;

    for (unsigned int i = 0; i < s->c->device_count && rc == 0; i++) {
        rc = device_check(s->x, &s->c->devices[i]);
    }
    return rc;
}

static int make_domain(struct start *s)
{
    int rc = create_domain(s);

    if (rc != 0) {
        return rc;
    }
    rc = configure_domain(s);
    if (rc == 0) {
        rc = build_domain(s);
    }
    if (rc == 0) {
        rc = introduce(s);
    }
    if (rc == 0) {
        rc = attach_devices(s);
    }
    if (rc != 0 && guest_end(s->x, s->pv.domid) < 0) {
        complain(s->x, "and cannot remove the half-made domain %u: %s",
                 s->pv.domid, strerror(errno));
    }
    return rc;
}

/* One guest is made at a time, so that names stay unique. */
static int lock_creation(struct start *s)
{
    int fd = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd >= 0 && flock(fd, LOCK_EX) == 0) {
        return fd;
    }
    complain(s->x, "%s: %s", LOCK_FILE, strerror(errno));
    if (fd >= 0) {
        (void)close(fd);
    }
    return -1;
}

/* A signal in the middle would leave half a domain: they wait. */
static int make_undisturbed(struct start *s)
{
    sigset_t blocked;
    sigset_t before;
    sigset_t pending;
    int lock = lock_creation(s);
    int rc;

    if (lock < 0) {
        return EXIT_FAILED;
    }
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGINT);
    (void)sigaddset(&blocked, SIGTERM);
    (void)sigaddset(&blocked, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &blocked, &before);
    rc = check_identity(s);
    if (rc == 0) {
        rc = make_domain(s);
    }
    (void)sigpending(&pending);
    if (rc == 0 && (sigismember(&pending, SIGINT) == 1 ||
                    sigismember(&pending, SIGTERM) == 1 ||
                    sigismember(&pending, SIGHUP) == 1)) {
        complain(s->x, "interrupted; domain %u is removed", s->pv.domid);
        (void)guest_end(s->x, s->pv.domid);
        rc = EXIT_FAILED;
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    (void)close(lock);
    return rc;
}

/* Quick refusals first: unpacking a kernel takes a while. */
static int prepare(struct start *s, bool check_initrd)
{
    int rc = need_hypervisor(s->x);

    if (rc == 0) {
        rc = need_store(s->x);
    }
    if (rc != 0) {
        return rc;
    }
    s->pv.xch = s->x->xch;
    s->pv.nr_pages = s->c->memory_mib * PAGES_PER_MIB;
    choose_uuid(s->c);
    rc = check_identity(s);
    if (rc == 0) {
        rc = check_memory(s);
    }
    if (rc == 0) {
        rc = check_devices(s);
    }
    if (rc == 0) {
        rc = load_initrd(s, check_initrd);
    }
    return rc == 0 ? load_kernel(s) : rc;
}

int guest_start(struct xlite *x, struct guest_config *c, bool check_initrd,
                uint32_t *domid)
{
    struct start s = {.x = x, .c = c};
    int rc = prepare(&s, check_initrd);

    if (rc == 0) {
        rc = make_undisturbed(&s);
    }
    *domid = s.pv.domid;
    kernel_free(&s.kernel);
    close_file(&s.initrd_file);
    close_file(&s.kernel_file);
    return rc;
}

int guest_end(struct xlite *x, uint32_t domid)
{
    int saved;
    int rc;

    /* Devices first: their backends hold the guest's pages. */
    (void)xc_domain_pause(x->xch, domid);
    if (x->xsh != NULL) {
        devices_end(x, domid);
    }
    rc = xc_domain_destroy(x->xch, domid);
    if (rc < 0 && errno == ESRCH) {
        rc = 0;
    }
    saved = errno;
    if (x->xsh != NULL) {
        store_remove(x->xsh, domid);
    }
    errno = saved;
    return rc;
}
