/* SPDX-License-Identifier: MIT */
/* One instruction of the guest, emulated: for the tests of that. */
#ifndef XEN_LITE_EMULATE_WORLD_H
#define XEN_LITE_EMULATE_WORLD_H

#include "pv_world.h"

static inline struct vcpu *v(void)
{
    return pv_world.v;
}

static inline struct cpu_user_regs *regs(void)
{
    return pv_world.regs;
}

/* Run one instruction given as a byte string; its length is the move of RIP. */
#define RUN(text) run_code(text, sizeof(text) - 1)

static inline bool run_code(const char *code, size_t bytes)
{
    pv_code(code, bytes);
    return pv_emulate_privileged(v(), regs());
}

#define ASSERT_EMULATED(text) \
    do { \
        assert_true(RUN(text)); \
        assert_int_equal(regs()->rip, PV_CODE_VA + sizeof(text) - 1); \
    } while (0)

static inline void iopl(unsigned int level)
{
    v()->pv.iopl = level;
}

#endif
