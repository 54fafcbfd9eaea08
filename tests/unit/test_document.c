/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and checking OCI documents. */
#include "oci-spec/document.h"

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "document_cases.h"
#include "document_data.h"
#include "oci-spec/reader.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A malloc'ed copy of @json with " for each '. */
static char *quoted(const char *json) {
    char *copy = strdup(json);
    assert_non_null(copy);
    for (char *at = copy; (at = strchr(at, '\'')) != NULL;)
        *at = '"';
    return copy;
}

/* Reads @json (with ' for ") and demands success. */
static struct oci_config *read_good(struct arena *arena, const char *json) {
    cleanup_free char *text = quoted(json);
    struct oci_config *config = NULL;
    struct thole_error err = {0};
    if (oci_read_config(text, strlen(text), arena, NULL, &config, &err) < 0)
        fail_msg("%s: %s: %s", json, err.where, err.text);
    return config;
}

static void expect_refused(const char *text, size_t length, const char *where, const char *reason) {
    cleanup_arena struct arena arena = {0};
    struct oci_config *config = NULL;
    struct thole_error err = {0};
    int result = oci_read_config(text, length, &arena, NULL, &config, &err);
    if (result != -1 || config != NULL)
        fail_msg("accepted: %.200s", text);
    if (err.kind != THOLE_ERROR_CONFIG || strcmp(err.where, where) != 0 ||
        strstr(err.text, reason) == NULL || strchr(err.text, '\n') != NULL)
        fail_msg("%.200s\n  wanted %s: ...%s...\n  got    %s: %s", text, where, reason, err.where,
                 err.text);
}

static void expect_all_refused(const struct refused *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        cleanup_free char *text = quoted(cases[i].json);
        expect_refused(text, strlen(text), cases[i].where, cases[i].reason);
    }
}

static void test_refused_configs(void **state) {
    (void)state;
    expect_all_refused(refused_configs, COUNT(refused_configs));
}

static void test_refused_numbers(void **state) {
    (void)state;
    expect_all_refused(refused_numbers, COUNT(refused_numbers));
}

static void test_refused_texts(void **state) {
    (void)state;
    expect_all_refused(refused_texts, COUNT(refused_texts));
}

/* ---- the structs that come out ------------------------------------------------------------- */

static void test_minimal(void **state) {
    (void)state;
    cleanup_arena struct arena arena = {0};
    struct oci_config *config = read_good(&arena, CONFIG(""));
    assert_string_equal(config->oci_version, "1.3.0");
    assert_string_equal(config->root->path, "rootfs");
    assert_false(config->root->readonly);
    assert_null(config->process);
    assert_null(config->linux);
    assert_null(config->hostname);
    assert_false(config->mounts.set);
    assert_int_equal(config->mounts.count, 0);
}

static void test_complete_process(void **state) {
    (void)state;
    cleanup_arena struct arena arena = {0};
    cleanup_free char *json = read_data("config-complete.json");
    const struct oci_process *process = read_good(&arena, json)->process;
    assert_true(process->terminal);
    assert_true(process->no_new_privileges.set && process->no_new_privileges.value);
    assert_int_equal(process->console_size->width.value, 80);
    assert_true(process->user->gid == UINT32_MAX);
    assert_int_equal(process->user->umask.value, 077);
    assert_int_equal(process->user->additional_gids.count, 2);
    assert_int_equal(process->user->additional_gids.items[1], 6);
    assert_int_equal(process->args.count, 3);
    assert_string_equal(process->args.items[2], "echo \"\xc3\xbcml\xc3\xa4ut\" \xf0\x9f\x98\x80");
    assert_null(process->args.items[3]);
    assert_true(process->capabilities->ambient.set);
    assert_non_null(process->capabilities->ambient.items);
    assert_null(process->capabilities->ambient.items[0]);
    assert_true(process->rlimits.items[0].hard == UINT64_MAX);
    assert_int_equal(process->oom_score_adj.value, -1000);
    assert_int_equal(process->scheduler->policy, SCHED_DEADLINE);
    assert_int_equal(process->io_priority->class, IOPRIO_CLASS_BE);
}

