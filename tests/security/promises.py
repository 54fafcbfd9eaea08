# SPDX-License-Identifier: Apache-2.0
"""What docs/security.md promises, and which tests show it. The words of a promise are cut into pieces, in order
and without a rest: tests/security/bite --check compares them with the document, so that no sentence is without a
test; bite --table writes the table there. A test is a path and a function; what is broken or killed at every
system call, a program: its path."""
import re
from typing import NamedTuple

from attacks import (ATTACH, CALLS, ENTERING, EXEC_OPTIONS, HOOKS, HOST, INSTALL, LABELS, LOGS, MOUNTS, NO_PIVOT,
                     NOTHING_OPEN, PROCESS, RACES, USER)

CLI = "tests/cli/"
LOOKS = CLI + "test_failed_looks.py::"
INSIDE = CLI + "test_process.py::"
TWIN = CLI + "test_exec_is_inits_twin.py::"
PLAN = CLI + "test_plan_is_what_runs.py::"
FAULTS = "tests/faults/run"


class Promise(NamedTuple):
    number: int
    words: str    # as in the document, without emphasis and links
    tests: tuple  # which show it


PROMISES = (
    Promise(1, "What is not in the configuration does not happen.",
            (INSIDE + "test_no_capabilities_at_all", INSIDE + "test_environment_is_exactly_the_given_one",
             INSIDE + "test_no_groups_of_the_caller_remain", INSIDE + "test_umask_of_the_caller_does_not_show",
             INSIDE + "test_signals_have_their_defaults", CLI + "test_namespaces.py::test_new_or_inherited")),
    Promise(1, "The container gets the namespaces, capabilities, ids, labels, filter, masks and limits that are "
            "asked for,",
            (PLAN + "test_golden", TWIN + "test_member", CLI + "test_apparmor.py::test_profile_is_entered",
             CLI + "test_selinux.py::test_process_label")),
    Promise(1, "or it does not start; nothing fails open.",
            (NOTHING_OPEN + "test_all_of_it_or_nothing", ENTERING + "test_without_its_filter_nothing_enters",
             CLI + "test_apparmor.py::test_unknown_profile", CLI + "test_apparmor.py::test_apparmor_is_off",
             CLI + "test_selinux.py::test_unknown_label", CLI + "test_selinux.py::test_selinux_is_off", FAULTS)),
    Promise(1, "A look that fails is an error and never an answer.",
            (LOOKS + "test_state_tells_the_truth_or_fails", LOOKS + "test_list_hides_nothing",
             LOOKS + "test_commands_lose_nothing", LOOKS + "test_create_makes_all_or_nothing",
             ENTERING + "test_a_filter_that_cannot_be_looked_at_is_not_left_out", FAULTS)),
    Promise(1, "thole plan prints what a container will have.", (PLAN + "test_golden",)),
    Promise(2, "Nothing of the image moves thole. Until the root is entered, paths in it are resolved by "
            "openat2(2) with RESOLVE_IN_ROOT, kept as descriptors",
            (CALLS + "test_paths_of_the_image_are_resolved_in_the_root",)),
    Promise(2, "and never used twice.",
            (CALLS + "test_paths_of_the_image_are_resolved_in_the_root",
             RACES + "test_nothing_of_the_host_is_reached")),
    Promise(2, "Names of users come from a parser of thole's own;",
            (CALLS + "test_of_the_image_the_program_alone_is_executed",
             EXEC_OPTIONS + "test_a_passwd_that_is_no_small_file_is_not_read",
             PROCESS + "test_user_is_never_root_by_mistake", INSIDE + "test_names_in_passwd_are_not_looked_up")),
    Promise(2, "no library, name service, shell or program of the image runs with the caller's rights.",
            (CALLS + "test_of_the_image_the_program_alone_is_executed",
             PROCESS + "test_library_of_the_container_is_not_loaded", ATTACH + "test_replaced_loader",
             ENTERING + "test_a_start_container_hook_has_the_filter_and_no_capability_more")),
    Promise(3, "Nothing of the host comes in. The program holds its standard streams and the descriptors that "
            "were asked for.",
            (HOST + "test_the_program_has_its_streams_alone",
             CLI + "test_pass_fds.py::test_in_the_order_that_is_asked_for",
             CLI + "test_stdio.py::test_preserve_fds", HOOKS + "test_hooks_get_no_descriptors",
             NO_PIVOT + "test_no_fresh_procfs_inside")),
    Promise(3, "No process of the container ever holds the caller's terminal where it could type into it "
            "(attach.md),",
            (ATTACH + "test_nothing_reaches_the_callers_terminal", ATTACH + "test_run_in_the_foreground",
             ATTACH + "test_entering_process_is_watched",
             LOOKS + "test_the_callers_terminal_stays_outside",
             LOGS + "test_a_terminal_sees_control_characters_and_does_not_obey_them")),
    Promise(3, "a directory of the host,", (HOST + "test_nothing_is_in_what_waits",
                                            ENTERING + "test_a_held_exec_has_nothing_of_the_host")),
    Promise(3, "or thole's file open for writing;",
            (PROCESS + "test_executable_cannot_be_overwritten",
             PROCESS + "test_executable_on_a_mount_that_turns_writable",
             ATTACH + "test_replaced_shell_and_executables")),
    Promise(3, "none sees the caller's command line or environment.",
            (HOST + "test_nothing_is_in_what_waits", HOST + "test_a_command_line_is_gone_from_the_first_moment",
             ENTERING + "test_the_command_line_of_the_host_is_not_visible")),
    Promise(3, "(A process that has a label still to write holds the host's /proc until then: AppArmor and "
            "SELinux keep those inside from looking into it.)",
            (LABELS + "test_what_has_a_label_to_write_cannot_be_looked_into",)),
    Promise(4, "Who enters is no prey. Whatever enters a running container gives up its privileges, descriptors "
            "and terminal before the container can see it,",
            (ENTERING + "test_what_the_container_sees_of_an_exec_never_had_more_rights",
             ENTERING + "test_a_held_exec_has_nothing_of_the_host", ATTACH + "test_entering_process_is_watched",
             ENTERING + "test_other_commands_send_nobody_into_sight",
             MOUNTS + "test_a_read_only_mount_is_never_writable")),
    Promise(4, "and cannot be looked into before its program runs.",
            (ENTERING + "test_a_held_exec_cannot_be_looked_into",
             ENTERING + "test_an_init_in_a_shared_pid_namespace_cannot_be_looked_into",
             ENTERING + "test_nobody_with_the_same_ids_may_look_into_it",
             LOOKS + "test_nobody_enters_who_can_be_looked_into")),
    Promise(5, "The kernel's own files are the kernel's. Labels, id maps, scores and kernel parameters are written "
            "through the procfs that thole opened before it made anything, to a file of that very mount,",
            (CALLS + "test_files_of_the_kernel_are_written_through_one_procfs",
             LABELS + "test_label_through_a_false_proc")),
    Promise(5, "or not at all.",
            (PROCESS + "test_a_covered_proc_gets_nothing", PROCESS + "test_sysctl_written_to_the_real_proc",
             LABELS + "test_no_container_with_a_false_proc")),
    Promise(6, "An ordinary user gains nothing. No program of thole is setuid or has file capabilities,",
            (INSTALL + "test_make_install", USER + "test_packages_give_no_rights")),
    Promise(6, "and none should be given any:", (PROCESS + "test_a_setuid_thole_does_nothing",
                                                  PROCESS + "test_a_thole_with_file_capabilities_does_nothing")),
    Promise(6, "as an ordinary user thole can do what that user and newuidmap(1) can.",
            (USER + "test_containers_of_root_are_root_s", USER + "test_what_the_user_cannot_read_the_container_cannot",
             CLI + "test_user_namespace_matrix.py::test_ids_that_the_user_was_not_granted",
             CLI + "test_rootless.py::test_user_namespace_is_needed", CLI + "test_attach.py::test_others_may_not_attach",
             PROCESS + "test_gate_cannot_be_opened_by_others")),
)


def promised(document):
    """{number: the words of that promise} of the document, in plain text."""
    found = {}
    text = document.partition("What thole promises:")[2].partition("What thole leaves to others:")[0]
    for number, words in re.findall(r"^(\d)\. (.*?)(?=^\d\. |^\S|\Z)", text, re.M | re.S):
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", words)
        found[int(number)] = " ".join(words.replace("**", "").replace("`", "").split())
    return found


def rows(short):
    """The rows of the document's table; `short` makes the name of a test."""
    return [f"| {one.number} | {one.words} | {', '.join(map(short, one.tests))} |" for one in PROMISES]


def findings(document, short):
    """One line for everything that does not fit together."""
    words = promised(document)
    for number in sorted({*words, *(one.number for one in PROMISES)}):
        shown = " ".join(one.words for one in PROMISES if one.number == number)
        if shown != words.get(number):
            yield f"promises.py: promise {number} of docs/security.md has other words"
    lines = set(document.splitlines())
    yield from (f"docs/security.md: has not the row of promises.py: {row}" for row in rows(short) if row not in lines)
