/* SPDX-License-Identifier: Apache-2.0 */
/* edit: the document of a persistent domain in an editor, looked at before it is stored. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "virsh/commands/commands.h"
#include "virsh/commands/documents.h"
#include "virsh/store/definition.h"

enum { TEXT_MAX = 1 << 20 };

struct edit_options {
    const char *domain;
    bool skip_validate;
};

static const struct option_row rows[] = {
    VIRSH_DOMAIN_OPTION(edit_options, domain),
    {"skip-validate", 0, OPTION_FLAG, offsetof(struct edit_options, skip_validate), NULL,
     "accepted: what no domain can be made of is not stored"},
    {0},
};

/* Words of a shell, as everybody takes $EDITOR. */
static int run_editor(char *file, struct thole_error *err) {
    const char *editor = getenv("VISUAL");
    static char script[] = "eval \"exec ${VISUAL:-${EDITOR:-vi}} \\\"\\$0\\\"\"";
    int status = 0;
    if (editor == NULL)
        editor = getenv("EDITOR");
    const pid_t child = fork();
    if (child < 0)
        return error_errno(err, NULL, "start an editor");
    if (child == 0) {
        (void)execl("/bin/sh", "sh", "-c", script, file, (char *)NULL);
        _exit(127);
    }
    if (uninterrupted(waitpid(child, &status, 0)) < 0)
        return error_errno(err, NULL, "wait for the editor");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return error_set(err, THOLE_ERROR_PAYLOAD, 0, NULL, "the editor %s failed",
                         editor != NULL ? editor : "vi");
    return 0;
}

static int edit_text(const char *text, char *file, char **ret_text, struct thole_error *err) {
    cleanup_close int fd = mkostemps(file, (int)strlen(".xml"), O_CLOEXEC);
    if (fd < 0 || file_write_all(fd, text, strlen(text)) < 0)
        return error_errno(err, NULL, "write %s", file);
    if (run_editor(file, err) < 0)
        return -1;
    return file_read_at(AT_FDCWD, file, TEXT_MAX, ret_text, NULL, err);
}

static int store(const struct virsh_call *call, const struct virsh_domain *domain, const char *text,
                 const char *file, struct thole_error *err) {
    cleanup_virsh_given struct virsh_given given = {0};
    char uuid[DOMAIN_UUID_LENGTH + 1];
    if (virsh_domain_uuid(domain, uuid, err) < 0 ||
        virsh_given_parse(call, text, file, &given, err) < 0)
        return -1;
    if (strcmp(given.name, domain->name) != 0 || strcmp(given.uuid, uuid) != 0)
        return error_config(err, file, "name and uuid stay: define makes another domain");
    return virsh_definition_write(call->place, domain->name, given.document, err);
}

static int run_edit(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    const struct edit_options *options = call->options;
    cleanup_virsh_domain struct virsh_domain domain = {0};
    cleanup_xml struct xml_document *document = NULL;
    cleanup_free char *after = NULL;
    const char *directory = getenv("TMPDIR");
    struct text path = {0};
    (void)ret_status;
    if (virsh_domain_find(call->place, options->domain, &call->log, &domain, err) < 0 ||
        virsh_domain_document(&domain, true, &document, err) < 0)
        return -1;
    text_appendf(&path, "%s/thole-virsh-XXXXXX.xml", directory != NULL ? directory : "/tmp");
    cleanup_free char *file = text_take(&path);
    cleanup_free char *before = virsh_xml_write(document);
    if (edit_text(before, file, &after, err) < 0)
        return -1;
    if (text_equal(before, after)) {
        (void)unlink(file);
        virsh_tell(call, "Domain '%s' XML configuration not changed.", domain.name);
        return 0;
    }
    if (store(call, &domain, after, file, err) < 0)
        return error_hint(err, "nothing has been changed; the text is still in %s", file);
    (void)unlink(file);
    virsh_tell(call, "Domain '%s' XML configuration edited.", domain.name);
    return 0;
}

const struct virsh_command virsh_command_edit = {
    .name = "edit",
    .summary = "edit XML configuration for a domain",
    .description =
        "In $VISUAL, $EDITOR or vi. What is no domain is not stored, and stays in the file that\n"
        "the error names.",
    .options = rows,
    .options_size = sizeof(struct edit_options),
    .operands = virsh_operand_domain,
    .required = 1,
    .run = run_edit,
};
