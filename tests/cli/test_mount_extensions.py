# SPDX-License-Identifier: Apache-2.0
"""Mount options of thole's own: x-optional, x-create=, x-relative. The rows of docs/mounts.md."""
import os

import pytest

SHOW = ["/bin/cat", "/proc/self/mountinfo"]


def points(thole, made):
    """{mount point: set of its options} in the container."""
    made.process["args"] = SHOW
    lines = thole.run(made).ok().out.splitlines()
    return {words[4]: set(words[5].split(",")) for words in map(str.split, lines)}


@pytest.fixture(params=["rootful", "user namespace"])
def container(bundle, request):
    """A bundle, with the host's ids and with mapped ones."""
    made = bundle(*SHOW)
    if request.param == "user namespace":
        made.user_namespace()
    return made


# why it cannot be made: (destination, source, type, options); {} is a folder of the host
IMPOSSIBLE = {
    "the source is missing": ("/work", "{}/missing", "bind", ["bind"]),
    "the source is a file, the place a directory": ("/work", "{}/file", "bind", ["bind"]),
    "the place is missing": ("/no/place", "{}/directory", "bind", ["bind"]),
    "there is no such filesystem": ("/work", "none", "nosuchfs", []),
    "the filesystem refuses an option": ("/work", "none", "tmpfs", ["nosuch=1"]),
    "nothing may be mounted there": ("/proc/sys/fs", "{}/directory", "bind", ["bind"]),
    "a bind has no such option": ("/work", "{}/directory", "bind", ["bind", "nosuchoption"]),
    "the source in the container is missing": ("/work", "/missing", "bind", ["bind", "x-relative"]),
}


@pytest.fixture
def source(folder):
    os.chmod(folder, 0o755)
    os.makedirs(os.path.join(folder, "directory"))
    with open(os.path.join(folder, "file"), "w", encoding="ascii"):
        pass
    return folder


@pytest.mark.parametrize("why", sorted(IMPOSSIBLE))
def test_optional_is_left_out(thole, container, source, why):
    destination, origin, kind, options = IMPOSSIBLE[why]
    container.mount(destination, origin.format(source), kind, [*options, "x-optional"])
    container.mount("/tmp", "tmpfs", "tmpfs")
    mounted = points(thole, container)
    assert destination not in mounted and "/tmp" in mounted
    assert not os.path.exists(os.path.join(container.rootfs, "no"))


@pytest.mark.parametrize("why", sorted(set(IMPOSSIBLE) - {"the place is missing"}))
def test_the_same_is_an_error_otherwise(thole, container, source, why):
    destination, origin, kind, options = IMPOSSIBLE[why]
    container.mount(destination, origin.format(source), kind, options)
    thole.run(container).failed("/mounts/")


@pytest.mark.parametrize("kind", ["dir", "file"])
def test_optional_with_create_makes_the_place(thole, bundle, source, kind):
    made = bundle()
    made.mount("/new/place", os.path.join(source, {"dir": "directory"}.get(kind, kind)), "bind",
               ["bind", "x-optional", "x-create=" + kind])
    assert "/new/place" in points(thole, made)
    place = os.path.join(made.rootfs, "new/place")
    assert os.path.isdir(place) if kind == "dir" else os.path.isfile(place)


def test_optional_is_made_where_it_can_be(thole, container, source):
    container.mount("/work", os.path.join(source, "directory"), "bind", ["bind", "x-optional"])
    assert "/work" in points(thole, container)


def test_relative_source_lies_in_the_container(thole, container):
    container.mount("/work", "tmpfs", "tmpfs", ["mode=755"])
    container.mount("/mnt", "/work", "bind", ["bind", "ro", "x-relative"])
    container.process["args"] = ["/bin/sh", "-c", "echo new >/work/file; cat /mnt/file; : >/mnt/x"]
    result = thole.run(container)
    assert result.out == "new\n" and "Read-only file system" in result.err, result


@pytest.mark.parametrize("target", ["/etc", "../../../../../../etc", "/proc/1/root/etc"])
def test_links_of_a_relative_source_lead_nowhere_else(thole, container, target):
    os.symlink(target, os.path.join(container.rootfs, "link"))
    container.mount("/mnt", "/link", "bind", ["bind", "x-relative"])
    container.process["args"] = ["/bin/cat", "/mnt/passwd"]
    result = thole.run(container)
    with open("/etc/passwd", encoding="utf-8") as passwd:
        assert passwd.read() not in result.out
    with open(os.path.join(container.rootfs, "etc/passwd"), encoding="utf-8") as passwd:
        assert result.code != 0 or result.out == passwd.read(), result


def test_a_part_of_proc_on_itself(thole, container):
    flags = ["nosuid", "nodev", "noexec"]
    container.linux["readonlyPaths"] = []
    container.capabilities("CAP_NET_ADMIN")
    container.mount("/proc/sys", "/proc/sys", "bind", ["bind", "ro", *flags, "x-relative"])
    container.mount("/proc/sys/net", "/proc/sys/net", "bind", ["bind", *flags, "x-relative"])
    mounted = points(thole, container)
    assert "ro" in mounted["/proc/sys"] and "rw" in mounted["/proc/sys/net"]
    container.process["args"] = ["/bin/sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward; "
                                 "cat /proc/sys/net/ipv4/ip_forward; echo x >/proc/sys/kernel/domainname"]
    result = thole.run(container)
    assert result.out == "1\n" and "Read-only file system" in result.err, result


@pytest.mark.parametrize("source, destination", [
    ("/proc/sys", "/proc/sys/net"), ("/work", "/proc/sys"), ("/proc/self", "/proc/sys"),
    ("/sys", "/proc/sys")])
def test_nothing_else_of_proc_is_replaced(thole, container, source, destination):
    container.mount(destination, source, "bind", ["bind", "x-relative"])
    thole.run(container).failed("nothing but proc can be mounted")


def test_a_part_of_what_only_looks_like_proc(thole, bundle):
    made = bundle()
    made.config["mounts"] = [mount for mount in made.config["mounts"]
                             if mount["destination"] != "/proc"]
    os.makedirs(os.path.join(made.rootfs, "proc/sys"))
    made.linux["readonlyPaths"] = made.linux["maskedPaths"] = []
    made.mount("/proc/sys", "/proc/sys", "bind", ["bind", "x-relative"])
    thole.run(made).failed("only a procfs may be mounted")
