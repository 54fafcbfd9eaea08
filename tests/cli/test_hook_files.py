# SPDX-License-Identifier: Apache-2.0
"""contrib/hooks/timezone and resolv-conf: a file of the host covers one of the container, and nothing else."""
import hashlib
import os

import pytest

from harness import mountinfo, oci_hooks

TARGETS = {"timezone": "/etc/localtime", "resolv-conf": "/etc/resolv.conf"}
ZONES = "/usr/share/zoneinfo"


@pytest.fixture(params=oci_hooks.RUNTIMES)
def runtime(request, folder):
    made = oci_hooks.runtime(request.param, folder)
    yield made
    complaints = made.clean_up()
    assert request.param != "thole" or not complaints, "\n".join(complaints)


@pytest.fixture
def asking(bundle, folder):
    """asking(HOOK, SCRIPT, options): a bundle with that hook; resolv-conf gets a file of the test's own."""
    def make(name, script, *options):
        made = bundle("/bin/sh", "-c", script)
        if name == "resolv-conf" and "--file" not in options:
            with open(folder + "/servers", "w", encoding="ascii") as target:
                target.write("nameserver 192.0.2.1\n")
            options = ("--file", folder + "/servers", *options)
        if name == "timezone" and not options:
            if not os.path.exists(ZONES + "/Etc/GMT-5"):
                pytest.skip(f"needs {ZONES} (package tzdata)")
            options = ("--zone", "Etc/GMT-5")
        oci_hooks.hook(made, "createContainer", oci_hooks.path(name), *options)
        return made

    return make


def shown(name):
    """A script that prints what the container makes of the file, and what it should print."""
    if name == "timezone":
        return "date -d @0 +%H:%M", "05:00\n"
    return "cat /etc/resolv.conf", "nameserver 192.0.2.1\n"


@pytest.mark.parametrize("name", TARGETS)
def test_the_container_has_the_hosts_file(runtime, asking, name):
    script, wanted = shown(name)
    assert runtime.run(asking(name, script)).ok().out == wanted


def links(made, target, kind):
    """What an image has in the place of the file; returns what has to stay as it is."""
    path = made.rootfs + target
    if kind == "file":
        return made.file(target, "of the image\n")
    if kind == "link out":
        os.symlink("../../../../../../../../.." + made.path + "/victim", path)
    elif kind == "link to nothing":
        os.symlink("/nowhere/at/all", path)
    elif kind == "link to proc":
        os.symlink("/proc/self/root/etc/passwd", path)
    return None


@pytest.mark.parametrize("kind", ("missing", "file", "link out", "link to nothing", "link to proc"))
@pytest.mark.parametrize("name", TARGETS)
def test_whatever_the_image_has_there_is_covered(runtime, asking, name, kind):
    script, wanted = shown(name)
    made = asking(name, script + "; cat /proc/self/mountinfo")
    made.file("../victim", "untouched\n")
    kept = links(made, TARGETS[name], kind)
    printed = runtime.run(made).ok().out
    assert printed.startswith(wanted)
    mount = mountinfo.parse(printed[len(wanted):])[TARGETS[name]]
    assert {"ro", "nosuid", "nodev", "noexec"} <= mount.options
    assert made.read("../victim") == "untouched\n"
    if kept:
        assert made.read(TARGETS[name]) == "of the image\n"
    assert os.path.islink(made.rootfs + TARGETS[name]) == kind.startswith("link")


@pytest.mark.parametrize("name", TARGETS)
def test_a_directory_that_is_a_link_is_refused(runtime, asking, name, folder):
    made = asking(name, "echo started")
    os.rename(made.rootfs + "/etc", made.rootfs + "/etc.real")
    os.mkdir(folder + "/outside")
    os.symlink("../../outside", made.rootfs + "/etc")
    oci_hooks.refused(runtime, made, f"hook {name}: {TARGETS[name]} of the container: ")
    assert os.listdir(folder + "/outside") == []


@pytest.mark.parametrize("name", TARGETS)
def test_in_a_user_namespace_with_a_read_only_root(runtime, asking, name):
    script, wanted = shown(name)
    made = asking(name, f"{script}; echo x 2>&1 >{TARGETS[name]}; true")
    made.file(TARGETS[name])
    made.user_namespace()
    made.config["root"]["readonly"] = True
    assert runtime.run(made).ok().out.startswith(wanted)


def test_a_zone_by_annotation_goes_first(thole, asking):
    made = asking("timezone", "date -d @0 +%H:%M", "--zone", "Etc/GMT-5")
    made.config["annotations"] = {"org.thole.hook.timezone.zone": "Etc/GMT-7"}
    assert thole.run(made).ok().out == "07:00\n"


@pytest.mark.parametrize("zone", ("/etc/shadow", "../../../etc/shadow", "", "Etc/../../../../etc/passwd",
                                  "tzdata.zi", "No/Where", "Etc", "a" * 600))
def test_a_zone_is_nothing_but_a_zone(thole, asking, zone):
    """An annotation may be the image's word."""
    made = asking("timezone", "echo started")
    made.config["annotations"] = {"org.thole.hook.timezone.zone": zone}
    result = thole.run(made).failed("hook timezone: ")
    assert result.out == "" and "root:" not in result.err


def test_without_options_it_is_the_hosts_own(thole, bundle):
    made = bundle("/usr/bin/md5sum", "/etc/localtime")
    oci_hooks.hook(made, "createContainer", oci_hooks.path("timezone"))
    if not os.path.exists("/etc/localtime"):
        oci_hooks.refused(thole, made, "hook timezone: /etc/localtime: No such file or directory")
        return
    with open("/etc/localtime", "rb") as source:
        wanted = hashlib.md5(source.read()).hexdigest()
    assert thole.run(made).ok().out.split()[0] == wanted


@pytest.mark.parametrize("options, seen", (((), "nameserver 192.0.2.9\n"),
                                           (("--snapshot",), "nameserver 192.0.2.1\n")),
                         ids=("file", "snapshot"))
def test_what_is_written_later(thole, asking, folder, options, seen):
    """The file itself is followed, a copy is not; neither follows a file that is put in its place."""
    made = asking("resolv-conf", "while :; do sleep 1; done", *options)
    container = thole.launch(made)
    with open(folder + "/servers", "r+", encoding="ascii") as target:
        target.write("nameserver 192.0.2.9\n")
    assert container.sh("cat /etc/resolv.conf").ok().out == seen
    with open(folder + "/new", "w", encoding="ascii") as target:
        target.write("nameserver 192.0.2.10\n")
    os.rename(folder + "/new", folder + "/servers")
    assert container.sh("cat /etc/resolv.conf").ok().out == seen
    container.sh("echo mine >/etc/resolv.conf").failed("Read-only file system")


def test_the_stub_of_resolved_is_passed_over(thole, asking, folder):
    for name, text in (("stub-resolv.conf", "nameserver 127.0.0.53\n"), ("resolv.conf", "nameserver 192.0.2.3\n")):
        with open(os.path.join(folder, name), "w", encoding="ascii") as target:
            target.write(text)
    os.symlink("stub-resolv.conf", folder + "/link")
    made = asking("resolv-conf", "cat /etc/resolv.conf", "--file", folder + "/link")
    assert thole.run(made).ok().out == "nameserver 192.0.2.3\n"


def test_a_missing_file_is_refused(thole, asking):
    made = asking("resolv-conf", "echo started", "--file", "/nowhere/at/all")
    oci_hooks.refused(thole, made, "hook resolv-conf: /nowhere/at/all: No such file or directory")
