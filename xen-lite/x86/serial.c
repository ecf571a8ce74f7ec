/* SPDX-License-Identifier: MIT */
/* 16550 UART (National Semiconductor PC16550D data sheet). */
#include "serial.h"

#include "string.h"
#include "x86.h"

enum {
    UART_DATA = 0,
    UART_IER = 1,
    UART_FCR = 2, /* written; read it is the IIR */
    UART_LCR = 3,
    UART_MCR = 4,
    UART_LSR = 5,
    UART_SCRATCH = 7,
};

#define UART_PORTS     8U
#define UART_CLOCK     115200U
#define LCR_DLAB       0x80U
#define LSR_DATA_READY 0x01U
#define LSR_THR_EMPTY  0x20U
#define IER_RECEIVED   0x01U
#define IIR_QUEUES     0xc0U
#define UART_QUEUE     16U
/* DTR, RTS, and OUT2, which gates the interrupt line. */
#define MCR_ON 0x0bU
/* A byte at 300 baud takes less than this many polls on any machine. */
#define UART_POLL_LIMIT 10000000U

static struct {
    uint16_t base;
    uint8_t line;
    uint32_t baud;
    unsigned int irq;
    bool present;
    unsigned int queue_bytes; /* that an empty transmitter takes at once */
    unsigned int room;        /* of them not yet filled */
} uart = {.base = 0x3f8, .line = 0x03, .baud = 115200, .irq = 4};

static uint8_t uart_read(unsigned int reg)
{
    return inb((uint16_t)(uart.base + reg));
}

static void uart_write(unsigned int reg, unsigned int value)
{
    outb((uint16_t)(uart.base + reg), (uint8_t)value);
}

/* "8n1": data bits, parity, stop bits, as the line control register has it. */
static int parse_format(const char *text, uint8_t *line)
{
    static const char parities[] = "noems";
    static const uint8_t parity_bits[] = {0x00, 0x08, 0x18, 0x28, 0x38};
    const char *parity;

    if (text[0] < '5' || text[0] > '8' || text[1] == '\0') {
        return -XEN_EINVAL;
    }
    parity = strchr(parities, text[1]);
    if (parity == NULL || (text[2] != '1' && text[2] != '2')) {
        return -XEN_EINVAL;
    }
    *line = (uint8_t)((text[0] - '5') | parity_bits[parity - parities] |
                      (text[2] == '2' ? 0x04 : 0));
    return 0;
}

/* The number at *text, which ',' or the end must follow; steps over both. */
static int parse_number(const char **text, uint64_t limit, uint64_t *value)
{
    const char *end;
    int rc = string_to_u64(*text, 0, &end, value);

    if (rc != 0 || *value > limit || (*end != ',' && *end != '\0')) {
        return -XEN_EINVAL;
    }
    *text = end + (*end == ',');
    return 0;
}

static int serial_parse(const char *text)
{
    uint64_t baud = uart.baud, base = uart.base, irq = uart.irq;
    uint8_t line = uart.line;
    const char *comma;

    if (strncmp(text, "auto", 4) == 0) {
        baud = 0;
        text += text[4] == ',' ? 5 : 4;
    } else if (parse_number(&text, UART_CLOCK, &baud) != 0) {
        return -XEN_EINVAL;
    }
    if (*text != '\0') {
        if (parse_format(text, &line) != 0) {
            return -XEN_EINVAL;
        }
        comma = strchr(text, ',');
        text = comma != NULL ? comma + 1 : "";
    }
    if (*text != '\0' && parse_number(&text, 0xfff8, &base) != 0) {
        return -XEN_EINVAL;
    }
    if (*text != '\0' && parse_number(&text, 255, &irq) != 0) {
        return -XEN_EINVAL;
    }
    uart.baud = (uint32_t)baud;
    uart.line = line;
    uart.base = (uint16_t)base;
    uart.irq = (unsigned int)irq;
    return 0;
}

static bool uart_answers(void)
{
    uart_write(UART_SCRATCH, 0x5a);
    if (uart_read(UART_SCRATCH) != 0x5a) {
        return false;
    }
    uart_write(UART_SCRATCH, 0xa5);
    return uart_read(UART_SCRATCH) == 0xa5;
}

int serial_init(const char *options)
{
    if (options != NULL && serial_parse(options) != 0) {
        return -XEN_EINVAL;
    }
    uart.present = uart_answers();
    if (!uart.present) {
        return -XEN_ENODEV;
    }
    uart_write(UART_IER, 0);
    if (uart.baud != 0) {
        uint32_t divisor = UART_CLOCK / uart.baud;

        uart_write(UART_LCR, uart.line | LCR_DLAB);
        uart_write(UART_DATA, divisor & 0xffU);
        uart_write(UART_IER, divisor >> 8);
    }
    uart_write(UART_LCR, uart.line);
    /* Queues on and emptied, received bytes signalled one by one. */
    uart_write(UART_FCR, 0x07);
    uart.queue_bytes =
        (uart_read(UART_FCR) & IIR_QUEUES) == IIR_QUEUES ? UART_QUEUE : 1;
    uart.room = 0;
    uart_write(UART_MCR, MCR_ON);
    return 0;
}

/* Wait until the transmitter, with its queue, is empty. */
static bool uart_drained(void)
{
    for (unsigned int i = 0; i < UART_POLL_LIMIT; i++) {
        if ((uart_read(UART_LSR) & LSR_THR_EMPTY) != 0) {
            return true;
        }
    }
    return false;
}

void serial_put(char c)
{
    if (uart.present && uart.room == 0) {
        uart.present = uart_drained();
        uart.room = uart.queue_bytes;
    }
    if (uart.present) {
        uart.room--;
        uart_write(UART_DATA, (uint8_t)c);
    }
}

int serial_get(void)
{
    if (!uart.present || (uart_read(UART_LSR) & LSR_DATA_READY) == 0) {
        return -1;
    }
    return uart_read(UART_DATA);
}

bool serial_owns_port(uint16_t port)
{
    return uart.present && port >= uart.base && port < uart.base + UART_PORTS;
}

unsigned int serial_irq(void)
{
    return uart.irq;
}

void serial_enable_interrupt(void)
{
    if (uart.present) {
        uart_write(UART_IER, IER_RECEIVED);
    }
}
