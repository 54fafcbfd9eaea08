/* SPDX-License-Identifier: Apache-2.0 */
/* From the items of lxc.conf to elements: what has no element becomes a note. */
#include "virsh/native/lxc_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "lxc/config/configuration.h"
#include "lxc/config/rootfs_path.h"
#include "virsh/xml/document.h"

struct writing {
    const struct lxc_configuration *config;
    bool *used; /* per item */
    struct text *text;
    struct text *notes;
};

static const char *value(struct writing *writing, const char *name) {
    const struct lxc_item *item = lxc_configuration_find(writing->config, name);
    if (item == NULL)
        return NULL;
    writing->used[item - writing->config->items] = true;
    return item->value;
}

/* "BEFOREvalueAFTER" */
static void append(struct writing *writing, const char *before, const char *string, size_t length,
                   const char *after) {
    text_append(writing->text, before);
    virsh_xml_append_escaped(writing->text, string, length);
    text_append(writing->text, after);
}

/* The next word of a line; its length, 0 at the end. */
static size_t take_word(const char **rest, const char **ret_word) {
    *rest += strspn(*rest, " \t");
    *ret_word = *rest;
    const size_t length = strcspn(*rest, " \t");
    *rest += length;
    return length;
}

/* ---- one value each ---- */

static const struct {
    const char *key;
    const char *before;
    const char *after;
} limits[] = {
    {"lxc.cgroup.cpu.shares", "<cputune><shares>", "</shares></cputune>\n"},
    {"lxc.cgroup.blkio.weight", "<blkiotune><weight>", "</weight></blkiotune>\n"},
};

/* libvirt's own default where there is no limit. */
static void append_memory(struct writing *writing) {
    static const char *const keys[] = {"lxc.cgroup2.memory.max",
                                       "lxc.cgroup.memory.limit_in_bytes"};
    uint64_t bytes = UINT64_C(64) << 20;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        static const char suffixes[] = "KMG";
        const char *word = value(writing, keys[i]);
        char *end = NULL;
        if (word == NULL)
            continue;
        const uint64_t number = strtoull(word, &end, 10);
        const char *suffix = *end != '\0' ? strchr(suffixes, *end) : NULL;
        if (end != word)
            bytes = suffix != NULL ? number << (10 * (suffix - suffixes + 1)) : number;
    }
    text_appendf(writing->text, "<memory unit='KiB'>%llu</memory>\n",
                 (unsigned long long)(bytes / 1024));
}

static void append_limits(struct writing *writing) {
    const char *cpus = value(writing, "lxc.cgroup2.cpuset.cpus");
    if (cpus == NULL)
        cpus = value(writing, "lxc.cgroup.cpuset.cpus");
    if (cpus != NULL)
        append(writing, "<vcpu cpuset='", cpus, strlen(cpus), "'>1</vcpu>\n");
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        const char *word = value(writing, limits[i].key);
        if (word != NULL)
            append(writing, limits[i].before, word, strlen(word), limits[i].after);
    }
}

static void append_os(struct writing *writing) {
    const char *arch = value(writing, "lxc.arch");
    const char *init = value(writing, "lxc.init.cmd");
    const char *word = NULL;
    size_t length = 0;
    const struct lxc_item *item = NULL;
    text_append(writing->text, "<os>\n<type");
    if (arch != NULL)
        append(writing, " arch='", arch, strlen(arch), "'");
    text_append(writing->text, ">exe</type>\n<init>");
    if (init == NULL)
        init = "/sbin/init";
    length = take_word(&init, &word);
    append(writing, "", word, length, "</init>\n");
    while ((length = take_word(&init, &word)) > 0)
        append(writing, "<initarg>", word, length, "</initarg>\n");
    while ((item = lxc_configuration_next(writing->config, "lxc.environment", item)) != NULL) {
        writing->used[item - writing->config->items] = true;
        const size_t name = strcspn(item->value, "=");
        append(writing, "<initenv name='", item->value, name, "'>");
        const char *rest = item->value + name + (item->value[name] == '=');
        append(writing, "", rest, strlen(rest), "</initenv>\n");
    }
    text_append(writing->text, "</os>\n");
}

/* ---- lists ---- */

static void append_maps(struct writing *writing) {
    const struct lxc_item *item = NULL;
    const struct lxc_item *first = lxc_configuration_next(writing->config, "lxc.idmap", NULL);
    if (first != NULL)
        text_append(writing->text, "<idmap>\n");
    while ((item = lxc_configuration_next(writing->config, "lxc.idmap", item)) != NULL) {
        static const char *const names[] = {" start='", " target='", " count='"};
        const char *rest = item->value;
        const char *word = NULL;
        writing->used[item - writing->config->items] = true;
        (void)take_word(&rest, &word);
        text_append(writing->text, *word == 'g' ? "<gid" : "<uid");
        for (size_t i = 0; i < 3; i++) {
            const size_t length = take_word(&rest, &word);
            append(writing, names[i], word, length, "'");
        }
        text_append(writing->text, "/>\n");
    }
    if (first != NULL)
        text_append(writing->text, "</idmap>\n");
}

