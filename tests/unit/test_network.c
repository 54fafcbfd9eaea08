/* SPDX-License-Identifier: Apache-2.0 */
/* Moving network devices between two network namespaces of the test's own. */
#include "network/network.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/text.h"

struct namespaces {
    int former;
    int host;
    int container;
};

#define SKIP_WITHOUT_NAMESPACES(state)                                      \
    do {                                                                    \
        if (*(state) == NULL) {                                             \
            print_message("skipped: needs root, ip(8) and veth devices\n"); \
            skip();                                                         \
        }                                                                   \
    } while (0)

static int open_own_netns(void) {
    return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* Two fresh namespaces; the test is in the first, and left alone without the means. */
static int make_namespaces(void **state) {
    struct namespaces *namespaces = calloc(1, sizeof(*namespaces));
    *state = NULL;
    if (namespaces == NULL)
        return -1;
    namespaces->former = open_own_netns();
    if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
        free(namespaces);
        return 0;
    }
    namespaces->container = open_own_netns();
    if (unshare(CLONE_NEWNET) < 0)
        return -1;
    namespaces->host = open_own_netns();
    if (system("ip link add a0 type veth peer name a1 2>/dev/null") == 0)
        *state = namespaces;
    else
        free(namespaces);
    return 0;
}

static int leave_namespaces(void **state) {
    struct namespaces *namespaces = *state;
    if (namespaces == NULL)
        return 0;
    int result = setns(namespaces->former, CLONE_NEWNET);
    (void)close(namespaces->former);
    (void)close(namespaces->host);
    (void)close(namespaces->container);
    free(namespaces);
    return result;
}

static void shell(const char *command) {
    if (system(command) != 0)
        fail_msg("failed: %s", command);
}

/* Output of @command in the namespace @netns, line ends as blanks. */
static char *output_in(const struct namespaces *namespaces, int netns, const char *command) {
    struct text text = {0};
    char buffer[512];
    assert_int_equal(setns(netns, CLONE_NEWNET), 0);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    while (fgets(buffer, sizeof(buffer), pipe) != NULL)
        text_append(&text, buffer);
    (void)pclose(pipe);
    assert_int_equal(setns(namespaces->host, CLONE_NEWNET), 0);
    return text_take(&text);
}

static void expect_in(const struct namespaces *namespaces, int netns, const char *command,
                      const char *part, bool present) {
    cleanup_free char *output = output_in(namespaces, netns, command);
    if ((strstr(output, part) != NULL) != present)
        fail_msg("'%s' is %s in: %s", part, present ? "not" : "still", output);
}

static void test_loopback(void **state) {
    SKIP_WITHOUT_NAMESPACES(state);
    struct thole_error err = {0};
    const struct namespaces *namespaces = *state;
    expect_in(namespaces, namespaces->host, "ip link show lo", "UP", false);
    assert_int_equal(network_loopback_up(&err), 0);
    expect_in(namespaces, namespaces->host, "ip link show lo", "LOOPBACK,UP", true);
    expect_in(namespaces, namespaces->host, "ip addr show lo", "127.0.0.1/8", true);
}

static void test_addresses_are_kept(void **state) {
    SKIP_WITHOUT_NAMESPACES(state);
    struct thole_error err = {0};
    const struct namespaces *namespaces = *state;
    shell("ip link set a0 mtu 1400 address 02:11:22:33:44:55 &&"
          "ip addr add 10.9.8.7/24 brd + dev a0 && ip addr add 10.9.8.8/24 dev a0 &&"
          "ip addr add 10.1.1.1 peer 10.1.1.2 dev a0 &&"
          "ip addr add 169.254.3.3/16 scope link dev a0 &&"
          "ip addr add 10.7.7.7/24 dev a0 valid_lft 600 preferred_lft 300 &&"
          "ip -6 addr add fd00::7/64 dev a0 nodad");
    const struct plan_net_device device = {
        .host_name = "a0", .name = "inside0", .where = "/linux/netDevices/a0"};
    if (network_move_devices(&device, 1, namespaces->container, &err) < 0)
        fail_msg("%s: %s", err.text, strerror(err.code));

    int container = namespaces->container;
    expect_in(namespaces, namespaces->host, "ip link", " a0:", false);
    expect_in(namespaces, namespaces->host, "ip link", " a0@", false);
    expect_in(namespaces, container, "ip link show inside0", ",UP", true);
    expect_in(namespaces, container, "ip link show inside0", "mtu 1400", true);
    expect_in(namespaces, container, "ip link show inside0", "02:11:22:33:44:55", true);
    expect_in(namespaces, container, "ip addr show inside0", "10.9.8.7/24 brd 10.9.8.255", true);
    expect_in(namespaces, container, "ip addr show inside0", "10.9.8.8/24", true);
    expect_in(namespaces, container, "ip addr show inside0", "10.1.1.1 peer 10.1.1.2/32", true);
    expect_in(namespaces, container, "ip addr show inside0", "fd00::7/64", true);
    expect_in(namespaces, container, "ip addr show inside0", "nodad", true);
    expect_in(namespaces, container, "ip addr show inside0", "169.254.3.3", false);
    expect_in(namespaces, container, "ip addr show inside0", "10.7.7.7", false);
}

