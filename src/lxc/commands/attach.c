/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-attach: one more program in a running container. */
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "lxc/commands/attach_environment.h"
#include "lxc/commands/commands.h"
#include "lxc/config/architecture.h"
#include "lxc/log.h"
#include "lxc/store/container.h"

/* Exit statuses of a shell for what it could not execute. */
enum { STATUS_BAD_PROGRAM = 126, STATUS_NO_PROGRAM = 127, STATUS_NOT_EXECUTED = 255 };
enum { ID_MAP_LIMIT = 64 << 10 };

struct attach_options {
    const char *arch;
    const char *elevated;
    const char *namespaces;
    bool remount;
    bool keep_env;
    bool clear_env;
    struct option_strings set_vars;
    struct option_strings keep_vars;
    const char *pty_log;
    const char *rcfile;
    const char *uid;
    const char *gid;
    const char *context;
    bool raw_pty;
    bool force;
};

#define MEMBER(name) offsetof(struct attach_options, name)

static const struct option_row rows[] = {
    {"arch", 'a', OPTION_STRING, MEMBER(arch), "ARCH",
     "the architecture that the program sees, as in lxc.arch"},
    {"elevated-privileges", 'e', OPTION_OPTIONAL, MEMBER(elevated), "LIST",
     "keep privileges of the caller: CAP, CGROUP or LSM, joined by |; without LIST all of them"},
    {"namespaces", 's', OPTION_STRING, MEMBER(namespaces), "LIST",
     "enter these namespaces only: MOUNT, PID, UTSNAME, IPC, USER, NETWORK, CGROUP or TIME, joined "
     "by |; implies -e, which may follow with fewer privileges"},
    {"remount-sys-proc", 'R', OPTION_FLAG, MEMBER(remount), NULL,
     "with -s and without MOUNT: mount /proc and /sys anew for the namespaces entered"},
    {"keep-env", 0, OPTION_FLAG, MEMBER(keep_env), NULL,
     "keep all of the environment, also what is about the host, like PATH and HOME"},
    {"clear-env", 0, OPTION_FLAG, MEMBER(clear_env), NULL, "keep nothing of the environment"},
    {"set-var", 'v', OPTION_STRINGS, MEMBER(set_vars), "NAME=VALUE",
     "set a variable; may be repeated"},
    {"keep-var", 0, OPTION_STRINGS, MEMBER(keep_vars), "NAME",
     "with --clear-env: keep a variable; may be repeated"},
    {"pty-log", 'L', OPTION_STRING, MEMBER(pty_log), "FILE",
     "append all that appears on the terminal to FILE"},
    {"rcfile", 'f', OPTION_STRING, MEMBER(rcfile), "FILE",
     "use the configuration in FILE, not the stored one"},
    {"uid", 'u', OPTION_STRING, MEMBER(uid), "UID",
     "the user, by number or by a name in the container's passwd"},
    {"gid", 'g', OPTION_STRING, MEMBER(gid), "GID",
     "the group, by number or by a name in the container's group"},
    {"context", 'c', OPTION_STRING, MEMBER(context), "LABEL",
     "the SELinux context or AppArmor profile of the program"},
    {"raw-pty", 0, OPTION_FLAG, MEMBER(raw_pty), NULL,
     "hand the caller's own terminal over instead of a new one"},
    {"force", 0, OPTION_FLAG, MEMBER(force), NULL,
     "with --raw-pty: even where the kernel lets the program type into it"},
    {0},
};

static int check_state(const struct lxc_container *container, const struct thole_state *state,
                       struct thole_error *err) {
    if (state == NULL && !container->defined)
        return error_state(err, "there is no container of that name");
    if (state == NULL || state->status == THOLE_STATUS_STOPPED)
        return error_state(err, "it is not running");
    if (state->status != THOLE_STATUS_PAUSED)
        return 0;
    error_state(err, "it is frozen");
    return error_hint(err, "lxc-unfreeze lets it go on");
}