static void append_capabilities(struct writing *writing, const char *key, const char *state) {
    const struct lxc_item *item = NULL;
    while ((item = lxc_configuration_next(writing->config, key, item)) != NULL) {
        const char *rest = item->value;
        const char *word = NULL;
        size_t length = 0;
        writing->used[item - writing->config->items] = true;
        while ((length = take_word(&rest, &word)) > 0)
            text_appendf(writing->text, "<%.*s state='%s'/>\n", (int)length, word, state);
    }
}

/* A container of LXC has a network of its own, and all capabilities that are not dropped. */
static void append_features(struct writing *writing) {
    const bool keeps = lxc_configuration_next(writing->config, "lxc.cap.keep", NULL) != NULL;
    const char *network = lxc_configuration_value(writing->config, "lxc.net.0.type");
    text_append(writing->text, "<features>\n");
    if (network == NULL || strcmp(network, "none") != 0)
        text_append(writing->text, "<privnet/>\n");
    text_appendf(writing->text, "<capabilities policy='%s'>\n", keeps ? "deny" : "allow");
    append_capabilities(writing, "lxc.cap.keep", "on");
    append_capabilities(writing, "lxc.cap.drop", "off");
    text_append(writing->text, "</capabilities>\n</features>\n");
}

/* ---- devices ---- */

static int append_root(struct writing *writing, struct thole_error *err) {
    const struct lxc_item *item = lxc_configuration_find(writing->config, "lxc.rootfs.path");
    cleanup_lxc_rootfs_path struct lxc_rootfs_path root = {0};
    if (item == NULL)
        return 0;
    writing->used[item - writing->config->items] = true;
    if (lxc_rootfs_path_parse(item->value, item->where, &root, err) < 0)
        return -1;
    if (root.kind == LXC_ROOTFS_DIRECTORY)
        append(writing, "<filesystem type='mount'>\n<source dir='", root.directory,
               strlen(root.directory), "'/>\n");
    else if (root.kind == LXC_ROOTFS_LOOP)
        append(writing,
               "<filesystem type='file'>\n<driver type='loop' format='raw'/>\n<source file='",
               root.image, strlen(root.image), "'/>\n");
    else
        return error_unsupported(err, item->where, "a domain has no root of layers");
    text_append(writing->text, "<target dir='/'/>\n</filesystem>\n");
    return 0;
}

/* @word is one of the words between commas. */
static bool has_option(const char *options, const char *word) {
    for (const char *at = options; *at != '\0';) {
        const size_t length = strcspn(at, ",");
        if (length == strlen(word) && strncmp(at, word, length) == 0)
            return true;
        at += length + (at[length] == ',');
    }
    return false;
}

/* "SOURCE TARGET TYPE OPTIONS": binds, and tmpfs with a size. */
static bool append_mount(struct writing *writing, const char *entry) {
    const char *words[4] = {0};
    size_t lengths[4] = {0};
    for (size_t i = 0; i < 4; i++)
        lengths[i] = take_word(&entry, &words[i]);
    cleanup_free char *options = strndup(words[3], lengths[3]);
    const char *size = strstr(options, "size=");
    if (strstr(options, "bind") != NULL && words[0][0] == '/') {
        append(writing, "<filesystem type='mount'>\n<source dir='", words[0], lengths[0], "'/>\n");
    } else if (lengths[2] == 5 && strncmp(words[2], "tmpfs", 5) == 0 && size != NULL) {
        size += strlen("size=");
        const size_t digits = strspn(size, "0123456789");
        append(writing, "<filesystem type='ram'>\n<source usage='", size, digits, "' units='");
        text_append(writing->text, size[digits] == 'k'   ? "KiB'/>\n"
                                   : size[digits] == 'm' ? "MiB'/>\n"
                                   : size[digits] == 'g' ? "GiB'/>\n"
                                                         : "bytes'/>\n");
    } else {
        return false;
    }
    append(writing, words[1][0] == '/' ? "<target dir='" : "<target dir='/", words[1], lengths[1],
           "'/>\n");
    if (has_option(options, "ro"))
        text_append(writing->text, "<readonly/>\n");
    text_append(writing->text, "</filesystem>\n");
    return true;
}

static void append_mounts(struct writing *writing) {
    const struct lxc_item *item = NULL;
    while ((item = lxc_configuration_next(writing->config, "lxc.mount.entry", item)) != NULL)
        writing->used[item - writing->config->items] = append_mount(writing, item->value);
}

