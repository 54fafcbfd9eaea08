/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-console: a terminal of a running container on this one. */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "lxc/commands/commands.h"
#include "lxc/store/container.h"

enum { CONSOLE = 0, FIRST_FREE = -1 };

struct console_options {
    const char *tty;
    const char *escape;
};

static const struct option_row rows[] = {
    {"tty", 't', OPTION_STRING, offsetof(struct console_options, tty), "NUMBER",
     "the terminal, 0 for the console (default: the first one that nobody uses)"},
    {"escape", 'e', OPTION_STRING, offsetof(struct console_options, escape), "KEY",
     "leave by ctrl and this letter, then q (default: ^a)"},
    {0},
};

/* "^b" or "b" -> 'b' */
static int read_escape(const char *word, char *ret_letter, struct thole_error *err) {
    *ret_letter = 'a';
    if (word == NULL)
        return 0;
    const char *letter = word[0] == '^' ? word + 1 : word;
    if (!isalpha((unsigned char)letter[0]) || letter[1] != '\0')
        return error_usage(err, "option --escape: \"%s\" is not a letter, with ^ or without", word);
    *ret_letter = (char)tolower((unsigned char)letter[0]);
    return 0;
}

static int read_tty(const char *word, bool foreign, int *ret_tty, struct thole_error *err) {
    int64_t number = foreign ? CONSOLE : FIRST_FREE; /* those have nothing else */
    if (word != NULL && !text_parse_int(word, 0, INT_MAX, &number))
        return error_usage(err, "option --tty: \"%s\" is not the number of a terminal", word);
    *ret_tty = (int)number;
    return 0;
}

/* In LXC's words. */
static void welcome(void *userdata, int console) {
    const char letter = *(const char *)userdata;
    (void)fprintf(stderr,
                  "\nConnected to tty %d\nType <Ctrl+%c q> to exit the console, <Ctrl+%c Ctrl+%c> "
                  "to enter Ctrl+%c itself\n",
                  console, letter, letter, letter, letter);
}

static int connect_console(const struct lxc_container *container, int tty, char letter,
                           struct thole_error *err) {
    const char keys[] = {'c', 't', 'r', 'l', '-', letter, ',', 'q', '\0'};
    const struct thole_attach_request request = {
        .id = container->id,
        .console = tty,
        .connected = welcome,
        .userdata = &letter,
        .terminal_options = {.detach_keys = keys, .detach_doubled = true},
    };
    int status = 0; /* of the container's program, which is not this call's */
    return thole_attach(&container->context, &request, &status, err);
}

static int run_console(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    const struct console_options *options = call->options;
    cleanup_lxc_container struct lxc_container container = {0};
    cleanup_lxc_state struct thole_state *state = NULL;
    char letter = 'a';
    int tty = 0;
    (void)ret_status;
    if (read_escape(options->escape, &letter, err) < 0 ||
        lxc_container_find(call->name, call->lxcpath, &call->log, &container, err) < 0 ||
        read_tty(options->tty, container.foreign, &tty, err) < 0 ||
        lxc_container_state(&container, &state, err) < 0)
        return -1;
    if (state == NULL || state->pid <= 0)
        return error_state(err, "%s is not running", call->name);
    return connect_console(&container, tty, letter, err);
}

const struct lxc_command lxc_command_console = {
    .name = "console",
    .arguments = "",
    .summary = "connect this terminal with one of a running container",
    .description = "The container goes on when the console is left.",
    .options = rows,
    .options_size = sizeof(struct console_options),
    .naming = LXC_NAME_FIRST_WORD,
    .run = run_console,
};
