/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plugins of the Container Network Interface: programs that get their configuration on standard
 * input, the container in CNI_* variables, and answer with a result on standard output.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <yajl/yajl_gen.h>
#include <yajl/yajl_tree.h>

#include "network.h"

enum { LONGEST_RESULT = 1 << 20 };

/* A list that has been read, and what one call after the other adds to it. */
struct list {
    yajl_val document;
    yajl_val plugins;
    const char *name;
    const char *version;
    char *result; /* of the plugin before, NULL: none */
};

static void write_text(yajl_gen out, const char *text) {
    (void)yajl_gen_string(out, (const unsigned char *)text, strlen(text));
}

static void write_value(yajl_gen out, yajl_val value) {
    if (YAJL_IS_STRING(value)) {
        write_text(out, YAJL_GET_STRING(value));
    } else if (YAJL_IS_NUMBER(value)) {
        (void)yajl_gen_number(out, YAJL_GET_NUMBER(value), strlen(YAJL_GET_NUMBER(value)));
    } else if (YAJL_IS_ARRAY(value)) {
        (void)yajl_gen_array_open(out);
        for (size_t i = 0; i < YAJL_GET_ARRAY(value)->len; i++)
            write_value(out, YAJL_GET_ARRAY(value)->values[i]);
        (void)yajl_gen_array_close(out);
    } else if (YAJL_IS_OBJECT(value)) {
        (void)yajl_gen_map_open(out);
        for (size_t i = 0; i < YAJL_GET_OBJECT(value)->len; i++) {
            write_text(out, YAJL_GET_OBJECT(value)->keys[i]);
            write_value(out, YAJL_GET_OBJECT(value)->values[i]);
        }
        (void)yajl_gen_map_close(out);
    } else if (YAJL_IS_TRUE(value) || YAJL_IS_FALSE(value)) {
        (void)yajl_gen_bool(out, YAJL_IS_TRUE(value));
    } else {
        (void)yajl_gen_null(out);
    }
}

/* What the plugin gets: its own member of the list, with name, version and the result so far. */
static char *configuration_of(const struct list *list, yajl_val plugin) {
    yajl_gen out = yajl_gen_alloc(NULL);
    (void)yajl_gen_map_open(out);
    write_text(out, "cniVersion");
    write_text(out, list->version);
    write_text(out, "name");
    write_text(out, list->name);
    for (size_t i = 0; i < YAJL_GET_OBJECT(plugin)->len; i++) {
        write_text(out, YAJL_GET_OBJECT(plugin)->keys[i]);
        write_value(out, YAJL_GET_OBJECT(plugin)->values[i]);
    }
    char why[160];
    yajl_val result = list->result ? yajl_tree_parse(list->result, why, sizeof(why)) : NULL;
    if (result) {
        write_text(out, "prevResult");
        write_value(out, result);
        yajl_tree_free(result);
    }
    (void)yajl_gen_map_close(out);
    const unsigned char *text = NULL;
    size_t length = 0;
    (void)yajl_gen_get_buf(out, &text, &length);
    char *copy = strndup((const char *)text, length);
    yajl_gen_free(out);
    return copy;
}

static const char *text_of(yajl_val object, const char *name) {
    return YAJL_GET_STRING(yajl_tree_get(object, (const char *[]){name, NULL}, yajl_t_string));
}

static struct list read_list(const struct network_settings *settings) {
    char why[160] = "";
    char *text = hook_read_file(settings->cni);
    struct list list = {.document = yajl_tree_parse(text, why, sizeof(why))};
    why[strcspn(why, "\n")] = '\0';
    free(text);
    if (!list.document)
        hook_fail("%s: %s", settings->cni, why);
    list.name = text_of(list.document, "name");
    list.version = text_of(list.document, "cniVersion");
    list.plugins = yajl_tree_get(list.document, (const char *[]){"plugins", NULL}, yajl_t_array);
    if (!list.name || !list.version || !list.plugins)
        hook_fail("%s: name, cniVersion and plugins are needed: it is no list", settings->cni);
    for (size_t i = 0; i < YAJL_GET_ARRAY(list.plugins)->len; i++) {
        yajl_val plugin = YAJL_GET_ARRAY(list.plugins)->values[i];
        const char *type = YAJL_IS_OBJECT(plugin) ? text_of(plugin, "type") : NULL;
        if (!type || !type[0] || strchr(type, '/'))
            hook_fail("%s: /plugins/%zu/type: the name of a plugin is needed", settings->cni, i);
    }
    return list;
}

static char *find_plugin(const struct network_settings *settings, const char *type) {
    char *folders = strdup(settings->cni_path), *rest = NULL, *path = NULL;
    for (char *folder = strtok_r(folders, ":", &rest); folder;
         folder = strtok_r(NULL, ":", &rest)) {
        if (asprintf(&path, "%s/%s", folder, type) >= 0 && access(path, X_OK) == 0)
            break;
        free(path);
        path = NULL;
    }
    free(folders);
    return path;
}

