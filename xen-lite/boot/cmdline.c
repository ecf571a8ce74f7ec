/* SPDX-License-Identifier: MIT */
/* The command line: one table of options, one parser for each kind. */
#include "cmdline.h"

#include "boot_info.h"
#include "grant_table.h"
#include "printk.h"
#include "string.h"

struct options options;

struct option {
    const char *name;
    int (*parse)(const struct option *o, const char *value);
    void *to;
    size_t bytes; /* of the buffer at @to, for text */
};

static int parse_text(const struct option *o, const char *value)
{
    return string_copy(o->to, value, o->bytes) >= o->bytes ? -XEN_ERANGE : 0;
}

/* on, yes, true, 1, enable and their opposites; nothing means on. */
static int parse_truth(const char *value, bool *truth)
{
    static const char *const words[][2] = {
        {"no", "yes"},         {"off", "on"}, {"false", "true"},
        {"disable", "enable"}, {"0", "1"},    {"0", ""},
    };

    for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
        for (size_t t = 0; t < 2; t++) {
            if (strcmp(value, words[i][t]) == 0) {
                *truth = t != 0;
                return 0;
            }
        }
    }
    return -XEN_EINVAL;
}

static int parse_bool(const struct option *o, const char *value)
{
    return parse_truth(value, o->to);
}

static int parse_switch(const struct option *o, const char *value)
{
    enum option_switch *to = o->to;
    bool on;
    int rc = parse_truth(value, &on);

    if (rc == 0) {
        *to = on ? OPTION_ON : OPTION_OFF;
    }
    return rc;
}

/* xpti= also names domains: "dom0=no,domu=yes"; any "yes" means on. */
static int parse_xpti(const struct option *o, const char *value)
{
    enum option_switch *to = o->to;

    if (strcmp(value, "default") == 0) {
        *to = OPTION_DEFAULT;
        return 0;
    }
    if (strncmp(value, "dom0", 4) != 0 && strncmp(value, "domu", 4) != 0) {
        return parse_switch(o, value);
    }
    *to = OPTION_OFF;
    for (; value != NULL; value = strchr(value, ',')) {
        value += *value == ',';
        if (strncmp(value, "dom", 3) != 0 || strlen(value) < 4) {
            return -XEN_EINVAL;
        }
        if (strncmp(value + 4, "=no", 3) != 0) {
            *to = OPTION_ON;
        }
    }
    return 0;
}

static int parse_count(const struct option *o, const char *value)
{
    unsigned int *to = o->to;
    const char *end;
    uint64_t n;

    if (string_to_u64(value, 0, &end, &n) != 0 || *end != '\0' ||
        n > UINT32_MAX) {
        return -XEN_EINVAL;
    }
    *to = (unsigned int)n;
    return 0;
}

/* A size, which without a unit is in KiB. */
static int parse_memory_size(const char *text, const char **end,
                             uint64_t *bytes, bool *negative)
{
    const char *digits_end;

    *negative = *text == '-';
    text += *negative;
    if (string_to_u64(text, 0, &digits_end, bytes) != 0 ||
        string_to_bytes(text, end, bytes) != 0) {
        return -XEN_EINVAL;
    }
    if (*end == digits_end) {
        if (**end == 'b' || **end == 'B') {
            *end += 1;
        } else if (*bytes > UINT64_MAX >> 10) {
            return -XEN_EINVAL;
        } else {
            *bytes <<= 10;
        }
    }
    return 0;
}

static int parse_size(const struct option *o, const char *value)
{
    uint64_t bytes, *to = o->to;
    bool negative;

    if (parse_memory_size(value, &value, &bytes, &negative) != 0 ||
        *value != '\0' || negative) {
        return -XEN_EINVAL;
    }
    *to = bytes;
    return 0;
}

/* dom0_mem=[min:SIZE|max:SIZE|SIZE],... */
static int parse_memory(const struct option *o, const char *value)
{
    struct option_memory parsed = {0}, *to = o->to;
    int rc;

    for (;;) {
        uint64_t *bytes = &parsed.bytes;
        bool *negative = &parsed.bytes_negative;

        if (strncmp(value, "min:", 4) == 0) {
            bytes = &parsed.min_bytes;
            negative = &parsed.min_negative;
            value += 4;
        } else if (strncmp(value, "max:", 4) == 0) {
            bytes = &parsed.max_bytes;
            negative = &parsed.max_negative;
            value += 4;
        }
        rc = parse_memory_size(value, &value, bytes, negative);
        if (rc != 0 || (*value != ',' && *value != '\0')) {
            return -XEN_EINVAL;
        }
        if (*value == '\0') {
            *to = parsed;
            return 0;
        }
        value++;
    }
}

/* dom0_max_vcpus=MAX or MIN-MAX or MIN- */
static int parse_vcpus(const struct option *o, const char *value)
{
    uint64_t low, high;
    const char *end;

    (void)o;
    if (string_to_u64(value, 0, &end, &low) != 0 || low > UINT32_MAX) {
        return -XEN_EINVAL;
    }
    high = low;
    if (*end == '-') {
        value = end + 1;
        high = UINT32_MAX;
        if (*value != '\0' && string_to_u64(value, 0, &end, &high) != 0) {
            return -XEN_EINVAL;
        }
        end = *value == '\0' ? value : end;
    }
    if (*end != '\0' || high < low || high > UINT32_MAX) {
        return -XEN_EINVAL;
    }
    options.dom0_vcpus_min = (unsigned int)low;
    options.dom0_vcpus_max = (unsigned int)high;
    return 0;
}

