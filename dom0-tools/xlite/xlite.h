/* SPDX-License-Identifier: MIT */
/*
 * What the subcommands of xlite share: handles, messages, exit codes, finding
 * domains, and printing lists.
 */
#ifndef XEN_LITE_XLITE_H
#define XEN_LITE_XLITE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <xenctrl.h>

#include <xenstore.h>

/* Exit codes, for scripts; docs/tools.md lists them. */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,     /* the hypervisor or the system refused */
    EXIT_USAGE = 2,      /* bad command line */
    EXIT_NO_DOMAIN = 3,  /* no such domain */
    EXIT_CONFIG = 4,     /* bad configuration file */
    EXIT_NOT_DOM0 = 5,   /* no access to the hypervisor */
    EXIT_NO_STORE = 6,   /* xenstored does not answer */
    EXIT_BAD_IMAGE = 7,  /* kernel or initrd cannot be used */
    EXIT_NO_MEMORY = 8,  /* not enough free memory for the guest */
    EXIT_NAME_TAKEN = 9, /* a domain of that name or uuid exists */
    EXIT_TIMEOUT = 10,   /* the guest did not do it in time */
};

struct xlite {
    const char *command; /* the subcommand, for messages */
    xc_interface *xch;
    struct xs_handle *xsh; /* NULL when xenstored does not answer */
    bool json;
};

struct command {
    const char *name;
    const char *arguments;
    const char *help;
    int (*run)(struct xlite *x, int argc, char *argv[]);
};

/* Print "xlite COMMAND: text" on stderr. */
void complain(const struct xlite *x, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A message about how to call the command; returns EXIT_USAGE. */
int usage(const struct xlite *x);

/*
 * Read options: -h/--help, and --json where @json_allowed. Returns the index
 * of the first argument, or -1 after a message.
 */
int common_options(struct xlite *x, int argc, char *argv[], bool json_allowed);

/* Connect. Both print a message and return an exit code other than 0. */
int need_hypervisor(struct xlite *x);
int need_store(struct xlite *x);
/* Connect to xenstored if it answers; no message otherwise. */
void try_store(struct xlite *x);

/* Take one event of a watch, or wait @ms; nobody is told that xenstored died.
 */
void wait_store(struct xlite *x, int ms);

/*
 * Look up the domain called @text, a name or a number.
 * @info  filled on success
 * Returns 0, or EXIT_NO_DOMAIN or another code after a message.
 */
int find_domain(struct xlite *x, const char *text, xc_dominfo_t *info);

/* Find a domain by name only. Returns its id or -1. */
int domid_by_name(struct xlite *x, const char *name);

/* The one argument of a command that names a domain: parse, connect, find. */
int one_domain(struct xlite *x, int argc, char *argv[], xc_dominfo_t *info);

/* All domains; the caller frees. Returns the count or -1 with a message. */
int all_domains(struct xlite *x, xc_dominfo_t **list);

/*
 * A command that shows the one domain that its argument names, or all: parse,
 * connect, and @print them. Returns an exit code.
 */
int show_domains(struct xlite *x, int argc, char *argv[],
                 void (*print)(struct xlite *x, const xc_dominfo_t *list,
                               int count));

/* The name xenstore holds for @domid, or a number in its place. Freed. */
char *domain_name(struct xlite *x, uint32_t domid);

/* Read /local/domain/@domid/@leaf. Returns NULL if absent; freed. */
char *read_domain_node(struct xlite *x, uint32_t domid, const char *leaf);

/* One above the highest vCPU; a domain that has none yet says ~0. */
static inline uint32_t vcpu_limit(const xc_dominfo_t *info)
{
    return info->max_vcpu_id + 1U;
}

/* "r-----" and so on; a static string of six letters. */
const char *state_letters(const xc_dominfo_t *info, char letters[7]);

/* Text that always exists: like asprintf, but out of memory ends xlite. */
char *format_text(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
char *format_args(const char *format, va_list args)
    __attribute__((format(printf, 1, 0)));
void *get_memory(size_t count, size_t bytes);

/* @path as it is from any directory: a guest's monitor is in another. Freed. */
char *absolute_path(const char *path);

/* Format 16 bytes as 8-4-4-4-12 hexadecimal digits. */
void format_uuid(const uint8_t uuid[16], char text[37]);

/* The subcommands, one file each; those of devices share one. */
int cmd_block_attach(struct xlite *x, int argc, char *argv[]);
int cmd_block_detach(struct xlite *x, int argc, char *argv[]);
int cmd_block_list(struct xlite *x, int argc, char *argv[]);
int cmd_network_attach(struct xlite *x, int argc, char *argv[]);
int cmd_network_detach(struct xlite *x, int argc, char *argv[]);
int cmd_network_list(struct xlite *x, int argc, char *argv[]);
int cmd_mem_set(struct xlite *x, int argc, char *argv[]);
int cmd_console(struct xlite *x, int argc, char *argv[]);
int cmd_create(struct xlite *x, int argc, char *argv[]);
int cmd_destroy(struct xlite *x, int argc, char *argv[]);
int cmd_dmesg(struct xlite *x, int argc, char *argv[]);
int cmd_info(struct xlite *x, int argc, char *argv[]);
int cmd_list(struct xlite *x, int argc, char *argv[]);
int cmd_pause(struct xlite *x, int argc, char *argv[]);
int cmd_reboot(struct xlite *x, int argc, char *argv[]);
int cmd_shutdown(struct xlite *x, int argc, char *argv[]);
int cmd_unpause(struct xlite *x, int argc, char *argv[]);
int cmd_vcpu_list(struct xlite *x, int argc, char *argv[]);

extern const struct command commands[];

#endif
