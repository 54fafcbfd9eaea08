/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One process that creates and deletes containers through libthole, as an engine that embeds it
 * would: caller ROOT BUNDLE ID COUNT. Prints its open descriptors and its resident memory after the
 * first hundred and at the end.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "thole.h"

enum { WARM = 100 };

static int open_descriptors(void) {
    int count = 0;
    DIR *list = opendir("/proc/self/fd");
    while (list != NULL && readdir(list) != NULL)
        count++;
    closedir(list);
    return count;
}

static long resident_kilobytes(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1)
        exit(125);
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void report(const char *when) {
    printf("%s descriptors %d resident %ld\n", when, open_descriptors(), resident_kilobytes());
    fflush(stdout);
}

int main(int argc, char **argv) {
    if (argc != 5)
        return 2;
    const struct thole_context context = {.root = argv[1]};
    const struct thole_create_request request = {.id = argv[3], .bundle = argv[2]};
    const long count = strtol(argv[4], NULL, 10);
    for (long i = 0; i < count; i++) {
        struct thole_error err = {0};
        char line[2048];
        if (thole_create(&context, &request, &err) < 0 ||
            thole_delete(&context, argv[3], true, &err) < 0) {
            fprintf(stderr, "no. %ld: %s\n", i, thole_error_format(&err, line, sizeof(line)));
            return 1;
        }
        while (waitpid(-1, NULL, WNOHANG) > 0)
            continue;
        if (i == WARM)
            report("warm");
    }
    report("end");
    return 0;
}
