/* SPDX-License-Identifier: MIT */
/* The console's 16550 UART, driven by polling for output. */
#ifndef XEN_LITE_SERIAL_H
#define XEN_LITE_SERIAL_H

#include "types.h"

/*
 * Set up the UART as com1= says: BAUD[,FORMAT[,PORT[,IRQ]]], such as
 * 115200,8n1,0x3f8,4. Missing parts keep their default; baud 0 or "auto"
 * keeps the loader's speed.
 * Returns 0, -XEN_EINVAL (bad text; nothing changed), -XEN_ENODEV (no UART
 * answers; output is dropped).
 */
int serial_init(const char *options);
void serial_put(char c);
/* A received byte, or -1. */
int serial_get(void);
/* I/O ports of the UART: dom0 may not touch them. */
bool serial_owns_port(uint16_t port);
unsigned int serial_irq(void);
/* Let received bytes raise the UART's interrupt. */
void serial_enable_interrupt(void);

#endif
