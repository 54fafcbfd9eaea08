# SPDX-License-Identifier: Apache-2.0
"""The way into the root file system without pivot_root(2): the copy of the host's mounts is unmounted first
(Linux 6.15). The container sees the same mounts as where it leaves that copy behind at the end."""
import ctypes
import errno
import json
import os
import shutil
import struct
import subprocess

import pytest

from harness import machine

LONG_WAY = "emptied-namespace"
STATMOUNT = 457  # on every architecture


@pytest.fixture(name="entry")
def fixture_entry(thole):
    """How the plan of a bundle says that the root is entered; None: by pivot_root."""
    def entry(made, *options, **environment):
        made.write()
        out = thole("plan", *options, "--json", made.path, root=False, env={**os.environ, **environment}).ok().out
        return json.loads(out)["root"].get("entry")
    return entry


@pytest.fixture(name="ways")
def fixture_ways(entry, pivots, bundle):
    """Values of THOLE_NO_FASTPATH for both ways, the long one last. Skips where this kernel has but one, or a
    build that cannot do without the other."""
    made = bundle("/bin/true")
    if not entry(made) or pivots(made):
        pytest.skip("needs a privileged runtime and Linux 6.15")
    if not pivots(made, LONG_WAY):
        pytest.skip("needs a build with --enable-developer")
    return ["", LONG_WAY]


@pytest.fixture(name="host_mounts")
def fixture_host_mounts():
    """mount(8) with these words; all of it is unmounted in the end."""
    points = []

    def mount(*words):
        subprocess.run(["mount", *words], check=True)
        if words[-1] not in points:
            points.append(words[-1])

    yield mount
    for point in reversed(points):
        subprocess.run(["umount", "-R", point], check=True)


def refuse_statmount(number):
    """A seccomp filter for this process and all that it starts: the call fails with that errno."""
    load, jump_if_equal, answer = 0x20, 0x15, 0x06
    code = b"".join(struct.pack("HBBI", *words) for words in (
        (load, 0, 0, 0), (jump_if_equal, 0, 1, STATMOUNT), (answer, 0, 0, 0x50000 | number),
        (answer, 0, 0, 0x7fff0000)))
    buffer = ctypes.create_string_buffer(code)
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer)))
    if ctypes.CDLL(None).prctl(22, 2, ctypes.byref(program), 0, 0) != 0:  # PR_SET_SECCOMP
        raise OSError("no seccomp filter")


def read(log):
    with open(log, encoding="utf-8", errors="replace") as source:
        return source.read()


def comparable(text):
    """Lines of mountinfo without what differs from run to run: ids and numbers of peer groups and
    devices are replaced by the places where they appear first."""
    lines = [line.split() for line in text.splitlines()]
    places = {words[0]: number for number, words in enumerate(lines)}
    devices = {}
    return [[places.get(words[1], "outside"), devices.setdefault(words[2], len(devices)), *words[3:6],
             *(word.split(":")[0] for word in words[6:words.index("-")]), *words[words.index("-"):]]
            for words in lines]


@pytest.fixture(name="same")
def fixture_same(thole, entry, ways):
    """Runs the bundle in both ways, compares what is mounted, and returns that."""
    def same(made, short=True):
        made.process["args"] = ["/bin/cat", "/proc/self/mountinfo"]
        assert bool(entry(made, THOLE_NO_FASTPATH="")) == short
        seen = [comparable(thole.run(made, env={**os.environ, "THOLE_NO_FASTPATH": forbidden}).ok().out)
                for forbidden in ways]
        for one in seen:
            assert one == seen[-1]
        return seen[-1]
    return same


@pytest.fixture(name="pivots")
def fixture_pivots(thole, folder):
    """Whether a run of the bundle has gone the long way in the end: what the plan says is only a plan."""
    if not shutil.which("strace"):
        pytest.skip("needs the program strace")

    def pivots(made, forbidden=""):
        made.process["args"] = ["/bin/true"]
        name = thole.prepare(made)
        log = os.path.join(folder, "strace")
        subprocess.run(["strace", "-f", "-qq", "-e", "trace=pivot_root,setns", "-o", log, thole.path, "--root",
                        thole.root, "run", "--bundle", made.path, name], stdin=subprocess.DEVNULL, check=True,
                       env={**os.environ, "THOLE_NO_FASTPATH": forbidden})
        calls = read(log)
        assert ("pivot_root(" in calls) != ("setns(" in calls), calls
        return "pivot_root(" in calls
    return pivots


def points(seen):
    return [words[3] for words in seen]


