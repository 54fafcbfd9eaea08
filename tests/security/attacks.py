# SPDX-License-Identifier: Apache-2.0
"""Attacks on container runtimes that are known, one row each: what defends thole, which tests show it,
and which weakened thole (weak/NAME.patch) or other program falls to the same tests. tests/security/bite
makes the table of docs/security.md of it. A test is a path and a function."""
from typing import NamedTuple

ESCAPE = "tests/security/test_rootfs_escape.py::"
PROCESS = "tests/security/test_runtime_process.py::"
ATTACH = "tests/security/test_attach_hostile.py::"
ENTERING = "tests/security/test_entering.py::"
COMPONENTS = "tests/security/test_paths_by_components.py::"
RACES = "tests/security/test_races.py::"
NO_PIVOT = "tests/security/test_no_pivot.py::"
LABELS = "tests/security/test_labels.py::"
LABEL_UNIT = "tests/unit/test_label.c::"
EXEC_OPTIONS = "tests/cli/test_exec_options.py::"
HOOKS = "tests/cli/test_hooks.py::"
MOUNTS = "tests/cli/test_mounts_command.py::"
LOGS = "tests/cli/test_logs.py::"
INSTALL = "tests/lxc/test_install.py::"
LXC_ATTACH = "tests/lxc/test_attach_terminals.py::"
NOTHING_OPEN = "tests/security/test_nothing_fails_open.py::"
CALLS = "tests/security/test_every_call.py::"
HOST = "tests/security/test_nothing_of_the_host.py::"
USER = "tests/security/test_ordinary_user.py::"


class Attack(NamedTuple):
    attack: str         # the CVE, and whose it was
    what: str           # what went wrong there
    defence: str        # what stands against it here, and where
    tests: tuple        # which tests show it
    weak: tuple = ()    # which patches take the defence away
    control: str = ""   # what else falls, or why nothing can
    others: tuple = ()  # (program, test): other runtimes that are tried as well