static void test_complete_linux(void **state) {
    (void)state;
    cleanup_arena struct arena arena = {0};
    cleanup_free char *json = read_data("config-complete.json");
    const struct oci_linux *section = read_good(&arena, json)->linux;
    assert_int_equal(section->namespaces.items[7].type, CLONE_NEWTIME);
    assert_int_equal(section->rootfs_propagation, MS_SLAVE);
    assert_int_equal(section->personality->domain, PER_LINUX32);
    assert_int_equal(section->memory_policy->mode, MPOL_INTERLEAVE);
    assert_true(section->time_offsets->monotonic->secs.value == -172800);
    assert_string_equal(section->net_devices.items[1].key, "ens4");
    assert_null(section->net_devices.items[1].name);
    assert_string_equal(section->sysctl.items[1].key, "net.core.somaxconn");
    assert_string_equal(section->sysctl.items[1].value, "256");
    const struct oci_resources *resources = section->resources;
    assert_true(resources->memory->disable_oom_killer.set);
    assert_false(resources->memory->disable_oom_killer.value);
    assert_true(resources->pids->limit.set);
    assert_int_equal(resources->devices.items[1].minor.value, -1);
    assert_string_equal(resources->rdma.items[0].key, "mlx5_1");
    assert_true(resources->block_io->throttle_write_iops.items[0].rate == UINT64_MAX);
    const struct oci_seccomp_argument *argument = section->seccomp->syscalls.items[0].args.items;
    assert_int_equal(argument->index, 5);
    assert_true(argument->value_two == UINT64_MAX);
}

static void test_absent_and_repeated(void **state) {
    (void)state;
    cleanup_arena struct arena arena = {0};
    struct oci_config *config =
        read_good(&arena, CONFIG(",'hostname':null,'domainname':'','mounts':null,"
                                 "'annotations':{'a':null,'b':'2'},'process':null"));
    assert_null(config->hostname);
    assert_null(config->domainname);
    assert_false(config->mounts.set);
    assert_null(config->process);
    assert_int_equal(config->annotations.count, 1);
    assert_string_equal(config->annotations.items[0].key, "b");

    config = read_good(&arena, PROCESS(",'apparmorProfile':'','selinuxLabel':''"));
    assert_null(config->process->apparmor_profile);
    assert_null(config->process->selinux_label);

    config =
        read_good(&arena, PROCESS(",'cwd':'/a','cwd':'/b','args':['x','y'],'args':['z'],"
                                  "'user':{'uid':7,'gid':8,'umask':1},'user':{'uid':3,'gid':9},"
                                  "'oomScoreAdj':5,'oomScoreAdj':null"));
    assert_string_equal(config->process->cwd, "/b");
    assert_int_equal(config->process->args.count, 1);
    assert_string_equal(config->process->args.items[0], "z");
    assert_int_equal(config->process->user->uid, 3);
    assert_int_equal(config->process->user->gid, 9);
    assert_false(config->process->user->umask.set);
    assert_false(config->process->oom_score_adj.set);

    config = read_good(&arena, CONFIG(",'annotations':{'b':'1','a':'1','b':'2','c':'3','b':'4'}"));
    assert_int_equal(config->annotations.count, 3);
    assert_string_equal(config->annotations.items[0].key, "a");
    assert_string_equal(config->annotations.items[1].key, "c");
    assert_string_equal(config->annotations.items[2].key, "b");
    assert_string_equal(config->annotations.items[2].value, "4");
}

static void test_accepted_forms(void **state) {
    (void)state;
    static const char *const good[] = {
        "{'ociVersion':'1.0.0-rc5','root':{'path':'r'}}",
        "{'ociVersion':'1.99.0+dev.x-1','root':{'path':'/r'}}",
        "{'ociVersion':'1.2.1-0a.b+dev','root':{'path':'/r'}}",
        MOUNT(",'destination':'relative'"),
        LINUX("'uidMappings':[{'containerID':0,'hostID':0,'size':4294967295}]"),
        LINUX("'rootfsPropagation':'','cgroupsPath':'','mountLabel':''"),
        LINUX("'rootfsPropagation':'rprivate'"),
        LINUX("'devices':[{'type':'u','path':'/x','major':1,'minor':1,'fileMode':8630}]"),
        LINUX("'intelRdt':{'closID':'/'}"),
        LINUX("'namespaces':[{'type':'pid','path':''}]"),
        LINUX("'netDevices':{'eth0':{'name':'eth%d'}}"),
        RULE(",'action':'SCMP_ACT_TRACE','errnoRet':1"),
        RESOURCES("'hugepageLimits':[{'limit':0,'pageSize':'64KB'},{'limit':1,'pageSize':'1GB'}]"),
        PROCESS(",'capabilities':{'bounding':['CAP_FROM_THE_FUTURE']}"),
        PROCESS(",'execCPUAffinity':{'initial':'','final':'0-3, 7'}"),
        CONFIG(",'future':{'a':[1,{'b':null}],'c':1e3},'windows':[],'solaris':'x'"),
        " \n" CONFIG("") "\n\n",
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        cleanup_arena struct arena arena = {0};
        (void)read_good(&arena, good[i]);
    }
}

