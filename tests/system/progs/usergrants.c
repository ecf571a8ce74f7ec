/* SPDX-License-Identifier: MIT */
/*
 * Grants from user space with Debian's libxengnttab and libxenvchan, dom0 to
 * dom0: pages shared by gntalloc, mapped and copied by gntdev, and a channel of
 * libxenvchan between two processes. One `ok NAME` or `not ok NAME` a check.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libxenvchan.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#define PAGES  8u
#define PAGE   4096u
#define CYCLES 200u

static unsigned int failures;

static void check(const char *name, int holds)
{
    printf("%s %s%s%s\n", holds ? "ok" : "not ok", name,
           holds ? "" : ": errno ", holds ? "" : strerror(errno));
    fflush(stdout);
    failures += !holds;
}

static uint32_t pattern(uint32_t i, uint32_t seed)
{
    return (i * 2654435761u) ^ seed;
}

static void fill(uint32_t *words, uint32_t bytes, uint32_t seed)
{
    for (uint32_t i = 0; i < bytes / 4; i++) {
        words[i] = pattern(i, seed);
    }
}

static int is_filled(const uint32_t *words, uint32_t bytes, uint32_t seed)
{
    for (uint32_t i = 0; i < bytes / 4; i++) {
        if (words[i] != pattern(i, seed)) {
            return 0;
        }
    }
    return 1;
}

/* -- sharing and mapping --------------------------------------------------- */

static void check_mapping(xengnttab_handle *tab, uint32_t *shared,
                          uint32_t *refs)
{
    uint32_t *mapped;

    fill(shared, PAGES * PAGE, 1);
    mapped = xengnttab_map_domain_grant_refs(tab, PAGES, 0, refs,
                                             PROT_READ | PROT_WRITE);
    check("map", mapped != NULL);
    if (mapped == NULL) {
        return;
    }
    check("mapped-contents", is_filled(mapped, PAGES * PAGE, 1));
    fill(mapped, PAGES * PAGE, 2);
    check("mapped-writes", is_filled(shared, PAGES * PAGE, 2));
    check("unmap", xengnttab_unmap(tab, mapped, PAGES) == 0);
    mapped = xengnttab_map_grant_ref(tab, 0, refs[3], PROT_READ);
    check("map-readonly", mapped != NULL && mapped[5] == shared[3 * 1024 + 5]);
    xengnttab_unmap(tab, mapped, 1);
}

/* The kernel unmaps what a process leaves behind. */
static void check_death(xengnttab_handle *tab, uint32_t *shared, uint32_t *refs)
{
    pid_t child = fork();
    int status = 0;

    (void)tab;
    if (child == 0) {
        xengnttab_handle *own = xengnttab_open(NULL, 0);
        uint32_t *mapped = xengnttab_map_domain_grant_refs(
            own, PAGES, 0, refs, PROT_READ | PROT_WRITE);

        if (mapped == NULL) {
            _exit(1);
        }
        mapped[7] = 4711;
        kill(getpid(), SIGKILL);
    }
    waitpid(child, &status, 0);
    check("mapper-killed", WIFSIGNALED(status) && shared[7] == 4711);
}

static int copy(xengnttab_handle *tab, xengnttab_grant_copy_segment_t *segment)
{
    return xengnttab_grant_copy(tab, 1, segment) == 0 ? segment->status : 99;
}

static void check_copies(xengnttab_handle *tab, uint32_t *shared,
                         uint32_t *refs)
{
    static uint32_t buffer[PAGE / 4];
    xengnttab_grant_copy_segment_t out = {
        .source.foreign = {.ref = refs[2], .domid = 0},
        .dest.virt = buffer,
        .len = PAGE,
        .flags = GNTCOPY_source_gref,
    };
    xengnttab_grant_copy_segment_t in = {
        .source.virt = buffer,
        .dest.foreign = {.ref = refs[4], .offset = 16, .domid = 0},
        .len = 1000,
        .flags = GNTCOPY_dest_gref,
    };

    fill(shared, PAGES * PAGE, 3);
    check("copy-out", copy(tab, &out) == GNTST_okay);
    check("copied-out", memcmp(buffer, shared + 2 * 1024, PAGE) == 0);
    fill(buffer, PAGE, 4);
    check("copy-in", copy(tab, &in) == GNTST_okay);
    check("copied-in", memcmp(shared + 4 * 1024 + 4, buffer, 1000) == 0);
    out.source.foreign.ref = 30000;
    check("copy-bad-ref", copy(tab, &out) == GNTST_bad_gntref);
}

/* The last page's byte is cleared and an event sent when the mapper goes. */
static void check_notify(xengntshr_handle *shr, xengnttab_handle *tab)
{
    xenevtchn_handle *events = xenevtchn_open(NULL, 0);
    xenevtchn_port_or_error_t local = xenevtchn_bind_unbound_port(events, 0);
    xenevtchn_port_or_error_t remote =
        xenevtchn_bind_interdomain(events, 0, (evtchn_port_t)local);
    uint32_t ref;
    uint8_t *page = xengntshr_share_page_notify(shr, 0, &ref, 1, -1, -1);
    uint8_t *mapped;
    xenevtchn_port_or_error_t port;

    check("notify-share", local >= 0 && remote >= 0 && page != NULL);
    if (page == NULL) {
        return;
    }
    page[17] = 1;
    mapped = xengnttab_map_grant_ref_notify(tab, 0, ref, PROT_READ | PROT_WRITE,
                                            17, (evtchn_port_t)remote);
    check("notify-map", mapped != NULL);
    /* Binding had one event pending from the start. */
    do {
        port = xenevtchn_pending(events);
        xenevtchn_unmask(events, (evtchn_port_t)port);
    } while (port >= 0 && port != local && port != remote);
    check("notify-not-yet", page[17] == 1);
    check("notify-unmap", xengnttab_unmap(tab, mapped, 1) == 0);
    check("notify-byte", page[17] == 0);
    do {
        port = xenevtchn_pending(events);
    } while (port >= 0 && port != local);
    check("notify-event", port == local);
    xengntshr_unshare(shr, page, 1);
    xenevtchn_close(events);
}

