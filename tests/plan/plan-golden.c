/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the plan of one case directory, or the error that planning it ends with. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "host/facts.h"
#include "oci-spec/document.h"
#include "plan/build.h"
#include "plan/cgroup.h"
#include "plan/exec.h"
#include "plan/print.h"

enum { FILE_MAX = 1024 * 1024, WORDS_MAX = 16 };

/* What the file "request" of a case says: lines of "KEY VALUE". */
struct golden_case {
    const char *directory;
    const char *facts;
    const char *update; /* a resources document to plan instead */
    const char *process;
    bool exec; /* plan an exec instead */
    struct plan_request request;
    struct plan_exec_request exec_request;
    struct plan_exec_user user;
    char *args[WORDS_MAX];
    char *env[WORDS_MAX];
    char *capabilities[WORDS_MAX];
    uint32_t gids[WORDS_MAX];
};

static char *read_case_file(const struct golden_case *golden, const char *name, struct arena *arena,
                            size_t *ret_length, struct thole_error *err) {
    char *data cleanup_free = NULL;
    const char *path = arena_printf(arena, "%s/%s", golden->directory, name);
    if (file_read_at(AT_FDCWD, path, FILE_MAX, &data, ret_length, err) < 0)
        return NULL;
    return arena_strndup(arena, data, *ret_length);
}

static void add_word(char *words[WORDS_MAX], char *word) {
    for (size_t i = 0; i < WORDS_MAX - 1; i++) {
        if (words[i] == NULL) {
            words[i] = word;
            return;
        }
    }
}

static int set_manager(struct plan_request *request, const char *value, struct thole_error *err) {
    static const char *const names[] = {"cgroupfs", "systemd", "disabled"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(names[i], value) == 0) {
            request->cgroup_manager = (enum plan_cgroup_manager)i;
            return 0;
        }
    }
    return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "unknown cgroup manager %s", value);
}

static int set_flag(struct golden_case *golden, const char *key, struct thole_error *err) {
    const struct {
        const char *key;
        bool *flag;
    } flags[] = {
        {"no_pivot", &golden->request.no_pivot},
        {"no_new_keyring", &golden->request.no_new_keyring},
        {"ignore_cgroup_permissions", &golden->request.ignore_cgroup_permissions},
        {"exec", &golden->exec},
        {"terminal", &golden->exec_request.terminal},
        {"no_new_privileges", &golden->exec_request.no_new_privileges},
    };
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (strcmp(flags[i].key, key) == 0) {
            *flags[i].flag = true;
            return 0;
        }
    }
    return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "unknown line %s in request", key);
}

/* "UID[:GID]" */
static void set_user(struct golden_case *golden, const char *value) {
    struct plan_exec_user *user = &golden->user;
    user->has_gid = sscanf(value, "%" SCNu32 ":%" SCNu32, &user->uid, &user->gid) == 2;
    golden->exec_request.user = user;
}

static int set_line(struct golden_case *golden, const char *key, char *value,
                    struct thole_error *err) {
    const struct {
        const char *key;
        const char **text;
    } texts[] = {
        {"facts", &golden->facts},
        {"update", &golden->update},
        {"process", &golden->process},
        {"id", &golden->request.id},
        {"bundle", &golden->request.bundle},
        {"listen_fdnames", &golden->request.listen_fdnames},
        {"notify_socket", &golden->request.notify_socket},
        {"notify_directory", &golden->request.notify_directory},
        {"cwd", &golden->exec_request.cwd},
    };
    if (value == NULL)
        return set_flag(golden, key, err);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strcmp(texts[i].key, key) == 0) {
            *texts[i].text = value;
            return 0;
        }
    }
    if (strcmp(key, "manager") == 0)
        return set_manager(&golden->request, value, err);
    if (strcmp(key, "listen_fds") == 0)
        golden->request.listen_fds = (unsigned)atoi(value);
    else if (strcmp(key, "user") == 0)
        set_user(golden, value);
    else if (strcmp(key, "gid") == 0)
        golden->gids[golden->exec_request.additional_gid_count++] = (uint32_t)atoi(value);
    else if (strcmp(key, "arg") == 0)
        add_word(golden->args, value);
    else if (strcmp(key, "env") == 0)
        add_word(golden->env, value);
    else if (strcmp(key, "cap") == 0)
        add_word(golden->capabilities, value);
    else
        return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "unknown line %s in request", key);
    return 0;
}

