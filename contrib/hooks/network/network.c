/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hook network: connects the container's network namespace, by the plugins of a CNI
 * configuration list, or by a veth pair to a bridge, and takes that back when the container is
 * gone.
 *
 * It never runs a program inside the container: ip(8) is the host's, with the network namespace
 * alone of the container.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "network.h"

static struct network_settings settings = {
    .cni_path = "/usr/lib/cni:/usr/libexec/cni:/opt/cni/bin",
    .state = "/run/thole-network",
    .bridge = "thole0",
    .interface = "eth0",
};

static const struct hook_option options[] = {
    {"cni", "FILE", "a CNI configuration list; without it, a veth pair to a bridge", &settings.cni},
    {"cni-path", "DIRS", "where its plugins are (/usr/lib/cni:/usr/libexec/cni:/opt/cni/bin)",
     &settings.cni_path},
    {"state", "DIR", "where their results are kept (default: /run/thole-network)", &settings.state},
    {"bridge", "NAME", "the bridge, made if it is missing (default: thole0)", &settings.bridge},
    {"address", "ADDRESS/LENGTH", "the container's address (default: none)", &settings.address},
    {"gateway", "ADDRESS", "its default route; a bridge that is made has this address",
     &settings.gateway},
    {"interface", "NAME", "what it is called in the container (default: eth0)",
     &settings.interface},
    {NULL, NULL, NULL, NULL},
};

static const struct hook_program program = {
    .name = "network",
    .summary = "connects the container to a CNI network or to a bridge",
    .stages = "createRuntime (or prestart) and poststop",
    .options = options,
};

/* ---- ip(8) ----------------------------------------------------------------------------------- */

enum { MOST_WORDS = 16 };

static char ip_said[256]; /* its own words about what failed last, in one line */

static void keep_words(int words) {
    ssize_t length = pread(words, ip_said, sizeof(ip_said) - 1, 0);
    ip_said[length > 0 ? length : 0] = '\0';
    ip_said[strcspn(ip_said, "\n")] = '\0';
}

