/* SPDX-License-Identifier: MIT */
/*
 * The scheduler on CPUs that are threads: vCPUs block, wake each other, yield,
 * are paused, moved and given other shares, all at once. No vCPU may ever be
 * on two CPUs, and none may be forgotten (sched/).
 */
#define sched_yield posix_sched_yield
#include <pthread.h>
#undef sched_yield

#include "fake_world.h"

#include <stdlib.h>
#include <string.h>

#include "sched.h"
#include "softirq.h"
#include "timer.h"
#include "vcpu_time.h"

#define DOMAINS 5U
#define VCPUS   3U
#define ROUNDS  6000U

static struct domain *domain[DOMAINS];
static _Atomic unsigned int owner[DOMAINS][VCPUS]; /* CPU + 1 */
static _Atomic unsigned int runs[DOMAINS][VCPUS];
static _Atomic unsigned int errors;
static _Atomic bool stop;

static struct vcpu *any_vcpu(unsigned int *seed)
{
    unsigned int n = (unsigned int)rand_r(seed);

    return domain[n % DOMAINS]->vcpu[n / DOMAINS % VCPUS];
}

static unsigned int number_of(const struct domain *d)
{
    return d->domid - 1U;
}

/* The guest code of one turn on this CPU. */
static void act(struct vcpu *v, unsigned int *seed)
{
    switch (rand_r(seed) % 6) {
    case 0:
        sched_block_current();
        break;
    case 1:
        sched_yield_current();
        break;
    case 2:
        vcpu_kick(any_vcpu(seed));
        break;
    default:
        vcpu_unblock(any_vcpu(seed));
        break;
    }
    (void)v;
}

/* What tools do, from wherever. */
static void meddle(unsigned int *seed)
{
    struct vcpu *v = any_vcpu(seed);
    struct cpumask mask;

    switch (rand_r(seed) % 8) {
    case 0:
        vcpu_pause_nosync(v);
        vcpu_unpause(v);
        break;
    case 1:
        domain_pause_nosync(v->domain);
        domain_unpause(v->domain);
        break;
    case 2:
        cpumask_clear_all(&mask);
        cpumask_set(&mask, (unsigned int)rand_r(seed) % FAKE_CPUS);
        cpumask_set(&mask, (unsigned int)rand_r(seed) % FAKE_CPUS);
        (void)sched_set_affinity(v, &mask, NULL);
        break;
    case 3:
        /* One of weight 1 would rightly wait for seconds in the end. */
        (void)sched_set_params(v->domain, (uint16_t)(100 + rand_r(seed) % 900),
                               (uint16_t)(rand_r(seed) % 3 * 40));
        break;
    case 4:
        (void)sched_cpu_time_ns(v);
        break;
    default:
        break;
    }
}

static void turn(unsigned int cpu, unsigned int *seed)
{
    struct vcpu *v = fake_this_cpu->current;
    unsigned int d;

    if (v->domain->is_idle) {
        vcpu_unblock(any_vcpu(seed));
        return;
    }
    d = number_of(v->domain);
    if (atomic_exchange(&owner[d][v->id], cpu + 1) != 0) {
        atomic_fetch_add(&errors, 1);
    }
    atomic_fetch_add(&runs[d][v->id], 1);
    act(v, seed);
    if (atomic_exchange(&owner[d][v->id], 0) != cpu + 1) {
        atomic_fetch_add(&errors, 1);
    }
}

static void *cpu_thread(void *data)
{
    unsigned int cpu = (unsigned int)(uintptr_t)data;
    unsigned int seed = cpu + 17;

    fake_set_cpu(cpu);
    for (unsigned int round = 0; !atomic_load(&stop); round++) {
        uint64_t deadline = fake_timer_deadline(cpu);

        fake_advance(20000);
        if (deadline != 0 && deadline <= machine_now_ns()) {
            timer_interrupt();
        }
        softirq_run();
        turn(cpu, &seed);
        if (round % 16 == 0) {
            meddle(&seed);
        }
        if (cpu == 0 && round >= ROUNDS) {
            atomic_store(&stop, true);
        }
    }
    /* Nobody waits for us: leave what runs here. */
    return NULL;
}

static void create_domains(void)
{
    for (unsigned int i = 0; i < DOMAINS; i++) {
        domain[i] = world_spinner((domid_t)(i + 1), VCPUS);
    }
    memset(owner, 0, sizeof(owner));
    memset(runs, 0, sizeof(runs));
    atomic_store(&errors, 0);
    atomic_store(&stop, false);
}

static void run_threads(void)
{
    pthread_t thread[FAKE_CPUS];

    for (unsigned int cpu = 0; cpu < FAKE_CPUS; cpu++) {
        assert_int_equal(pthread_create(&thread[cpu], NULL, cpu_thread,
                                        (void *)(uintptr_t)cpu),
                         0);
    }
    for (unsigned int cpu = 0; cpu < FAKE_CPUS; cpu++) {
        assert_int_equal(pthread_join(thread[cpu], NULL), 0);
    }
}

