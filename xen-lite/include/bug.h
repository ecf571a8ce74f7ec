/* SPDX-License-Identifier: MIT */
/*
 * Checks of our own invariants. Nothing a guest does may reach BUG_ON.
 */
#ifndef XEN_LITE_BUG_H
#define XEN_LITE_BUG_H

/* Print the place and stop the machine (hardware) or the test (host). */
_Noreturn void bug_at(const char *file, int line, const char *what);

#define BUG() bug_at(__FILE__, __LINE__, "BUG")
#define BUG_ON(condition) \
    do { \
        if (__builtin_expect(!!(condition), 0)) { \
            bug_at(__FILE__, __LINE__, #condition); \
        } \
    } while (0)

/* Left out of release builds (NDEBUG). */
#ifdef NDEBUG
#    define ASSERT(condition) ((void)sizeof(condition))
#else
#    define ASSERT(condition) BUG_ON(!(condition))
#endif

#endif
