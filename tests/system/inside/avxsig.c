// SPDX-License-Identifier: MIT
/*
 * Vector registers survive signals and other processes: processes that share
 * a CPU each keep their own pattern in all sixteen registers while a timer's
 * handler destroys its copy. AVX where the processor has it, else SSE.
 */
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "inside.h"

#define PROCESSES 4

struct vectors {
    unsigned char r[16][32];
} __attribute__((aligned(32)));

static volatile sig_atomic_t signals;

/* clang-format off */
#define EACH(X, op) \
    X(op, 0) \
    X(op, 1) \
    X(op, 2) \
    X(op, 3) \
    X(op, 4) \
    X(op, 5) \
    X(op, 6) \
    X(op, 7) \
    X(op, 8) \
    X(op, 9) \
    X(op, 10) \
    X(op, 11) \
    X(op, 12) \
    X(op, 13) \
    X(op, 14) \
    X(op, 15)
/* clang-format on */
#define LOAD_AVX(in, n)  "vmovdqa " #n "*32(%0), %%ymm" #n "\n\t"
#define STORE_AVX(in, n) "vmovdqa %%ymm" #n ", " #n "*32(%1)\n\t"
#define LOAD_SSE(in, n)  "movdqa " #n "*32(%0), %%xmm" #n "\n\t"
#define STORE_SSE(in, n) "movdqa %%xmm" #n ", " #n "*32(%1)\n\t"
#define SPIN             "mov %2, %%ecx\n1:\tpause\n\tdec %%ecx\n\tjnz 1b\n\t"
#define ALL_XMM \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", \
        "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

/* Load all registers, spin, store them: what is between must not show. */
static void hold_avx(const struct vectors *in, struct vectors *out, int spin)
{
    __asm__ volatile(EACH(LOAD_AVX, in) SPIN EACH(STORE_AVX, out) "vzeroupper"
                     :
                     : "r"(in), "r"(out), "r"(spin)
                     : "rcx", "memory", ALL_XMM);
}

static void hold_sse(const struct vectors *in, struct vectors *out, int spin)
{
    __asm__ volatile(EACH(LOAD_SSE, in) SPIN EACH(STORE_SSE, out)
                     :
                     : "r"(in), "r"(out), "r"(spin)
                     : "rcx", "memory", ALL_XMM);
}

static void (*hold)(const struct vectors *, struct vectors *, int);

static void on_timer(int signal)
{
    struct vectors junk, out;

    memset(&junk, 0xee ^ signal, sizeof(junk));
    hold(&junk, &out, 10);
    signals++;
}

static int one_process(int who, size_t bytes)
{
    struct itimerval every = {{0, 2000}, {0, 2000}};
    time_t end = time(NULL) + 5;
    struct vectors in, out;

    signal(SIGALRM, on_timer);
    setitimer(ITIMER_REAL, &every, NULL);
    for (unsigned int round = 0; time(NULL) < end; round++) {
        for (unsigned int i = 0; i < sizeof(in); i++) {
            in.r[i / 32][i % 32] =
                (unsigned char)(i * 7 + round * 13 + (unsigned int)who * 31);
        }
        memset(&out, 0, sizeof(out));
        hold(&in, &out, 20000);
        for (int n = 0; n < 16; n++) {
            if (memcmp(in.r[n], out.r[n], bytes) != 0) {
                not_ok("avxsig", "process %d: register %d changed", who, n);
            }
        }
    }
    return signals < 20;
}

int main(void)
{
    int has_avx = __builtin_cpu_supports("avx");
    int status, bad = 0;

    hold = has_avx ? hold_avx : hold_sse;
    for (int who = 0; who < PROCESSES; who++) {
        if (fork() == 0) {
            exit(one_process(who, has_avx ? 32 : 16));
        }
    }
    for (int who = 0; who < PROCESSES; who++) {
        wait(&status);
        bad += status != 0;
    }
    if (bad != 0) {
        not_ok("avxsig", "%d processes failed or had no signals", bad);
    }
    printf("ok avxsig (%s)\n", has_avx ? "AVX" : "SSE only");
    return 0;
}