def test_default_configuration(same, pivots, bundle):
    seen = same(bundle())
    assert points(seen)[:2] == ["/", "/proc"]
    assert not pivots(bundle())


def test_cgroup_mount(same, bundle):
    made = bundle()
    made.config["mounts"].append({"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
                                  "options": ["nosuid", "noexec", "nodev", "relatime", "ro"]})
    # Of several hierarchies one may be missing, which is known when its turn comes.
    same(made, short=machine.layout() == "unified")


def test_readonly_root(same, bundle):
    made = bundle()
    made.config["root"]["readonly"] = True
    assert "ro" in same(made)[0][4].split(",")


@pytest.mark.parametrize("propagation", ["private", "rprivate", "slave", "rslave", "shared", "rshared",
                                         "unbindable"])
def test_propagation_of_the_root(same, bundle, propagation):
    made = bundle()
    made.linux["rootfsPropagation"] = propagation
    same(made)


def test_root_with_mounts_in_it(same, bundle, host_mounts):
    made = bundle()
    os.mkdir(made.rootfs + "/mnt")
    host_mounts("--bind", made.rootfs, made.rootfs)
    host_mounts("-t", "tmpfs", "-o", "nosuid", "first", os.path.join(made.rootfs, "mnt"))
    host_mounts("-t", "tmpfs", "second", os.path.join(made.rootfs, "mnt"))
    assert points(same(made)).count("/mnt") == 2


def test_masked_and_readonly_paths(same, bundle):
    made = bundle()
    for name in ("/a", "/b", "/d/file"):
        made.file(name)
    made.linux["maskedPaths"] = ["/a", "/d", "/b", "/proc/version", "/sys/firmware", "/proc/keys"]
    made.linux["readonlyPaths"] = ["/proc/sys", "/work"]
    seen = same(made)
    assert [words[3] for words in seen if words[2] == "/null"] == ["/a", "/b", "/proc/version", "/proc/keys"]


def test_order_of_mounts(same, pivots, bundle, folder):
    """Kernels list mounts by age; what is mounted last on a place is what is seen there."""
    made = bundle()
    source = os.path.join(folder, "source")
    os.makedirs(source)
    file = made.file("/file")
    os.link(file, os.path.join(source, "file"))
    made.mount("/mnt", "first", "tmpfs")
    made.mount("/mnt", source, "bind", ["bind", "ro"])
    made.mount("/mnt/file", os.path.join(source, "file"), "bind", ["bind"])
    made.mount("/opt", "second", "tmpfs")
    made.mount("/opt/in", source, "bind", ["rbind", "nosuid"])
    made.mount("/opt/in", "third", "tmpfs")
    seen = points(same(made))
    assert not pivots(made)
    assert [point for point in seen if point.startswith(("/mnt", "/opt"))] == \
        ["/mnt", "/mnt", "/mnt/file", "/opt", "/opt/in", "/opt/in"]


@pytest.mark.parametrize("options", [
    ["bind"], ["rbind"], ["rbind", "rro"], ["rbind", "rprivate"], ["rbind", "private"], ["bind", "unbindable"],
    ["rbind", "unbindable"], ["bind", "slave"], ["rbind", "rslave"], ["rbind", "slave"], ["bind", "shared"],
    ["rbind", "rshared"], ["rbind", "ro", "nosuid", "noexec"],
], ids=" ".join)
@pytest.mark.parametrize("host", ["shared", "private"])
def test_bound_tree(same, bundle, folder, host_mounts, options, host):
    made = bundle()
    source = os.path.join(folder, "source")
    os.makedirs(source)
    host_mounts("-t", "tmpfs", "source", source)
    host_mounts("--make-" + host, source)
    os.mkdir(source + "/below")
    host_mounts("-t", "tmpfs", "below", source + "/below")
    made.mount("/mnt", source, "bind", options)
    seen = same(made)
    assert points(seen).count("/mnt/below") == ("rbind" in options)


def test_peers_of_the_host(thole, bundle, folder, host_mounts):
    """What the host mounts later arrives in a slave, as it does the long way."""
    made = bundle("/bin/sh", "-c", "echo ready; while ! [ -e /mnt/later/file ]; do sleep 0.01; done; echo seen")
    source = os.path.join(folder, "source")
    os.makedirs(source)
    host_mounts("-t", "tmpfs", "source", source)
    host_mounts("--make-shared", source)
    made.mount("/mnt", source, "bind", ["rbind", "rslave"])
    _, process = thole.start_run(made, env={**os.environ, "THOLE_NO_FASTPATH": ""})
    while "ready" not in process.output():
        assert process.popen.poll() is None, process.errors()
    os.mkdir(source + "/later")
    host_mounts("-t", "tmpfs", "later", source + "/later")
    with open(source + "/later/file", "w", encoding="ascii"):
        assert process.wait().ok().out.split() == ["ready", "seen"]


