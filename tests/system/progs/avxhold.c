// SPDX-License-Identifier: MIT
/*
 * avxhold: keeps a pattern in all YMM registers, looks at it for a while
 * without a system call, and says every time whether it is whole. With the
 * processor's state lost on the way it is not.
 */
#include <cpuid.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#define REGISTERS 16U
#define WORDS     4U /* of 64 bits in each */

typedef uint64_t image_t[REGISTERS][WORDS];

static int has_avx(void)
{
    unsigned int a, b, c, d;

    return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_OSXSAVE) != 0 &&
           (c & bit_AVX) != 0;
}

/* All registers from @in, a long time of nothing, and all to @out. */
__attribute__((target("avx"))) static void hold(const image_t in, image_t out)
{
    uint64_t rounds = 200000000;

#define LOAD(n)  "vmovdqu 32*" #n "(%[in]), %%ymm" #n "\n"
#define STORE(n) "vmovdqu %%ymm" #n ", 32*" #n "(%[out])\n"
#define ALL(X) \
    X(0) \
    X(1) \
    X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
    __asm__ volatile(ALL(LOAD) "1: dec %[rounds]\n jnz 1b\n" ALL(STORE)
                     : [rounds] "+r"(rounds)
                     : [in] "r"(in), [out] "r"(out)
                     : "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
                       "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
                       "xmm12", "xmm13", "xmm14", "xmm15");
}

int main(void)
{
    static image_t in, out;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!has_avx()) {
        puts("AVX none");
        return 0;
    }
    for (unsigned int turn = 1;; turn++) {
        unsigned int wrong = 0;

        for (unsigned int r = 0; r < REGISTERS; r++) {
            for (unsigned int w = 0; w < WORDS; w++) {
                in[r][w] = turn * 0x0101010101010101ULL + r * 16 + w;
                out[r][w] = 0;
            }
        }
        hold(in, out);
        for (unsigned int r = 0; r < REGISTERS; r++) {
            for (unsigned int w = 0; w < WORDS; w++) {
                wrong += in[r][w] != out[r][w];
            }
        }
        printf("AVX %s %u\n", wrong == 0 ? "good" : "bad", turn);
        usleep(10000);
    }
}
