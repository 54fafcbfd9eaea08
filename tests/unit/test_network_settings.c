/* SPDX-License-Identifier: Apache-2.0 */
/* lxc.net.*: what values mean, and what is said about wrong ones. */
#include "nic/settings.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define VETH "lxc.net.0.type = veth\n"
#define UP VETH "lxc.net.0.flags = up\n"
#define LINKED UP "lxc.net.0.link = br0\n"

static struct nic_networks parsed(const char *text) {
    struct nic_networks networks = {0};
    struct thole_error err = {0};
    if (nic_networks_parse(text, &networks, &err) < 0)
        fail_msg("%s: %s: %s", text, err.where, err.text);
    return networks;
}

/* ---- wrong values ---- */

struct wrong {
    const char *text;
    const char *where;
    const char *error; /* the beginning of it */
};

static const struct wrong wrongs[] = {
    {"lxc.net.0.link = br0\n", "lxc.net.0", "lxc.net.0.type is missing"},
    {"lxc.net.0.type = token\n", "lxc.net.0.type",
     "\"token\" is none of none, empty, veth, macvlan, ipvlan, vlan, phys"},
    {VETH "lxc.net.0.colour = red\n", "lxc.net.0.colour",
     "lxc.net.0.colour is no setting of an interface"},
    {"lxc.net.x.type = veth\n", "lxc.net.x.type", "lxc.net.x.type is no setting"},
    {"lxc.net.99999999999.type = veth\n", "lxc.net.99999999999.type", "lxc.net.99999999999.type"},
    {"lxc.net.0 = veth\n", "lxc.net.0", "lxc.net.0 is no setting"},
    {"nonsense\n", "", "\"nonsense\" is not KEY = VALUE"},
    {VETH "lxc.net.0.link = br/0\n", "lxc.net.0.link", "\"br/0\" cannot be the name"},
    {VETH "lxc.net.0.link = ..\n", "lxc.net.0.link", "\"..\" cannot be the name"},
    {VETH "lxc.net.0.name = eth%d\n", "lxc.net.0.name", "\"eth%d\" cannot be the name"},
    {VETH "lxc.net.0.name = a b\n", "lxc.net.0.name", "\"a b\" cannot be the name"},
    {VETH "lxc.net.0.veth.pair = sixteencharacter\n", "lxc.net.0.veth.pair",
     "\"sixteencharacter\" cannot be the name of an interface: at most 15 characters"},
    {VETH "lxc.net.0.mtu = 0\n", "lxc.net.0.mtu", "\"0\" is not a number from 1 to"},
    {VETH "lxc.net.0.mtu = 1k\n", "lxc.net.0.mtu", "\"1k\" is not a number"},
    {VETH "lxc.net.0.hwaddr = 00:16:3e:00:00\n", "lxc.net.0.hwaddr", "\"00:16:3e:00:00\" is not"},
    {VETH "lxc.net.0.hwaddr = 00:16:3e:00:00:0g\n", "lxc.net.0.hwaddr", "\"00:16:3e:00:00:0g\""},
    {VETH "lxc.net.0.hwaddr = 00-16-3e-00-00-00\n", "lxc.net.0.hwaddr", "\"00-16-3e-00-00-00\""},
    {VETH "lxc.net.0.hwaddr = x1:16:3e:00:00:00\n", "lxc.net.0.hwaddr",
     "\"x1:16:3e:00:00:00\" is a multicast address"},
    {VETH "lxc.net.0.l2proxy = yes\n", "lxc.net.0.l2proxy", "\"yes\" is neither 0 nor 1"},
    {VETH "lxc.net.0.ipv4.address = 10.0.0\n", "lxc.net.0.ipv4.address", "\"10.0.0\" is not"},
    {VETH "lxc.net.0.ipv4.address = 10.0.0.1/33\n", "lxc.net.0.ipv4.address", "\"10.0.0.1/33\""},
    {VETH "lxc.net.0.ipv4.address = 10.0.0.1/-1\n", "lxc.net.0.ipv4.address", "\"10.0.0.1/-1\""},
    {VETH "lxc.net.0.ipv4.address = 10.0.0.1/24 x\n", "lxc.net.0.ipv4.address",
     "\"10.0.0.1/24 x\" is not an IPv4 address ADDRESS[/PREFIX] [BROADCAST]"},
    {VETH "lxc.net.0.ipv4.address = fd00::1\n", "lxc.net.0.ipv4.address", "\"fd00::1\" is not"},
    {VETH "lxc.net.0.ipv6.address = 10.0.0.1\n", "lxc.net.0.ipv6.address",
     "\"10.0.0.1\" is not an IPv6 address"},
    {VETH "lxc.net.0.ipv6.address = fd00::1/129\n", "lxc.net.0.ipv6.address", "\"fd00::1/129\""},
    {VETH "lxc.net.0.ipv6.address = fd00::1/64 fd00::2\n", "lxc.net.0.ipv6.address", "\"fd00::1/"},
    {UP "lxc.net.0.ipv4.gateway = router\n", "lxc.net.0.ipv4.gateway",
     "\"router\" is neither an IPv4 address, auto nor dev"},
    {UP "lxc.net.0.ipv6.gateway = 10.0.0.1\n", "lxc.net.0.ipv6.gateway",
     "\"10.0.0.1\" is neither an IPv6 address, auto nor dev"},
    {VETH "lxc.net.0.ipv4.gateway = 10.0.0.1\n", "lxc.net.0.ipv4.gateway",
     "an interface that is down has no gateway: lxc.net.0.flags = up"},
    {UP "lxc.net.0.ipv4.gateway = auto\n", "lxc.net.0.type", "lxc.net.0.link is missing"},
    {"lxc.net.0.type = vlan\nlxc.net.0.link = a\nlxc.net.0.vlan.id = 1\nlxc.net.0.flags = up\n"
     "lxc.net.0.ipv6.gateway = auto\n",
     "lxc.net.0.ipv6.gateway", "auto is for the types veth, macvlan and ipvlan"},
    {VETH "lxc.net.0.veth.mode = switch\n", "lxc.net.0.veth.mode",
     "\"switch\" is none of bridge, router"},
    {VETH "lxc.net.0.veth.n_rxqueues = 0\n", "lxc.net.0.veth.n_rxqueues", "\"0\" is not a number"},
    {VETH "lxc.net.0.veth.ipv4.route = 10.0.0.0\n", "lxc.net.0.veth.ipv4.route",
     "\"10.0.0.0\" is not NETWORK/PREFIX"},
    {VETH "lxc.net.0.veth.ipv6.route = 10.0.0.0/8\n", "lxc.net.0.veth.ipv6.route",
     "\"10.0.0.0/8\" is not an IPv6 address"},
    {LINKED "lxc.net.0.veth.vlan.id = 4095\n", "lxc.net.0.veth.vlan.id", "\"4095\" is not a"},
    {VETH "lxc.net.0.veth.vlan.id = 5\n", "lxc.net.0.type", "lxc.net.0.link is missing"},
    {LINKED "lxc.net.0.veth.vlan.tagged.id = none\n", "lxc.net.0.veth.vlan.tagged.id",
     "\"none\" is not a number from 0 to 4094"},
    {"lxc.net.0.type = vlan\nlxc.net.0.link = eth0\n", "lxc.net.0.type",
     "lxc.net.0.vlan.id is missing"},
    {"lxc.net.0.type = macvlan\n", "lxc.net.0.type", "lxc.net.0.link is missing"},
    {"lxc.net.0.type = ipvlan\n", "lxc.net.0.type", "lxc.net.0.link is missing"},
    {"lxc.net.0.type = phys\n", "lxc.net.0.type", "lxc.net.0.link is missing"},
    {VETH "lxc.net.0.macvlan.mode = bridge\n", "lxc.net.0.macvlan.mode",
     "is for type macvlan only, and lxc.net.0.type is veth"},
    {VETH "lxc.net.0.ipvlan.isolation = vepa\n", "lxc.net.0.ipvlan.isolation", "is for type ipv"},
    {VETH "lxc.net.0.vlan.id = 5\n", "lxc.net.0.vlan.id", "is for type vlan only"},
    {"lxc.net.3.type = empty\nlxc.net.3.veth.ipv4.route = 10.0.0.0/8\n",
     "lxc.net.3.veth.ipv4.route", "is for type veth only, and lxc.net.3.type is empty"},
    {"lxc.hook.version = 2\n", "lxc.hook.version", "\"2\" is not a number from 0 to 1"},
    {"# /srv/config:7: lxc.network.mtu\nlxc.net.0.mtu = x\n" VETH, "/srv/config:7: lxc.network.mtu",
     "\"x\" is not a number"},
};

