/* SPDX-License-Identifier: MIT */
/* Counting and printing of checks. */
#include "check.h"

#include <stdatomic.h>

#include "console.h"
#include "start.h"

static atomic_uint check_count;
static atomic_uint failure_count;

static bool record(const char *name, bool holds)
{
    check_count++;
    if (holds) {
        print("ok %s\n", name);
    } else {
        failure_count++;
    }
    return holds;
}

bool check_eq(const char *name, int64_t got, int64_t want)
{
    if (!record(name, got == want)) {
        print("not ok %s: got %ld want %ld\n", name, got, want);
        return false;
    }
    return true;
}

bool check_hex(const char *name, uint64_t got, uint64_t want)
{
    if (!record(name, got == want)) {
        print("not ok %s: got 0x%lx want 0x%lx\n", name, got, want);
        return false;
    }
    return true;
}

bool check_true(const char *name, bool holds, uint64_t detail)
{
    if (!record(name, holds)) {
        print("not ok %s: got false (0x%lx) want true\n", name, detail);
        return false;
    }
    return true;
}

bool check_either(const char *name, int64_t got, int64_t want, int64_t other)
{
    if (!record(name, got == want || got == other)) {
        print("not ok %s: got %ld want %ld or %ld\n", name, got, want, other);
        return false;
    }
    return true;
}

void check_skip(const char *name, const char *why)
{
    print("skip %s: %s\n", name, why);
}

unsigned int check_failures(void)
{
    return failure_count;
}

_Noreturn void check_finish(unsigned int shutdown_reason)
{
    if (failure_count == 0) {
        print("RESULT PASS %u\n", check_count);
    } else {
        print("RESULT FAIL %u of %u\n", failure_count, check_count);
    }
    guest_shutdown(shutdown_reason);
}
