/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint and restore: a container's processes on disk. */
#include <sched.h>
#include <string.h>

#include "base/error.h"
#include "commands.h"
#include "terminal_options.h"
#include "thole.h"

struct criu_settings {
    struct thole_criu_options options;
    struct option_strings empty_namespaces;
};

struct checkpoint_settings {
    struct criu_settings criu;
    bool leave_running;
    bool pre_dump;
};

struct restore_settings {
    struct criu_settings criu;
    struct thole_run_request run;
    bool no_subreaper;
};

#define CRIU(name) offsetof(struct criu_settings, options.name)

/* @criu: where the struct criu_settings lies in that of the command. */
#define OPTIONS_OF_BOTH(criu)                                                                      \
    OPTION_ROW("image-path", 0, OPTION_STRING, (criu) + CRIU(image_path), "DIR",                   \
               "the images (default: checkpoint)"),                                                \
        OPTION_ROW("work-path", 0, OPTION_STRING, (criu) + CRIU(work_path), "DIR",                 \
                   "CRIU's log and statistics (default: beside the images)"),                      \
        OPTION_ROW("tcp-established", 0, OPTION_FLAG, (criu) + CRIU(tcp_established), NULL,        \
                   "allow open TCP connections"),                                                  \
        OPTION_ROW("ext-unix-sk", 0, OPTION_FLAG, (criu) + CRIU(ext_unix_sk), NULL,                \
                   "allow unix sockets whose peer is outside"),                                    \
        OPTION_ROW("shell-job", 0, OPTION_FLAG, (criu) + CRIU(shell_job), NULL,                    \
                   "allow a session and a terminal that begin outside"),                           \
        OPTION_ROW("file-locks", 0, OPTION_FLAG, (criu) + CRIU(file_locks), NULL,                  \
                   "allow locks on files"),                                                        \
        OPTION_ROW("link-remap", 0, OPTION_FLAG, (criu) + CRIU(link_remap), NULL,                  \
                   "give open files without a name one"),                                          \
        OPTION_ROW("lazy-pages", 0, OPTION_FLAG, (criu) + CRIU(lazy_pages), NULL,                  \
                   "hand memory over when it is asked for"),                                       \
        OPTION_ROW("auto-dedup", 0, OPTION_FLAG, (criu) + CRIU(auto_dedup), NULL,                  \
                   "free memory in images that is there twice, or restored"),                      \
        OPTION_ROW("manage-cgroups-mode", 0, OPTION_STRING, (criu) + CRIU(manage_cgroups), "MODE", \
                   "what CRIU does with cgroups (default: soft)",                                  \
                   "soft|full|strict|ignore|props|none"),                                          \
        OPTION_ROW("network-lock", 0, OPTION_STRING, (criu) + CRIU(network_lock), "METHOD",        \
                   "how connections are kept still", "iptables|nftables|skip"),                    \
        OPTION_ROW("empty-ns", 0, OPTION_STRINGS,                                                  \
                   (criu) + offsetof(struct criu_settings, empty_namespaces), "KIND",              \
                   "leave out what is in this namespace: network (may be repeated)",               \
                   "network|net")

static const struct option_row checkpoint_options[] = {
    OPTIONS_OF_BOTH(offsetof(struct checkpoint_settings, criu)),
    {"parent-path", 0, OPTION_STRING,
     offsetof(struct checkpoint_settings, criu.options.parent_path), "DIR",
     "images of a pre-dump, relative to these"},
    {"leave-running", 0, OPTION_FLAG, offsetof(struct checkpoint_settings, leave_running), NULL,
     "let the container run on"},
    {"pre-dump", 0, OPTION_FLAG, offsetof(struct checkpoint_settings, pre_dump), NULL,
     "write memory only, for a later checkpoint; it runs on"},
    {"page-server", 0, OPTION_STRING,
     offsetof(struct checkpoint_settings, criu.options.page_server), "ADDRESS:PORT",
     "send the memory to this page server of CRIU"},
    {"status-fd", 0, OPTION_NUMBER, offsetof(struct checkpoint_settings, criu.options.status_fd),
     "N", "write a zero byte to descriptor N when lazy pages can be asked for"},
    {"tcp-skip-in-flight", 0, OPTION_FLAG,
     offsetof(struct checkpoint_settings, criu.options.tcp_skip_in_flight), NULL,
     "leave out TCP connections that are being made"},
    {0},
};

