/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shows what src/lxc/config/ makes of lxc.conf(5) files, for tests in tests/lxc:
 *
 *     lxc_configuration FILE [-s LINE]... [-c KEY]...
 *
 * prints "NAME|INDEX|DETAIL|VALUE|WHERE" for every setting and "NOTE|TEXT" for every note; with -c,
 * what lxc-info -c prints for these keys instead.
 */
#include <stdio.h>
#include <string.h>

#include "lxc/config/configuration.h"

static void print_items(const struct lxc_configuration *config) {
    for (size_t i = 0; i < config->count; i++) {
        const struct lxc_item *item = &config->items[i];
        printf("%s|%u|%s|%s|%s\n", item->name, item->index, item->detail, item->value, item->where);
    }
    for (size_t i = 0; i < config->note_count; i++)
        printf("NOTE|%s\n", config->notes[i]);
}

static void print_key(const struct lxc_configuration *config, const char *key) {
    cleanup_text struct text text = {0};
    if (lxc_configuration_print(config, key, &text) != 0)
        printf("%s invalid\n", key);
    else
        printf("%s\n", text.data != NULL ? text.data : "");
}

static int fail(const struct thole_error *err) {
    char line[2048];
    (void)fprintf(stderr, "%s\n", error_format(err, line, sizeof(line)));
    return 1;
}

int main(int argc, char **argv) {
    cleanup_lxc_configuration struct lxc_configuration config = {0};
    struct thole_error err = {0};
    bool keys = false;
    if (argc < 2)
        return 2;
    if (lxc_configuration_read(&config, argv[1], &err) < 0)
        return fail(&err);
    for (int i = 2; i + 1 < argc; i += 2) {
        keys = keys || strcmp(argv[i], "-c") == 0;
        if (strcmp(argv[i], "-c") == 0)
            print_key(&config, argv[i + 1]);
        else if (lxc_configuration_define(&config, argv[i + 1], &err) < 0)
            return fail(&err);
    }
    if (!keys)
        print_items(&config);
    return fflush(stdout) == 0 ? 0 : 1;
}
