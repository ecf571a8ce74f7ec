/* SPDX-License-Identifier: MIT */
/* The vCPU clock: versioned record plus TSC (<xen/xen.h>). */
#include "clock.h"

#include "hypercall.h"
#include "insn.h"
#include "vcpu.h"

static uint64_t scale(uint64_t delta, int8_t shift, uint32_t mul)
{
    uint64_t high;
    uint64_t low;

    delta = shift < 0 ? delta >> -shift : delta << shift;
    __asm__("mulq %3"
            : "=a"(low), "=d"(high)
            : "a"(delta), "rm"((uint64_t)mul));
    return (low >> 32) | (high << 32);
}

static uint32_t read_version(const struct vcpu_time_info *time)
{
    return __atomic_load_n(&time->version, __ATOMIC_ACQUIRE);
}

uint64_t clock_from(const struct vcpu_time_info *time)
{
    uint32_t version;
    uint64_t ns;

    do {
        version = read_version(time);
        ns =
            time->system_time + scale(rdtsc() - time->tsc_timestamp,
                                      time->tsc_shift, time->tsc_to_system_mul);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while ((version & 1) != 0 || version != read_version(time));
    return ns;
}

uint64_t clock_ns(void)
{
    return clock_from(&this_vcpu()->info->time);
}

uint64_t clock_tsc_hz(void)
{
    const struct vcpu_time_info *time = &this_vcpu()->info->time;
    uint64_t hz = (1000000000UL << 32) / time->tsc_to_system_mul;

    return time->tsc_shift < 0 ? hz << -time->tsc_shift : hz >> time->tsc_shift;
}

long clock_set_timer(uint64_t deadline_ns)
{
    struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns = deadline_ns};

    return hc_vcpu_op(VCPUOP_set_singleshot_timer, this_vcpu()->id, &timer);
}

long clock_stop_timer(void)
{
    return hc_vcpu_op(VCPUOP_stop_singleshot_timer, this_vcpu()->id, NULL);
}

void clock_delay(uint64_t ns)
{
    uint64_t end = clock_ns() + ns;

    while (clock_ns() < end) {
        hc_sched_op(SCHEDOP_yield, NULL);
    }
}
