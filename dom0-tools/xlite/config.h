/* SPDX-License-Identifier: MIT */
/*
 * A guest's configuration, read from xl.cfg syntax by Debian's libxlutil.
 */
#ifndef XEN_LITE_XLITE_CONFIG_H
#define XEN_LITE_XLITE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device.h"

enum death_action {
    ACTION_DESTROY,
    ACTION_RESTART,
    ACTION_PRESERVE,
};

struct guest_config {
    char *name;
    char *kernel;
    char *ramdisk; /* NULL if none */
    char *cmdline;
    char *cpus; /* NULL for all, else as in "0-2,^1" */
    uint8_t uuid[16];
    bool uuid_given;
    uint64_t memory_mib;
    uint64_t max_memory_mib;
    unsigned int vcpus;
    unsigned int max_vcpus;
    unsigned int weight; /* 0 for the scheduler's own */
    unsigned int cap;
    bool cap_given;
    unsigned int max_event_channels;
    int max_grant_frames; /* -1 for the hypervisor's own */
    int max_maptrack_frames;
    enum death_action on_poweroff;
    enum death_action on_reboot;
    enum death_action on_crash;
    struct device *devices; /* disks, then network interfaces */
    unsigned int device_count;
};

/*
 * Parse @text, the contents of @filename (for messages).
 * @message  set to a sentence on failure; the caller frees
 * Returns 0, or -1. config_free() may run after both.
 */
int config_parse(const char *filename, const char *text, size_t length,
                 struct guest_config *c, char **message);

void config_free(struct guest_config *c);

/* In place of those that it has; they are the caller's no longer. */
void config_set_devices(struct guest_config *c, struct device *devices,
                        unsigned int count);

/* Read "0,2-4,^3" or "all" into @map of @cpus bits. Returns 0 or -1. */
int config_parse_cpus(const char *text, int cpus, uint8_t *map);

/* Read a uuid with or without dashes. Returns 0 or -1. */
int config_parse_uuid(const char *text, uint8_t uuid[16]);

const char *config_action_name(enum death_action action);

#endif
