/* SPDX-License-Identifier: MIT */
/*
 * The console_io hypercall: dom0's console. <xen/xen.h>, "CONSOLEIO".
 * Characters move in chunks that fit the stack; progress of a long write is
 * kept in its arguments.
 */
#include "console_io.h"

#include "domain.h"
#include "guest_copy.h"
#include "hypercall.h"
#include "machine.h"
#include "printk.h"

#define CHUNK_BYTES 256U

static bool guests_may_write;

void console_io_allow_guests(bool allow)
{
    guests_may_write = allow;
}

/*
 * Log what a guest wrote, line by line, without the characters that could
 * steer a terminal.
 */
static void log_chunk(const struct domain *d, char *text, size_t bytes)
{
    size_t start = 0;

    for (size_t i = 0; i < bytes; i++) {
        bool ends = text[i] == '\n' || i + 1 == bytes;

        if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~')) {
            text[i] = ' ';
        }
        if (ends) {
            size_t length = i - start + (text[i] != '\n');

            guest_log("(d%u) %.*s\n", d->domid, (int)length, text + start);
            start = i + 1;
        }
    }
}

static long console_write(struct vcpu *v, struct hypercall_args *args)
{
    const struct domain *d = v->domain;
    char chunk[CHUNK_BYTES];

    while (args->a[1] != 0) {
        size_t bytes = args->a[1] < CHUNK_BYTES ? args->a[1] : CHUNK_BYTES;

        if (copy_from_guest(chunk, guest_va_make(args->a[2]), bytes) != 0) {
            return -XEN_EFAULT;
        }
        if (d->privileged) {
            machine_console_write(chunk, bytes, false);
        } else {
            log_chunk(d, chunk, bytes);
        }
        args->a[1] -= bytes;
        args->a[2] += bytes;
        if (args->a[1] != 0 && hypercall_preempt_check()) {
            return -XEN_ERESTART;
        }
    }
    return 0;
}

/* What has been typed is at most a small buffer: never long. */
static long console_read(unsigned long count, guest_va_t to)
{
    char chunk[CHUNK_BYTES];
    unsigned long done = 0;

    while (done < count) {
        size_t room = count - done < CHUNK_BYTES ? count - done : CHUNK_BYTES;
        size_t bytes = machine_console_read(chunk, room);

        if (bytes == 0) {
            break;
        }
        if (copy_to_guest(guest_va_index(to, done, 1), chunk, bytes) != 0) {
            return -XEN_EFAULT;
        }
        done += bytes;
    }
    return (long)done;
}

long hc_console_io(struct vcpu *v, struct hypercall_args *args)
{
    unsigned int command = (unsigned int)args->a[0];
    bool guest_write = command == CONSOLEIO_write && guests_may_write;

    if (!v->domain->privileged && !guest_write) {
        return -XEN_EPERM;
    }
    args->a[1] = (uint32_t)args->a[1];
    switch (command) {
    case CONSOLEIO_write:
        return console_write(v, args);
    case CONSOLEIO_read:
        /* The result tells the count, or an error. */
        return args->a[1] > INT32_MAX
                   ? -XEN_E2BIG
                   : console_read(args->a[1], guest_va_make(args->a[2]));
    default:
        return -XEN_ENOSYS;
    }
}
