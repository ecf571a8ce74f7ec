// SPDX-License-Identifier: MIT
/*
 * Disks in xl.cfg: libxlutil reads the specification, this file says what
 * dom0's xen-blkback is told, and refuses what only another backend could do.
 */
#include "device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxlutil.h>

#include "xlite.h"

#define XVD_MAJOR     202U
#define XVD_EXTENDED  (1U << 28)
#define SCSI_MAJOR    8U
#define IDE_MAJOR     3U
#define IDE_MAJOR_2   22U
#define SMALL_DISKS   16U /* of as many minors each; others are extended */
#define EXTENDED_PART 256U
#define EXTENDED_DISK (1U << 20)
#define IDE_DISKS     4U
#define IDE_PARTS     64U

/* "a" is 0, "z" 25, "aa" 26. Moves @text on; false if there is no letter. */
static bool read_letters(const char **text, uint32_t *number)
{
    const char *p = *text;
    uint32_t value = 0;

    while (*p >= 'a' && *p <= 'z' && value < EXTENDED_DISK) {
        value = value * 26 + (uint32_t)(*p - 'a') + 1;
        p++;
    }
    *number = value - 1;
    *text = p;
    return value != 0;
}

/* Digits, to the end of @text; none count as 0. */
static bool read_partition(const char *text, uint32_t *number)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    *number = (uint32_t)value;
    return *end == '\0' && value < EXTENDED_PART &&
           (*text == '\0' || (*text >= '0' && *text <= '9'));
}

/* xen-vbd-interface(7) has these encodings. */
static bool encode(const char *prefix, uint32_t disk, uint32_t part,
                   uint32_t *devid)
{
    bool small = disk < SMALL_DISKS && part < SMALL_DISKS;

    if (strcmp(prefix, "xvd") == 0) {
        *devid = small ? XVD_MAJOR << 8 | disk << 4 | part
                       : XVD_EXTENDED | disk << 8 | part;
        return disk < EXTENDED_DISK;
    }
    if (strcmp(prefix, "sd") == 0) {
        *devid = SCSI_MAJOR << 8 | disk << 4 | part;
        return small;
    }
    *devid = (disk < 2 ? IDE_MAJOR : IDE_MAJOR_2) << 8 | (disk & 1) << 6 | part;
    return disk < IDE_DISKS && part < IDE_PARTS;
}

static bool plain_number(const char *text, uint32_t *devid)
{
    char *end;
    unsigned long value = strtoul(text, &end, 0);

    *devid = (uint32_t)value;
    return *text >= '0' && *text <= '9' && *end == '\0' &&
           value <= UINT32_MAX >> 1;
}

int disk_number(const char *name, uint32_t *devid)
{
    static const char *const prefixes[] = {"xvd", "sd", "hd"};
    unsigned int disk;
    unsigned int part;
    int used = 0;

    if (plain_number(name, devid)) {
        return 0;
    }
    if (sscanf(name, "d%6up%3u%n", &disk, &part, &used) == 2 &&
        name[used] == '\0' && part < EXTENDED_PART) {
        return encode("xvd", disk, part, devid) ? 0 : -1;
    }
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t length = strlen(prefixes[i]);
        const char *rest = name + length;
        uint32_t partition;

        if (strncmp(name, prefixes[i], length) == 0 &&
            read_letters(&rest, &disk) && read_partition(rest, &partition)) {
            return encode(prefixes[i], disk, partition, devid) ? 0 : -1;
        }
    }
    return -1;
}

