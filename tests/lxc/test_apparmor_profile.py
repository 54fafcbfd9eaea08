# SPDX-License-Identifier: Apache-2.0
"""lxc.apparmor.profile = generated: loaded before init starts, what it forbids is refused to init and to
lxc-attach alike, and it is gone behind the container. On a host with AppArmor: tests/vm/run
tests/lxc/test_apparmor_profile.py"""
import os

import pytest

from harness import traces
from harness.runtime import until

pytestmark = pytest.mark.needs(security_module="apparmor", program="apparmor_parser")

PROFILES = "/sys/kernel/security/apparmor/profiles"
# Nothing but the profile is in the way: all capabilities, /proc and /sys writable, no seccomp filter.
OPEN = ["lxc.mount.auto = proc:rw sys:rw", "lxc.net.0.type = empty", "lxc.init.cmd = /bin/sleep 1000"]
GENERATED = "lxc.apparmor.profile = generated"

# Title -> a command that succeeds without the profile and harms nobody. Files are opened for writing, and
# nothing is written.
REFUSED = {
    "settings of the kernel": ": >>/proc/sys/vm/swappiness",
    "cores of the kernel": ": >>/proc/sys/kernel/core_pattern",
    "system requests": ": >>/proc/sysrq-trigger",
    "memory": ": </proc/kcore",
    "parameters of modules": ": >>/sys/module/printk/parameters/time",
    "procfs elsewhere": "cd $(mktemp -d) && mount -t proc proc .",
    "sysfs elsewhere": "cd $(mktemp -d) && mount -t sysfs sysfs .",
    "procfs bound elsewhere": "cd $(mktemp -d) && mount -o bind /proc .",
    "securityfs": "cd $(mktemp -d) && mount -t securityfs none .",
    "a part of procfs elsewhere": "cd $(mktemp -d) && mount -o bind /proc/sys .",
    "the root elsewhere": "cd $(mktemp -d) && mount -o rbind / .",
}
ALLOWED = {
    "files of its own": "echo x >/own && rm /own",
    "a tmpfs": "cd $(mktemp -d) && mount -t tmpfs none . && umount $PWD",
    "settings of its own network": ": >>/proc/sys/net/ipv4/ip_forward",
    "its own files elsewhere": "mkdir -p /srv/else && mount -o bind /etc /srv/else",
    "less rights to a mount": "mount -o remount,bind,nosuid,ro /dev",
    "its host name": ": >>/proc/sys/kernel/hostname",
    "signals among its processes": "sleep 100 & kill $!",
}
NESTED = {"procfs elsewhere": REFUSED["procfs elsewhere"], "a tmpfs": ALLOWED["a tmpfs"]}


def loaded():
    """Profiles of this session's containers: another one may run beside it."""
    with open(PROFILES, encoding="utf-8") as source:
        return {line.rsplit(" ", 1)[0] for line in source if traces.mark() in line}


@pytest.fixture(name="profile")
def fixture_profile(lxc):
    """profile(NAME): what the profile of a container is called."""
    return lambda name: f"lxc-{name}_<{lxc.lxcpath}>"


@pytest.fixture(name="rootfs")
def fixture_rootfs(busybox_rootfs, folder):
    return busybox_rootfs(os.path.join(folder, "rootfs"))


@pytest.fixture(name="started")
def fixture_started(lxc, rootfs):
    """started(LINE..., command=WORDS): the name of a running container; no profile is left in the end."""
    before = loaded()

    def start(*lines, command=()):
        name = lxc.define([*OPEN, *lines], rootfs=rootfs)
        lxc("start", name, *command).ok()
        return name

    yield start
    for name in lxc.live():
        lxc("stop", "-k", name).ok()
    assert loaded() == before


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as source:
        return source.read()


def attach(lxc, name, script, *options):
    return lxc("attach", name, *options, "--clear-env", "--", "/bin/sh", "-c", script)


def outcomes(lxc, name, scripts):
    return {title: attach(lxc, name, script) for title, script in scripts.items()}


