// SPDX-License-Identifier: MIT
/*
 * A 32-bit program without a C library: system calls by `int $0x80` and by the
 * kernel's own entry (AT_SYSINFO: SYSENTER on Intel, SYSCALL on AMD) must give
 * the same, with six arguments and with registers kept, many times over.
 */
#define NR_EXIT    1
#define NR_WRITE   4
#define NR_GETPID  20
#define NR_MUNMAP  91
#define NR_MMAP2   192
#define AT_SYSINFO 32
#define ROUNDS     20000

static void *vsyscall;

static long call_int80(long nr, long a, long b, long c)
{
    long ret;

    __asm__ volatile("int $0x80"
                     : "=a"(ret)
                     : "a"(nr), "b"(a), "c"(b), "d"(c)
                     : "memory");
    return ret;
}

static long call_fast(long nr, long a, long b, long c)
{
    long ret;

    __asm__ volatile("call *%5"
                     : "=a"(ret)
                     : "a"(nr), "b"(a), "c"(b), "d"(c), "m"(vsyscall)
                     : "memory");
    return ret;
}

/* mmap2(0, 8192, READ|WRITE, PRIVATE|ANONYMOUS, -1, 0) */
static long map_fast(void)
{
    long ret;

    __asm__ volatile("push %%ebp\n\t"
                     "mov %2, %%eax\n\t"
                     "mov %%eax, %%edi\n\t"
                     "mov $192, %%eax\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "push $1f\n\t"
                     "push %%edi\n\t"
                     "mov $-1, %%edi\n\t"
                     "ret\n"
                     "1:\n\t"
                     "pop %%ebp"
                     : "=&a"(ret)
                     : "b"(0), "m"(vsyscall), "c"(8192), "d"(3), "S"(0x22)
                     : "edi", "memory");
    return ret;
}

static void say(const char *text)
{
    long length = 0;

    while (text[length] != '\0') {
        length++;
    }
    call_int80(NR_WRITE, 1, (long)text, length);
}

/* SYSENTER or SYSCALL: a kernel that could not have them registered leaves
 * only int 0x80 there. */
static int is_fast(void)
{
    const unsigned char *code = vsyscall;
    int i;

    for (i = 0; i < 32; i++) {
        if (code[i] == 0x0f && (code[i + 1] == 0x34 || code[i + 1] == 0x05)) {
            return 1;
        }
    }
    return 0;
}

static const char *fast_calls(void)
{
    long pid = call_int80(NR_GETPID, 0, 0, 0);
    long i;

    if (!is_fast()) {
        return "the kernel's own entry is int 0x80\n";
    }
    for (i = 0; i < ROUNDS; i++) {
        if (call_fast(NR_GETPID, 1, 2, 3) != pid) {
            return "the fast entry gives another pid\n";
        }
        if (call_int80(NR_GETPID, 0, 0, 0) != pid) {
            return "int 0x80 gives another pid\n";
        }
    }
    for (i = 0; i < 100; i++) {
        long at = map_fast();

        if ((unsigned long)at > 0xfffff000UL || (at & 4095) != 0) {
            return "mmap2 by the fast entry fails\n";
        }
        *(volatile char *)(at + 8191) = 1;
        if (call_fast(NR_MUNMAP, at, 8192, 0) != 0) {
            return "munmap by the fast entry fails\n";
        }
    }
    return 0;
}

__attribute__((used)) void start(long *stack)
{
    const char *why = "no AT_SYSINFO\n";
    long *p = stack + 1 + stack[0] + 1;

    while (*p != 0) {
        p++;
    }
    for (p++; p[0] != 0; p += 2) {
        if (p[0] == AT_SYSINFO) {
            vsyscall = (void *)p[1];
        }
    }
    if (vsyscall != 0) {
        why = fast_calls();
    }
    if (why != 0) {
        say("not ok compat32: ");
        say(why);
    } else {
        say("ok compat32 (int 0x80 and the kernel's fast entry)\n");
    }
    call_int80(NR_EXIT, why != 0, 0, 0);
}

__asm__(".globl _start\n"
        "_start:\n\t"
        "mov %esp, %eax\n\t"
        "and $-16, %esp\n\t"
        "sub $12, %esp\n\t"
        "push %eax\n\t"
        "call start\n\t"
        "hlt\n");