ATTACKS = (
    Attack("CVE-2016-3697 (Docker)", "a numeric user was looked up as a name",
           "a number is never looked up: `enter/users.c`",
           (PROCESS + "test_numeric_name_in_passwd",), ("numeric-user-is-a-name",)),
    Attack("CVE-2016-8649 (LXC)", "root inside traced the process that entered, and took its "
           "descriptor of the host's /proc", "nothing of the host's is open when it is born in "
           "the container: `apply/exec.c`",
           (ATTACH + "test_entering_process_is_watched",
            ENTERING + "test_a_held_exec_has_nothing_of_the_host", HOST + "test_nothing_is_in_what_waits"),
           ("exec-keeps-descriptors",)),
    Attack("CVE-2016-9962 (runc)", "the process that entered could be looked into before its program ran",
           "it is not dumpable, and has its last ids and capabilities before it is born there: "
           "`apply/become.c`, `apply/exec.c`",
           (ENTERING + "test_a_held_exec_cannot_be_looked_into",
            ENTERING + "test_what_the_container_sees_of_an_exec_never_had_more_rights"),
           ("exec-is-dumpable", "privileges-are-dropped-inside")),
    Attack("CVE-2016-10124 (LXC)", "an attached program typed into the caller's terminal",
           "a new pty, a session of its own: `enter/prepare.c`, [attach.md](attach.md)",
           (ATTACH + "test_nothing_reaches_the_callers_terminal", ATTACH + "test_run_in_the_foreground",
            PROCESS + "test_terminal_of_the_caller_gets_no_keystrokes",
            LXC_ATTACH + "test_nothing_reaches_the_callers_terminal"),
           ("terminal-is-handed-in",), "nsenter(1) falls in `test_control_falls`"),
    Attack("CVE-2017-5985, CVE-2018-6556, CVE-2022-47952, CVE-2026-39402 (lxc-user-nic)",
           "a setuid program acted on what its caller did not own",
           "there is no setuid program: `nic/user_nic.c` runs the one of the distribution "
           "as the caller", (INSTALL + "test_make_install",), (),
           "none: there is nothing to weaken"),
    Attack("CVE-2018-15664, CVE-2019-14271 (docker cp)", "libraries of the image were loaded with the "
           "host's rights", "no name service, no dlopen() inside: `base/passwd.c`",
           (PROCESS + "test_library_of_the_container_is_not_loaded", ATTACH + "test_replaced_loader",
            CALLS + "test_of_the_image_the_program_alone_is_executed"),
           ("name-service-of-the-image",)),
    Attack("CVE-2019-5736 (runc, LXC, crun, youki)", "the runtime's file was opened by /proc/PID/exe and "
           "overwritten", "it runs from a read-only clone of its mount or a sealed copy: "
           "`security/own_executable.c`",
           (PROCESS + "test_executable_cannot_be_overwritten",
            PROCESS + "test_executable_on_a_mount_that_turns_writable",
            ATTACH + "test_replaced_shell_and_executables"),
           ("executable-is-not-sealed", "read-only-mount-is-trusted")),
    Attack("CVE-2019-16884 (runc, crun)", "a volume lay over /proc: labels were written into it",
           "nothing but procfs on /proc, and nothing in it: `plan/mounts.c`, `apply/mounts.c`; labels "
           "go through the host's procfs: `security/label.c`",
           (ESCAPE + "test_something_else_mounted_over_proc",
            COMPONENTS + "test_link_into_proc_is_no_mount_point"),
           ("anything-is-mounted-on-proc", "paths-are-compared-by-letters")),
    Attack("CVE-2019-18837 (crun)", "links and `..` of the image led mounts out of the root",
           "openat2() with RESOLVE_IN_ROOT: `sys/path.c`",
           (ESCAPE + "test_mount_destination_stays_inside",
            ESCAPE + "test_file_mount_on_a_link_to_a_host_file",
            CALLS + "test_paths_of_the_image_are_resolved_in_the_root"), ("links-lead-out-of-the-root",)),
    Attack("CVE-2019-19921, CVE-2023-27561 (runc), CVE-2025-54867 (youki)", "/proc or /sys was a link",
           "they are mounted on a directory or not at all: `apply/mounts.c`",
           (ESCAPE + "test_proc_or_sys_is_a_link",), ("system-mounts-follow-links",)),
    Attack("CVE-2020-15257 (containerd)", "an abstract socket could be reached from the host's network "
           "namespace", "sockets are files of mode 0600 in the state directory: `state/gate.c`, "
           "`monitor/console_socket.c`",
           (PROCESS + "test_no_abstract_socket", PROCESS + "test_no_abstract_socket_of_a_keeper",
            "tests/lxc/test_no_abstract_sockets.py::test_thole_has_none",
            PROCESS + "test_gate_cannot_be_opened_by_others"), ("sockets-are-abstract", "gate-is-open-to-all"),
           "LXC 5.0 falls in `test_control_has_one`"),
    Attack("CVE-2021-30465, CVE-2024-45310 (runc)", "a directory was swapped for a link while mounts, "
           "nodes and directories were made in it", "a path is resolved once and used as a descriptor: "
           "`sys/path.c`", (RACES + "test_nothing_of_the_host_is_reached",
                            CALLS + "test_paths_of_the_image_are_resolved_in_the_root"), ("paths-are-used-twice",)),
    Attack("CVE-2021-43784 (runc)", "a length was cut to 16 bits on the way to the kernel",
           "texts with a length, limits before they are written: `plan/idmap.c`, `base/wire.c`",
           (PROCESS + "test_id_map_is_whole_or_refused", PROCESS + "test_long_paths_do_not_overflow"),
           ("id-map-is-cut",)),
    Attack("CVE-2022-0811 (CRI-O)", "the value of one kernel parameter set another",
           "a value is written as it is, in one write: `sys/path.c`",
           (PROCESS + "test_sysctl_value_injects_nothing",), ("sysctl-value-is-split",)),
    Attack("CVE-2022-24769 (Docker), CVE-2022-29162 (runc), CVE-2022-27650 (crun), CVE-2025-27612 (youki)",
           "the inheritable set was not empty", "it is what the configuration says, and exec adds "
           "nothing: `plan/capabilities.c`, `plan/exec.c`",
           (PROCESS + "test_exec_adds_nothing_inheritable",
            PROCESS + "test_default_sets_have_nothing_inheritable"),
           ("exec-makes-inheritable", "bounding-is-inheritable")),
    Attack("CVE-2023-25809 (runc)", "an ordinary user's container could write to the host's cgroup tree",
           "read-only with all that is mounted below: `plan/mounts.c`, `plan/cgroup_mounts.c`",
           (PROCESS + "test_cgroup_tree_of_the_host_is_read_only",), ("cgroup-tree-is-writable",)),
    Attack("CVE-2023-28642 (runc)", "AppArmor was avoided by a link in the place of /proc",
           "labels go through the host's procfs: `security/label.c`",
           (LABELS + "test_label_through_a_false_proc", LABEL_UNIT + "test_forged_procfs",
            ESCAPE + "test_proc_or_sys_is_a_link"), ("label-goes-anywhere", "system-mounts-follow-links")),
    Attack("CVE-2024-21626 (runc)", "the current directory was a descriptor of the host's that had been "
           "left open", "the directory has to lie in the root: `apply/process.c`; no descriptor is "
           "inherited: `apply_keep_fds()`",
           (PROCESS + "test_cwd_is_a_descriptor_of_the_runtime",
            PROCESS + "test_exec_cwd_is_a_descriptor_of_the_runtime",
            PROCESS + "test_program_sees_its_own_descriptors_only",
            PROCESS + "test_exec_sees_its_own_descriptors_only", HOST + "test_the_program_has_its_streams_alone"),
           ("cwd-is-not-checked", "descriptors-are-inherited")),
    Attack("CVE-2024-40635, CVE-2026-46680 (containerd)", "the text of a user id overflowed to root",
           "numbers are parsed strictly: `base/text.c`, `oci-spec/`",
           (PROCESS + "test_user_that_overflows_is_refused",
            PROCESS + "test_user_in_a_process_file_that_overflows"), ("user-number-wraps",)),
    Attack("CVE-2025-24965 (crun)", "a file was written through a link of the image",
           "thole writes no file of its own into the root; nodes and links are made by descriptor: "
           "`apply/devices.c`", (ESCAPE + "test_ptmx_decoy",), ("nodes-follow-links",)),
    Attack("CVE-2025-31133 (runc), CVE-2025-62161 (youki)", "/dev/null of the image was bound over masked "
           "files", "the host's is opened before, and looked at: `apply/masked_paths.c`",
           (ESCAPE + "test_masked_path_when_dev_null_is_a_link", ESCAPE + "test_fake_dev_null_is_not_used"),
           ("null-of-the-image",), "", (("runc", ESCAPE + "test_masked_path_when_dev_null_is_a_link"),)),
    Attack("CVE-2025-52565 (runc)", "/dev/console was bound from a path that could be swapped",
           "the peer comes from the kernel (TIOCGPTPEER) and is bound by descriptor: `terminal/pty.c`, "
           "`apply/terminals.c`",
           (RACES + "test_nothing_of_the_host_is_reached",
            ESCAPE + "test_console_is_bound_to_nothing_of_the_host"), ("paths-are-used-twice",)),
    Attack("CVE-2025-52881 (runc), CVE-2025-62596 (youki)", "labels and kernel parameters were written to a "
           "false procfs", "written before anything of the container is mounted, to files of that mount "
           "alone: `apply/init.c`, `sys/path.c`",
           (PROCESS + "test_sysctl_written_to_the_real_proc", PROCESS + "test_a_covered_proc_gets_nothing",
            CALLS + "test_files_of_the_kernel_are_written_through_one_procfs"),
           ("sysctl-after-the-mounts", "proc-may-be-covered")),
    Attack("CVE-2026-30892 (crun)", "`exec --user 1` ran as root", "one parser for all spellings: "
           "`enter/users.c`", (PROCESS + "test_user_is_never_root_by_mistake",),
           ("user-number-is-forgotten",)),
    Attack("CVE-2026-41579 (runc), CVE-2026-47766 (crun)", "/dev of the image was a link: `ptmx` of the "
           "host was removed", "all of /dev by descriptors in the root: `apply/devices.c`",
           (ESCAPE + "test_dev_is_a_link_to_the_host", ESCAPE + "test_ptmx_decoy",
            ESCAPE + "test_dev_is_a_link_and_nothing_is_mounted_there"),
           ("links-lead-out-of-the-root", "nodes-follow-links"), "",
           (("runc", ESCAPE + "test_dev_is_a_link_to_the_host"),
            ("runc", ESCAPE + "test_dev_is_a_link_and_nothing_is_mounted_there"))),
    # What was found in thole itself.
    Attack("exec without the filter", "a filter that could not be opened was taken for none",
           "the record says that there is one: `enter/prepare.c`",
           (ENTERING + "test_without_its_filter_nothing_enters",
            ENTERING + "test_a_filter_that_cannot_be_looked_at_is_not_left_out"), ("filter-is-left-out",)),
    Attack("hooks without the filter", "startContainer hooks ran before the filter was loaded",
           "they are confined as the program is: `apply/init.c`",
           (ENTERING + "test_a_start_container_hook_has_the_filter_and_no_capability_more",),
           ("hooks-run-without-the-filter",)),
    Attack("hooks with descriptors", "hooks of the host got what the caller had open",
           "0 to 2 and none else: `apply/hooks.c`", (HOOKS + "test_hooks_get_no_descriptors",),
           ("hooks-inherit-descriptors",)),
    Attack("no pivot_root", "the host's procfs stayed in sight: masks could be avoided",
           "the host's mounts are taken away: `apply/rootfs.c`",
           (NO_PIVOT + "test_no_fresh_procfs_inside",), ("host-stays-without-pivot-root",)),
    Attack("/etc/passwd is no file", "a device was opened, an endless file read",
           "looked at before it is opened, up to a size: `sys/path.c`",
           (EXEC_OPTIONS + "test_a_passwd_that_is_no_small_file_is_not_read",), ("any-file-is-a-passwd",)),
    Attack("a setuid thole, or one with file capabilities", "an ordinary user would say what root runs",
           "refused before anything is read: `cli/surroundings.c`",
           (PROCESS + "test_a_setuid_thole_does_nothing",
            PROCESS + "test_a_thole_with_file_capabilities_does_nothing"), ("setuid-is-taken",)),
    Attack("the caller's command line", "its secrets could be read inside, while a process waited or was born",
           "it is cleared before anybody inside can see the process: `apply/become.c`, `create/launch.c`",
           (ENTERING + "test_the_command_line_of_the_host_is_not_visible",
            ENTERING + "test_a_created_init_shows_nothing_of_the_host", HOST + "test_nothing_is_in_what_waits",
            HOST + "test_a_command_line_is_gone_from_the_first_moment"),
           ("command-line-stays", "born-with-the-command-line")),
    Attack("a call that fails", "what was to be taken away stayed, and the program ran",
           "every failure ends it: `apply/credentials.c` and all of `apply/`",
           (NOTHING_OPEN + "test_all_of_it_or_nothing",), ("groups-may-stay",)),
    Attack("a read-only mount for a running container", "for a moment it could be written to",
           "it is read-only before it is attached: `apply/later_mounts.c`",
           (MOUNTS + "test_a_read_only_mount_is_never_writable",), ("later-mounts-turn-read-only",)),
    Attack("the output of a container", "what it wrote commanded the terminal of whoever read its log",
           "control characters become visible there: `cli/visible.c`, [attach.md](attach.md#logs)",
           (LOGS + "test_a_terminal_sees_control_characters_and_does_not_obey_them",),
           ("logs-command-the-terminal",)),
    Attack("a link in place of the log", "another file would be shown, or waited for",
           "it is opened as a file, and no link is followed: `terminal/console_log_reader.c`",
           (LOGS + "test_what_is_no_file_is_not_read",), ("logs-follow-links",)),
)
