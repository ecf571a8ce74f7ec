// SPDX-License-Identifier: MIT
/*
 * <xenevtchn.h>: event channels of this domain through /dev/xen/evtchn
 * (<xen/sys/evtchn.h>). Reading the node yields the ports that fired, masked;
 * writing a port unmasks it.
 */
#include "private.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <xen/sys/evtchn.h>

struct xenevtchn_handle {
    xentoollog_logger *logger;
    int fd;
};

xenevtchn_handle *xenevtchn_fdopen(struct xentoollog_logger *logger, int fd,
                                   unsigned open_flags)
{
    struct xenevtchn_handle *xce;

    if (open_flags != 0) {
        errno = EINVAL;
        return NULL;
    }
    xce = calloc(1, sizeof(*xce));
    if (xce != NULL) {
        xce->logger = logger;
        xce->fd = fd;
    }
    return xce;
}

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger,
                                 unsigned int flags)
{
    struct xenevtchn_handle *xce;
    int open_flags = O_RDWR;
    int fd;

    if ((flags & ~(unsigned int)XENEVTCHN_NO_CLOEXEC) != 0) {
        errno = EINVAL;
        return NULL;
    }
    if ((flags & XENEVTCHN_NO_CLOEXEC) == 0) {
        open_flags |= O_CLOEXEC;
    }
    fd = open("/dev/xen/evtchn", open_flags);
    if (fd < 0) {
        logger_message(logger, errno, "xenevtchn",
                       "cannot open /dev/xen/evtchn");
        return NULL;
    }
    xce = xenevtchn_fdopen(logger, fd, 0);
    if (xce == NULL) {
        (void)close(fd);
    }
    return xce;
}

int xenevtchn_close(xenevtchn_handle *xce)
{
    int rc;

    if (xce == NULL) {
        return 0;
    }
    rc = close(xce->fd);
    free(xce);
    return rc;
}

int xenevtchn_fd(xenevtchn_handle *xce)
{
    return xce->fd;
}

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
    struct ioctl_evtchn_notify request = {.port = port};

    return ioctl(xce->fd, IOCTL_EVTCHN_NOTIFY, &request);
}

xenevtchn_port_or_error_t xenevtchn_bind_unbound_port(xenevtchn_handle *xce,
                                                      uint32_t domid)
{
    struct ioctl_evtchn_bind_unbound_port request = {.remote_domain = domid};

    return ioctl(xce->fd, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &request);
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *xce,
                                                     uint32_t domid,
                                                     evtchn_port_t remote_port)
{
    struct ioctl_evtchn_bind_interdomain request = {
        .remote_domain = domid,
        .remote_port = remote_port,
    };

    return ioctl(xce->fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &request);
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *xce,
                                              unsigned int virq)
{
    struct ioctl_evtchn_bind_virq request = {.virq = virq};

    return ioctl(xce->fd, IOCTL_EVTCHN_BIND_VIRQ, &request);
}

int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port)
{
    struct ioctl_evtchn_unbind request = {.port = port};

    return ioctl(xce->fd, IOCTL_EVTCHN_UNBIND, &request);
}

/* Ports travel whole: a short transfer is an error of the driver. */
static int whole_port(ssize_t bytes)
{
    if (bytes == (ssize_t)sizeof(evtchn_port_t)) {
        return 0;
    }
    if (bytes >= 0) {
        errno = EIO;
    }
    return -1;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
    evtchn_port_t port;

    if (whole_port(read(xce->fd, &port, sizeof(port))) < 0) {
        return -1;
    }
    return (xenevtchn_port_or_error_t)port;
}

int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
    return whole_port(write(xce->fd, &port, sizeof(port)));
}

int xenevtchn_restrict(xenevtchn_handle *xce, domid_t domid)
{
    struct ioctl_evtchn_restrict_domid request = {.domid = domid};

    return ioctl(xce->fd, IOCTL_EVTCHN_RESTRICT_DOMID, &request);
}