#define RUN(name) offsetof(struct restore_settings, run.name)

static const struct option_row restore_options[] = {
    {"bundle", 'b', OPTION_STRING, RUN(create.bundle), "DIR",
     "the bundle (default: the current directory)"},
    {"config", 'f', OPTION_STRING, RUN(create.config), "FILE",
     "the configuration (default: config.json in the bundle)"},
    OPTIONS_OF_BOTH(offsetof(struct restore_settings, criu)),
    {"tcp-close", 0, OPTION_FLAG, offsetof(struct restore_settings, criu.options.tcp_close), NULL,
     "close the TCP connections that were open"},
    {"lsm-profile", 0, OPTION_STRING, offsetof(struct restore_settings, criu.options.lsm_profile),
     "TYPE:NAME", "profile of AppArmor or label of SELinux in place of the saved one"},
    {"lsm-mount-context", 0, OPTION_STRING,
     offsetof(struct restore_settings, criu.options.lsm_mount_context), "CONTEXT",
     "SELinux's context of mounts in place of the saved one"},
    {"console-socket", 0, OPTION_STRING, RUN(create.console_socket), "PATH",
     "send the terminal to this AF_UNIX socket"},
    {"pid-file", 0, OPTION_STRING, RUN(create.pid_file), "FILE", "write the process id to FILE"},
    {"pidfd-socket", 0, OPTION_STRING, RUN(create.pidfd_socket), "PATH",
     "send a pidfd of the process to this AF_UNIX socket"},
    {"detach", 'd', OPTION_FLAG, RUN(detach), NULL, "return when the processes go on"},
    {"keep", 0, OPTION_FLAG, RUN(keep), NULL,
     "in the foreground: do not delete the container at the end"},
    TERMINAL_OPTIONS(RUN(terminal_options)),
    {"no-pivot", 0, OPTION_FLAG, RUN(create.no_pivot), NULL, NULL},
    {"no-new-keyring", 0, OPTION_FLAG, RUN(create.no_new_keyring), NULL, NULL},
    {"no-subreaper", 0, OPTION_FLAG, offsetof(struct restore_settings, no_subreaper), NULL,
     "do not adopt orphaned processes while waiting"},
    {0},
};

static struct thole_criu_options complete(const struct criu_settings *settings) {
    struct thole_criu_options options = settings->options;
    if (settings->empty_namespaces.count > 0)
        options.empty_namespaces = CLONE_NEWNET; /* there is no other word */
    return options;
}

static int run_checkpoint(const struct invocation *invocation, int *ret_status,
                          struct thole_error *err) {
    const struct checkpoint_settings *settings = invocation->options;
    (void)ret_status;
    const struct thole_checkpoint_request request = {
        .id = invocation->arguments[0],
        .options = complete(&settings->criu),
        .leave_running = settings->leave_running,
        .pre_dump = settings->pre_dump,
    };
    return thole_checkpoint(invocation->context, &request, err);
}

static int run_restore(const struct invocation *invocation, int *ret_status,
                       struct thole_error *err) {
    const struct restore_settings *settings = invocation->options;
    struct thole_restore_request request = {.run = settings->run,
                                            .options = complete(&settings->criu)};
    request.run.create.id = invocation->arguments[0];
    request.run.subreaper = !settings->no_subreaper;
    terminal_options_complete(&request.run.terminal_options);
    return thole_restore(invocation->context, &request, ret_status, err);
}

const struct command command_checkpoint = {
    .name = "checkpoint",
    .arguments = "ID",
    .summary = "write a container's processes to disk",
    .description =
        "CRIU writes their memory and everything that they have open. Unless they are to go on,\n"
        "they are gone then, and the container is deleted: restore makes it again.",
    .options = checkpoint_options,
    .options_size = sizeof(struct checkpoint_settings),
    .run = run_checkpoint,
};

const struct command command_restore = {
    .name = "restore",
    .arguments = "ID",
    .summary = "let a container go on from a checkpoint",
    .description =
        "Makes a container of the bundle, as run does, whose processes go on as they were. Files\n"
        "are no part of a checkpoint: those of the root file system have to be what they were.",
    .exit_status = "That of the program; 128 + N if signal N ended it. With --detach 0 when it "
                   "goes on.",
    .options = restore_options,
    .options_size = sizeof(struct restore_settings),
    .seal = true,
    .run = run_restore,
};