/* A file without a name, so that no pipe can fill up. */
static int scratch(const char *text) {
    int fd = memfd_create("cni", MFD_CLOEXEC);
    size_t length = strlen(text);
    if (fd < 0 || write(fd, text, length) != (ssize_t)length || lseek(fd, 0, SEEK_SET) < 0)
        hook_fail("memfd: %s", strerror(errno));
    return fd;
}

static char *content_of(int fd) {
    struct stat status;
    if (fstat(fd, &status) < 0 || status.st_size > LONGEST_RESULT)
        return strdup("");
    char *text = calloc(1, (size_t)status.st_size + 1);
    if (!text || pread(fd, text, (size_t)status.st_size, 0) != status.st_size)
        hook_fail("the result of a plugin: %s", strerror(errno));
    return text;
}

static noreturn void become_plugin(const char *program, int in, int out) {
    if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
        _exit(126);
    (void)execl(program, program, (char *)NULL);
    _exit(127);
}

/* Returns what the plugin printed, or NULL with *ret_why, malloc'ed, if it failed. */
static char *call(const struct network_settings *settings, const struct list *list, yajl_val plugin,
                  const char *command, char **ret_why) {
    const char *type = text_of(plugin, "type");
    char *program = find_plugin(settings, type), *configuration = configuration_of(list, plugin);
    if (!program && asprintf(ret_why, "not found in %s", settings->cni_path) >= 0)
        return free(configuration), NULL;
    (void)setenv("CNI_COMMAND", command, 1);
    int in = scratch(configuration), out = scratch(""), status = 0;
    pid_t child = fork();
    if (child < 0)
        hook_fail("fork: %s", strerror(errno));
    if (child == 0)
        become_plugin(program, in, out);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    char *printed = content_of(out), why[160];
    (void)close(in);
    (void)close(out);
    free(program);
    free(configuration);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return printed;
    yajl_val answer = yajl_tree_parse(printed, why, sizeof(why));
    const char *said = answer ? text_of(answer, "msg") : NULL;
    if (asprintf(ret_why, "%s", said ? said : "it failed without a word") < 0)
        *ret_why = NULL;
    yajl_tree_free(answer);
    free(printed);
    return NULL;
}

static void set_container(const struct network_settings *settings, const struct hook_state *state,
                          bool up) {
    char netns[64] = "";
    if (up)
        (void)snprintf(netns, sizeof(netns), "/proc/%d/ns/net", (int)state->pid);
    if (setenv("CNI_CONTAINERID", state->id, 1) < 0 || setenv("CNI_NETNS", netns, 1) < 0 ||
        setenv("CNI_IFNAME", settings->interface, 1) < 0 ||
        setenv("CNI_PATH", settings->cni_path, 1) < 0)
        hook_fail("no memory");
}

/* A container may be in several networks. */
static char *result_path(const struct network_settings *settings, const struct hook_state *state) {
    char *path = NULL;
    if (asprintf(&path, "%s/%s:%s.json", settings->state, state->id, settings->interface) < 0)
        hook_fail("no memory");
    return path;
}

static void keep_result(const struct network_settings *settings, const struct hook_state *state,
                        const char *result) {
    char *path = result_path(settings, state);
    (void)mkdir(settings->state, 0700);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    size_t length = strlen(result);
    bool kept = fd >= 0 && write(fd, result, length) == (ssize_t)length;
    if (fd >= 0)
        (void)close(fd);
    if (!kept) {
        char *why = strdup(strerror(errno));
        cni_down(settings, state);
        hook_fail("%s: %s", path, why);
    }
    free(path);
}

void cni_up(const struct network_settings *settings, const struct hook_state *state) {
    struct list list = read_list(settings);
    set_container(settings, state, true);
    for (size_t i = 0; i < YAJL_GET_ARRAY(list.plugins)->len; i++) {
        yajl_val plugin = YAJL_GET_ARRAY(list.plugins)->values[i];
        char *why = NULL, *result = call(settings, &list, plugin, "ADD", &why);
        if (!result) {
            cni_down(settings, state);
            hook_fail("%s: plugin %s: %s", settings->cni, text_of(plugin, "type"),
                      why ? why : "no memory");
        }
        free(list.result);
        list.result = result;
    }
    keep_result(settings, state, list.result ? list.result : "{}");
    free(list.result);
    yajl_tree_free(list.document);
}

void cni_down(const struct network_settings *settings, const struct hook_state *state) {
    struct list list = read_list(settings);
    char *path = result_path(settings, state);
    set_container(settings, state, false);
    if (access(path, F_OK) == 0)
        list.result = hook_read_file(path);
    char *first = NULL;
    for (size_t i = YAJL_GET_ARRAY(list.plugins)->len; i-- > 0;) {
        yajl_val plugin = YAJL_GET_ARRAY(list.plugins)->values[i];
        char *why = NULL, *answer = call(settings, &list, plugin, "DEL", &why);
        if (!answer && !first &&
            asprintf(&first, "plugin %s: %s", text_of(plugin, "type"), why) < 0)
            first = NULL;
        free(answer);
        free(why);
    }
    (void)unlink(path);
    if (first && state->status && strcmp(state->status, "stopped") == 0)
        hook_fail("%s: %s", settings->cni, first);
    free(path);
    free(first);
    free(list.result);
    yajl_tree_free(list.document);
}
