/* SPDX-License-Identifier: Apache-2.0 */
/*
 * thole_run() with a monitor, for what no command line says: ROOT ID BUNDLE MEMBER=VALUE...
 * A program is stop=SCRIPT or end=SCRIPT, for /bin/sh; stop_timeout=N goes to the last one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "thole.h"

enum { PROGRAMS = 8 };

struct programs {
    struct thole_program items[PROGRAMS];
    size_t count;
};

static struct thole_monitor monitor;
static struct programs stop, end;
static struct thole_run_request request = {.detach = true, .attachable = true, .monitor = &monitor};

static char *read_text(const char *path) {
    static char text[1 << 20];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        exit(125);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    return text;
}

static void add(struct programs *programs, char *script) {
    char **args = calloc(4, sizeof(*args));
    static char *env[] = {"PATH=/usr/bin:/bin", "OWN=kept", NULL};
    args[0] = "/bin/sh";
    args[1] = "-c";
    args[2] = script;
    programs->items[programs->count++] = (struct thole_program){.args = args, .env = env};
}

static void set(const char *name, char *value) {
    if (strcmp(name, "stop") == 0)
        add(&stop, value);
    else if (strcmp(name, "end") == 0)
        add(&end, value);
    else if (strcmp(name, "stop_timeout") == 0)
        stop.items[stop.count - 1].timeout = (unsigned)atoi(value);
    else if (strcmp(name, "end_timeout") == 0)
        end.items[end.count - 1].timeout = (unsigned)atoi(value);
    else if (strcmp(name, "config_text") == 0)
        request.create.config_text = read_text(value);
    else if (strcmp(name, "pid_file") == 0)
        request.create.pid_file = value;
    else if (strcmp(name, "preserve_fds") == 0)
        request.create.preserve_fds = (unsigned)atoi(value);
    else if (strcmp(name, "consoles") == 0)
        monitor.consoles = (unsigned)atoi(value);
    else if (strcmp(name, "console_directory") == 0)
        monitor.console_directory = value;
    else if (strcmp(name, "console_buffer") == 0)
        monitor.console_buffer = strtoull(value, NULL, 10);
    else if (strcmp(name, "console_log") == 0)
        monitor.console_log = value;
    else if (strcmp(name, "console_log_size") == 0)
        monitor.console_log_size = strtoull(value, NULL, 10);
    else if (strcmp(name, "console_log_rotate") == 0)
        monitor.console_log_rotate = atoi(value) != 0;
    else if (strcmp(name, "restart") == 0)
        monitor.restart = (unsigned)atoi(value);
    else if (strcmp(name, "restart_delay") == 0)
        monitor.restart_delay = (unsigned)atoi(value);
    else if (strcmp(name, "restart_limit") == 0)
        monitor.restart_limit = (unsigned)atoi(value);
    else if (strcmp(name, "death_signal") == 0)
        monitor.death_signal = atoi(value);
    else if (strcmp(name, "remove") == 0)
        monitor.remove = atoi(value) != 0;
    else if (strcmp(name, "reserved") == 0)
        monitor.reserved[0] = value;
    else
        exit(126);
}

static void write_log(void *userdata, enum thole_log_level level, const char *line) {
    FILE *file = fopen(userdata, "a");
    (void)level;
    if (file != NULL) {
        fprintf(file, "%s\n", line);
        fclose(file);
    }
}

int main(int argc, char **argv) {
    struct thole_error err = {0};
    struct thole_context context = {.root = argv[1]};
    char line[2048];
    int status = 0;
    if (argc < 4)
        return 124;
    request.create.id = argv[2];
    request.create.bundle = argv[3];
    for (int i = 4; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        *value++ = '\0';
        if (strcmp(argv[i], "log") == 0)
            context.log =
                (struct thole_log){.level = THOLE_LOG_DEBUG, .write = write_log, .userdata = value};
        else
            set(argv[i], value);
    }
    monitor.stop = stop.items;
    monitor.stop_count = stop.count;
    monitor.end = end.items;
    monitor.end_count = end.count;
    if (thole_run(&context, &request, &status, &err) == 0)
        return status;
    fprintf(stderr, "%s\n", thole_error_format(&err, line, sizeof(line)));
    return 1;
}