static void test_long_lists(void **state) {
    (void)state;
    enum { ENTRIES = 5000 };
    cleanup_arena struct arena arena = {0};
    cleanup_text struct text json = {0};
    text_append(&json, "{'cwd':'/','args':[");
    for (int i = 0; i < ENTRIES; i++)
        text_appendf(&json, "%s'%d'", i == 0 ? "" : ",", i);
    text_append(&json, "]}");
    cleanup_free char *text = quoted(json.data);
    struct oci_process *process = NULL;
    struct thole_error err = {0};
    assert_int_equal(oci_read_process(text, strlen(text), &arena, &process, &err), 0);
    assert_int_equal(process->args.count, ENTRIES);
    for (int i = 0; i < ENTRIES; i++)
        assert_int_equal(strtol(process->args.items[i], NULL, 10), i);
    assert_null(process->args.items[ENTRIES]);
}

/* ---- limits and characters ----------------------------------------------------------------- */

/* @head, @count times @piece, @tail. */
static void expect_repeated_refused(const char *head, const char *piece, size_t count,
                                    const char *tail, const char *where, const char *reason) {
    cleanup_text struct text json = {0};
    text_append(&json, head);
    for (size_t i = 0; i < count; i++)
        text_append(&json, piece);
    text_append(&json, tail);
    cleanup_free char *text = quoted(json.data);
    expect_refused(text, strlen(text), where, reason);
}

static void test_limits(void **state) {
    (void)state;
    expect_repeated_refused("{'hostname':'", "x", OCI_STRING_MAX + 1, "'}", "/hostname",
                            "longer than 1048576 bytes");
    expect_repeated_refused("{'future':'", "x", OCI_STRING_MAX + 1, "'}", "/future", "longer than");
    expect_repeated_refused("{'", "x", OCI_STRING_MAX + 1, "':1}", "/", "longer than");
    expect_repeated_refused("{'future':", "[", OCI_DEPTH_MAX, "", "/future", "nested too deeply");
    expect_repeated_refused("{'linux':{'future':", "{'a':", OCI_DEPTH_MAX, "", "/linux/future",
                            "the limit is 32");
    expect_repeated_refused("{'process':{'args':['x'", ",'x'", OCI_ITEMS_MAX, "]}}",
                            "/process/args", "too many entries, the limit is 100000");
    expect_repeated_refused("{'annotations':{'x':''", ",'x':''", OCI_ITEMS_MAX, "}}",
                            "/annotations", "too many entries");
    expect_repeated_refused("{", " ", OCI_DOCUMENT_MAX, "}", "/", "the document is too long");

    cleanup_arena struct arena arena = {0};
    cleanup_text struct text json = {0};
    text_append(&json, "{'ociVersion':'1.0.0','root':{'path':'r'},'future':");
    for (int i = 1; i < OCI_DEPTH_MAX; i++)
        text_append(&json, "[");
    for (int i = 1; i < OCI_DEPTH_MAX; i++)
        text_append(&json, "]");
    text_append(&json, "}");
    (void)read_good(&arena, json.data);
}

