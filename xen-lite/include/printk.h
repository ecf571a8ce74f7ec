/* SPDX-License-Identifier: MIT */
/*
 * Messages to the console, with levels. loglvl= and guest_loglvl= on the
 * command line say up to which level the hypervisor's own messages and those
 * that guests cause are shown. Callable anywhere; takes the console lock.
 */
#ifndef XEN_LITE_PRINTK_H
#define XEN_LITE_PRINTK_H

#include <stdarg.h>
#include <stdbool.h>

enum log_level {
    LOG_ERROR,
    LOG_WARNING,
    LOG_INFO,
    LOG_DEBUG,
    LOG_LEVEL_COUNT,
};

/* Or-ed to a level: a guest caused this message, guest_loglvl= filters it. */
#define LOG_GUEST 0x10U
/* Or-ed to a level: shown whatever the thresholds say. */
#define LOG_ALWAYS 0x20U

/* Print with the prefix "(XEN) " at the start of each line. */
void printk(unsigned int level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void vprintk(unsigned int level, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

#define log_error(...)   printk(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) printk(LOG_WARNING, __VA_ARGS__)
#define log_info(...)    printk(LOG_INFO, __VA_ARGS__)
#define guest_log(...)   printk(LOG_GUEST | LOG_INFO, __VA_ARGS__)

/*
 * Set a threshold from the text of loglvl= or guest_loglvl=: none, error,
 * warning, info, debug or all; what follows a '/' is accepted and ignored.
 * Returns 0 or -XEN_EINVAL.
 */
int printk_set_level(const char *text, bool guest);

#endif