/* Its own name and number are taken inside, and the wanted one is a template. */
static void test_template(void **state) {
    SKIP_WITHOUT_NAMESPACES(state);
    struct thole_error err = {0};
    const struct namespaces *namespaces = *state;
    assert_int_equal(setns(namespaces->container, CLONE_NEWNET), 0);
    shell("ip link add a0 type veth peer name eth0");
    assert_int_equal(setns(namespaces->host, CLONE_NEWNET), 0);
    const struct plan_net_device devices[] = {
        {.host_name = "a0", .name = "eth%d", .where = "/linux/netDevices/a0"},
        {.host_name = "a1", .name = "eth%d", .where = "/linux/netDevices/a1"},
    };
    if (network_move_devices(devices, 2, namespaces->container, &err) < 0)
        fail_msg("%s: %s", err.text, strerror(err.code));
    expect_in(namespaces, namespaces->container, "ip link show eth1", ",UP", true);
    expect_in(namespaces, namespaces->container, "ip link show eth2", ",UP", true);
    expect_in(namespaces, namespaces->container, "ip link show a0", "eth0", true);
}

static void test_clash_moves_back(void **state) {
    SKIP_WITHOUT_NAMESPACES(state);
    struct thole_error err = {0};
    const struct namespaces *namespaces = *state;
    shell("ip link add b0 type veth peer name b1 && ip link set a0 up &&"
          "ip addr add 10.9.8.7/24 dev a0 && ip -6 addr add fd00::7/64 dev a0");
    assert_int_equal(setns(namespaces->container, CLONE_NEWNET), 0);
    shell("ip link add taken type veth peer name other");
    assert_int_equal(setns(namespaces->host, CLONE_NEWNET), 0);
    const struct plan_net_device devices[] = {
        {.host_name = "a0", .name = "fine", .where = "/linux/netDevices/a0"},
        {.host_name = "b0", .name = "taken", .where = "/linux/netDevices/b0"},
    };
    assert_int_equal(network_move_devices(devices, 2, namespaces->container, &err), -1);
    assert_int_equal(err.code, EEXIST);
    assert_string_equal(err.where, "/linux/netDevices/b0");
    assert_non_null(strstr(err.text, "taken"));
    expect_in(namespaces, namespaces->host, "ip link show a0", ",UP", true);
    expect_in(namespaces, namespaces->host, "ip addr show a0", "10.9.8.7/24", true);
    expect_in(namespaces, namespaces->host, "ip addr show a0", "fd00::7/64", true);
    expect_in(namespaces, namespaces->host, "ip link show b0", "b0@b1", true);
    expect_in(namespaces, namespaces->container, "ip link", "fine", false);
}

/* The kernel refuses only the last step; the device is not left under a strange name. */
static void test_late_failure_moves_back(void **state) {
    SKIP_WITHOUT_NAMESPACES(state);
    struct thole_error err = {0};
    const struct namespaces *namespaces = *state;
    shell("ip link set a0 up && ip addr add 10.9.8.7/24 dev a0");
    const struct plan_net_device device = {
        .host_name = "a0", .name = "bad%dname%d", .where = "/linux/netDevices/a0"};
    assert_int_equal(network_move_devices(&device, 1, namespaces->container, &err), -1);
    assert_int_equal(err.code, EINVAL);
    expect_in(namespaces, namespaces->host, "ip link show a0", ",UP", true);
    expect_in(namespaces, namespaces->host, "ip addr show a0", "10.9.8.7/24", true);
}

static void test_refusals(void **state) {
    SKIP_WITHOUT_NAMESPACES(state);
    struct thole_error err = {0};
    const struct namespaces *namespaces = *state;
    struct plan_net_device device = {
        .host_name = "missing0", .name = "", .where = "/linux/netDevices/missing0"};
    assert_int_equal(network_move_devices(&device, 1, namespaces->container, &err), -1);
    assert_int_equal(err.code, ENODEV);
    assert_string_equal(err.where, "/linux/netDevices/missing0");
    assert_non_null(strstr(err.text, "missing0"));
    device.host_name = "a0";
    device.name = "sixteen-letters!";
    assert_int_equal(network_move_devices(&device, 1, namespaces->container, &err), -1);
    assert_int_equal(err.kind, THOLE_ERROR_CONFIG);
    /* Loopback belongs to its namespace. */
    device.host_name = "lo";
    device.name = "lo7";
    assert_int_equal(network_move_devices(&device, 1, namespaces->container, &err), -1);
    assert_int_equal(err.code, EINVAL);
    assert_int_equal(network_move_devices(&device, 0, -1, &err), 0);
    assert_int_equal(network_move_devices(&device, 1, -1, &err), -1);
    assert_int_equal(err.code, EBADF);
    expect_in(namespaces, namespaces->host, "ip link", "a0@a1", true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_loopback, make_namespaces, leave_namespaces),
        cmocka_unit_test_setup_teardown(test_addresses_are_kept, make_namespaces, leave_namespaces),
        cmocka_unit_test_setup_teardown(test_template, make_namespaces, leave_namespaces),
        cmocka_unit_test_setup_teardown(test_clash_moves_back, make_namespaces, leave_namespaces),
        cmocka_unit_test_setup_teardown(test_late_failure_moves_back, make_namespaces,
                                        leave_namespaces),
        cmocka_unit_test_setup_teardown(test_refusals, make_namespaces, leave_namespaces),
    };
    (void)alarm(60);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