static void check_cycles(xengntshr_handle *shr, xengnttab_handle *tab)
{
    unsigned int good = 0;

    for (unsigned int i = 0; i < CYCLES; i++) {
        uint32_t refs[PAGES];
        uint32_t *shared = xengntshr_share_pages(shr, 0, PAGES, refs, 1);
        uint32_t *mapped = NULL;

        if (shared != NULL) {
            mapped = xengnttab_map_domain_grant_refs(tab, PAGES, 0, refs,
                                                     PROT_READ | PROT_WRITE);
        }
        if (mapped != NULL) {
            mapped[i] = i;
            good += shared[i] == i;
            xengnttab_unmap(tab, mapped, PAGES);
        }
        if (shared != NULL) {
            xengntshr_unshare(shr, shared, PAGES);
        }
    }
    check("cycles", good == CYCLES);
}

static void check_grants(void)
{
    xengntshr_handle *shr = xengntshr_open(NULL, 0);
    xengnttab_handle *tab = xengnttab_open(NULL, 0);
    uint32_t refs[PAGES];
    uint32_t *shared;

    check("open", shr != NULL && tab != NULL);
    shared = xengntshr_share_pages(shr, 0, PAGES, refs, 1);
    check("share", shared != NULL);
    if (shared == NULL) {
        return;
    }
    check_mapping(tab, shared, refs);
    check_death(tab, shared, refs);
    check_copies(tab, shared, refs);
    check("map-bad-ref",
          xengnttab_map_grant_ref(tab, 0, 30000, PROT_READ) == NULL);
    check("map-bad-domain",
          xengnttab_map_grant_ref(tab, 999, refs[0], PROT_READ) == NULL);
    check("unshare", xengntshr_unshare(shr, shared, PAGES) == 0);
    check("map-unshared",
          xengnttab_map_grant_ref(tab, 0, refs[0], PROT_READ) == NULL);
    check_notify(shr, tab);
    check_cycles(shr, tab);
    xengnttab_close(tab);
    xengntshr_close(shr);
}

/* -- libxenvchan ----------------------------------------------------------- */

#define CHANNEL "/local/domain/0/data/vchan-test"
#define BYTES   (4u << 20)
#define CHUNK   3000u

/* Sends back what comes, each byte one more. */
static void echo(struct libxenvchan *channel)
{
    static uint8_t buffer[CHUNK];
    uint32_t total = 0;

    while (total < BYTES) {
        int got = libxenvchan_read(channel, buffer, sizeof(buffer));

        if (got <= 0) {
            _exit(2);
        }
        for (int i = 0; i < got; i++) {
            buffer[i]++;
        }
        if (libxenvchan_send(channel, buffer, (size_t)got) != got) {
            _exit(3);
        }
        total += (uint32_t)got;
    }
    libxenvchan_close(channel);
    _exit(0);
}

static void client(void)
{
    for (unsigned int tries = 0; tries < 100; tries++) {
        struct libxenvchan *channel = libxenvchan_client_init(NULL, 0, CHANNEL);

        if (channel != NULL) {
            channel->blocking = 1;
            echo(channel);
        }
        usleep(100000);
    }
    _exit(1);
}

static int receive(struct libxenvchan *channel, uint32_t first, uint32_t bytes)
{
    static uint8_t buffer[CHUNK];

    if (libxenvchan_recv(channel, buffer, bytes) != (int)bytes) {
        return 0;
    }
    for (uint32_t i = 0; i < bytes; i++) {
        if (buffer[i] != (uint8_t)(pattern(first + i, 9) + 1)) {
            return 0;
        }
    }
    return 1;
}

static void check_channel(void)
{
    struct libxenvchan *channel =
        libxenvchan_server_init(NULL, 0, CHANNEL, 8192, 8192);
    static uint8_t buffer[CHUNK];
    uint32_t total = 0;
    int right = 1;
    int status = 0;
    pid_t child;

    check("channel-server", channel != NULL);
    if (channel == NULL) {
        return;
    }
    channel->blocking = 1;
    child = fork();
    if (child == 0) {
        client();
    }
    while (total < BYTES && right) {
        uint32_t bytes = BYTES - total < CHUNK ? BYTES - total : CHUNK;

        for (uint32_t i = 0; i < bytes; i++) {
            buffer[i] = (uint8_t)pattern(total + i, 9);
        }
        right = libxenvchan_send(channel, buffer, bytes) == (int)bytes &&
                receive(channel, total, bytes);
        total += bytes;
    }
    check("channel-echo", right);
    waitpid(child, &status, 0);
    check("channel-client", WIFEXITED(status) && WEXITSTATUS(status) == 0);
    check("channel-closed", libxenvchan_is_open(channel) == 0);
    libxenvchan_close(channel);
}

int main(void)
{
    check_grants();
    check_channel();
    printf("%u failures\n", failures);
    return failures != 0;
}
