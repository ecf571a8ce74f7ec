// SPDX-License-Identifier: MIT
/*
 * xlite: manage PV guests from dom0. This file holds the table of
 * subcommands; each lives in its own cmd_NAME.c.
 */
#include "xlite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const struct command commands[] = {
    {"create", "[-c] [-p] [-F] [-n] CONFIG [KEY=VALUE]...",
     "start a guest from an xl.cfg file", cmd_create},
    {"list", "[--json] [DOMAIN]", "list domains", cmd_list},
    {"info", "[--json]", "show the hypervisor and the machine", cmd_info},
    {"console", "DOMAIN", "attach to a guest's console (leave with Ctrl-])",
     cmd_console},
    {"pause", "DOMAIN", "stop a guest's vCPUs", cmd_pause},
    {"unpause", "DOMAIN", "let a paused guest go on", cmd_unpause},
    {"shutdown", "[-w] [-t SECONDS] DOMAIN", "ask a guest to power off",
     cmd_shutdown},
    {"reboot", "[-w] [-t SECONDS] DOMAIN", "ask a guest to reboot", cmd_reboot},
    {"destroy", "DOMAIN", "end a guest at once", cmd_destroy},
    {"dmesg", "[-c]", "print the hypervisor's console ring", cmd_dmesg},
    {"vcpu-list", "[--json] [DOMAIN]", "list virtual CPUs", cmd_vcpu_list},
    {"mem-set", "DOMAIN MIB[k|m|g]",
     "ask a guest to give memory back, or let it have more", cmd_mem_set},
    {"block-attach", "DOMAIN DISK...", "give a guest one more disk",
     cmd_block_attach},
    {"block-detach", "DOMAIN NAME", "take a disk away", cmd_block_detach},
    {"block-list", "[--json] DOMAIN", "list a guest's disks", cmd_block_list},
    {"network-attach", "DOMAIN [KEY=VALUE]...",
     "give a guest one more network interface", cmd_network_attach},
    {"network-detach", "DOMAIN NUMBER|MAC", "take an interface away",
     cmd_network_detach},
    {"network-list", "[--json] DOMAIN", "list a guest's interfaces",
     cmd_network_list},
    {NULL, NULL, NULL, NULL},
};

static void print_help(FILE *out)
{
    (void)fprintf(out, "usage: xlite COMMAND [ARGUMENT]...\n\n");
    for (const struct command *c = commands; c->name != NULL; c++) {
        (void)fprintf(out, "  %-14s %s\n", c->name, c->help);
    }
    (void)fprintf(out, "\n'xlite COMMAND -h' shows a command's arguments.\n");
}

static const struct command *find_command(const char *name)
{
    for (const struct command *c = commands; c->name != NULL; c++) {
        if (strcmp(c->name, name) == 0) {
            return c;
        }
    }
    return NULL;
}

int main(int argc, char *argv[])
{
    struct xlite x = {0};
    const struct command *command;
    int rc;

    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return EXIT_DONE;
    }
    command = find_command(argv[1]);
    if (command == NULL) {
        (void)fprintf(stderr, "xlite: unknown command '%s'; try 'xlite help'\n",
                      argv[1]);
        return EXIT_USAGE;
    }
    x.command = command->name;
    rc = command->run(&x, argc - 1, argv + 1);
    xs_close(x.xsh);
    (void)xc_interface_close(x.xch);
    if (fflush(stdout) != 0 && rc == EXIT_DONE) {
        complain(&x, "cannot write the output: %s", strerror(errno));
        rc = EXIT_FAILED;
    }
    return rc;
}