/* "=no" and its like, behind a word in a list. */
static bool word_is_off(const char *value)
{
    return strncmp(value, "=0", 2) == 0 || strncmp(value, "=no", 3) == 0 ||
           strncmp(value, "=of", 3) == 0 || strncmp(value, "=f", 2) == 0;
}

/* gnttab=max-ver:N,[no-]transitive,[no-]transfer */
static int parse_gnttab(const struct option *o, const char *value)
{
    struct grant_options *to = o->to;

    for (; value != NULL; value = strchr(value, ',')) {
        value += *value == ',';
        if (strncmp(value, "max-ver:", 8) == 0 &&
            (value[8] == '1' || value[8] == '2')) {
            to->max_version = (unsigned int)(value[8] - '0');
        } else if (strncmp(value, "transitive", 10) == 0) {
            to->no_transitive = word_is_off(value + 10);
        } else if (strncmp(value, "no-transitive", 13) == 0) {
            to->no_transitive = true;
        } else if (strncmp(value, "transfer", 8) == 0) {
            to->no_transfer = word_is_off(value + 8);
        } else if (strncmp(value, "no-transfer", 11) == 0) {
            to->no_transfer = true;
        } else {
            return -XEN_EINVAL;
        }
    }
    return 0;
}

static int parse_loglvl(const struct option *o, const char *value)
{
    return printk_set_level(value, o->to != NULL);
}

/* Options of Xen that ask for what we never do, or do always. */
static int parse_ignored(const struct option *o, const char *value)
{
    (void)o;
    (void)value;
    return 0;
}

#define TEXT(field)   parse_text, options.field, sizeof(options.field)
#define SWITCH(field) parse_switch, &options.field, 0
#define BOOL(field)   parse_bool, &options.field, 0

static const struct option option_table[] = {
    {"dom0_mem", parse_memory, &options.dom0_mem, 0},
    {"dom0_max_vcpus", parse_vcpus, NULL, 0},
    {"maxcpus", parse_count, &options.max_cpus, 0},
    {"mem", parse_size, &options.mem_limit, 0},
    {"console", TEXT(console)},
    {"com1", TEXT(com1)},
    {"loglvl", parse_loglvl, NULL, 0},
    {"guest_loglvl", parse_loglvl, &options, 0},
    {"noreboot", BOOL(noreboot)},
    {"watchdog", BOOL(watchdog)},
    {"sync_console", BOOL(sync_console)},
    {"sched", TEXT(sched)},
    {"clocksource", TEXT(clocksource)},
    {"xpti", parse_xpti, &options.xpti, 0},
    {"pcid", parse_xpti, &options.pcid, 0},
    {"x2apic", SWITCH(x2apic)},
    {"smap", SWITCH(smap)},
    {"smep", SWITCH(smep)},
    {"xsave", SWITCH(xsave)},
    {"fsgsbase", SWITCH(fsgsbase)},
    {"hpet", SWITCH(hpet)},
    {"spec-ctrl", SWITCH(spec_ctrl)},
    {"fault", TEXT(fault)},
    {"selftest", TEXT(selftest)},
    {"gnttab", parse_gnttab, &grant_options, 0},
    {"gnttab_max_frames", parse_count, &grant_options.max_frames, 0},
    {"gnttab_max_maptrack_frames", parse_count,
     &grant_options.max_maptrack_frames, 0},
    {"console_to_ring", parse_ignored, NULL, 0},
    {"conring_size", parse_ignored, NULL, 0},
    {"iommu", parse_ignored, NULL, 0},
    {"ucode", parse_ignored, NULL, 0},
    {"crashkernel", parse_ignored, NULL, 0},
    {"vga", parse_ignored, NULL, 0},
    {"placeholder", parse_ignored, NULL, 0},
    {"no-real-mode", parse_ignored, NULL, 0},
    {"edd", parse_ignored, NULL, 0},
};

static size_t count_spaces(const char *text)
{
    size_t count = 0;

    while (text[count] == ' ') {
        count++;
    }
    return count;
}

const char *cmdline_skip_word(const char *text)
{
    text += count_spaces(text);
    while (*text != '\0' && *text != ' ') {
        text++;
    }
    return text + count_spaces(text);
}

/* One word: name, name=value, or no-name for name=no. */
static void parse_word(char *word, bool report)
{
    char *equals = strchr(word, '=');
    const char *value = "";
    const char *name = word;

    if (equals != NULL) {
        *equals = '\0';
        value = equals + 1;
    }
    for (size_t i = 0; i < ARRAY_COUNT(option_table); i++) {
        const struct option *o = &option_table[i];
        bool negated = equals == NULL && strncmp(name, "no-", 3) == 0 &&
                       strcmp(name + 3, o->name) == 0;

        if (!negated && strcmp(name, o->name) != 0) {
            continue;
        }
        if (o->parse(o, negated ? "no" : value) != 0 && report) {
            log_warning("Option %s has a bad value: \"%s\"\n", name, value);
        }
        return;
    }
    if (report) {
        log_warning("Unknown option \"%s\" is ignored\n", name);
    }
}

void cmdline_parse(const char *text, bool report)
{
    char word[128];
    size_t length;

    text += count_spaces(text);
    while (*text != '\0') {
        length = 0;
        while (text[length] != '\0' && text[length] != ' ') {
            length++;
        }
        if (length >= sizeof(word) && report) {
            log_warning("An option of %u characters is ignored\n",
                        (unsigned int)length);
        } else if (length < sizeof(word)) {
            memcpy(word, text, length);
            word[length] = '\0';
            parse_word(word, report);
        }
        text += length;
        text += count_spaces(text);
    }
}
