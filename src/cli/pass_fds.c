/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pass_fds.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

/* As sd_listen_fds_with_names(3) has them. */
enum { FIRST = 3, COUNT_MAX = 256, NAME_MAX_LENGTH = 255 };
static const char no_name[] = "unknown";

struct passed {
    int copies[COUNT_MAX];
    unsigned count;
    struct text names;
    bool named;
};

/* The name of descriptor @number among those that this process got itself, or NULL. */
static const char *own_name(int64_t number, size_t *ret_length) {
    const char *pid_text = getenv("LISTEN_PID");
    const char *names = getenv("LISTEN_FDNAMES");
    uint64_t pid = 0;
    if (number < FIRST || names == NULL || pid_text == NULL ||
        !text_parse_uint(pid_text, INT_MAX, &pid) || pid != (uint64_t)getpid())
        return NULL;
    for (int64_t i = FIRST; i < number && names != NULL; i++) {
        names = strchr(names, ':');
        names = names != NULL ? names + 1 : NULL;
    }
    *ret_length = names != NULL ? strcspn(names, ":") : 0;
    return names;
}

static bool is_name(const char *name, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (name[i] <= ' ' || name[i] > '~' || name[i] == ':')
            return false;
    }
    return length > 0 && length <= NAME_MAX_LENGTH;
}

static void add_name(struct passed *passed, const char *name, size_t length) {
    passed->named |= name != NULL;
    text_appendf(&passed->names, "%s%.*s", passed->count > 0 ? ":" : "",
                 name != NULL ? (int)length : (int)strlen(no_name), name != NULL ? name : no_name);
}

/* Out of the way first: one of the places may be another one's number. */
static int lift(struct passed *passed, const char *word, size_t length, struct thole_error *err) {
    const char *equals = memchr(word, '=', length);
    const char *name = equals != NULL ? word : NULL;
    size_t name_length = equals != NULL ? (size_t)(equals - word) : 0;
    const char *digits = equals != NULL ? equals + 1 : word;
    const size_t digit_count = length - (size_t)(digits - word);
    char text[16] = "";
    int64_t number = 0;
    if (name != NULL && !is_name(name, name_length))
        return error_usage(err, "'%.*s' is no name of a descriptor", (int)name_length, name);
    if (digit_count < sizeof(text))
        memcpy(text, digits, digit_count);
    if (!text_parse_int(text, 0, INT_MAX, &number))
        return error_usage(err, "Unable to parse FD number '%.*s'", (int)digit_count, digits);
    if (passed->count == COUNT_MAX)
        return error_usage(err, "more than %d descriptors", COUNT_MAX);
    const int copy = fcntl((int)number, F_DUPFD_CLOEXEC, FIRST + COUNT_MAX);
    if (copy < 0)
        return error_errno(err, NULL, "pass descriptor %d", (int)number);
    if (name == NULL)
        name = own_name(number, &name_length);
    add_name(passed, name, name_length);
    passed->copies[passed->count++] = copy;
    return 0;
}

int pass_fds(const char *list, unsigned *ret_count, char **ret_names, struct thole_error *err) {
    struct passed passed = {0};
    int result = 0;
    for (const char *at = list; result == 0;) {
        const size_t length = strcspn(at, ",");
        result = lift(&passed, at, length, err);
        if (at[length] == '\0')
            break;
        at += length + 1;
    }
    for (unsigned i = 0; i < passed.count; i++) {
        if (result == 0 && dup2(passed.copies[i], FIRST + (int)i) < 0)
            result = error_errno(err, NULL, "pass a descriptor as %d", FIRST + (int)i);
        (void)close(passed.copies[i]);
    }
    char *names = text_take(&passed.names);
    *ret_count = passed.count;
    *ret_names = passed.named ? names : NULL;
    if (!passed.named)
        free(names);
    return result;
}
