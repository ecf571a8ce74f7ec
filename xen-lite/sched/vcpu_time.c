/* SPDX-License-Identifier: MIT */
/*
 * Time as guests see it: the clock record of each vCPU (struct vcpu_time_info)
 * with its version protocol, the wall clock in shared_info, and the timers
 * behind VIRQ_TIMER and SCHEDOP_poll. <xen/xen.h>, <xen/vcpu.h>.
 */
#include "vcpu_time.h"

#include <xen/vcpu.h>

#include "core.h"
#include "domain.h"
#include "guest_area.h"
#include "guest_copy.h"
#include "mm.h"
#include "spinlock.h"

/* How often a vCPU that stays on its CPU gets a fresh record. */
#define REFRESH_NS 1000000000ULL
#define NS_PER_S   1000000000ULL
#define NS_PER_MS  1000000ULL

/* UTC at system time 0, under LOCK_TIMER. */
static struct {
    struct spinlock lock;
    bool set;
    uint64_t seconds;
    uint32_t nanoseconds;
} wallclock = {.lock = SPINLOCK_INIT(LOCK_TIMER)};

/* -- the clock record ------------------------------------------------------ */

/* mul and shift that turn ticks of @khz into nanoseconds, as the ABI has it:
 * ns = ((ticks << shift) * mul) >> 32 with 2^31 <= mul. */
static void scale_for_khz(uint32_t khz, uint32_t *mul, int8_t *shift)
{
    uint64_t per_tick = (1000000ULL << 32) / (khz != 0 ? khz : 1);
    int8_t up = 0;

    while (per_tick >= 1ULL << 32) {
        per_tick >>= 1;
        up++;
    }
    while (per_tick < 1ULL << 31) {
        per_tick <<= 1;
        up--;
    }
    *mul = (uint32_t)per_tick;
    *shift = up;
}

static uint64_t vtsc_at(const struct domain *d, uint64_t system_ns)
{
    uint64_t ns = system_ns + d->vtsc_offset_ns;

    /* In two parts, for there is no 128-bit division here. */
    return ns / NS_PER_MS * d->tsc_khz +
           ns % NS_PER_MS * d->tsc_khz / NS_PER_MS;
}

uint64_t domain_vtsc_read(const struct domain *d)
{
    return vtsc_at(d, machine_now_ns());
}

static void record_make(const struct domain *d, struct vcpu_time_info *record)
{
    struct time_scale scale;

    machine_time_scale(&scale);
    record->tsc_timestamp = scale.tsc;
    record->system_time = scale.system_ns;
    record->tsc_to_system_mul = scale.mul;
    record->tsc_shift = scale.shift;
    record->flags = scale.flags;
    if (d->vtsc) {
        record->system_time = machine_now_ns();
        record->tsc_timestamp = vtsc_at(d, record->system_time);
        scale_for_khz(d->tsc_khz, &record->tsc_to_system_mul,
                      &record->tsc_shift);
    }
}

/* x86 keeps the order of stores (SDM 3A 8.2.2); the compiler must as well. */
static void write_order(void)
{
    atomic_signal_fence(memory_order_release);
}

/* Odd while it is written: readers try again. The guest may have written any
 * version there itself, so the new one only has to differ. */
static void record_write(volatile struct vcpu_time_info *to,
                         const struct vcpu_time_info *record)
{
    uint32_t version = to->version | 1U;

    to->version = version;
    write_order();
    to->tsc_timestamp = record->tsc_timestamp;
    to->system_time = record->system_time;
    to->tsc_to_system_mul = record->tsc_to_system_mul;
    to->tsc_shift = record->tsc_shift;
    to->flags = record->flags;
    write_order();
    to->version = version + 1;
}

/* The copy that the guest asked for by address; it keeps the version of the
 * first one, so that both change together. */
static void record_copy(struct vcpu *v, struct vcpu_time_info *record,
                        uint32_t version)
{
    struct guest_area_access access;

    if (v->time_va.address == 0) {
        return;
    }
    guest_area_begin(v, &access);
    record->version = version - 1;
    if (copy_to_guest(v->time_va, &record->version, sizeof(uint32_t)) == 0) {
        write_order();
        if (write_guest(v->time_va, record) == 0) {
            write_order();
            record->version = version;
            (void)!copy_to_guest(v->time_va, &record->version,
                                 sizeof(uint32_t));
        }
    }
    guest_area_end(v, &access);
}

void vcpu_time_publish(struct vcpu *v)
{
    struct vcpu_time_info record = {0};

    record_make(v->domain, &record);
    record_write(&v->vcpu_info->time, &record);
    record_copy(v, &record, v->vcpu_info->time.version & ~1U);
}

static uint64_t periodic_period(const struct vcpu *v)
{
    return __atomic_load_n(&v->periodic_period_ns, __ATOMIC_RELAXED);
}

/* -- while it runs --------------------------------------------------------- */

static void periodic_tick(struct vcpu *v);

/* SOFTIRQ_TIMER: the second is over; @data is this CPU's. */
static void refresh_expired(void *data)
{
    struct core_cpu *cpu = data;
    struct vcpu *v = cpu->current;

    if (!v->domain->is_idle) {
        vcpu_time_publish(v);
        timer_set(&cpu->time_refresh, machine_now_ns() + REFRESH_NS);
    }
}

void vcpu_time_switched_in(struct vcpu *v)
{
    struct core_cpu *cpu = machine_this_cpu();

    vcpu_time_publish(v);
    if (!timer_active(&cpu->time_refresh)) {
        timer_migrate(&cpu->time_refresh, cpu->id);
        timer_set(&cpu->time_refresh, machine_now_ns() + REFRESH_NS);
    }
    if (periodic_period(v) != 0) {
        timer_migrate(&v->periodic_timer, cpu->id);
        periodic_tick(v);
    }
}

