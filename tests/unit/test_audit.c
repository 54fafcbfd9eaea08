/* SPDX-License-Identifier: Apache-2.0 */
/* The text of the audit records of a plan: every resource has its own, and none can forge another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "oci-spec/document.h"
#include "plan/audit.h"
#include "plan/build.h"

#define UUID "5f0b7bb0-1111-2222-3333-444455556666"
#define SUBJECT "vm=\"web\" uuid=" UUID

static const char config_json[] =
    "{\"ociVersion\": \"1.2.0\", \"root\": {\"path\": \"/srv/web\"},"
    "\"process\": {\"args\": [\"sh\"], \"cwd\": \"/\", \"apparmorProfile\": \"web-profile\"},"
    "\"mounts\": [{\"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\"},"
    "  {\"destination\": \"/data\", \"type\": \"bind\", \"source\": \"/srv/my data\", \"options\": "
    "[\"rbind\"]},"
    "  {\"destination\": \"/disk\", \"type\": \"ext4\", \"source\": \"/dev/vdb\"}],"
    "\"linux\": {\"namespaces\": [{\"type\": \"mount\"}, {\"type\": \"network\", \"path\": "
    "\"/run/netns/web\"}],"
    "  \"netDevices\": {\"eth7\": {\"name\": \"lan\"}},"
    "  \"devices\": [{\"path\": \"/dev/fuse\", \"type\": \"c\", \"major\": 10, \"minor\": 229}],"
    "  \"resources\": {\"memory\": {\"limit\": 67108864}, \"cpu\": {\"cpus\": \"0-2,5\", "
    "\"quota\": "
    "150000, \"period\": 100000},"
    "    \"devices\": [{\"allow\": false, \"access\": \"rwm\"},"
    "      {\"allow\": true, \"type\": \"c\", \"major\": 10, \"minor\": 229, \"access\": \"rw\"},"
    "      {\"allow\": true, \"type\": \"b\", \"major\": 8, \"access\": \"r\"}]}}}";

static const char facts_json[] =
    "{\"privileged\": true, \"capabilities\": \"0x1ffffffffff\", \"last_capability\": 40,"
    "\"apparmor\": true, \"hierarchies\": [{\"mountpoint\": \"/sys/fs/cgroup\", \"unified\": true,"
    "\"own_path\": \"/\", \"controllers\": \"cpu,cpuset,memory,pids\"}]}";

struct built {
    struct arena arena;
    struct plan *plan;
    struct plan_audit_records records;
};

static const struct plan_audit_subject subject = {.id = "web", .uuid = UUID};

static void build(struct built *built, const char *json, enum thole_audit wish, bool fails) {
    const struct plan_request request = {.id = "web", .bundle = "/bundle", .audit = wish};
    struct oci_config *config = NULL;
    struct host_facts *facts = NULL;
    struct thole_error err = {0};
    *built = (struct built){0};
    assert_int_equal(oci_read_config(json, strlen(json), &built->arena, NULL, &config, &err), 0);
    assert_int_equal(host_facts_read(facts_json, strlen(facts_json), &built->arena, &facts, &err),
                     0);
    int result = plan_build(config, facts, &request, &built->arena, &built->plan, &err);
    assert_string_equal(err.text, fails ? "\"loud\" is not off, on or must" : "");
    assert_int_equal(result, fails ? -1 : 0);
}

/* True, once, for each: a record that begins so. */
static bool has(const struct built *built, unsigned type, const char *text) {
    size_t found = 0;
    for (size_t i = 0; i < built->records.count; i++)
        found +=
            built->records.items[i].type == type && strcmp(built->records.items[i].text, text) == 0;
    return found == 1;
}

enum { CONTROL = 2500, RESOURCE = 2501, MACHINE_ID = 2502 };

