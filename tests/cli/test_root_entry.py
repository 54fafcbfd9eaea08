# SPDX-License-Identifier: Apache-2.0
"""Ways into the root file system without pivot_root(2): a mount namespace made of it alone
(OPEN_TREE_NAMESPACE, Linux 7.0), or one that is emptied first (Linux 6.15). The container sees the same
mounts as where it leaves a copy of the host's behind."""
import json
import os
import shutil
import subprocess

import pytest

from harness import machine

LONG_WAY = "tree-namespace,emptied-namespace"
TREE = "tree"


@pytest.fixture(name="entry")
def fixture_entry(thole):
    """How the plan of a bundle says that the root is entered; None: by pivot_root."""
    def entry(made, *options, **environment):
        made.write()
        out = thole("plan", *options, "--json", made.path, root=False, env={**os.environ, **environment}).ok().out
        return json.loads(out)["root"].get("entry")
    return entry


@pytest.fixture(name="has_tree")
def fixture_has_tree(entry, bundle):
    """Whether this kernel makes mount namespaces of a tree."""
    return entry(bundle("/bin/true"), THOLE_NO_FASTPATH="") == TREE


@pytest.fixture(name="ways")
def fixture_ways(entry, has_tree, pivots, bundle):
    """Values of THOLE_NO_FASTPATH for every way that this kernel has; the long one comes last. Skips where
    there is but one, or a build that cannot do without the others."""
    made = bundle("/bin/true")
    if not entry(made) or pivots(made):
        pytest.skip("needs a privileged runtime and Linux 6.15")
    if not pivots(made, LONG_WAY):
        pytest.skip("needs a build with --enable-developer")
    return ["", *(["tree-namespace"] if has_tree else []), LONG_WAY]


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
    """Runs the bundle in all ways, compares what is mounted, and returns that."""
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
        with open(log, encoding="utf-8", errors="replace") as source:
            calls = source.read()
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


def test_unbindable_root(same, pivots, has_tree, bundle, host_mounts):
    """The kernel makes no namespace of it, but the other ways work."""
    made = bundle()
    host_mounts("--bind", made.rootfs, made.rootfs)
    host_mounts("--make-unbindable", made.rootfs)
    same(made)
    assert pivots(made) == has_tree


def test_unbindable_source(same, pivots, has_tree, bundle, folder, host_mounts):
    made = bundle()
    os.makedirs(folder + "/source")
    host_mounts("-t", "tmpfs", "source", folder + "/source")
    host_mounts("--make-unbindable", folder + "/source")
    made.mount("/mnt", folder + "/source", "bind", ["bind"])
    assert "/mnt" in points(same(made))
    assert pivots(made) == has_tree


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


IN_ANOTHER_ROOT = """set -e
mount --make-rprivate /
mount -t tmpfs outer {place}
mount --make-{parent} {place}
mkdir {place}/root
mount --rbind / {place}/root
mount --make-private {place}/root
cd {place}/root
chroot . {thole} --root {state} run --bundle {bundle} {id} || echo refused
grep -c ' {place}/root ' /proc/self/mountinfo
"""


@pytest.mark.parametrize("parent", ["private", "shared"])
def test_runtime_in_a_chroot(thole, has_tree, bundle, folder, parent):
    """Its "/" is a mount, but not the root of the mount namespace: none of the mounts around may go."""
    made = bundle("/bin/echo", "inside")
    made.linux["cgroupsPath"] = "/thole-test/" + (name := thole.new_id())
    made.write()
    os.mkdir(folder + "/place")
    script = IN_ANOTHER_ROOT.format(place=folder + "/place", parent=parent, thole=thole.path, state=thole.root,
                                    bundle=made.path, id=name)
    seen = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, check=False,
                          env={**os.environ, "THOLE_NO_FASTPATH": ""})
    # pivot_root refuses a root whose parent is shared; the kernel that needs none does not care.
    expected = ["inside" if parent == "private" or has_tree else "refused", "1"]
    assert seen.stdout.split() == expected, seen


ON_A_SHARED_ROOT = """set -e
mount --make-rprivate /
mount --make-shared /
mount --rbind / /
exec nsenter --mount=/proc/self/ns/mnt sh -c '
mount --make-private /
{thole} --root {state} run --bundle {bundle} {id} || echo refused
grep -c " / / " /proc/self/mountinfo'
"""


def test_root_with_a_shared_parent(thole, has_tree, bundle):
    """From there the host's root would be unmounted together with the container's copy of it."""
    made = bundle("/bin/echo", "inside")
    made.linux["cgroupsPath"] = "/thole-test/" + (name := thole.new_id())
    made.write()
    script = ON_A_SHARED_ROOT.format(thole=thole.path, state=thole.root, bundle=made.path, id=name)
    seen = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, check=False,
                          env={**os.environ, "THOLE_NO_FASTPATH": ""})
    assert seen.stdout.split() == ["inside" if has_tree else "refused", "1"], seen


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