static void test_characters(void **state) {
    (void)state;
    static const char *const invalid[] = {
        "\xff",             /* no lead byte */
        "a\x80",            /* continuation alone */
        "\xc3",             /* cut off */
        "\xc0\x80",         /* overlong NUL */
        "\xe0\x80\xaf",     /* overlong slash */
        "\xed\xa0\x80",     /* surrogate */
        "\xf4\x90\x80\x80", /* above U+10FFFF */
        "12345678\xfe",     /* behind a plain word */
    };
    for (size_t i = 0; i < COUNT(invalid); i++) {
        expect_repeated_refused("{'hostname':'", invalid[i], 1, "'}", "/hostname",
                                "is not valid UTF-8");
        expect_repeated_refused("{'future':'", invalid[i], 1, "'}", "/future", "not valid UTF-8");
        expect_repeated_refused("{'linux':{'", invalid[i], 1, "':1}}", "/linux",
                                "a member's name is not valid UTF-8");
    }
    expect_repeated_refused("{'hostname':'a','\xff", "", 0, "':1}", "/", "name is not valid UTF-8");
    expect_repeated_refused("{'process':{'args':['a\\u0000b", "", 0, "']}}", "/process/args/0",
                            "contains the character \\u0000");
    expect_repeated_refused("{'annotations':{'a\\u0000b", "", 0, "':'x'}}", "/annotations",
                            "contains the character \\u0000");

    cleanup_arena struct arena arena = {0};
    struct oci_config *config = read_good(
        &arena, CONFIG(",'hostname':'\\ud83d\\ude00\\\\ud800','domainname':'\xf4\x8f\xbf\xbf'"));
    assert_string_equal(config->hostname, "\xf0\x9f\x98\x80\\ud800");
}

static void test_pointers(void **state) {
    (void)state;
    static const struct refused cases[] = {
        {CONFIG(",'annotations':{'a/b~c':1}"), "/annotations/a~1b~0c", "must be"},
        {CONFIG(",'annotations':{'a\\u001b[2Jb':1}"), "/annotations/a\\u001b[2Jb", "must be"},
        {CONFIG(",'annotations':{'line\\nbreak':1}"), "/annotations/line\\u000abreak", "must be"},
        {CONFIG(",'annotations':{'\xc2\x9b':1}"), "/annotations/\\u009b", "must be"},
        {CONFIG(",'annotations':{'\xc3\xbc':1}"), "/annotations/\xc3\xbc", "must be"},
        {PROCESS(",'cwd':'a\\nb\\u001bc'"), "/process/cwd", "not \"a\\u000ab\\u001bc\""},
    };
    expect_all_refused(cases, COUNT(cases));
    expect_repeated_refused("{'process':{'cwd':'", "x", 500, "'}}", "/process/cwd", "xxx...\"");
}

/* ---- other documents ----------------------------------------------------------------------- */

static void test_other_documents(void **state) {
    (void)state;
    cleanup_arena struct arena arena = {0};
    struct thole_error err = {0};

    static const char process_json[] = "{\"cwd\":\"x\",\"args\":[\"sh\"]}";
    struct oci_process *process = NULL;
    assert_int_equal(
        oci_read_process(process_json, sizeof(process_json) - 1, &arena, &process, &err), -1);
    assert_null(process);
    assert_string_equal(err.where, "/cwd");

    static const char resources_json[] = "{\"memory\":{\"limit\":7}}";
    struct oci_resources *resources = NULL;
    assert_int_equal(
        oci_read_resources(resources_json, sizeof(resources_json) - 1, &arena, &resources, &err),
        0);
    assert_int_equal(resources->memory->limit.value, 7);

    static const char state_json[] =
        "{\"ociVersion\":\"0.2.0\",\"id\":\"a\",\"status\":\"paused\",\"bundle\":\"/b\"}";
    const struct oci_state *container =
        oci_read(&oci_state_type, state_json, sizeof(state_json) - 1, &arena, NULL, &err);
    assert_non_null(container);
    assert_false(container->pid.set);

    static const char features_json[] = "{\"ociVersionMin\":\"1.1.0\"}";
    assert_null(
        oci_read(&oci_features_type, features_json, sizeof(features_json) - 1, &arena, NULL, &err));
    assert_string_equal(err.where, "/ociVersionMax");
}

/* ---- reports ------------------------------------------------------------------------------- */