static void test_every_resource_has_its_record(void **state) {
    (void)state;
    static const char *const wanted[] = {
        "virt=oci resrc=mem reason=start " SUBJECT " old-mem=0 new-mem=67108864",
        "virt=oci resrc=vcpu reason=start " SUBJECT " old-vcpu=0 new-vcpu=2",
        "virt=oci resrc=cgroup reason=deny " SUBJECT " cgroup=\"/web\" class=all acl=rwm",
        "virt=oci resrc=cgroup reason=allow " SUBJECT
        " cgroup=\"/web\" class=path rdev=0A:E5 category=c acl=rw",
        "virt=oci resrc=cgroup reason=allow " SUBJECT
        " cgroup=\"/web\" class=major maj=08 category=b acl=r",
        "virt=oci resrc=fs reason=start " SUBJECT " old-fs=? new-fs=\"/srv/web\" target=\"/\"",
        "virt=oci resrc=fs reason=start " SUBJECT
        " old-fs=? new-fs=2F7372762F6D792064617461 target=\"/data\"",
        "virt=oci resrc=fs reason=start " SUBJECT " old-fs=? new-fs=\"/dev/vdb\" target=\"/disk\"",
        "virt=oci resrc=dev reason=start " SUBJECT " device=\"/dev/fuse\" category=c rdev=0A:E5",
        "virt=oci resrc=net reason=start " SUBJECT " old-net=? new-net=\"/run/netns/web\"",
        "virt=oci resrc=net reason=start " SUBJECT " old-net=? new-net=\"eth7\" target=\"lan\"",
    };
    struct built built;
    build(&built, config_json, THOLE_AUDIT_ON, false);
    plan_audit_resources(&subject, built.plan, &built.arena, &built.records);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (!has(&built, RESOURCE, wanted[i]))
            fail_msg("missing: %s", wanted[i]);
    }
    /* What stays inside is no resource of the host. */
    for (size_t i = 0; i < built.records.count; i++)
        assert_null(strstr(built.records.items[i].text, "target=\"/proc\""));
    arena_done(&built.arena);
}

static void test_an_update_tells_what_it_writes(void **state) {
    (void)state;
    struct built built;
    build(&built, config_json, THOLE_AUDIT_ON, false);
    struct plan_cgroup_write writes[] = {
        {.file = "memory.max", .is_number = true, .number = PLAN_UNLIMITED},
        {.file = "cpuset.cpus", .value = "0-3,7"},
    };
    const struct plan_cgroup former = {.writes = writes, .write_count = 2};
    const struct plan_cgroup unknown = {0};
    plan_audit_update(&subject, &built.plan->cgroup, &former, &built.plan->cgroup, &built.arena,
                      &built.records);
    plan_audit_update(&subject, &built.plan->cgroup, &unknown, &built.plan->cgroup, &built.arena,
                      &built.records);
    static const char *const wanted[] = {
        "virt=oci resrc=mem reason=update " SUBJECT " old-mem=unlimited new-mem=67108864",
        "virt=oci resrc=vcpu reason=update " SUBJECT " old-vcpu=5 new-vcpu=2",
        "virt=oci resrc=mem reason=update " SUBJECT " old-mem=? new-mem=67108864",
        "virt=oci resrc=vcpu reason=update " SUBJECT " old-vcpu=? new-vcpu=2",
    };
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (!has(&built, RESOURCE, wanted[i]))
            fail_msg("missing: %s", wanted[i]);
    }
    for (size_t i = 0; i < built.records.count; i++)
        assert_null(strstr(built.records.items[i].text, "resrc=fs"));
    arena_done(&built.arena);
}

static void test_labels(void **state) {
    (void)state;
    struct built built;
    build(&built, config_json, THOLE_AUDIT_ON, false);
    plan_audit_machine(&subject, built.plan, &built.arena, &built.records);
    assert_true(has(&built, MACHINE_ID,
                    "virt=oci " SUBJECT " vm-ctx=\"web-profile\" img-ctx=? model=apparmor"));
    built.plan->process->selinux = "system_u:system_r:container_t:s0:c1,c2";
    built.plan->mount_label = "system_u:object_r:container_file_t:s0:c1,c2";
    plan_audit_machine(&subject, built.plan, &built.arena, &built.records);
    assert_true(has(&built, MACHINE_ID,
                    "virt=oci " SUBJECT " vm-ctx=\"system_u:system_r:container_t:s0:c1,c2\" "
                    "img-ctx=\"system_u:object_r:container_file_t:s0:c1,c2\" model=selinux"));
    built.plan->process = NULL;
    built.plan->mount_label = NULL;
    plan_audit_machine(&subject, built.plan, &built.arena, &built.records);
    assert_true(has(&built, MACHINE_ID, "virt=oci " SUBJECT " vm-ctx=? img-ctx=? model=none"));
    arena_done(&built.arena);
}

