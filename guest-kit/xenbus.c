/* SPDX-License-Identifier: MIT */
/* Requests to xenstored and its replies. */
#include "xenbus.h"

#include "xen_abi.h"

#include <xen/io/xs_wire.h>

#include "clock.h"
#include "evtchn.h"
#include "hypercall.h"
#include "mm.h"
#include "start.h"
#include "string.h"

#define WAIT_NS     10000000UL
#define ERROR_BYTES 32

static struct xenstore_domain_interface *ring;
static evtchn_port_t port;
static uint32_t last_request;

bool xenbus_init(void)
{
    if (guest_is_dom0() || start_info->store_mfn == 0) {
        return false;
    }
    ring = mm_initial_va(mm_mfn_to_pfn(start_info->store_mfn));
    port = start_info->store_evtchn;
    return true;
}

/* Until the other side moved its index, or a while. */
static void wait_for_peer(void)
{
    struct sched_poll poll = {.nr_ports = 1, .timeout = clock_ns() + WAIT_NS};

    poll.ports.p = &port;
    hc_sched_op(SCHEDOP_poll, &poll);
    evtchn_clear_pending(port);
}

static void send_bytes(const void *from, size_t bytes)
{
    const char *f = from;
    XENSTORE_RING_IDX prod = ring->req_prod;

    while (bytes != 0) {
        if (prod - __atomic_load_n(&ring->req_cons, __ATOMIC_ACQUIRE) ==
            XENSTORE_RING_SIZE) {
            evtchn_send(port);
            wait_for_peer();
            continue;
        }
        ring->req[MASK_XENSTORE_IDX(prod)] = *f++;
        __atomic_store_n(&ring->req_prod, ++prod, __ATOMIC_RELEASE);
        bytes--;
    }
}

static void receive_bytes(void *to, size_t bytes)
{
    char *t = to;
    XENSTORE_RING_IDX cons = ring->rsp_cons;

    while (bytes != 0) {
        if (__atomic_load_n(&ring->rsp_prod, __ATOMIC_ACQUIRE) == cons) {
            wait_for_peer();
            continue;
        }
        *t++ = ring->rsp[MASK_XENSTORE_IDX(cons)];
        __atomic_store_n(&ring->rsp_cons, ++cons, __ATOMIC_RELEASE);
        bytes--;
    }
}

static void discard_bytes(size_t bytes)
{
    char byte;

    while (bytes-- != 0) {
        receive_bytes(&byte, 1);
    }
}

static long error_number(const char *name)
{
    static const struct {
        const char *name;
        long number;
    } errors[] = {
        {"ENOENT", -XEN_ENOENT}, {"EACCES", -XEN_EACCES},
        {"EEXIST", -XEN_EEXIST}, {"EINVAL", -XEN_EINVAL},
        {"ENOSPC", -XEN_ENOSPC}, {"EAGAIN", -XEN_EAGAIN},
    };
    unsigned int i;

    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (strcmp(name, errors[i].name) == 0) {
            return errors[i].number;
        }
    }
    return -XEN_EIO;
}

static long receive_error(uint32_t length)
{
    char name[ERROR_BYTES];
    uint32_t kept = length < ERROR_BYTES ? length : ERROR_BYTES - 1;

    receive_bytes(name, kept);
    discard_bytes(length - kept);
    name[kept] = '\0';
    return error_number(name);
}

/* The reply to request @id; anything else on the ring is dropped. */
static long receive_reply(uint32_t id, char *to, size_t bytes)
{
    struct xsd_sockmsg head;

    for (;;) {
        receive_bytes(&head, sizeof(head));
        if (head.req_id == id && head.type == XS_ERROR) {
            evtchn_send(port);
            return receive_error(head.len);
        }
        if (head.req_id == id && head.len < bytes) {
            receive_bytes(to, head.len);
            to[head.len] = '\0';
            evtchn_send(port);
            return head.len;
        }
        discard_bytes(head.len);
        if (head.req_id == id) {
            return -XEN_E2BIG;
        }
    }
}

/* @path with its NUL, then @value without. */
static long request(uint32_t type, const char *path, const char *value,
                    char *to, size_t bytes)
{
    size_t path_bytes = strlen(path) + 1;
    size_t value_bytes = value == NULL ? 0 : strlen(value);
    struct xsd_sockmsg head = {
        .type = type,
        .req_id = ++last_request,
        .len = (uint32_t)(path_bytes + value_bytes),
    };

    if (ring == NULL) {
        return -XEN_ENODEV;
    }
    send_bytes(&head, sizeof(head));
    send_bytes(path, path_bytes);
    send_bytes(value, value_bytes);
    evtchn_send(port);
    return receive_reply(head.req_id, to, bytes);
}

long xenbus_read(const char *path, char *to, size_t bytes)
{
    return request(XS_READ, path, NULL, to, bytes);
}

long xenbus_directory(const char *path, char *to, size_t bytes)
{
    return request(XS_DIRECTORY, path, NULL, to, bytes);
}

long xenbus_write(const char *path, const char *value)
{
    char reply[16];
    long rc = request(XS_WRITE, path, value, reply, sizeof(reply));

    return rc < 0 ? rc : 0;
}

long xenbus_remove(const char *path)
{
    char reply[16];
    long rc = request(XS_RM, path, NULL, reply, sizeof(reply));

    return rc < 0 ? rc : 0;
}
