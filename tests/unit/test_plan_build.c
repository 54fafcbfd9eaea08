/* SPDX-License-Identifier: Apache-2.0 */
/* The plan as a whole: the same input gives the same bytes, and the inputs are left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <yajl/yajl_tree.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "oci-spec/document.h"
#include "oci-spec/writer.h"
#include "plan/build.h"
#include "plan/builder.h"
#include "plan/print.h"

static const char config_json[] =
    "{\"ociVersion\": \"1.2.0\", \"hostname\": \"pure\", \"root\": {\"path\": \"rootfs\"},"
    "\"process\": {\"args\": [\"sh\", \"\", \"a \\\"b\\n\"], \"cwd\": \"/\", \"env\": [\"A=1\"],"
    "  \"capabilities\": {\"bounding\": [\"CAP_CHOWN\", \"CAP_NONE\"]}},"
    "\"mounts\": [{\"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\"},"
    "  {\"destination\": \"/sys/fs/cgroup\", \"type\": \"cgroup\", \"source\": \"cgroup\","
    "   \"options\": [\"ro\", \"nosuid\"]}],"
    "\"hooks\": {\"poststop\": [{\"path\": \"/bin/true\"}]},"
    "\"linux\": {\"namespaces\": [{\"type\": \"mount\"}, {\"type\": \"uts\"}, {\"type\": \"user\"},"
    "  {\"type\": \"cgroup\"}], \"uidMappings\": [{\"containerID\": 0, \"hostID\": 1, \"size\": "
    "9}],"
    "  \"gidMappings\": [{\"containerID\": 0, \"hostID\": 1, \"size\": 9}], \"resources\": "
    "{\"pids\": {\"limit\": 7},"
    "  \"devices\": [{\"allow\": false}]}, \"seccomp\": {\"defaultAction\": \"SCMP_ACT_ALLOW\"}}}";

static const char facts_json[] =
    "{\"privileged\": true, \"capabilities\": \"0x1ffffffffff\", \"last_capability\": 40,"
    "\"cgroup_namespaces\": true, \"hierarchies\": ["
    "{\"mountpoint\": \"/sys/fs/cgroup/pids\", \"controllers\": \"pids\", \"own_path\": \"/\"},"
    "{\"mountpoint\": \"/sys/fs/cgroup/unified\", \"unified\": true, \"own_path\": \"/\"}]}";

struct built {
    struct arena arena;
    struct plan *plan;
    char *text;
    char *json;
};

static void build(struct built *built) {
    const struct plan_request request = {.id = "pure1", .bundle = "/bundle"};
    struct oci_config *config = NULL;
    struct host_facts *facts = NULL;
    struct thole_error err = {0};
    *built = (struct built){0};
    assert_int_equal(
        oci_read_config(config_json, strlen(config_json), &built->arena, NULL, &config, &err), 0);
    assert_int_equal(host_facts_read(facts_json, strlen(facts_json), &built->arena, &facts, &err),
                     0);

    char *before = oci_write(&oci_config_type, config, 0);
    char *facts_before = host_facts_write(facts);
    assert_int_equal(plan_build(config, facts, &request, &built->arena, &built->plan, &err), 0);
    char *after = oci_write(&oci_config_type, config, 0);
    char *facts_after = host_facts_write(facts);
    assert_string_equal(before, after);
    assert_string_equal(facts_before, facts_after);
    free(before);
    free(facts_before);
    free(after);
    free(facts_after);

    built->text = plan_print_text(built->plan);
    built->json = plan_print_json(built->plan);
}

static void release(struct built *built) {
    free(built->text);
    free(built->json);
    arena_done(&built->arena);
}

static void same_input_gives_the_same_plan(void **state) {
    (void)state;
    struct built first;
    struct built second;
    build(&first);
    build(&second);
    assert_string_equal(first.text, second.text);
    assert_string_equal(first.json, second.json);
    release(&first);
    release(&second);
}

static void json_has_what_the_plan_holds(void **state) {
    (void)state;
    const char *argument[] = {"process", "args", NULL};
    const char *mounts[] = {"mounts", NULL};
    const char *warnings[] = {"warnings", NULL};
    struct built built;
    build(&built);
    yajl_val tree = yajl_tree_parse(built.json, NULL, 0);
    assert_non_null(tree);
    yajl_val args = yajl_tree_get(tree, argument, yajl_t_array);
    assert_int_equal(YAJL_GET_ARRAY(args)->len, 3);
    assert_string_equal(YAJL_GET_STRING(YAJL_GET_ARRAY(args)->values[2]), "a \"b\n");
    yajl_val list = yajl_tree_get(tree, mounts, yajl_t_array);
    assert_int_equal(YAJL_GET_ARRAY(list)->len, built.plan->mount_count);
    list = yajl_tree_get(tree, warnings, yajl_t_array);
    assert_int_equal(YAJL_GET_ARRAY(list)->len, 1);
    yajl_tree_free(tree);
    release(&built);
}

static void lists_are_terminated(void **state) {
    (void)state;
    struct built built;
    build(&built);
    const struct plan *plan = built.plan;
    assert_null(plan->process->args.items[plan->process->args.count]);
    assert_null(plan->process->env.items[plan->process->env.count]);
    assert_non_null(plan->warnings.items[0]);
    assert_int_equal(plan->warnings.count, 1);
    assert_int_equal(plan->process->warnings.count, 1);
    assert_null(plan->rdt.schemata.items[0]);
    assert_null(plan->seccomp->architectures.items[0]);
    const struct plan_hook *hook = &plan->hooks[PLAN_HOOK_POSTSTOP].items[0];
    assert_string_equal(hook->args.items[0], "/bin/true");
    assert_null(hook->args.items[1]);
    release(&built);
}

static void growing_lists_stay_terminated(void **state) {
    (void)state;
    struct arena arena = {0};
    const char **words = NULL;
    size_t count = 0;
    for (size_t i = 0; i < 100; i++) {
        *plan_list_add(&arena, words, count) = "word";
        assert_int_equal(count, i + 1);
        assert_null(words[count]);
    }
    arena_done(&arena);
}

static void paths_are_cleaned_lexically(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"", "/"},
        {"/", "/"},
        {"a", "/a"},
        {"/a/", "/a"},
        {"//a///b", "/a/b"},
        {"/a/./b", "/a/b"},
        {"/a/../b", "/b"},
        {"/../../a", "/a"},
        {"a/b/../..", "/"},
        {"..", "/"},
        {"/a/..b/.c", "/a/..b/.c"},
        {"/a/.../b", "/a/.../b"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < PLAN_COUNT(cases); i++)
        assert_string_equal(plan_path_clean(&arena, cases[i][0]), cases[i][1]);
    assert_true(path_is_beneath("/proc", "/proc"));
    assert_true(path_is_beneath("/proc/self", "/proc"));
    assert_false(path_is_beneath("/process", "/proc"));
    assert_string_equal(plan_where_key(&arena, "/a", "x/y~z"), "/a/x~1y~0z");
    arena_done(&arena);
}

/* The annotation alone makes a filter, without a seccomp member. */
static void raw_filter_needs_no_profile(void **state) {
    (void)state;
    static const char json[] =
        "{\"ociVersion\": \"1.0.0\", \"root\": {\"path\": \"r\"}, \"annotations\":"
        "{\"run.oci.seccomp_bpf_data\": \"BgAAAAAA/38=\"},"
        "\"linux\": {\"namespaces\": [{\"type\": \"mount\"}]}}";
    const struct host_facts facts = {.privileged = true, .hugepage_sizes = ""};
    const struct plan_request request = {.id = "x", .bundle = "/b"};
    struct arena arena = {0};
    struct oci_config *config = NULL;
    struct plan *plan = NULL;
    struct thole_error err = {0};
    assert_int_equal(oci_read_config(json, strlen(json), &arena, NULL, &config, &err), 0);
    assert_int_equal(plan_build(config, &facts, &request, &arena, &plan, &err), 0);
    assert_non_null(plan->seccomp);
    assert_string_equal(plan->seccomp->raw_filter, "BgAAAAAA/38=");
    assert_int_equal(plan->seccomp->rule_count, 0);
    arena_done(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_input_gives_the_same_plan),
        cmocka_unit_test(json_has_what_the_plan_holds),
        cmocka_unit_test(lists_are_terminated),
        cmocka_unit_test(growing_lists_stay_terminated),
        cmocka_unit_test(paths_are_cleaned_lexically),
        cmocka_unit_test(raw_filter_needs_no_profile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