static void test_wrong_values(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        struct nic_networks networks = {0};
        struct thole_error err = {0};
        if (nic_networks_parse(wrongs[i].text, &networks, &err) == 0)
            fail_msg("no error: %s", wrongs[i].text);
        assert_int_equal(err.kind, THOLE_ERROR_CONFIG);
        assert_string_equal(err.where, wrongs[i].where);
        if (strncmp(err.text, wrongs[i].error, strlen(wrongs[i].error)) != 0)
            fail_msg("%s: \"%s\" is not: %s", wrongs[i].text, err.text, wrongs[i].error);
        assert_int_equal(networks.count, 0);
    }
}

/* ---- what values become ---- */

/* "10.0.0.5/24 10.0.0.255" */
static void describe(const struct nic_network_address *address, char *text, size_t size) {
    char word[INET6_ADDRSTRLEN];
    (void)inet_ntop(address->family, address->bytes, word, sizeof(word));
    int length = snprintf(text, size, "%s/%u", word, address->prefix);
    if (address->has_broadcast) {
        (void)inet_ntop(AF_INET, address->broadcast, word, sizeof(word));
        (void)snprintf(text + length, size - (size_t)length, " %s", word);
    }
}

static void test_addresses(void **state) {
    static const struct {
        const char *setting;
        const char *means;
    } rows[] = {
        {"ipv4.address = 192.168.1.123/24", "192.168.1.123/24 192.168.1.255"},
        {"ipv4.address = 192.168.1.123/24 255.255.255.255", "192.168.1.123/24 255.255.255.255"},
        {"ipv4.address = 10.2.3.5/13", "10.2.3.5/13 10.7.255.255"},
        {"ipv4.address = 10.2.3.5/0", "10.2.3.5/0 255.255.255.255"},
        {"ipv4.address = 10.2.3.5/30", "10.2.3.5/30 10.2.3.7"},
        {"ipv4.address = 10.2.3.5/31", "10.2.3.5/31"},
        {"ipv4.address = 10.2.3.5/32", "10.2.3.5/32"},
        {"ipv4.address = 127.1.1.1", "127.1.1.1/8 127.255.255.255"},
        {"ipv4.address = 128.1.1.1", "128.1.1.1/16 128.1.255.255"},
        {"ipv4.address = 191.1.1.1", "191.1.1.1/16 191.1.255.255"},
        {"ipv4.address = 192.1.1.1", "192.1.1.1/24 192.1.1.255"},
        {"ipv6.address = 2003:db8:1:0:214:1234:fe0b:3597", "2003:db8:1:0:214:1234:fe0b:3597/64"},
        {"ipv6.address = fd00::1/128", "fd00::1/128"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[128];
        char means[128];
        (void)snprintf(text, sizeof(text), VETH "lxc.net.0.%s\n", rows[i].setting);
        cleanup_nic_networks struct nic_networks networks = parsed(text);
        assert_int_equal(networks.items[0].addresses.count, 1);
        describe(&networks.items[0].addresses.items[0], means, sizeof(means));
        assert_string_equal(means, rows[i].means);
    }
}

static void test_order_and_defaults(void **state) {
    (void)state;
    cleanup_nic_networks struct nic_networks networks =
        parsed("lxc.net.10.type = empty\nlxc.net.2.type = phys\n# f:9: lxc.net.2.link\n"
               "lxc.net.2.link = eth1\nlxc.net.4.type = veth\nlxc.net.4.flags = down\n");
    assert_int_equal(networks.count, 3);
    assert_int_equal(networks.items[0].index, 2);
    assert_int_equal(networks.items[1].index, 4);
    assert_int_equal(networks.items[2].index, 10);
    assert_string_equal(networks.items[0].link, "eth1");
    assert_string_equal(networks.items[0].where[NIC_NETWORK_LINK], "f:9: lxc.net.2.link");
    assert_string_equal(networks.items[0].where[NIC_NETWORK_TYPE], "lxc.net.2.type");
    assert_null(networks.items[0].where[NIC_NETWORK_MTU]);
    assert_false(networks.items[0].up);
    assert_true(networks.items[1].up); /* LXC takes any word */
    assert_int_equal(networks.items[1].router, 0);
    assert_int_equal(networks.items[1].macvlan_mode, MACVLAN_MODE_PRIVATE);
    assert_int_equal(networks.items[1].ipvlan_mode, IPVLAN_MODE_L3);
    assert_int_equal(networks.hook_version, 0);
}

static void test_single_values(void **state) {
    (void)state;
    cleanup_nic_networks struct nic_networks networks =
        parsed("lxc.hook.version = 1\n" LINKED
               "lxc.net.0.name = eth5\nlxc.net.0.mtu = 1400\nlxc.net.0.hwaddr = 00:16:3E:xx:Xx:0F\n"
               "lxc.net.0.l2proxy = 1\nlxc.net.0.ipv4.gateway = auto\n"
               "lxc.net.0.ipv6.gateway = fd00::1\nlxc.net.0.script.up = /bin/a b\n"
               "lxc.net.0.script.up = c\nlxc.net.0.script.down = d\nlxc.net.0.veth.pair = p\n"
               "lxc.net.0.veth.mode = router\nlxc.net.0.veth.n_rxqueues = 2\n"
               "lxc.net.0.veth.n_txqueues = 3\nlxc.net.0.veth.ipv4.route = 10.0.0.0/8\n"
               "lxc.net.0.veth.ipv6.route = fd00::/16\nlxc.net.0.veth.vlan.id = none\n"
               "lxc.net.0.veth.vlan.tagged.id = 0\nlxc.net.0.veth.vlan.tagged.id = 4094\n");
    const struct nic_network *network = &networks.items[0];
    assert_int_equal(networks.hook_version, 1);
    assert_string_equal(network->name, "eth5");
    assert_int_equal(network->mtu, 1400);
    assert_string_equal(network->hwaddr, "00163exxxx0f");
    assert_true(network->l2proxy);
    assert_int_equal(network->gateway4.kind, NIC_GATEWAY_AUTO);
    assert_int_equal(network->gateway6.kind, NIC_GATEWAY_ADDRESS);
    assert_int_equal(network->gateway6.bytes[0], 0xfd);
    assert_int_equal(network->up_scripts.count, 2);
    assert_string_equal(network->up_scripts.items[0].command, "/bin/a b");
    assert_int_equal(network->down_scripts.count, 1);
    assert_string_equal(network->pair, "p");
    assert_int_equal(network->router, 1);
    assert_int_equal(network->rx_queues, 2);
    assert_int_equal(network->tx_queues, 3);
    assert_int_equal(network->routes.count, 2);
    assert_int_equal(network->veth_vlan, NIC_VLAN_NONE);
    assert_int_equal(network->tagged.count, 2);
    assert_int_equal(network->tagged.items[1], 4094);
}

static void test_work(void **state) {
    static const struct {
        const char *text;
        bool work;
    } rows[] = {
        {"", false},
        {"lxc.net.0.type = none\n", false},
        {"lxc.net.0.type = empty\n", false},
        {"lxc.net.0.type = empty\nlxc.net.0.script.up = /bin/true\n", true},
        {"lxc.net.0.type = empty\nlxc.net.0.script.down = /bin/true\n", true},
        {"lxc.net.0.type = none\nlxc.net.1.type = veth\n", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cleanup_nic_networks struct nic_networks networks = parsed(rows[i].text);
        assert_int_equal(nic_networks_have_work(&networks), rows[i].work);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_values),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_order_and_defaults),
        cmocka_unit_test(test_single_values),
        cmocka_unit_test(test_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