def test_init_and_attach_are_in_the_profile(lxc, started, profile):
    name = started(GENERATED)
    assert profile(name) in loaded()
    for file in ("/proc/1/attr/current", "/proc/self/attr/current"):
        assert attach(lxc, name, f"cat {file}").ok().out == f"{profile(name)} (enforce)\n"


def test_generated_is_the_default(lxc, started, profile):
    name = started()
    assert attach(lxc, name, "cat /proc/1/attr/current").ok().out == f"{profile(name)} (enforce)\n"


def test_what_it_forbids(lxc, started):
    """And each would succeed without it."""
    for line, wanted in (("lxc.apparmor.profile = unconfined", True), (GENERATED, False)):
        for title, result in outcomes(lxc, started(line), REFUSED).items():
            assert (result.code == 0) == wanted, (line, title, result)
            assert wanted or "denied" in result.err.lower() or "not permitted" in result.err.lower(), (title, result)


def test_init_itself_is_confined(started, rootfs):
    script = "exec >/out; " + "".join(f"({script}) 2>/dev/null && echo {title}; "
                                      for title, script in REFUSED.items()) + "echo end; exec sleep 1000"
    started(GENERATED, command=("--", "/bin/sh", "-c", script))
    assert until(lambda: (lambda said: said if said.endswith("end\n") else None)(read(rootfs + "/out")),
                 timeout=60) == "end\n"


def test_what_it_lets_through(lxc, started):
    for title, result in outcomes(lxc, started(GENERATED), ALLOWED).items():
        assert result.code == 0, (title, result)


def test_nesting_lets_containers_inside_mount(lxc, started):
    for title, result in outcomes(lxc, started(GENERATED, "lxc.apparmor.allow_nesting = 1"), NESTED).items():
        assert result.code == 0, (title, result)


def test_lines_of_the_configuration_are_part_of_it(lxc, started):
    name = started(GENERATED, "lxc.apparmor.raw = deny /secret r,")
    assert attach(lxc, name, "echo x >/secret").ok()
    assert "denied" in attach(lxc, name, "cat /secret").err


def test_attach_without_it_is_asked_for(lxc, started, profile):
    """-e -s LSM: the caller's own label, as for any confinement that lxc-attach leaves out."""
    name = started(GENERATED)
    assert attach(lxc, name, "cat /proc/self/attr/current", "-e").ok().out == "unconfined\n"


def test_profile_is_gone_behind_the_container(lxc, started, profile):
    name = started(GENERATED)
    assert profile(name) in loaded()
    lxc("stop", "-k", name).ok()
    assert profile(name) not in loaded()


def test_reboot_keeps_it(lxc, started, rootfs, profile):
    """The profile is removed at the last end alone: without it the processes would be unconfined."""
    script = "test -e /again || { : >/again; busybox reboot -f; }; : >/twice; exec sleep 1000"
    name = started(GENERATED, command=("--", "/bin/sh", "-c", script))
    until(lambda: os.path.exists(rootfs + "/twice"), timeout=60)
    assert attach(lxc, name, "cat /proc/1/attr/current").ok().out == f"{profile(name)} (enforce)\n"


def test_nothing_is_left_of_a_start_that_fails(lxc, rootfs):
    before = loaded()
    name = lxc.define([*OPEN, GENERATED], rootfs=rootfs)
    lxc("start", name, "--", "/bin/nothing").failed("/bin/nothing")
    assert loaded() == before


def test_execute(lxc, rootfs, profile):
    before = loaded()
    name = lxc.define([*OPEN, GENERATED], rootfs=rootfs)
    out = lxc("execute", name, "--", "/bin/cat", "/proc/self/attr/current").ok().out
    assert out == f"{profile(name)} (enforce)\n" and loaded() == before


def test_profile_that_does_not_compile(lxc, rootfs):
    before = loaded()
    name = lxc.define([*OPEN, GENERATED, "lxc.apparmor.raw = not a rule of AppArmor"], rootfs=rootfs)
    lxc("start", name).failed("apparmor")
    assert loaded() == before and not lxc.live()
