// SPDX-License-Identifier: MIT
/*
 * The xc_interface handle of <xenctrl.h>: open, close, errors and messages.
 */
#include "private.h"

#include <stdarg.h>
#include <stdlib.h>

static int open_parts(xc_interface *xch)
{
    bool alone = (xch->flags & XC_OPENFLAG_NON_REENTRANT) != 0;

    if ((xch->flags & XC_OPENFLAG_DUMMY) != 0) {
        return 0;
    }
    xch->xcall =
        xencall_open(xch->logger, alone ? XENCALL_OPENFLAG_NON_REENTRANT : 0U);
    if (xch->xcall == NULL) {
        return -1;
    }
    xch->fmem = xenforeignmemory_open(xch->logger, 0);
    return xch->fmem != NULL ? 0 : -1;
}

xc_interface *xc_interface_open(xentoollog_logger *logger,
                                xentoollog_logger *dombuild_logger,
                                unsigned open_flags)
{
    xc_interface *xch = calloc(1, sizeof(*xch));
    int saved;

    (void)dombuild_logger;
    if (xch == NULL) {
        return NULL;
    }
    xch->logger = logger;
    xch->flags = open_flags;
    if (open_parts(xch) < 0) {
        saved = errno;
        (void)xc_interface_close(xch);
        errno = saved;
        return NULL;
    }
    return xch;
}

int xc_interface_close(xc_interface *xch)
{
    int rc = 0;

    if (xch == NULL) {
        return 0;
    }
    rc = xencall_close(xch->xcall);
    if (xenforeignmemory_close(xch->fmem) < 0) {
        rc = -1;
    }
    free(xch);
    return rc;
}

struct xencall_handle *xc_interface_xcall_handle(xc_interface *xch)
{
    return xch->xcall;
}

struct xenforeignmemory_handle *xc_interface_fmem_handle(xc_interface *xch)
{
    return xch->fmem;
}

/* No device models here: there is never a handle. */
struct xendevicemodel_handle *xc_interface_dmod_handle(xc_interface *xch)
{
    (void)xch;
    errno = EOPNOTSUPP;
    return NULL;
}

static void to_stderr(const char *context, int errnoval, const char *text)
{
    if (errnoval > 0) {
        (void)fprintf(stderr, "%s: %s: %s\n", context, text,
                      strerror(errnoval));
    } else {
        (void)fprintf(stderr, "%s: %s\n", context, text);
    }
}

static void to_logger(xentoollog_logger *logger, int errnoval,
                      const char *context, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void to_logger(xentoollog_logger *logger, int errnoval,
                      const char *context, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    logger->vmessage(logger, XTL_ERROR, errnoval, context, format, args);
    va_end(args);
}

static void send_message(xentoollog_logger *logger, int errnoval,
                         const char *context, const char *text)
{
    int saved = errno;

    if (logger != NULL) {
        to_logger(logger, errnoval, context, "%s", text);
    } else {
        to_stderr(context, errnoval, text);
    }
    errno = saved;
}

void logger_message(xentoollog_logger *logger, int errnoval,
                    const char *context, const char *format, ...)
{
    char text[XC_MAX_ERROR_MSG_LEN];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    send_message(logger, errnoval, context, text);
}

void report(xc_interface *xch, int code, const char *format, ...)
{
    int saved = errno;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(xch->last_error.message, sizeof(xch->last_error.message),
                    format, args);
    va_end(args);
    xch->last_error.code = (enum xc_error_code)code;
    send_message(xch->logger, saved, "xc", xch->last_error.message);
    errno = saved;
}

const char *xc_error_code_to_desc(int code)
{
    switch (code) {
    case XC_ERROR_NONE:
        return "No error details";
    case XC_INTERNAL_ERROR:
        return "Internal error";
    case XC_INVALID_KERNEL:
        return "Invalid kernel";
    case XC_INVALID_PARAM:
        return "Invalid configuration";
    case XC_OUT_OF_MEMORY:
        return "Out of memory";
    default:
        return "Unknown error code";
    }
}

const char *xc_strerror(xc_interface *xch, int errcode)
{
    const char *text = strerrordesc_np(errcode);

    if (text != NULL) {
        return text;
    }
    (void)snprintf(xch->error_text, sizeof(xch->error_text), "Unknown error %d",
                   errcode);
    return xch->error_text;
}

const xc_error *xc_get_last_error(xc_interface *handle)
{
    return &handle->last_error;
}

void xc_clear_last_error(xc_interface *xch)
{
    xch->last_error.code = XC_ERROR_NONE;
    xch->last_error.message[0] = '\0';
}
