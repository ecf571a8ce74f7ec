// SPDX-License-Identifier: MIT
/* What gdb watches and steps through in inside.sh. */
#include <stdio.h>

volatile int counter;

__attribute__((noinline)) static int step(int by)
{
    counter += by;
    return counter;
}

int main(void)
{
    for (int i = 0; i < 3; i++) {
        step(i + 1);
    }
    printf("counter %d\n", counter);
    return 0;
}