static bool is_of_lxc(const struct thole_state *state) {
    for (size_t i = 0; i < state->annotation_count; i++) {
        if (text_starts_with(state->annotations[i].key, "org.thole.lxc."))
            return true;
    }
    return false;
}

/* True if the container's user namespace has an id 0: else its own user is the one to be. */
static int has_root(pid_t pid, bool *ret_has, struct thole_error *err) {
    char path[48];
    cleanup_free char *map = NULL;
    (void)snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
    if (file_read_at(AT_FDCWD, path, ID_MAP_LIMIT, &map, NULL, err) < 0)
        return -1;
    const char *rest = map;
    const char *line = NULL;
    size_t length = 0;
    while (text_next_line(&rest, &line, &length)) {
        line += strspn(line, " ");
        if (line[0] == '0' && line[1] == ' ')
            *ret_has = true;
    }
    return 0;
}

/* "UID", "UID:GID", or NULL: the container's own. */
static int choose_user(const struct attach_options *options, pid_t pid, struct arena *arena,
                       const char **ret_user, struct thole_error *err) {
    bool root = options->uid != NULL;
    if (!root && has_root(pid, &root, err) < 0)
        return -1;
    if (!root && options->gid != NULL)
        return error_usage(err, "option --gid: this container has no user 0, so --uid is needed");
    const char *uid = options->uid != NULL ? options->uid : "0";
    if (strchr(uid, ':') != NULL)
        return error_usage(err, "option --uid: \"%s\" is not a user", uid);
    bool number = uid[strspn(uid, "0123456789")] == '\0';
    const char *gid = options->gid != NULL ? options->gid : number ? "0" : NULL;
    *ret_user = !root ? NULL : gid != NULL ? arena_printf(arena, "%s:%s", uid, gid) : uid;
    return 0;
}

/* -s elevates all privileges, and an -e behind it says which it is to be. */
static int choose_privileges(const struct lxc_call *call, struct thole_exec_request *request,
                             struct thole_error *err) {
    const struct attach_options *options = call->options;
    const char *order = call->settings->order;
    if (options->namespaces != NULL) {
        if (thole_namespaces_parse(options->namespaces, &request->namespaces, err) < 0)
            return -1;
        request->keep = THOLE_KEEP_ALL;
        if (options->elevated == NULL || strchr(order, 'e') < strchr(order, 's'))
            return 0;
    }
    if (options->elevated == NULL)
        return 0;
    return thole_keep_parse(options->elevated[0] != '\0' ? options->elevated : "all",
                            &request->keep, err);
}

static int choose_label(const struct attach_options *options, struct thole_exec_request *request,
                        struct thole_error *err) {
    if (options->context == NULL)
        return 0;
    if ((request->keep & THOLE_KEEP_LSM) != 0)
        return error_usage(err, "option --context: with the elevated privilege LSM the caller's "
                                "label is kept");
    if (access("/sys/fs/selinux/enforce", F_OK) == 0)
        request->selinux = options->context;
    else
        request->apparmor = options->context;
    return 0;
}

static int choose_environment(const struct lxc_call *call, const struct lxc_container *container,
                              bool foreign, struct arena *arena, char ***ret_environment,
                              struct thole_error *err) {
    const struct attach_options *options = call->options;
    cleanup_lxc_configuration struct lxc_configuration config = {0};
    if (options->keep_env && options->clear_env)
        return error_usage(err, "--keep-env and --clear-env contradict one another");
    if (lxc_container_read_config(container, options->rcfile, &config, err) < 0)
        return -1;
    const struct attach_environment wish = {.keep = options->keep_env,
                                            .clear = options->clear_env,
                                            .foreign = foreign,
                                            .uid = options->uid,
                                            .keep_vars = &options->keep_vars,
                                            .set_vars = &options->set_vars};
    return attach_environment_make(&wish, &config, arena, ret_environment, err);
}