static void test_control(void **state) {
    (void)state;
    static const struct {
        struct plan_audit_control control;
        const char *text;
    } cases[] = {
        {{.operation = PLAN_AUDIT_START, .reason = "booted", .maker = 7},
         "virt=oci op=start reason=booted " SUBJECT " vm-pid=7"},
        {{.operation = PLAN_AUDIT_INIT, .maker = 7, .init = 8, .pid_namespace = 4026532254},
         "virt=oci op=init " SUBJECT " vm-pid=7 init-pid=8 pid-ns=4026532254"},
        {{.operation = PLAN_AUDIT_STOP, .reason = "shutdown"},
         "virt=oci op=stop reason=shutdown " SUBJECT},
    };
    struct built built = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        plan_audit_control(&subject, &cases[i].control, &built.arena, &built.records);
        assert_true(has(&built, CONTROL, cases[i].text));
    }
    arena_done(&built.arena);
}

/* Names and annotations are somebody else's: no value ends early and begins a field of its own. */
static void test_nothing_is_forged(void **state) {
    (void)state;
    static const char *const uuids[] = {"",        "?", UUID " res=success",
                                        UUID "\n", "x", "5f0b7bb0 res=success exe=\"/bin/thole\""};
    const struct plan_audit_control stop = {.operation = PLAN_AUDIT_STOP};
    struct built built = {0};
    for (size_t i = 0; i < sizeof(uuids) / sizeof(uuids[0]); i++) {
        const struct plan_audit_subject false_one = {.id = "a\" b", .uuid = uuids[i]};
        built.records.count = 0;
        plan_audit_control(&false_one, &stop, &built.arena, &built.records);
        assert_string_equal(built.records.items[0].text, "virt=oci op=stop vm=61222062 uuid=?");
    }
    char longest[5000];
    memset(longest, ' ', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    cleanup_text struct text text = {0};
    plan_audit_append(&text, "new-fs", longest);
    assert_true(text.length < 4200);
    arena_done(&built.arena);
}

static void test_the_stricter_word_holds(void **state) {
    (void)state;
    static const struct {
        enum thole_audit wish;
        const char *annotation;
        const char *mode;
    } cases[] = {
        {THOLE_AUDIT_OFF, NULL, NULL},    {THOLE_AUDIT_OFF, "off", NULL},
        {THOLE_AUDIT_OFF, "on", "on"},    {THOLE_AUDIT_OFF, "must", "must"},
        {THOLE_AUDIT_ON, "off", "on"},    {THOLE_AUDIT_ON, NULL, "on"},
        {THOLE_AUDIT_ON, "must", "must"}, {THOLE_AUDIT_MUST, "off", "must"},
        {THOLE_AUDIT_MUST, "on", "must"}, {THOLE_AUDIT_MUST, NULL, "must"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char json[256] = "{\"ociVersion\": \"1.2.0\", \"root\": {\"path\": \"/srv/web\"}}";
        if (cases[i].annotation != NULL)
            (void)snprintf(json, sizeof(json),
                           "{\"ociVersion\": \"1.2.0\", \"root\": {\"path\": \"/srv/web\"}, "
                           "\"annotations\": {\"org.thole.audit\": \"%s\"}}",
                           cases[i].annotation);
        struct built built;
        build(&built, json, cases[i].wish, false);
        assert_int_equal(built.plan->audit == NULL, cases[i].mode == NULL);
        if (cases[i].mode != NULL)
            assert_string_equal(built.plan->audit, cases[i].mode);
        arena_done(&built.arena);
    }
    struct built built;
    build(&built,
          "{\"ociVersion\": \"1.2.0\", \"root\": {\"path\": \"/srv/web\"}, \"annotations\": "
          "{\"org.thole.audit\": \"loud\"}}",
          THOLE_AUDIT_OFF, true);
    arena_done(&built.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_resource_has_its_record),
        cmocka_unit_test(test_an_update_tells_what_it_writes),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_control),
        cmocka_unit_test(test_nothing_is_forged),
        cmocka_unit_test(test_the_stricter_word_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
