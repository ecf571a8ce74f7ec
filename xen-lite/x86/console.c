/* SPDX-License-Identifier: MIT */
/*
 * Console output to the serial line and into the ring that `xl dmesg` reads
 * (XEN_SYSCTL_readconsole), and the small queue of input.
 */
#include "console.h"

#include "machine.h"
#include "serial.h"
#include "spinlock.h"
#include "string.h"

/* Powers of two: indices run free and are cut by a mask. */
#define RING_BYTES  16384U
#define INPUT_BYTES 128U

/* Guards the UART, the ring and the input queue. IRQ-safe. */
static struct spinlock console_lock = SPINLOCK_INIT(LOCK_CONSOLE);
static bool console_unlocked;

static char ring[RING_BYTES];
static uint32_t ring_consumer; /* first byte still kept */
static uint32_t ring_producer;

static char input[INPUT_BYTES];
static uint32_t input_consumer;
static uint32_t input_producer;

void (*console_input_ready)(void);

static unsigned long console_take(void)
{
    unsigned long flags = machine_irq_save();

    if (!console_unlocked) {
        spin_lock(&console_lock);
    }
    return flags;
}

static void console_release(unsigned long flags)
{
    if (!console_unlocked) {
        spin_unlock(&console_lock);
    }
    machine_irq_restore(flags);
}

void console_panic_mode(void)
{
    console_unlocked = true;
}

static void ring_put(char c)
{
    ring[ring_producer % RING_BYTES] = c;
    ring_producer++;
    if (ring_producer - ring_consumer > RING_BYTES) {
        ring_consumer = ring_producer - RING_BYTES;
    }
}

void machine_console_write(const char *text, size_t bytes, bool keep)
{
    unsigned long flags = console_take();

    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == '\0') {
            continue;
        }
        if (keep) {
            ring_put(text[i]);
        }
        if (text[i] == '\n') {
            serial_put('\r');
        }
        serial_put(text[i]);
    }
    console_release(flags);
}

void console_poll_input(void)
{
    unsigned long flags = console_take();
    bool any = false;
    int c;

    while ((c = serial_get()) >= 0) {
        if (input_producer - input_consumer < INPUT_BYTES) {
            input[input_producer % INPUT_BYTES] = (char)c;
            input_producer++;
        }
        any = true;
    }
    console_release(flags);
    if (any && console_input_ready != NULL) {
        console_input_ready();
    }
}

size_t machine_console_read(char *buffer, size_t max)
{
    unsigned long flags = console_take();
    size_t count = 0;

    while (count < max && input_consumer != input_producer) {
        buffer[count] = input[input_consumer % INPUT_BYTES];
        input_consumer++;
        count++;
    }
    console_release(flags);
    return count;
}

size_t machine_console_ring_read(char *buffer, size_t max, uint32_t *index,
                                 bool clear, bool incremental)
{
    unsigned long flags = console_take();
    uint32_t from = ring_consumer;
    size_t count = 0;

    /* An index outside what is kept starts at the oldest byte. */
    if (incremental &&
        *index - ring_consumer <= ring_producer - ring_consumer) {
        from = *index;
    }
    while (count < max && from != ring_producer) {
        buffer[count] = ring[from % RING_BYTES];
        from++;
        count++;
    }
    *index = from;
    if (clear) {
        ring_consumer = ring_producer;
    }
    console_release(flags);
    return count;
}
