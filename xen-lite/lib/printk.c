/* SPDX-License-Identifier: MIT */
/* Formats messages, filters them by level, and gives them to the console. */
#include "printk.h"

#include "machine.h"
#include "string.h"
#include "types.h"
#include "vsnprintf.h"

#define PRINTK_LINE_BYTES 256

static const char printk_prefix[] = "(XEN) ";

/* Messages of a level below these are shown. */
static unsigned int printk_shown = LOG_DEBUG;
static unsigned int printk_shown_guest = LOG_WARNING;

static bool printk_filtered(unsigned int level)
{
    unsigned int shown = printk_shown;

    if ((level & LOG_ALWAYS) != 0) {
        return false;
    }
    if ((level & LOG_GUEST) != 0) {
        shown = printk_shown_guest;
    }
    return (level & 0xfU) >= shown;
}

void vprintk(unsigned int level, const char *format, va_list args)
{
    const size_t prefix = sizeof(printk_prefix) - 1;
    char line[PRINTK_LINE_BYTES];
    int length;

    if (printk_filtered(level)) {
        return;
    }
    memcpy(line, printk_prefix, prefix);
    length = xl_vsnprintf(line + prefix, sizeof(line) - prefix, format, args);
    if (length < 0) {
        return;
    }
    if ((size_t)length >= sizeof(line) - prefix) {
        length = (int)(sizeof(line) - prefix) - 1;
        line[sizeof(line) - 2] = '\n';
    }
    machine_console_write(line, prefix + (size_t)length, true);
}

void printk(unsigned int level, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vprintk(level, format, args);
    va_end(args);
}

int printk_set_level(const char *text, bool guest)
{
    static const struct {
        const char *name;
        unsigned int shown;
    } levels[] = {
        {"none", LOG_ERROR},        {"error", LOG_WARNING},
        {"warning", LOG_INFO},      {"info", LOG_DEBUG},
        {"debug", LOG_LEVEL_COUNT}, {"all", LOG_LEVEL_COUNT},
    };
    const char *slash = strchr(text, '/');
    size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);

    for (size_t i = 0; i < ARRAY_COUNT(levels); i++) {
        if (strlen(levels[i].name) == length &&
            strncmp(text, levels[i].name, length) == 0) {
            *(guest ? &printk_shown_guest : &printk_shown) = levels[i].shown;
            return 0;
        }
    }
    return -XEN_EINVAL;
}