static int read_request(struct golden_case *golden, struct arena *arena, struct thole_error *err) {
    size_t length = 0;
    char *lines = read_case_file(golden, "request", arena, &length, err);
    if (lines == NULL)
        return -1;
    golden->request.id = "web1";
    golden->request.bundle = "/bundles/web1";
    golden->exec_request.args = golden->args;
    golden->exec_request.env = golden->env;
    golden->exec_request.capabilities = golden->capabilities;
    golden->exec_request.additional_gids = golden->gids;
    while (lines != NULL) {
        char *value = strsep(&lines, "\n");
        const char *key = strsep(&value, " ");
        if (key[0] != '\0' && set_line(golden, key, value, err) < 0)
            return -1;
    }
    return 0;
}

/* A plan that holds nothing but what the caller fills in. */
static struct plan *empty_plan(const struct plan *from, struct arena *arena) {
    struct plan *plan = arena_new(arena, struct plan);
    plan->id = from->id;
    plan->bundle = from->bundle;
    plan->user.where = plan->cgroup.where = plan->rootfs.where = "";
    return plan;
}

static int plan_exec(const struct golden_case *golden, const struct oci_config *config,
                     const struct host_facts *facts, struct arena *arena, struct plan **plan,
                     struct thole_error *err) {
    struct oci_process *process = NULL;
    if (golden->process != NULL) {
        size_t length = 0;
        char *json = read_case_file(golden, golden->process, arena, &length, err);
        if (json == NULL || oci_read_process(json, length, arena, &process, err) < 0)
            return -1;
    }
    struct plan *shown = empty_plan(*plan, arena);
    if (plan_exec_build(config, process, facts, &golden->exec_request, arena, &shown->process,
                        err) < 0)
        return -1;
    shown->warnings = shown->process->warnings;
    *plan = shown;
    return 0;
}

static int plan_update(const struct golden_case *golden, const struct host_facts *facts,
                       struct arena *arena, struct plan **plan, struct thole_error *err) {
    struct oci_resources *resources = NULL;
    struct plan_cgroup *cgroup = NULL;
    size_t length = 0;
    char *json = read_case_file(golden, golden->update, arena, &length, err);
    const struct plan_updated updated = {.cgroup = &(*plan)->cgroup,
                                         .oci_version = (*plan)->oci_version};
    if (json == NULL || oci_read_resources(json, length, arena, &resources, err) < 0 ||
        plan_resources_build(resources, &updated, facts, arena, &cgroup, err) < 0)
        return -1;
    struct plan *shown = empty_plan(*plan, arena);
    shown->cgroup = *cgroup;
    *plan = shown;
    return 0;
}

static int make_plan(struct golden_case *golden, struct arena *arena, struct plan **ret_plan,
                     struct thole_error *err) {
    struct oci_config *config = NULL;
    struct host_facts *facts = NULL;
    size_t length = 0;
    if (read_request(golden, arena, err) < 0)
        return -1;
    const char *facts_file = golden->facts != NULL
                                 ? arena_printf(arena, "../../facts/%s.json", golden->facts)
                                 : "facts.json";
    char *json = read_case_file(golden, facts_file, arena, &length, err);
    if (json == NULL || host_facts_read(json, length, arena, &facts, err) < 0)
        return -1;
    json = read_case_file(golden, "config.json", arena, &length, err);
    if (json == NULL || oci_read_config(json, length, arena, NULL, &config, err) < 0 ||
        plan_build(config, facts, &golden->request, arena, ret_plan, err) < 0)
        return -1;
    if (golden->exec)
        return plan_exec(golden, config, facts, arena, ret_plan, err);
    if (golden->update != NULL)
        return plan_update(golden, facts, arena, ret_plan, err);
    return 0;
}

int main(int argc, char **argv) {
    struct arena arena cleanup_arena = {0};
    struct thole_error err = {0};
    struct plan *plan = NULL;
    const bool json = argc == 3 && strcmp(argv[1], "--json") == 0;
    if (argc != 2 && !json) {
        (void)fprintf(stderr, "usage: plan-golden [--json] CASE-DIRECTORY\n");
        return 2;
    }
    struct golden_case golden = {.directory = argv[argc - 1]};
    if (make_plan(&golden, &arena, &plan, &err) < 0) {
        char line[2048];
        (void)printf("error: %s\n", error_format(&err, line, sizeof(line)));
        if (err.hint[0] != '\0')
            (void)printf("hint: %s\n", err.hint);
        return 0;
    }
    char *text cleanup_free = json ? plan_print_json(plan) : plan_print_text(plan);
    (void)printf("%s", text);
    return 0;
}
