/* SPDX-License-Identifier: Apache-2.0 */
/* A container step by step: cc life-cycle.c $(pkg-config --cflags --libs libthole) */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <thole.h>

static int fail(const struct thole_error *err) {
    char line[2048];
    fprintf(stderr, "life-cycle: %s\n", thole_error_format(err, line, sizeof(line)));
    return EXIT_FAILURE;
}

/* Prints how it is, and returns that: enum thole_status, or -1. */
static int look(const struct thole_context *context, const char *id, struct thole_error *err) {
    struct thole_state *state = NULL;
    if (thole_state(context, id, &state, err) < 0)
        return -1;
    int status = (int)state->status;
    printf("%s\n", thole_status_name(state->status));
    thole_state_free(state);
    return status;
}

/* One more program in the container, whose standard output is this one's. */
static int greet(const struct thole_context *context, const char *id, struct thole_error *err) {
    char program[] = "/bin/echo";
    char words[] = "hello from inside";
    char *const args[] = {program, words, NULL};
    const struct thole_exec_request request = {.id = id, .args = args};
    int status = 0;
    fflush(stdout);
    return thole_exec(context, &request, &status, err) < 0 ? -1 : status;
}

/* Whoever creates a container is the parent of its init, and has to wait for it as for any child.
 */
static int end(const struct thole_context *context, const char *id, struct thole_error *err) {
    if (thole_kill(context, id, SIGKILL, false, err) < 0)
        return -1;
    while (wait(NULL) > 0)
        continue;
    int status = look(context, id, err);
    return status < 0 ? -1 : thole_delete(context, id, false, err);
}

static int live(const struct thole_context *context, const struct thole_create_request *request,
                struct thole_error *err) {
    const char *id = request->id;
    if (thole_create(context, request, err) < 0)
        return -1;
    bool lives = look(context, id, err) >= 0 && thole_start(context, id, NULL, err) == 0 &&
                 look(context, id, err) >= 0 && greet(context, id, err) == 0 &&
                 thole_pause(context, id, err) == 0 && look(context, id, err) >= 0 &&
                 thole_resume(context, id, err) == 0 && end(context, id, err) == 0;
    if (lives)
        return 0;
    struct thole_error ignored;
    (void)thole_delete(context, id, true, &ignored);
    return -1;
}

int main(int argc, char *argv[]) {
    if (argc != 4) {
        fprintf(stderr, "usage: life-cycle STATE-DIRECTORY BUNDLE ID\n");
        return EXIT_FAILURE;
    }
    const struct thole_context context = {.root = argv[1]};
    const struct thole_create_request request = {.id = argv[3], .bundle = argv[2]};
    struct thole_error err = {0};
    return live(&context, &request, &err) < 0 ? fail(&err) : EXIT_SUCCESS;
}