def test_links_of_the_host_are_followed_there(same, bundle, folder):
    """A source named by a link, and one that is bound as the link that it is."""
    made = bundle()
    os.makedirs(folder + "/source")
    os.symlink("source", folder + "/link")
    made.mount("/mnt", folder + "/link", "bind", ["bind"])
    seen = same(made)
    assert next(words[2] for words in seen if words[3] == "/mnt").endswith("/source")


def test_source_in_the_root_by_way_of_a_link(same, pivots, bundle, folder):
    """It is seen with what was mounted there before: that takes the long way after all."""
    made = bundle()
    os.symlink(made.rootfs + "/work", folder + "/link")
    made.mount("/work", "inside", "tmpfs")
    made.mount("/mnt", folder + "/link", "bind", ["bind"])
    seen = same(made)
    assert next(words for words in seen if words[3] == "/mnt")[-2] == "inside"
    assert pivots(made)


def test_tree_around_the_root_by_way_of_a_link(same, bundle, folder):
    made = bundle()
    os.symlink(os.path.dirname(made.rootfs), folder + "/link")
    made.mount("/work", "inside", "tmpfs")
    made.mount("/mnt", folder + "/link", "bind", ["rbind"])
    assert "/mnt/rootfs/work" in points(same(made))


def test_unbindable_root(same, pivots, bundle, host_mounts):
    made = bundle()
    host_mounts("--bind", made.rootfs, made.rootfs)
    host_mounts("--make-unbindable", made.rootfs)
    same(made)
    assert not pivots(made)


def test_unbindable_source(same, pivots, bundle, folder, host_mounts):
    made = bundle()
    os.makedirs(folder + "/source")
    host_mounts("-t", "tmpfs", "source", folder + "/source")
    host_mounts("--make-unbindable", folder + "/source")
    made.mount("/mnt", folder + "/source", "bind", ["bind"])
    assert "/mnt" in points(same(made))
    assert not pivots(made)


def test_missing_source(thole, bundle):
    made = bundle("/bin/true")
    made.mount("/mnt", "/nowhere/at/all", "bind", ["bind"])
    thole.try_create(made, env={**os.environ, "THOLE_NO_FASTPATH": ""}).failed("/mounts/", "/nowhere/at/all")


def test_device_of_the_host_masks_not_the_image_s(same, thole, bundle):
    """/dev/null comes from the host, whatever the image has there."""
    made = bundle()
    made.file("/dev/null", "not the device")
    made.file("/secret", "secret")
    made.config["mounts"] = [entry for entry in made.config["mounts"]
                             if not entry["destination"].startswith("/dev")]
    made.mount("/dev", "tmpfs", "tmpfs")
    made.linux["maskedPaths"] = ["/secret"]
    assert next(words[2] for words in same(made) if words[3] == "/secret") == "/null"
    made.process["args"] = ["/bin/busybox", "wc", "-c", "/secret"]
    assert thole.run(made).ok().out.split()[0] == "0"


@pytest.fixture(name="run_in")
def fixture_run_in(thole, bundle):
    """Runs a script in a mount namespace of its own, and returns the words that it says. {run} in it becomes
    the command that starts a container which says "inside"."""
    def run_in(script, tracer="", **words):
        made = bundle("/bin/echo", "inside")
        made.linux["cgroupsPath"] = "/thole-test/" + (name := thole.new_id())
        made.write()
        run = f"{tracer} {thole.path} --root {thole.root} run --bundle {made.path} {name}"
        seen = subprocess.run(["unshare", "-m", "sh", "-c", script.format(run=run, **words)], check=False,
                              capture_output=True, text=True, env={**os.environ, "THOLE_NO_FASTPATH": ""})
        return seen.stdout.split(), seen
    return run_in


IN_ANOTHER_ROOT = """set -e
mount --make-rprivate /
mount -t tmpfs outer {place}
mount --make-{parent} {place}
mkdir {place}/root
mount --rbind / {place}/root
mount --make-private {place}/root
cd {place}/root
chroot . {run} || echo refused
grep -c ' {place}/root ' /proc/self/mountinfo
"""