/* Of interface @index; NULL: it is not set. */
static const char *net_value(struct writing *writing, unsigned index, const char *name) {
    char key[64];
    (void)snprintf(key, sizeof(key), "lxc.net.%u.%s", index, name);
    return value(writing, key);
}

static void append_net_value(struct writing *writing, unsigned index, const char *name,
                             const char *before) {
    const char *word = net_value(writing, index, name);
    if (word != NULL)
        append(writing, before, word, strlen(word), "'/>\n");
}

static void append_interface(struct writing *writing, unsigned index, const char *type) {
    const char *link = net_value(writing, index, "link");
    const bool bridged = strcmp(type, "veth") == 0 && link != NULL;
    if (strcmp(type, "phys") == 0 && link != NULL) {
        append(writing, "<hostdev mode='capabilities' type='net'>\n<source>\n<interface>", link,
               strlen(link), "</interface>\n</source>\n</hostdev>\n");
        return;
    }
    text_append(writing->text, strcmp(type, "macvlan") == 0 ? "<interface type='direct'>\n"
                               : bridged                    ? "<interface type='bridge'>\n"
                                                            : "<interface type='ethernet'>\n");
    if (bridged) {
        append(writing, "<source bridge='", link, strlen(link), "'/>\n");
    } else if (link != NULL) {
        const char *mode = net_value(writing, index, "macvlan.mode");
        append(writing, "<source dev='", link, strlen(link), "' mode='");
        append(writing, "", mode != NULL ? mode : "private",
               strlen(mode != NULL ? mode : "private"), "'/>\n");
    }
    append_net_value(writing, index, "hwaddr", "<mac address='");
    append_net_value(writing, index, "name", "<guest dev='");
    append_net_value(writing, index, "mtu", "<mtu size='");
    if (net_value(writing, index, "flags") == NULL)
        text_append(writing->text, "<link state='down'/>\n");
    text_append(writing->text, "</interface>\n");
}

static void append_interfaces(struct writing *writing) {
    const struct lxc_item *item = NULL;
    while ((item = lxc_configuration_next(writing->config, "lxc.net.", item)) != NULL) {
        const bool names_type = text_ends_with(item->name, ".type");
        if (!names_type)
            continue;
        writing->used[item - writing->config->items] = true;
        if (strcmp(item->value, "none") != 0 && strcmp(item->value, "empty") != 0)
            append_interface(writing, item->index, item->value);
    }
}

static void append_consoles(struct writing *writing) {
    const char *ttys = value(writing, "lxc.tty.max");
    const unsigned long count = ttys != NULL ? strtoul(ttys, NULL, 10) : 0;
    for (unsigned long i = 0; i <= count && i < 64; i++)
        text_appendf(writing->text,
                     "<console type='pty'>\n<target type='lxc' port='%lu'/>\n</console>\n", i);
}

/* ---- all ---- */

static void append_notes(struct writing *writing) {
    for (size_t i = 0; i < writing->config->count; i++) {
        if (!writing->used[i])
            text_appendf(writing->notes, "%s: has no counterpart in a domain\n",
                         writing->config->items[i].where);
    }
}

static int write_domain(struct writing *writing, struct thole_error *err) {
    const char *name = value(writing, "lxc.uts.name");
    text_append(writing->text, "<domain type='lxc'>\n");
    append(writing, "<name>", name != NULL ? name : "unnamed",
           strlen(name != NULL ? name : "unnamed"), "</name>\n");
    append_memory(writing);
    append_limits(writing);
    append_os(writing);
    append_maps(writing);
    append_features(writing);
    text_append(writing->text, "<clock offset='utc'/>\n<devices>\n");
    if (append_root(writing, err) < 0)
        return -1;
    append_mounts(writing);
    append_interfaces(writing);
    append_consoles(writing);
    text_append(writing->text, "</devices>\n</domain>\n");
    append_notes(writing);
    return 0;
}

int virsh_native_lxc_tools(const char *file, char **ret_xml, char **ret_notes,
                           struct thole_error *err) {
    cleanup_lxc_configuration struct lxc_configuration config = {0};
    cleanup_text struct text text = {0};
    cleanup_text struct text notes = {0};
    if (lxc_configuration_read(&config, file, err) < 0)
        return -1;
    cleanup_free bool *used = calloc(config.count + 1, sizeof(*used));
    if (used == NULL)
        abort();
    struct writing writing = {.config = &config, .used = used, .text = &text, .notes = &notes};
    if (write_domain(&writing, err) < 0)
        return -1;
    *ret_xml = text_take(&text);
    *ret_notes = text_take(&notes);
    return 0;
}
