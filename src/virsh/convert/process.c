/* SPDX-License-Identifier: Apache-2.0 */
/* Init: its command, environment, directory, user and architecture. */
#include <string.h>
#include <sys/personality.h>

#include "base/text.h"
#include "virsh/convert/conversion.h"
#include "virsh/convert/users.h"

/* Architectures whose programs want to hear of a 32-bit machine. */
static const char *const of_32_bits[] = {"i386",   "i486",   "i586", "i686", "x86",
                                         "armv7l", "armv6l", "arm",  "ppc",  "s390"};

static void convert_command(struct virsh_conversion *conversion) {
    const struct domain *domain = conversion->domain;
    struct oci_strings *args = &conversion->oci->process->args;
    oci_strings_add(conversion->arena, args,
                    domain->init.text != NULL ? domain->init.text : "/sbin/init");
    for (size_t i = 0; i < domain->init_arguments.count; i++)
        oci_strings_add(conversion->arena, args, domain->init_arguments.items[i].value.text);
    if (domain->init.text != NULL)
        virsh_conversion_origin(conversion, domain->init.where, "/process/args");
}

static void add_variable(struct virsh_conversion *conversion, const char *name, const char *value) {
    oci_strings_add(conversion->arena, &conversion->oci->process->env,
                    arena_printf(conversion->arena, "%s=%s", name, value));
}

/* As libvirt has it. What init is told of its container is the library's affair: identity.c. */
static int convert_environment(struct virsh_conversion *conversion, struct thole_error *err) {
    const struct domain *domain = conversion->domain;
    add_variable(conversion, "PATH", "/bin:/sbin:/usr/bin:/usr/sbin");
    add_variable(conversion, "TERM", "linux");
    add_variable(conversion, "HOME", "/");
    for (size_t i = 0; i < domain->init_environment.count; i++) {
        const struct domain_variable *variable = &domain->init_environment.items[i];
        if (variable->name.text == NULL || variable->name.text[0] == '\0' ||
            strchr(variable->name.text, '=') != NULL)
            return error_config(err, variable->where, "a variable has a name, without =");
        add_variable(conversion, variable->name.text, variable->value.text);
    }
    return 0;
}

static int convert_directory(struct virsh_conversion *conversion, struct thole_error *err) {
    const struct domain_value *directory = &conversion->domain->init_directory;
    if (directory->text != NULL && directory->text[0] != '/')
        return error_config(err, directory->where, "\"%s\" is not an absolute path",
                            directory->text);
    conversion->oci->process->cwd =
        arena_strdup(conversion->arena, directory->text != NULL ? directory->text : "/");
    if (directory->text != NULL)
        virsh_conversion_origin(conversion, directory->where, "/process/cwd");
    return 0;
}

static int convert_architecture(struct virsh_conversion *conversion) {
    const struct domain_value *arch = &conversion->domain->arch;
    if (arch->text == NULL ||
        !text_is_one_of(arch->text, of_32_bits, sizeof(of_32_bits) / sizeof(of_32_bits[0])))
        return 0;
    conversion->oci->linux->personality = arena_new(conversion->arena, struct oci_personality);
    conversion->oci->linux->personality->domain = PER_LINUX32;
    virsh_conversion_origin(conversion, arch->where, "/linux/personality");
    return 0;
}

int virsh_convert_process(struct virsh_conversion *conversion, struct thole_error *err) {
    convert_command(conversion);
    conversion->oci->process->terminal = true; /* the console */
    if (convert_environment(conversion, err) < 0 || convert_directory(conversion, err) < 0 ||
        virsh_convert_user(conversion, err) < 0)
        return -1;
    return convert_architecture(conversion);
}
