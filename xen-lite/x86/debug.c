/* SPDX-License-Identifier: MIT */
/* Debug registers of guests: loaded only while one is in use. */
#include "domain.h"
#include "machine_vcpu.h"
#include "pv.h"
#include "x86.h"

#define DR7_ENABLES 0xffUL

#define WRITE_DR(number, value) \
    __asm__ volatile("mov %0, %%dr" #number : : "r"(value))

static bool debugging(const struct vcpu *v)
{
    return (v->pv.dr[7] & DR7_ENABLES) != 0;
}

void machine_set_debugreg(unsigned int index, unsigned long value)
{
    switch (index) {
    case 0:
        WRITE_DR(0, value);
        break;
    case 1:
        WRITE_DR(1, value);
        break;
    case 2:
        WRITE_DR(2, value);
        break;
    case 3:
        WRITE_DR(3, value);
        break;
    case 7:
        if ((value & DR7_ENABLES) != 0) {
            debug_restore(current_vcpu());
        } else {
            WRITE_DR(7, X86_DR7_FIXED);
        }
        break;
    default:
        break; /* DR6 is virtual: hardware's is read and cleared at #DB */
    }
}

void debug_save(struct vcpu *v)
{
    if (debugging(v)) {
        WRITE_DR(7, X86_DR7_FIXED);
    }
}

void debug_restore(struct vcpu *v)
{
    if (!debugging(v)) {
        return;
    }
    WRITE_DR(0, v->pv.dr[0]);
    WRITE_DR(1, v->pv.dr[1]);
    WRITE_DR(2, v->pv.dr[2]);
    WRITE_DR(3, v->pv.dr[3]);
    WRITE_DR(7, v->pv.dr[7]);
}