@pytest.mark.parametrize("parent", ["private", "shared"])
def test_runtime_in_a_chroot(run_in, folder, parent):
    """Its "/" is a mount, but not the root of the mount namespace: none of the mounts around may go."""
    os.mkdir(folder + "/place")
    words, seen = run_in(IN_ANOTHER_ROOT, place=folder + "/place", parent=parent)
    # pivot_root refuses a root whose parent is shared.
    assert words == ["inside" if parent == "private" else "refused", "1"], seen


IN_A_DIRECTORY = """set -e
mount --make-rprivate /
cd {place}
for name in /*; do
    if [ -L $name ]; then cp -P $name .$name; elif [ -d $name ]; then mkdir .$name; mount --rbind $name .$name; fi
done
chroot . {run} || echo refused
grep -c ' {place}/proc ' /proc/self/mountinfo
"""


def test_runtime_in_a_chroot_that_is_no_mount(run_in, folder):
    """Its "/" is a directory of the host's root, which must not go, and pivot_root refuses such a "/"."""
    os.mkdir(folder + "/place")
    words, seen = run_in(IN_A_DIRECTORY, place=folder + "/place")
    assert words == ["refused", "1"], seen


ON_A_SHARED_ROOT = """set -e
mount --make-rprivate /
mount --make-shared /
mount --rbind / /
exec nsenter --mount=/proc/self/ns/mnt sh -c '
mount --make-private /
{run} || echo refused
grep -c " / / " /proc/self/mountinfo'
"""


@pytest.mark.parametrize("injected", [None, "move_mount:error=ELOOP:when=1", "move_mount:error=EINVAL:when=1"])
def test_root_with_a_shared_parent(run_in, folder, injected):
    """From there the host's root would be unmounted together with the container's copy of it, whichever of its
    reasons to refuse the kernel names first."""
    if injected and not shutil.which("strace"):
        pytest.skip("needs the program strace")
    tracer = f"strace -f -qq -o {folder}/strace -e inject={injected}" if injected else ""
    words, seen = run_in(ON_A_SHARED_ROOT, tracer)
    assert words == ["refused", "1"], seen
    if injected:
        assert "(INJECTED)" in read(folder + "/strace"), seen


@pytest.mark.parametrize("answer", [errno.ENOSYS, errno.EPERM, errno.ENOENT], ids=errno.errorcode.get)
def test_without_an_answer_the_long_way_is_taken(thole, bundle, folder, ways, answer):
    """An old kernel, or a filter around the runtime, does not say what "/" lies on."""
    made = bundle("/bin/echo", "inside")
    name = thole.prepare(made)
    log = folder + "/strace"
    seen = subprocess.run(["strace", "-f", "-qq", "-o", log, "-e", "trace=umount2,pivot_root", thole.path,
                           "--root", thole.root, "run", "--bundle", made.path, name], capture_output=True, text=True, check=False,
                          env={**os.environ, "THOLE_NO_FASTPATH": ways[0]}, preexec_fn=lambda: refuse_statmount(answer))
    calls = read(log)
    assert seen.stdout == "inside\n", seen
    assert 'umount2("/"' not in calls and "pivot_root(" in calls, calls


def test_the_host_s_mounts_stay_as_they_are(same, bundle):
    def mounted():  # but by the tests of another session
        return [words[4:] for words in machine.mount_lines() if "/thole-test." not in words[4]]

    before = mounted()
    made = bundle()
    same(made)
    assert mounted() == before
    assert not [words for words in machine.mount_lines() if words[4].startswith(made.path)]


@pytest.mark.parametrize("stage, short", [
    ("prestart", False), ("createRuntime", False), ("createContainer", False), ("startContainer", True),
    ("poststart", True), ("poststop", True)])
def test_hooks_that_may_look_at_the_host_s_paths(same, bundle, stage, short):
    made = bundle()
    made.config["hooks"] = {stage: [{"path": "/bin/true"}]}
    same(made, short)


def test_what_takes_the_long_way(entry, bundle, folder):
    made = bundle("/bin/true")
    assert entry(made)
    overlay = made.mount("/mnt", "overlay", "overlay", [f"lowerdir={folder}:{made.rootfs}"])
    assert not entry(made), "its paths are the host's"
    made.config["mounts"].remove(overlay)
    for source, options in ((made.rootfs + "/work", ["bind"]), ("/", ["rbind"])):
        bound = made.mount("/mnt", source, "bind", options)
        assert not entry(made), source
        made.config["mounts"].remove(bound)
    made.mount("/mnt", "/", "bind", ["bind"])
    assert entry(made), "without the mounts below it does not matter"
