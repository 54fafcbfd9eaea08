/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration that `thole spec` writes: a shell in a read-only root, with few privileges. */
#include <unistd.h>

#include "base/text.h"
#include "host/probe.h"
#include "oci-spec/spec.h"
#include "thole.h"

/* clang-format off */

static const char config_process[] =
    "{\n"
    "    \"ociVersion\": \"" OCI_SPEC_VERSION "\",\n"
    "    \"process\": {\n"
    "        \"terminal\": %s,\n"
    "        \"user\": { \"uid\": 0, \"gid\": 0 },\n"
    "        \"args\": [%s],\n"
    "        \"env\": [\n"
    "            \"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\n"
    "            \"TERM=xterm\"\n"
    "        ],\n"
    "        \"cwd\": \"/\",\n"
    "        \"capabilities\": {\n"
    "            \"bounding\": [\"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\"],\n"
    "            \"effective\": [\"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\"],\n"
    "            \"permitted\": [\"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\"]\n"
    "        },\n"
    "        \"rlimits\": [\n"
    "            { \"type\": \"RLIMIT_NOFILE\", \"hard\": 1024, \"soft\": 1024 }\n"
    "        ],\n"
    "        \"noNewPrivileges\": true\n"
    "    },\n"
    "    \"root\": { \"path\": \"rootfs\", \"readonly\": true },\n"
    "    \"hostname\": \"thole\",\n";

/* The first %s gives devpts to the group tty, the second is the way to get a /sys. */
static const char config_mounts[] =
    "    \"mounts\": [\n"
    "        {\n"
    "            \"destination\": \"/proc\",\n"
    "            \"type\": \"proc\",\n"
    "            \"source\": \"proc\"\n"
    "        },\n"
    "        {\n"
    "            \"destination\": \"/dev\",\n"
    "            \"type\": \"tmpfs\",\n"
    "            \"source\": \"tmpfs\",\n"
    "            \"options\": [\"nosuid\", \"strictatime\", \"mode=755\", \"size=65536k\"]\n"
    "        },\n"
    "        {\n"
    "            \"destination\": \"/dev/pts\",\n"
    "            \"type\": \"devpts\",\n"
    "            \"source\": \"devpts\",\n"
    "            \"options\": [\"nosuid\", \"noexec\", \"newinstance\", \"ptmxmode=0666\", "
    "\"mode=0620\"%s]\n"
    "        },\n"
    "        {\n"
    "            \"destination\": \"/dev/shm\",\n"
    "            \"type\": \"tmpfs\",\n"
    "            \"source\": \"shm\",\n"
    "            \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"mode=1777\", "
    "\"size=65536k\"]\n"
    "        },\n"
    "        {\n"
    "            \"destination\": \"/dev/mqueue\",\n"
    "            \"type\": \"mqueue\",\n"
    "            \"source\": \"mqueue\",\n"
    "            \"options\": [\"nosuid\", \"noexec\", \"nodev\"]\n"
    "        },\n"
    "        {\n"
    "            \"destination\": \"/sys\",\n"
    "%s"
    "        },\n"
    "        {\n"
    "            \"destination\": \"/sys/fs/cgroup\",\n"
    "            \"type\": \"cgroup\",\n"
    "            \"source\": \"cgroup\",\n"
    "            \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"relatime\", \"ro\"]\n"
    "        }\n"
    "    ],\n";

static const char sysfs_new[] =
    "            \"type\": \"sysfs\",\n"
    "            \"source\": \"sysfs\",\n"
    "            \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"ro\"]\n";

/* Without a network namespace of its own a user namespace may not mount a sysfs. */
static const char sysfs_of_host[] =
    "            \"type\": \"none\",\n"
    "            \"source\": \"/sys\",\n"
    "            \"options\": [\"rbind\", \"nosuid\", \"noexec\", \"nodev\", \"ro\"]\n";

static const char linux_device_rules[] =
    "        \"resources\": {\n"
    "            \"devices\": [\n"
    "                { \"allow\": false, \"access\": \"rwm\" }\n"
    "            ]\n"
    "        },\n";

static const char linux_mappings[] =
    "        \"uidMappings\": [\n"
    "            { \"containerID\": 0, \"hostID\": %u, \"size\": 1 }\n"
    "        ],\n"
    "        \"gidMappings\": [\n"
    "            { \"containerID\": 0, \"hostID\": %u, \"size\": 1 }\n"
    "        ],\n";

static const char linux_paths[] =
    "        \"maskedPaths\": [\n"
    "            \"/proc/acpi\",\n"
    "            \"/proc/asound\",\n"
    "            \"/proc/kcore\",\n"
    "            \"/proc/keys\",\n"
    "            \"/proc/latency_stats\",\n"
    "            \"/proc/timer_list\",\n"
    "            \"/proc/timer_stats\",\n"
    "            \"/proc/sched_debug\",\n"
    "            \"/sys/firmware\",\n"
    "            \"/proc/scsi\"\n"
    "        ],\n"
    "        \"readonlyPaths\": [\n"
    "            \"/proc/bus\",\n"
    "            \"/proc/fs\",\n"
    "            \"/proc/irq\",\n"
    "            \"/proc/sys\",\n"
    "            \"/proc/sysrq-trigger\"\n"
    "        ]\n"
    "    }\n"
    "}\n";

/* clang-format on */

/* A host with nothing but cgroup v2: there a container sees its cgroup as the root of the tree. */
static bool host_is_unified(void) {
    cleanup_arena struct arena arena = {0};
    struct host_facts *facts = NULL;
    struct thole_error ignored;
    return host_probe(&arena, HOST_NEED_CGROUPS, &facts, &ignored) >= 0 &&
           facts->hierarchy_count == 1 && facts->hierarchies[0].unified;
}

static void append_namespaces(struct text *text, bool rootless) {
    const struct {
        const char *type;
        bool wanted;
    } namespaces[] = {
        {"pid", true},   {"network", !rootless},        {"ipc", true},      {"uts", true},
        {"mount", true}, {"cgroup", host_is_unified()}, {"user", rootless},
    };
    const char *separator = "";
    text_append(text, "        \"namespaces\": [");
    for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++) {
        if (!namespaces[i].wanted)
            continue;
        text_appendf(text, "%s\n            { \"type\": \"%s\" }", separator, namespaces[i].type);
        separator = ",";
    }
    text_append(text, "\n        ],\n");
}

int thole_default_config(bool rootless, char *const *args, char **ret_json,
                         struct thole_error *err) {
    (void)err;
    char shell[] = "sh";
    char *const no_args[] = {shell, NULL};
    cleanup_text struct text words = {0};
    for (char *const *word = args != NULL ? args : no_args; *word != NULL; word++) {
        text_append(&words, words.length > 0 ? ", " : "");
        text_append_json(&words, *word);
    }
    struct text text = {0};
    text_appendf(&text, config_process, args != NULL ? "false" : "true", words.data);
    text_appendf(&text, config_mounts, rootless ? "" : ", \"gid=5\"",
                 rootless ? sysfs_of_host : sysfs_new);
    text_append(&text, "    \"linux\": {\n");
    if (rootless)
        text_appendf(&text, linux_mappings, geteuid(), getegid());
    else
        text_append(&text, linux_device_rules);
    append_namespaces(&text, rootless);
    text_append(&text, linux_paths);
    *ret_json = text_take(&text);
    return 0;
}
