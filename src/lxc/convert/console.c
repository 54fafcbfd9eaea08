/* SPDX-License-Identifier: Apache-2.0 */
/* lxc.console.*, lxc.tty.* and what else the container's monitor does. */
#include <ctype.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/names.h"
#include "base/text.h"
#include "lxc/convert/conversion.h"

enum { SIZE_AUTO = 128 * 1024, TTYS_MAX = 4096 };

/* "auto", "64KB", "1MB", "131072". */
static int read_size(struct lxc_conversion *conversion, const char *name, uint64_t *ret_size,
                     struct thole_error *err) {
    static const char *const suffixes[] = {"KB", "MB", "GB"};
    const struct lxc_item *item = lxc_conversion_item(conversion, name);
    if (item == NULL)
        return 0;
    *ret_size = SIZE_AUTO;
    if (strcmp(item->value, "auto") == 0)
        return 0;
    const size_t digits = strspn(item->value, "0123456789");
    const char *suffix = item->value + digits + strspn(item->value + digits, " ");
    unsigned shift = 0;
    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(suffix, suffixes[i]) == 0)
            shift = 10 * (i + 1);
    }
    if ((*suffix != '\0' && shift == 0) ||
        !text_parse_uint(arena_strndup(conversion->arena, item->value, digits), UINT64_MAX >> shift,
                         ret_size))
        return error_config(err, item->where,
                            "\"%s\" is not auto or a number of bytes, KB, MB or "
                            "GB",
                            item->value);
    *ret_size <<= shift;
    return 0;
}

static int convert_console(struct lxc_conversion *conversion, struct thole_error *err) {
    struct thole_monitor *monitor = &conversion->converted->monitor;
    const struct lxc_item *path = lxc_conversion_item(conversion, "lxc.console.path");
    const char *log = lxc_conversion_value(conversion, "lxc.console.logfile");
    /* lxc-start: a console for lxc-console. lxc-execute: the terminal it is called from. */
    conversion->oci->process->terminal =
        !conversion->request->execute || (isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0);
    if (path != NULL && strcmp(path->value, "none") == 0)
        conversion->oci->process->terminal = false;
    else if (path != NULL)
        lxc_conversion_note(conversion, path->where,
                            "no effect: the console is reached by "
                            "lxc-console and by lxc-start -F");
    if (log != NULL)
        monitor->console_log = arena_strdup(conversion->arena, log);
    if (read_size(conversion, "lxc.console.buffer.size", &monitor->console_buffer, err) < 0 ||
        read_size(conversion, "lxc.console.size", &monitor->console_log_size, err) < 0)
        return -1;
    return lxc_conversion_flag(conversion, "lxc.console.rotate", false,
                               &monitor->console_log_rotate, err);
}

static int convert_ttys(struct lxc_conversion *conversion, struct thole_error *err) {
    struct thole_monitor *monitor = &conversion->converted->monitor;
    const struct lxc_item *directory = lxc_conversion_item(conversion, "lxc.tty.dir");
    int64_t count = 0;
    if (lxc_conversion_number(conversion, "lxc.tty.max", 0, TTYS_MAX, &count, err) < 0)
        return -1;
    monitor->consoles = (unsigned)count;
    if (directory == NULL)
        return 0;
    if (strchr(directory->value, '/') != NULL || directory->value[0] == '.')
        return error_config(err, directory->where, "\"%s\" is not the name of a directory in /dev",
                            directory->value);
    monitor->console_directory = arena_strdup(conversion->arena, directory->value);
    return 0;
}

static int convert_death_signal(struct lxc_conversion *conversion, struct thole_error *err) {
    struct thole_monitor *monitor = &conversion->converted->monitor;
    const struct lxc_item *item = lxc_conversion_item(conversion, "lxc.monitor.signal.pdeath");
    monitor->death_signal = SIGKILL;
    if (item == NULL)
        return 0;
    monitor->death_signal = strcmp(item->value, "0") == 0 ? 0 : names_signal_parse(item->value);
    if (monitor->death_signal >= 0)
        return 0;
    return error_config(err, item->where, "there is no signal \"%s\"", item->value);
}

int lxc_convert_console(struct lxc_conversion *conversion, struct thole_error *err) {
    struct thole_monitor *monitor = &conversion->converted->monitor;
    monitor->restart = THOLE_RESTART_REBOOT;
    monitor->remove = true;
    if (convert_console(conversion, err) < 0 || convert_ttys(conversion, err) < 0)
        return -1;
    return convert_death_signal(conversion, err);
}