/* In the network namespace @netns, or here (-1). True: it is done. */
static bool ip(int netns, const char *const words[]) {
    char *argv[MOST_WORDS + 2] = {(char[]){"ip"}};
    for (size_t i = 0; words[i] && i < MOST_WORDS; i++)
        argv[i + 1] = strdup(words[i]);
    int status = 0, said = memfd_create("ip", MFD_CLOEXEC);
    pid_t child = said < 0 ? -1 : fork();
    if (child == 0) {
        (void)dup2(said, STDERR_FILENO);
        if (netns >= 0 && setns(netns, CLONE_NEWNET) < 0)
            _exit(126);
        (void)execvp("ip", argv);
        (void)dprintf(STDERR_FILENO, "ip: %s\n", strerror(errno));
        _exit(127);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    for (size_t i = 1; argv[i]; i++)
        free(argv[i]);
    keep_words(said);
    (void)close(said);
    return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
#define IP(netns, ...) ip((netns), (const char *const[]){__VA_ARGS__, NULL})

/* ---- what is asked for ----------------------------------------------------------------------- */

static void check_name(const char *option, const char *name) {
    bool fits = name[0] != '\0' && name[0] != '-' && strlen(name) < IF_NAMESIZE &&
                strcspn(name, "/: \t\n") == strlen(name);
    if (!fits)
        hook_fail("--%s \"%s\": not the name of an interface", option, name);
}

static bool is_address(const char *text) {
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

static void check_settings(void) {
    check_name("bridge", settings.bridge);
    check_name("interface", settings.interface);
    if (settings.address) {
        char address[64] = "";
        const char *slash = strchr(settings.address, '/');
        size_t length = slash ? (size_t)(slash - settings.address) : 0;
        if (length > 0 && length < sizeof(address))
            memcpy(address, settings.address, length);
        if (!is_address(address))
            hook_fail("--address \"%s\": not an address with the length of its prefix",
                      settings.address);
    }
    if (settings.gateway && (!is_address(settings.gateway) || !settings.address))
        hook_fail("--gateway \"%s\": not an address, or there is no --address", settings.gateway);
}

/* ---- a veth pair to a bridge ----------------------------------------------------------------- */

/* Short enough for an interface, and another one for every id (FNV-1a). */
static void host_end(const char *id, char name[IF_NAMESIZE]) {
    uint64_t hash = 0xcbf29ce484222325;
    for (const char *at = id; *at; at++)
        hash = (hash ^ (unsigned char)*at) * 0x100000001b3;
    (void)snprintf(name, IF_NAMESIZE, "th%012llx", (unsigned long long)(hash & 0xffffffffffff));
}

static void take_back(const char *host) {
    if (if_nametoindex(host) != 0)
        (void)IP(-1, "link", "delete", "dev", host);
}

static noreturn void give_up(const char *host, const char *what) {
    char why[sizeof(ip_said)];
    memcpy(why, ip_said, sizeof(why));
    take_back(host);
    hook_fail("%s: %s", what, why);
}

/* One that is there belongs to somebody: its address is left alone. */
static void make_bridge(void) {
    if (if_nametoindex(settings.bridge) != 0)
        return;
    if (!IP(-1, "link", "add", "name", settings.bridge, "type", "bridge"))
        hook_fail("bridge %s: cannot be made: %s", settings.bridge, ip_said);
    if (settings.gateway) {
        char address[80];
        (void)snprintf(address, sizeof(address), "%s%s", settings.gateway,
                       strchr(settings.address, '/'));
        if (!IP(-1, "address", "add", address, "dev", settings.bridge))
            hook_fail("bridge %s: cannot have the address %s: %s", settings.bridge, address,
                      ip_said);
    }
    if (!IP(-1, "link", "set", "dev", settings.bridge, "up"))
        hook_fail("bridge %s: cannot be set up: %s", settings.bridge, ip_said);
}

static void bridge_up(const struct hook_state *state, int netns) {
    char host[IF_NAMESIZE], pid[16];
    host_end(state->id, host);
    (void)snprintf(pid, sizeof(pid), "%d", (int)state->pid);
    make_bridge();
    if (!IP(-1, "link", "add", "name", host, "type", "veth", "peer", "name", settings.interface,
            "netns", pid))
        hook_fail("no veth pair into the container: %s", ip_said);
    if (!IP(-1, "link", "set", "dev", host, "master", settings.bridge, "up"))
        give_up(host, "the bridge takes no port");
    if (settings.address &&
        !IP(netns, "address", "add", settings.address, "dev", settings.interface))
        give_up(host, "the container's interface takes no address");
    if (!IP(netns, "link", "set", "dev", settings.interface, "up"))
        give_up(host, "the container's interface cannot be set up");
    if (settings.gateway && !IP(netns, "route", "add", "default", "via", settings.gateway))
        give_up(host, "the container takes no default route");
}

/* ---- both ------------------------------------------------------------------------------------ */

/* Of the container alone: in the host's, or another's, nothing is to be changed. */
static int open_netns(const struct hook_state *state) {
    char path[64];
    struct stat own, its;
    if (state->pid <= 1)
        hook_fail("the state has no process of the host: this is a createRuntime hook");
    (void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)state->pid);
    int netns = open(path, O_RDONLY | O_CLOEXEC);
    if (netns < 0 || fstat(netns, &its) < 0 || stat("/proc/self/ns/net", &own) < 0)
        hook_fail("%s: %s", path, strerror(errno));
    if (own.st_ino == its.st_ino && own.st_dev == its.st_dev)
        hook_fail("the container has no network namespace of its own");
    return netns;
}

int main(int argc, char **argv) {
    hook_parse_arguments(&program, argc, argv);
    check_settings();
    struct hook_state state = hook_read_state();
    /* Runtimes give hooks what environment they like. */
    (void)setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    bool down = state.status && strcmp(state.status, "stopped") == 0;
    if (down && settings.cni) {
        cni_down(&settings, &state);
    } else if (down) {
        char host[IF_NAMESIZE];
        host_end(state.id, host);
        take_back(host);
    } else {
        int netns = open_netns(&state);
        if (settings.cni)
            cni_up(&settings, &state);
        else
            bridge_up(&state, netns);
    }
    return 0;
}
