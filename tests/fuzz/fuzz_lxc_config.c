/* SPDX-License-Identifier: Apache-2.0 */
/*
 * any text as lxc.conf(5) is understood or refused in one line that says where;
 * what was understood can be printed; and in the text itself keys can be renamed, replaced and
 * removed, after which it is understood as well.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "lxc/config/configuration.h"
#include "lxc/config/file_text.h"
#include "lxc/config/keys.h"
#include "targets.h"

/* Files of the machine are not to be read, whatever the text includes. */
static bool includes(const char *data, size_t size) {
    return memmem(data, size, "include", strlen("include")) != NULL;
}

static int read_text(const char *data, size_t size, struct lxc_configuration *config) {
    struct thole_error err = {0};
    cleanup_close int fd = memfd_create("config", MFD_CLOEXEC);
    char path[48];
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (fd < 0 || file_write_all(fd, data, size) < 0)
        abort();
    if (lxc_configuration_read(config, path, &err) == 0)
        return 0;
    if (err.text[0] == '\0' || strchr(err.text, '\n') != NULL || err.where[0] == '\0')
        abort();
    return -1;
}

static void print_everything(const struct lxc_configuration *config) {
    cleanup_text struct text text = {0};
    for (size_t i = 0; i < config->count; i++) {
        const struct lxc_item *item = &config->items[i];
        if (item->value[0] == '\0' || lxc_configuration_find(config, item->name) == NULL)
            abort();
        (void)lxc_configuration_print(config, item->name, &text);
    }
    for (const struct lxc_key *key = lxc_keys; key->name != NULL; key++)
        (void)lxc_configuration_print(config, key->name, &text);
}

static void change_text(const char *data, size_t size) {
    cleanup_text struct text text = {0};
    cleanup_lxc_configuration struct lxc_configuration config = {0};
    text_append_bytes(&text, data, size);
    (void)lxc_configuration_text_update(&text);
    lxc_configuration_text_replace(&text, "lxc.uts.name", "web");
    (void)lxc_configuration_text_remove(&text, "lxc.net.");
    lxc_configuration_text_append(&text, "lxc.group", "fuzz");
    if (read_text(text.data, text.length, &config) < 0 ||
        strcmp(lxc_configuration_value(&config, "lxc.uts.name"), "web") != 0 ||
        lxc_configuration_next(&config, "lxc.net.", NULL) != NULL)
        abort();
}

void fuzz_lxc_config(const uint8_t *data, size_t size) {
    const char *text = (const char *)data;
    cleanup_lxc_configuration struct lxc_configuration config = {0};
    if (size == 0 || includes(text, size) || read_text(text, size, &config) < 0)
        return;
    print_everything(&config);
    change_text(text, size);
}
