/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shows what src/lxc/config/ makes of lxc.conf(5) files, for tests in tests/lxc:
 *
 *     lxc_configuration read FILE [-s LINE]... [-c KEY]...
 *         "NAME|INDEX|DETAIL|VALUE|WHERE" for every setting and "NOTE|TEXT" for every note; with
 *         -c, what lxc-info -c prints for these keys instead
 *     lxc_configuration text FILE {append|replace|remove|update} [KEY [VALUE]]
 *         the file's text after the change
 *     lxc_configuration keys|old|markdown
 *         the tables: with tabs, or for docs/lxc-config.md
 */
#include <stdio.h>
#include <string.h>

#include "lxc/config/configuration.h"
#include "lxc/config/file_text.h"
#include "lxc/config/keys.h"

static int fail(const struct thole_error *err) {
    char line[2048];
    (void)fprintf(stderr, "%s\n", error_format(err, line, sizeof(line)));
    return 1;
}

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

static int read_file(int argc, char **argv) {
    cleanup_lxc_configuration struct lxc_configuration config = {0};
    struct thole_error err = {0};
    bool keys = false;
    if (lxc_configuration_read(&config, argv[0], &err) < 0)
        return fail(&err);
    for (int i = 1; i + 1 < argc; i += 2) {
        keys = keys || strcmp(argv[i], "-c") == 0;
        if (strcmp(argv[i], "-c") == 0)
            print_key(&config, argv[i + 1]);
        else if (lxc_configuration_define(&config, argv[i + 1], &err) < 0)
            return fail(&err);
    }
    if (!keys)
        print_items(&config);
    return 0;
}

static int change_text(int argc, char **argv) {
    cleanup_text struct text text = {0};
    struct thole_error err = {0};
    const char *verb = argc > 1 ? argv[1] : "";
    if (lxc_configuration_text_read(argv[0], &text, &err) < 0)
        return fail(&err);
    if (strcmp(verb, "append") == 0 && argc == 4)
        lxc_configuration_text_append(&text, argv[2], argv[3]);
    else if (strcmp(verb, "replace") == 0 && argc == 4)
        lxc_configuration_text_replace(&text, argv[2], argv[3]);
    else if (strcmp(verb, "remove") == 0 && argc == 3)
        (void)lxc_configuration_text_remove(&text, argv[2]);
    else if (strcmp(verb, "update") == 0 && argc == 2)
        (void)lxc_configuration_text_update(&text);
    else
        return 2;
    (void)fwrite(text.data, 1, text.length, stdout);
    return 0;
}

static void print_cell(const char *text) {
    for (const char *at = text; *at != '\0'; at++)
        printf(*at == '|' ? "\\%c" : "%c", *at);
    printf(" | ");
}

static void print_markdown(void) {
    printf("| Key | | Goes to | LXC | Meaning |\n|---|---|---|---|---|\n");
    for (const struct lxc_key *key = lxc_keys; key->name != NULL; key++) {
        printf("| `%s` | %s%s | ", key->name,
               key->type == LXC_KEY_FLAG     ? "0 or 1"
               : key->type == LXC_KEY_NUMBER ? "number"
                                             : "",
               key->list != LXC_KEY_SINGLE ? "list" : "");
        print_cell(key->lands);
        printf("%s%s%s | ", key->since, key->until != NULL ? " to " : "",
               key->until != NULL ? key->until : "");
        print_cell(key->help);
        printf("\n");
    }
    printf("\n## Old names\n\n| Until LXC 2.0 | Today |\n|---|---|\n");
    for (const struct lxc_old_name *row = lxc_old_names; row->name != NULL; row++) {
        const char *star = text_ends_with(row->name, ".") ? "*" : "";
        if (row->today != NULL)
            printf("| `%s%s` | `%s%s` |\n", row->name, star, row->today, star);
        else
            printf("| `%s` | without effect: %s |\n", row->name, row->help);
    }
}

static void print_keys(void) {
    for (const struct lxc_key *key = lxc_keys; key->name != NULL; key++)
        printf("%s\t%d\t%d\t%s\n", key->name, (int)key->type, (int)key->list,
               key->otherwise != NULL ? key->otherwise : "");
}

static void print_old_names(void) {
    for (const struct lxc_old_name *row = lxc_old_names; row->name != NULL; row++)
        printf("%s\t%s\n", row->name, row->today != NULL ? row->today : "");
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    int status = 0;
    if (strcmp(what, "read") == 0 && argc > 2)
        status = read_file(argc - 2, argv + 2);
    else if (strcmp(what, "text") == 0 && argc > 2)
        status = change_text(argc - 2, argv + 2);
    else if (strcmp(what, "keys") == 0)
        print_keys();
    else if (strcmp(what, "old") == 0)
        print_old_names();
    else if (strcmp(what, "markdown") == 0)
        print_markdown();
    else
        status = 2;
    return fflush(stdout) == 0 ? status : 1;
}