/* Runs it; what the program's name is to blame for has exit statuses as in a shell. */
static int execute(const struct lxc_call *call, const struct lxc_container *container,
                   const struct thole_exec_request *request, int *ret_status,
                   struct thole_error *err) {
    if (thole_exec(&container->context, request, ret_status, err) == 0)
        return 0;
    int status = err->kind == THOLE_ERROR_NO_PROGRAM    ? STATUS_NO_PROGRAM
                 : err->kind == THOLE_ERROR_BAD_PROGRAM ? STATUS_BAD_PROGRAM
                 : err->kind == THOLE_ERROR_PAYLOAD     ? STATUS_NOT_EXECUTED
                                                        : 0;
    if (status == 0)
        return -1;
    lxc_log_error(call->log.userdata, err);
    *ret_status = status;
    return 0;
}

static int attach(const struct lxc_call *call, const struct lxc_container *container,
                  const struct thole_state *state, int *ret_status, struct thole_error *err) {
    const struct attach_options *options = call->options;
    cleanup_arena struct arena arena = {0};
    unsigned long personality = 0;
    char here[PATH_MAX];
    char **environment = NULL;
    struct thole_exec_request request = {
        .id = container->id,
        .args = call->argument_count > 0 ? call->arguments : NULL,
        .cwd = getcwd(here, sizeof(here)) != NULL && here[0] == '/' ? here : NULL,
        .cwd_or_root = true,
        .user_groups = true,
        .clear_env = options->clear_env,
        .raw = options->raw_pty,
        .force = options->force,
        .term = getenv("TERM"),
        .terminal_options = {.log_file = options->pty_log},
        .personality = options->arch != NULL ? &personality : NULL,
    };
    if (options->arch != NULL && !lxc_architecture_parse(options->arch, &personality))
        return error_usage(err, "option --arch: \"%s\" is not an architecture", options->arch);
    if (check_state(container, state, err) < 0 || choose_privileges(call, &request, err) < 0 ||
        choose_label(options, &request, err) < 0 ||
        choose_user(options, state->pid, &arena, &request.user, err) < 0 ||
        choose_environment(call, container, !is_of_lxc(state), &arena, &environment, err) < 0)
        return -1;
    request.env = environment;
    request.remount_sys_proc =
        options->remount && request.namespaces != 0 && (request.namespaces & CLONE_NEWNS) == 0;
    return execute(call, container, &request, ret_status, err);
}

static int run_attach(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    cleanup_lxc_container struct lxc_container container = {0};
    cleanup_lxc_state struct thole_state *state = NULL;
    if (lxc_container_find(call->name, call->lxcpath, &call->log, &container, err) < 0 ||
        lxc_container_state(&container, &state, err) < 0)
        return -1;
    return attach(call, &container, state, ret_status, err);
}

const struct lxc_command lxc_command_attach = {
    .name = "attach",
    .arguments = "[-- COMMAND [ARGUMENT]...]",
    .summary = "run one more program in a running container",
    .description =
        "Without COMMAND the user's shell is run, as the container's passwd has it. The program "
        "is\n"
        "root's unless --uid says otherwise, and starts in the caller's directory where the\n"
        "container has it, else in /. Streams that are terminals become a new terminal of the\n"
        "container; others are passed on.\n"
        "\n"
        "The environment is the caller's without what is about the host (PATH, HOME, USER, SHELL,\n"
        "XDG_*, SSH_*, ...), then container=lxc, lxc.environment and -v; --keep-env keeps all of "
        "it\n"
        "and --clear-env nothing.\n"
        "\n"
        "The exit status is that of the program, or 128 + N if signal N ended it; 127 if there is\n"
        "no such program, 126 if it cannot be executed, 1 if the container cannot be entered.",
    .options = rows,
    .options_size = sizeof(struct attach_options),
    .naming = LXC_NAME_FIRST_WORD,
    .seal = true,
    .run = run_attach,
};