static void test_report(void **state) {
    (void)state;
    static const struct {
        int severity;
        const char *where;
        const char *text;
    } expected[] = {
        {OCI_FINDING_ERROR, "/ociVersion", "must be a string"},
        {OCI_FINDING_NOTE, "/future", "unknown member"},
        {OCI_FINDING_ERROR, "/process/cwd", "must be a string, not an object"},
        {OCI_FINDING_NOTE, "/process/commandLine", "no meaning on Linux"},
        {OCI_FINDING_ERROR, "/process/args/1", "must be a string"},
        {OCI_FINDING_ERROR, "/process/args/3", "must be a string"},
        {OCI_FINDING_ERROR, "/process/rlimits/0/hard", "is required"},
        {OCI_FINDING_ERROR, "/process/rlimits/1/soft", "above the hard limit"},
        {OCI_FINDING_ERROR, "/mounts/0/destination", "is required"},
        {OCI_FINDING_ERROR, "/mounts/1", "must be an object"},
        {OCI_FINDING_ERROR, "/mounts/2/options", "must be a list of strings"},
        {OCI_FINDING_NOTE, "/solaris", "another platform"},
        {OCI_FINDING_ERROR, "/annotations/x", "must be a string"},
        {OCI_FINDING_ERROR, "/root", "is required"},
    };
    cleanup_free char *json =
        quoted("{'ociVersion':1,'future':{'a':[{'b':1}]},'process':{'cwd':{'a':[1]},"
               "'commandLine':'x','args':['a',[[]],'b',{'c':{}}],'rlimits':[{'type':'RLIMIT_CPU',"
               "'soft':1},{'type':'RLIMIT_CORE','soft':2,'hard':1}]},'mounts':[{'type':'x'},5,"
               "{'destination':'/x','options':true}],'solaris':{},'annotations':{'x':[],'y':'z'}}");
    cleanup_arena struct arena arena = {0};
    struct oci_report report = {.arena = &arena};
    struct oci_config *config = NULL;
    struct thole_error err = {0};
    assert_int_equal(oci_read_config(json, strlen(json), &arena, &report, &config, &err), -1);
    assert_string_equal(err.where, "/ociVersion");
    const struct oci_finding *finding = report.first;
    for (size_t i = 0; i < COUNT(expected); i++, finding = finding->next) {
        assert_non_null(finding);
        assert_string_equal(finding->where, expected[i].where);
        assert_int_equal(finding->severity, expected[i].severity);
        assert_non_null(strstr(finding->text, expected[i].text));
    }
    assert_null(finding);
    assert_int_equal(report.errors, 11);
    assert_int_equal(report.notes, 3);
}

static void test_report_ends(void **state) {
    (void)state;
    cleanup_text struct text json = {0};
    text_append(&json, "{\"mounts\":[1");
    for (int i = 0; i < 2 * OCI_FINDINGS_MAX; i++)
        text_append(&json, ",1");
    text_append(&json, "]}");
    cleanup_arena struct arena arena = {0};
    struct oci_report report = {.arena = &arena};
    struct oci_config *config = NULL;
    assert_int_equal(oci_read_config(json.data, json.length, &arena, &report, &config, NULL), -1);
    assert_int_equal(report.errors, OCI_FINDINGS_MAX);
}

/* Whatever a document is cut down to: an error in one line, and never a crash. */
static void test_truncations(void **state) {
    (void)state;
    cleanup_free char *json = read_data("config-complete.json");
    const size_t length = strrchr(json, '}') - json;
    for (size_t cut = 0; cut < length; cut++) {
        cleanup_arena struct arena arena = {0};
        struct oci_report report = {.arena = &arena};
        struct oci_config *config = NULL;
        struct thole_error err = {0};
        cleanup_free char *copy = malloc(cut + 1); /* exact, for AddressSanitizer */
        memcpy(copy, json, cut);
        assert_int_equal(
            oci_read_config(copy, cut, &arena, cut % 2 == 0 ? NULL : &report, &config, &err), -1);
        assert_int_equal(err.where[0], '/');
        assert_null(strchr(err.text, '\n'));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_configs),     cmocka_unit_test(test_refused_numbers),
        cmocka_unit_test(test_refused_texts),       cmocka_unit_test(test_minimal),
        cmocka_unit_test(test_complete_process),    cmocka_unit_test(test_complete_linux),
        cmocka_unit_test(test_absent_and_repeated), cmocka_unit_test(test_accepted_forms),
        cmocka_unit_test(test_long_lists),          cmocka_unit_test(test_limits),
        cmocka_unit_test(test_characters),          cmocka_unit_test(test_pointers),
        cmocka_unit_test(test_other_documents),     cmocka_unit_test(test_report),
        cmocka_unit_test(test_report_ends),         cmocka_unit_test(test_truncations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
