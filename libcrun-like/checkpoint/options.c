/* SPDX-License-Identifier: Apache-2.0 */
/* From a caller's wishes to CRIU's options. */
#include "checkpoint/options.h"

#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "checkpoint/message.h"
#include "oci-spec/pairs.h"

/* All of CRIU's own log is written: what is known there alone is needed to understand a failure. */
enum { LOG_LEVEL = 4 };

static const struct name_value cgroup_modes[] = {
    {"ignore", 0}, {"none", 1}, {"props", 2}, {"soft", 3}, {"full", 4}, {"strict", 5}, {0},
};

static const struct name_value network_locks[] = {
    {"iptables", 1},
    {"nftables", 2},
    {"skip", 3},
    {0},
};

static int fill_words(const struct thole_criu_options *wishes, struct text *options,
                      struct thole_error *err) {
    const char *wish = wishes->manage_cgroups != NULL ? wishes->manage_cgroups : "soft";
    const struct name_value *mode = names_find(cgroup_modes, wish);
    if (mode == NULL)
        return error_usage(err, "\"%s\" is no way to manage cgroups", wish);
    message_put_number(options, CRIU_MANAGE_CGROUPS_MODE, mode->value);
    if (wishes->network_lock == NULL)
        return 0;
    const struct name_value *lock = names_find(network_locks, wishes->network_lock);
    if (lock == NULL)
        return error_usage(err, "\"%s\" is no way to lock a network", wishes->network_lock);
    message_put_number(options, CRIU_NETWORK_LOCK, lock->value);
    return 0;
}

static int fill_page_server(const char *server, struct text *options, struct thole_error *err) {
    uint64_t port = 0;
    if (server == NULL)
        return 0;
    const char *colon = strrchr(server, ':');
    if (colon == NULL || colon == server || !text_parse_uint(colon + 1, UINT16_MAX, &port))
        return error_usage(err, "\"%s\" is no ADDRESS:PORT of a page server", server);
    cleanup_text struct text info = {0};
    cleanup_free char *address = strndup(server, (size_t)(colon - server));
    message_put_string(&info, 1, address);
    message_put_number(&info, 2, (int64_t)port);
    message_put_message(options, CRIU_PAGE_SERVER, &info);
    return 0;
}

/* The annotation names CRIU's own configuration for this container; else there may be one for all
 * (runc(8), "org.criu.config"). */
static const char *find_config_file(const struct bundle *bundle) {
    static const char *const usual[] = {"/etc/criu/thole.conf", "/etc/criu/runc.conf"};
    const char *named = oci_pairs_find(&bundle->config->annotations, "org.criu.config");
    if (named != NULL)
        return named;
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        if (access(usual[i], F_OK) == 0)
            return usual[i];
    }
    return NULL;
}

static void fill_flags(const struct thole_criu_options *wishes, struct text *options) {
    const struct {
        enum criu_option option;
        bool wished;
    } flags[] = {
        {CRIU_EVASIVE_DEVICES, true},
        {CRIU_ORPHAN_PTS_MASTER, true},
        {CRIU_TCP_ESTABLISHED, wishes->tcp_established},
        {CRIU_TCP_CLOSE, wishes->tcp_close},
        {CRIU_TCP_SKIP_IN_FLIGHT, wishes->tcp_skip_in_flight},
        {CRIU_EXT_UNIX_SK, wishes->ext_unix_sk},
        {CRIU_SHELL_JOB, wishes->shell_job},
        {CRIU_FILE_LOCKS, wishes->file_locks},
        {CRIU_LINK_REMAP, wishes->link_remap},
        {CRIU_AUTO_DEDUP, wishes->auto_dedup},
        {CRIU_LAZY_PAGES, wishes->lazy_pages},
    };
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (flags[i].wished)
            message_put_number(options, flags[i].option, true);
    }
}

int options_fill(const struct thole_criu_options *wishes, const struct bundle *bundle,
                 const struct images *images, const char *log, struct text *options,
                 struct thole_error *err) {
    message_put_number(options, CRIU_IMAGES_DIR_FD, images->directory);
    message_put_number(options, CRIU_WORK_DIR_FD, images->work);
    message_put_number(options, CRIU_LOG_LEVEL, LOG_LEVEL);
    message_put_string(options, CRIU_LOG_FILE, log);
    message_put_string(options, CRIU_PARENT_IMG, wishes->parent_path);
    message_put_string(options, CRIU_LSM_PROFILE, wishes->lsm_profile);
    message_put_string(options, CRIU_LSM_MOUNT_CONTEXT, wishes->lsm_mount_context);
    message_put_string(options, CRIU_CONFIG_FILE, find_config_file(bundle));
    fill_flags(wishes, options);
    if (wishes->empty_namespaces != 0)
        message_put_number(options, CRIU_EMPTY_NS, (int64_t)wishes->empty_namespaces);
    if (wishes->status_fd > 0)
        message_put_number(options, CRIU_STATUS_FD, wishes->status_fd);
    return fill_words(wishes, options, err) < 0
               ? -1
               : fill_page_server(wishes->page_server, options, err);
}

void options_add_inherited(struct text *options, const char *key, int fd) {
    cleanup_text struct text inherited = {0};
    message_put_string(&inherited, 1, key);
    message_put_number(&inherited, 2, fd);
    message_put_message(options, CRIU_INHERIT_FD, &inherited);
}

void options_add_joined(struct text *options, const char *ns, const char *path) {
    cleanup_text struct text joined = {0};
    message_put_string(&joined, 1, ns);
    message_put_string(&joined, 2, path);
    message_put_message(options, CRIU_JOIN_NS, &joined);
}

void options_add_cgroup_root(struct text *options, const char *controller, const char *path) {
    cleanup_text struct text root = {0};
    message_put_string(&root, 1, controller[0] != '\0' ? controller : NULL);
    message_put_string(&root, 2, path);
    message_put_message(options, CRIU_CG_ROOT, &root);
}
