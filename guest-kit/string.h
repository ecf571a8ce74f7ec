/* SPDX-License-Identifier: MIT */
/* The string functions a freestanding program needs. */
#ifndef GUEST_KIT_STRING_H
#define GUEST_KIT_STRING_H

#include <stdbool.h>
#include <stddef.h>

void *memcpy(void *to, const void *from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t bytes);

/* Whether @word stands anywhere in @text. */
bool string_contains(const char *text, const char *word);

/* Whether every byte is @value. */
bool memory_is(const void *from, unsigned char value, size_t bytes);

#endif