/* With nothing holding it back, each vCPU gets to run. */
static void assert_none_forgotten(void)
{
    struct cpumask all;

    for (unsigned int i = 0; i < CPUMASK_WORDS; i++) {
        atomic_store(&all.word[i], UINT64_MAX);
    }
    for (unsigned int i = 0; i < DOMAINS; i++) {
        assert_int_equal(sched_set_params(domain[i], 256, 0), 0);
        for (unsigned int j = 0; j < VCPUS; j++) {
            assert_int_equal(sched_set_affinity(domain[i]->vcpu[j], &all, NULL),
                             0);
            vcpu_unblock(domain[i]->vcpu[j]);
        }
    }
    for (unsigned int i = 0; i < DOMAINS; i++) {
        for (unsigned int j = 0; j < VCPUS; j++) {
            uint64_t before = sched_cpu_time_ns(domain[i]->vcpu[j]);

            world_run(300 * WORLD_MS, 1 * WORLD_MS);
            assert_true(sched_cpu_time_ns(domain[i]->vcpu[j]) > before);
        }
    }
}

static void no_vcpu_is_twice_or_lost(void **state)
{
    (void)state;
    create_domains();
    run_threads();
    assert_int_equal(atomic_load(&errors), 0);
    for (unsigned int i = 0; i < DOMAINS; i++) {
        for (unsigned int j = 0; j < VCPUS; j++) {
            assert_true(atomic_load(&runs[i][j]) > 0);
        }
    }
    assert_none_forgotten();
}

static void accounts_of_a_wild_run_add_up(void **state)
{
    uint64_t start = machine_now_ns();

    (void)state;
    create_domains();
    run_threads();
    for (unsigned int i = 0; i < DOMAINS; i++) {
        for (unsigned int j = 0; j < VCPUS; j++) {
            struct vcpu_runstate_info info;
            uint64_t sum = 0;

            sched_get_runstate(domain[i]->vcpu[j], &info);
            for (unsigned int k = 0; k < 4; k++) {
                sum += info.time[k];
            }
            assert_int_equal(sum, machine_now_ns() - start);
        }
    }
}

/* -- the end of domains ---------------------------------------------------- */

#define MORTAL_ID 9U
#define LIVES     60U

/* Who finds the domain has a reference; its vCPUs go with it. */
static void bother_mortal(unsigned int *seed)
{
    struct domain *d = domain_get(MORTAL_ID);
    struct vcpu *v;

    if (d == NULL) {
        return;
    }
    v = __atomic_load_n(&d->vcpu[(unsigned int)rand_r(seed) % VCPUS],
                        __ATOMIC_ACQUIRE);
    switch (v != NULL ? rand_r(seed) % 5 : 5) {
    case 0:
        vcpu_pause_nosync(v);
        vcpu_unpause(v);
        break;
    case 1:
        timer_set(&v->singleshot_timer, machine_now_ns() + 50000);
        break;
    case 2:
        vcpu_set_periodic(v, 1 * WORLD_MS);
        break;
    case 3:
        timer_migrate(&v->poll_timer, fake_this_cpu->id);
        timer_set(&v->poll_timer, machine_now_ns());
        break;
    case 4:
        vcpu_kick(v);
        break;
    default:
        break;
    }
    domain_put(d);
}

static void *guest_thread(void *data)
{
    unsigned int cpu = (unsigned int)(uintptr_t)data;
    unsigned int seed = cpu + 31;

    fake_set_cpu(cpu);
    while (!atomic_load(&stop)) {
        fake_advance(20000);
        timer_interrupt();
        softirq_run();
        if (!fake_this_cpu->current->domain->is_idle &&
            rand_r(&seed) % 3 == 0) {
            sched_block_current();
        }
        bother_mortal(&seed);
    }
    return NULL;
}

/* CPU 0 is dom0's alone. */
static void live_and_die(void)
{
    struct domain *d = world_spinner(MORTAL_ID, VCPUS);

    assert_int_equal(sched_set_params(d, 256, 40), 0);
    for (unsigned int i = 0; i < 20; i++) {
        fake_advance(20000);
        vcpu_unblock(d->vcpu[i % VCPUS]);
        softirq_run();
    }
    while (domain_kill(d) != 0) {
        softirq_run();
    }
    while ((d = domain_get_at_or_after(MORTAL_ID)) != NULL ||
           domain_free_id(MORTAL_ID) != MORTAL_ID) {
        if (d != NULL) {
            domain_put(d);
        }
        softirq_run();
        machine_relax();
    }
}

static void domains_end_while_others_bother_them(void **state)
{
    pthread_t thread[FAKE_CPUS];

    (void)state;
    assert_int_equal(cpupool_remove_cpu(0, 0), 0);
    atomic_store(&stop, false);
    for (unsigned int cpu = 1; cpu < FAKE_CPUS; cpu++) {
        assert_int_equal(pthread_create(&thread[cpu], NULL, guest_thread,
                                        (void *)(uintptr_t)cpu),
                         0);
    }
    for (unsigned int i = 0; i < LIVES; i++) {
        live_and_die();
    }
    atomic_store(&stop, true);
    for (unsigned int cpu = 1; cpu < FAKE_CPUS; cpu++) {
        assert_int_equal(pthread_join(thread[cpu], NULL), 0);
    }
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(no_vcpu_is_twice_or_lost),
        CASE(accounts_of_a_wild_run_add_up),
        CASE(domains_end_while_others_bother_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