/* Or NULL, and its number. */
static char *why_not(const libxl_device_disk *disk, uint32_t *devid)
{
    if (disk->vdev == NULL || disk->pdev_path == NULL ||
        disk->pdev_path[0] == '\0') {
        return format_text("no image or device is named");
    }
    if (disk->format != LIBXL_DISK_FORMAT_RAW &&
        disk->format != LIBXL_DISK_FORMAT_UNKNOWN) {
        return format_text("only raw images and devices can be served; "
                           "convert it with 'qemu-img convert -O raw'");
    }
    if (disk->backend != LIBXL_DISK_BACKEND_UNKNOWN &&
        disk->backend != LIBXL_DISK_BACKEND_PHY) {
        return format_text("only backendtype=phy is there, which also serves "
                           "files");
    }
    if (disk->backend_domname != NULL &&
        strcmp(disk->backend_domname, "0") != 0 &&
        strcmp(disk->backend_domname, "Domain-0") != 0) {
        return format_text("the backend must be domain 0");
    }
    if (disk->specification == LIBXL_DISK_SPECIFICATION_VIRTIO) {
        return format_text("only specification=xen is there");
    }
    if (disk->colo_enable.val > 0 || disk->colo_host != NULL) {
        return format_text("COLO is not supported");
    }
    if (disk_number(disk->vdev, devid) < 0) {
        return format_text("%s is not a disk's name; xvda to xvdz are",
                           disk->vdev);
    }
    return NULL;
}

static void fill(struct device *d, const libxl_device_disk *disk)
{
    bool writable = disk->readwrite != 0 && disk->is_cdrom == 0;
    const char *type = disk->is_cdrom != 0 ? "cdrom" : "disk";
    char *path = disk->script == NULL ? absolute_path(disk->pdev_path)
                                      : format_text("%s", disk->pdev_path);

    d->name = format_text("%s", disk->vdev);
    if (disk->script == NULL) {
        d->target = format_text("%s", path);
    }
    d->script = device_script(disk->script != NULL ? disk->script : "block");
    device_put(d, SIDE_BACK, "params", path);
    device_put(d, SIDE_BACK, "type", format_text("phy"));
    device_put(d, SIDE_BACK, "dev", format_text("%s", disk->vdev));
    device_put(d, SIDE_BACK, "mode", format_text(writable ? "w" : "r"));
    device_put(d, SIDE_BACK, "removable",
               format_text("%d", disk->removable != 0));
    device_put(d, SIDE_BACK, "bootable", format_text("1"));
    device_put(d, SIDE_BACK, "discard-enable",
               format_text("%d", writable && disk->discard_enable.val >= 0));
    device_put(d, SIDE_BACK | SIDE_FRONT, "device-type",
               format_text("%s", type));
    device_put(d, SIDE_FRONT, "virtual-device", format_text("%u", d->devid));
    device_put(d, SIDE_FRONT, "trusted",
               format_text("%d", disk->trusted.val >= 0));
}

static void release(libxl_device_disk *disk)
{
    free(disk->backend_domname);
    free(disk->pdev_path);
    free(disk->vdev);
    free(disk->script);
    free(disk->colo_host);
    free(disk->colo_export);
    free(disk->active_disk);
    free(disk->hidden_disk);
}

/* libxlutil's scanner ends the program where it does not expect one. */
static bool line_breaks(const char *const *specs, int count)
{
    bool found = false;

    for (int i = 0; i < count && !found; i++) {
        found = strchr(specs[i], '\n') != NULL;
    }
    return found;
}

/* Returns what libxlutil complains of, or NULL. */
static char *scan(const char *const *specs, int count, libxl_device_disk *disk)
{
    char *report = NULL;
    size_t report_bytes = 0;
    FILE *sink = open_memstream(&report, &report_bytes);
    XLU_Config *cfg = sink != NULL ? xlu_cfg_init(sink, "disk") : NULL;
    int rc = cfg != NULL ? xlu_disk_parse(cfg, count, specs, disk) : -1;
    char *message = NULL;

    if (cfg != NULL) {
        xlu_cfg_destroy(cfg);
    }
    if (sink != NULL) {
        (void)fclose(sink);
        report[strcspn(report, "\n")] = '\0';
    }
    if (rc != 0) {
        message = format_text("%s", report != NULL ? report : "no memory");
    }
    free(report);
    return message;
}

int disk_parse(const char *const *specs, int count, struct device *d,
               char **message)
{
    libxl_device_disk disk = {.readwrite = 1};

    memset(d, 0, sizeof(*d));
    d->kind = DEVICE_VBD;
    d->devid_given = true;
    *message = line_breaks(specs, count) ? format_text("must be one line")
                                         : scan(specs, count, &disk);
    if (*message == NULL) {
        *message = why_not(&disk, &d->devid);
    }
    if (*message == NULL) {
        fill(d, &disk);
    }
    release(&disk);
    return *message == NULL ? 0 : -1;
}
