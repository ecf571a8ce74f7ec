// SPDX-License-Identifier: MIT
/*
 * A guest's console: xenconsoled serves the ring and names a terminal in
 * console/tty; we join that terminal to ours.
 */
#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <xenforeignmemory.h>

#include <xen/io/console.h>

#define ESCAPE_KEY     0x1d /* Ctrl-] */
#define TTY_SECONDS    20
#define CHECK_MS       500
#define WATCH_TOKEN    "tty"
#define DRAIN_STEPS    100
#define DRAIN_STEP_US  20000 /* 2 s in all */
#define AFTER_INPUT_MS 3000  /* answers to input that has ended */

static bool domain_exists(struct xlite *x, uint32_t domid)
{
    xc_dominfo_t info;

    return xc_domain_getinfo(x->xch, domid, 1, &info) == 1 &&
           info.domid == domid;
}

/* Returns the name once it is there, or NULL when time is up. */
static char *wait_tty(struct xlite *x, uint32_t domid)
{
    char *path = format_text("/local/domain/%u/console/tty", domid);
    time_t end = time(NULL) + TTY_SECONDS;
    char *tty = read_domain_node(x, domid, "console/tty");

    (void)xs_watch(x->xsh, path, WATCH_TOKEN);
    while ((tty == NULL || tty[0] == '\0') && time(NULL) < end &&
           domain_exists(x, domid)) {
        wait_store(x, CHECK_MS);
        free(tty);
        tty = read_domain_node(x, domid, "console/tty");
    }
    (void)xs_unwatch(x->xsh, path, WATCH_TOKEN);
    free(path);
    if (tty != NULL && tty[0] == '\0') {
        free(tty);
        tty = NULL;
    }
    return tty;
}

/* Bytes pass as they are; only the guest's own terminal settings count. */
static void set_raw(int fd)
{
    struct termios raw;

    if (tcgetattr(fd, &raw) == 0) {
        cfmakeraw(&raw);
        (void)tcsetattr(fd, TCSANOW, &raw);
    }
}

int console_open(struct xlite *x, uint32_t domid)
{
    char *tty = wait_tty(x, domid);
    int fd;

    if (tty == NULL) {
        complain(x,
                 "domain %u has no console: xenconsoled has not made one. Is "
                 "it running?",
                 domid);
        return -1;
    }
    fd = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        complain(x, "console %s of domain %u: %s", tty, domid, strerror(errno));
    } else {
        set_raw(fd);
    }
    free(tty);
    return fd;
}

static bool write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t done = write(fd, data, size);

        if (done < 0 && errno != EINTR) {
            return false;
        }
        if (done > 0) {
            data += done;
            size -= (size_t)done;
        }
    }
    return true;
}

/* Returns false when the person has left. */
static bool from_person(int fd, bool *input_open)
{
    char data[512];
    ssize_t size = read(STDIN_FILENO, data, sizeof(data));
    char *escape;

    if (size <= 0) {
        *input_open = false;
        return true;
    }
    escape = memchr(data, ESCAPE_KEY, (size_t)size);
    if (escape != NULL) {
        (void)write_all(fd, data, (size_t)(escape - data));
        return false;
    }
    return write_all(fd, data, (size_t)size);
}

/* Returns false when the terminal is gone, which means that the guest is. */
static bool from_guest(int fd)
{
    char data[4096];
    ssize_t size = read(fd, data, sizeof(data));

    if (size < 0 && (errno == EINTR || errno == EAGAIN)) {
        return true;
    }
    return size > 0 && write_all(STDOUT_FILENO, data, (size_t)size);
}

static void carry(int fd)
{
    bool input_open = true;
    bool more = true;

    while (more) {
        struct pollfd fds[] = {
            {.fd = fd, .events = POLLIN},
            {.fd = input_open ? STDIN_FILENO : -1, .events = POLLIN},
        };
        int ready = poll(fds, 2, input_open ? -1 : AFTER_INPUT_MS);

        if (ready == 0 || (ready < 0 && errno != EINTR)) {
            return;
        }
        if (fds[0].revents != 0) {
            more = from_guest(fd);
        }
        if (more && fds[1].revents != 0) {
            more = from_person(fd, &input_open);
        }
    }
}

int console_talk(struct xlite *x, int fd)
{
    struct termios before;
    bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;

    (void)x;
    (void)fflush(stdout);
    if (terminal) {
        set_raw(STDIN_FILENO);
    }
    carry(fd);
    if (terminal) {
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
        (void)fputc('\n', stderr);
    }
    (void)close(fd);
    return EXIT_DONE;
}

/* Both counters are the ring's own; the guest does not run any more. */
static bool drained(const struct xencons_interface *ring)
{
    return __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE) ==
           __atomic_load_n(&ring->out_prod, __ATOMIC_ACQUIRE);
}

void console_drain(struct xlite *x, uint32_t domid)
{
    struct xenforeignmemory_handle *fmem = xc_interface_fmem_handle(x->xch);
    char *text = read_domain_node(x, domid, "console/ring-ref");
    struct xencons_interface *ring = NULL;
    xen_pfn_t frame;

    if (text != NULL) {
        frame = strtoul(text, NULL, 10);
        ring = xenforeignmemory_map(fmem, domid, PROT_READ, 1, &frame, NULL);
        free(text);
    }
    if (ring == NULL) {
        return;
    }
    for (unsigned int i = 0; i < DRAIN_STEPS && !drained(ring); i++) {
        (void)usleep(DRAIN_STEP_US);
    }
    (void)xenforeignmemory_unmap(fmem, ring, 1);
}
