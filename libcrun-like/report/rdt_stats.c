/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of Intel RDT (kernel: filesystems/resctrl). */
#include "report/rdt_stats.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

enum { FILE_MAX = 1024 * 1024 };

static void put_string(yajl_gen json, const char *string) {
    (void)yajl_gen_string(json, (const unsigned char *)string, strlen(string));
}

/* The file's content, malloc'ed; NULL if there is none. */
static char *read_file(int directory, const char *name) {
    char *text = NULL;
    return file_read_at(directory, name, FILE_MAX, &text, NULL, NULL) < 0 ? NULL : text;
}

/* The first word of a file; as it is, or as a number. Nothing if there is no such file. */
static void put_word(yajl_gen json, int directory, const char *name, const char *key,
                     bool is_number) {
    cleanup_free char *text = read_file(directory, name);
    if (text == NULL)
        return;
    text[strcspn(text, " \n")] = '\0';
    uint64_t number = 0;
    if (is_number && !text_parse_uint(text, UINT64_MAX, &number))
        return;
    put_string(json, key);
    if (is_number)
        (void)yajl_gen_number(json, text, strlen(text));
    else
        put_string(json, text);
}

/* ---- what the machine can do ----------------------------------------------------------------- */

struct limit {
    const char *file;
    bool is_number;
};

static const struct {
    const char *directory;
    const char *key;
    const char *resource; /* its lines in a schemata file */
    const char *root_key;
    const char *group_key;
    struct limit limits[4];
} resources[] = {
    {"info/L3",
     "l3_cache_info",
     "L3:",
     "l3_cache_schema_root",
     "l3_cache_schema",
     {{"cbm_mask", false}, {"min_cbm_bits", true}, {"num_closids", true}}},
    {"info/MB",
     "mem_bw_info",
     "MB:",
     "mem_bw_schema_root",
     "mem_bw_schema",
     {{"bandwidth_gran", true},
      {"delay_linear", true},
      {"min_bandwidth", true},
      {"num_closids", true}}},
};
enum { RESOURCES = sizeof(resources) / sizeof(resources[0]) };

static void put_limits(yajl_gen json, int root, size_t resource) {
    cleanup_close int directory =
        openat(root, resources[resource].directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return;
    put_string(json, resources[resource].key);
    (void)yajl_gen_map_open(json);
    for (size_t i = 0; i < 4 && resources[resource].limits[i].file != NULL; i++) {
        const struct limit *limit = &resources[resource].limits[i];
        put_word(json, directory, limit->file, limit->file, limit->is_number);
    }
    (void)yajl_gen_map_close(json);
}

/* ---- schemata -------------------------------------------------------------------------------- */

static void put_schema(yajl_gen json, const char *schemata, const char *resource, const char *key) {
    for (const char *line = schemata; line != NULL && *line != '\0';) {
        line += strspn(line, " \t\n");
        size_t length = strcspn(line, "\n");
        if (strncmp(line, resource, strlen(resource)) == 0) {
            put_string(json, key);
            (void)yajl_gen_string(json, (const unsigned char *)line, length);
            return;
        }
        line += length;
    }
}

static void put_schemata_lines(yajl_gen json, const char *schemata) {
    if (schemata == NULL)
        return;
    put_string(json, "schemata");
    (void)yajl_gen_array_open(json);
    for (const char *line = schemata + strspn(schemata, " \t\n"); *line != '\0';) {
        size_t length = strcspn(line, "\n");
        (void)yajl_gen_string(json, (const unsigned char *)line, length);
        line += length;
        line += strspn(line, " \t\n");
    }
    (void)yajl_gen_array_close(json);
}

/* ---- counters -------------------------------------------------------------------------------- */

static int is_l3_domain(const struct dirent *entry) {
    return text_starts_with(entry->d_name, "mon_L3_");
}

/* An object for each L3 cache of the machine, with those of @files that it has. */
static void put_counters(yajl_gen json, const char *path, const char *key,
                         const char *const files[]) {
    struct dirent **domains = NULL;
    int count = scandir(path, &domains, is_l3_domain, alphasort);
    if (count < 0)
        return;
    put_string(json, key);
    (void)yajl_gen_array_open(json);
    cleanup_close int data = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < count; i++) {
        cleanup_close int domain =
            openat(data, domains[i]->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        (void)yajl_gen_map_open(json);
        for (size_t j = 0; files[j] != NULL && domain >= 0; j++)
            put_word(json, domain, files[j], files[j], true);
        (void)yajl_gen_map_close(json);
        free(domains[i]);
    }
    free(domains);
    (void)yajl_gen_array_close(json);
}

void rdt_put_stats(yajl_gen json, const char *mountpoint, const char *group, const char *monitor) {
    static const char *const bandwidth[] = {"mbm_total_bytes", "mbm_local_bytes", NULL};
    static const char *const occupancy[] = {"llc_occupancy", NULL};
    cleanup_close int root = open(mountpoint, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_close int own = open(group, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || own < 0)
        return;
    cleanup_free char *root_schemata = read_file(root, "schemata");
    cleanup_free char *own_schemata = read_file(own, "schemata");
    for (size_t i = 0; i < RESOURCES; i++) {
        put_limits(json, root, i);
        put_schema(json, root_schemata, resources[i].resource, resources[i].root_key);
        put_schema(json, own_schemata, resources[i].resource, resources[i].group_key);
    }
    put_schemata_lines(json, own_schemata);
    cleanup_arena struct arena arena = {0};
    const char *data = arena_printf(&arena, "%s/mon_data", monitor != NULL ? monitor : group);
    put_counters(json, data, "mbm_stats", bandwidth);
    put_counters(json, data, "cmt_stats", occupancy);
}