void vcpu_time_switched_out(struct vcpu *v)
{
    if (periodic_period(v) != 0) {
        timer_stop(&v->periodic_timer);
    }
}

void vcpu_time_cpu_init(unsigned int cpu)
{
    timer_init(&core_cpus[cpu]->time_refresh, refresh_expired, core_cpus[cpu],
               cpu);
}

/* -- timers of a vCPU ------------------------------------------------------ */

static void singleshot_expired(void *data)
{
    virq_raise_vcpu(data, VIRQ_TIMER);
}

/* It may have stopped polling long ago. */
static void poll_expired(void *data)
{
    struct vcpu *v = data;

    if ((atomic_load(&v->sched.pause_flags) & VCPU_POLLING) != 0) {
        vcpu_unblock(v);
    }
}

/* One VIRQ for all ticks missed, and the next tick on the old beat. Another
 * vCPU may change both values at any time: each is read once. */
static void periodic_tick(struct vcpu *v)
{
    uint64_t now_ns = machine_now_ns();
    uint64_t period = periodic_period(v);
    uint64_t next_ns = __atomic_load_n(&v->periodic_next_ns, __ATOMIC_RELAXED);

    if (period == 0) {
        return; /* stopped since it expired */
    }
    if (now_ns >= next_ns) {
        next_ns += ((now_ns - next_ns) / period + 1) * period;
        __atomic_store_n(&v->periodic_next_ns, next_ns, __ATOMIC_RELAXED);
        virq_raise_vcpu(v, VIRQ_TIMER);
    }
    timer_set(&v->periodic_timer, next_ns);
}

/* A vCPU that is off its CPU gets its tick when it comes back. */
static void periodic_expired(void *data)
{
    struct vcpu *v = data;

    if (atomic_load(&v->sched.running)) {
        periodic_tick(v);
    }
}

void vcpu_timers_init(struct vcpu *v, unsigned int cpu)
{
    timer_init(&v->singleshot_timer, singleshot_expired, v, cpu);
    timer_init(&v->periodic_timer, periodic_expired, v, cpu);
    timer_init(&v->poll_timer, poll_expired, v, cpu);
}

void vcpu_timers_kill(struct vcpu *v)
{
    timer_kill(&v->singleshot_timer);
    timer_kill(&v->periodic_timer);
    timer_kill(&v->poll_timer);
}

void vcpu_set_singleshot(struct vcpu *v, uint64_t deadline_ns)
{
    if (deadline_ns == 0) {
        timer_stop(&v->singleshot_timer);
        return;
    }
    timer_migrate(&v->singleshot_timer, machine_this_cpu()->id);
    timer_set(&v->singleshot_timer, deadline_ns);
}

void vcpu_set_periodic(struct vcpu *v, uint64_t period_ns)
{
    uint64_t next_ns = machine_now_ns() + period_ns;

    timer_stop(&v->periodic_timer);
    __atomic_store_n(&v->periodic_next_ns, next_ns, __ATOMIC_RELAXED);
    __atomic_store_n(&v->periodic_period_ns, period_ns, __ATOMIC_RELAXED);
    if (period_ns != 0) {
        timer_migrate(&v->periodic_timer, atomic_load(&v->sched.cpu));
        timer_set(&v->periodic_timer, next_ns);
    }
}

/* -- wall clock ------------------------------------------------------------ */

/* Lock held: two writers would confuse the versions. */
static void wallclock_write(volatile struct shared_info *shared,
                            int64_t offset_seconds)
{
    uint64_t seconds = wallclock.seconds + (uint64_t)offset_seconds;
    uint32_t version = shared->wc_version | 1U;

    shared->wc_version = version;
    write_order();
    shared->wc_sec = (uint32_t)seconds;
    shared->wc_sec_hi = (uint32_t)(seconds >> 32);
    shared->wc_nsec = wallclock.nanoseconds;
    write_order();
    shared->wc_version = version + 1;
}

void domain_publish_wallclock(struct domain *d)
{
    unsigned long flags = spin_lock_irqsave(&wallclock.lock);

    if (!wallclock.set) {
        machine_boot_wallclock(&wallclock.seconds, &wallclock.nanoseconds);
        wallclock.set = true;
    }
    wallclock_write(d->shared, d->time_offset_seconds);
    spin_unlock_irqrestore(&wallclock.lock, flags);
}

void wallclock_set(uint64_t seconds, uint32_t nanoseconds,
                   uint64_t system_time_ns)
{
    uint64_t at_ns = nanoseconds + NS_PER_S - system_time_ns % NS_PER_S;
    unsigned long flags;
    struct domain *d;
    domid_t next = 0;

    /* UTC at system time 0: one second was lent to at_ns. */
    seconds -= system_time_ns / NS_PER_S + 1;
    flags = spin_lock_irqsave(&wallclock.lock);
    wallclock.seconds = seconds + at_ns / NS_PER_S;
    wallclock.nanoseconds = (uint32_t)(at_ns % NS_PER_S);
    wallclock.set = true;
    spin_unlock_irqrestore(&wallclock.lock, flags);
    while ((d = domain_get_at_or_after(next)) != NULL) {
        domain_publish_wallclock(d);
        next = (domid_t)(d->domid + 1);
        domain_put(d);
    }
}

void wallclock_reset(void)
{
    spin_init(&wallclock.lock, LOCK_TIMER);
    wallclock.set = false;
}
