# SPDX-License-Identifier: Apache-2.0
"""config.md: the table of mount options, every row of it."""
import os
import subprocess

import pytest

from harness.mountinfo import table
from sentences import sentence

OPTIONS = ("config.md", "Linux mount options")
SHOULD = {"symfollow", "nosymfollow"}
MAY = {"mand", "nomand", "tmpcopyup"}
TAKEN_AWAY = "after its opposite, which it takes away"
ACCEPTED = "it is known, and not taken for an option of the file system"


def row(*values, option=None, note=""):
    """A case of a test: the sentence is the option's row of the table."""
    option = option or values[-1]
    marks = [sentence(*OPTIONS, option + " | ", note=note),
             sentence(*OPTIONS, "Runtimes MUST/SHOULD/MAY implement the following option strings")]
    recursive = option[0] == "r" and option[1:] in RECURSIVE
    if not recursive and option not in SHOULD | MAY:
        marks.append(sentence(*OPTIONS, 'The "MUST" options correspond to mount(8)'))
    return pytest.param(*values, marks=marks, id=option)


RECURSIVE = {"atime", "dev", "diratime", "exec", "noatime", "nodiratime", "noexec",
             "norelatime", "nostrictatime", "nosuid", "nosymfollow", "relatime", "ro", "rw",
             "strictatime", "suid", "symfollow"}


def fresh_and_bound(runtime, made, folder, *options):
    """A tmpfs and a bind mount with the options: both are to be the same."""
    os.mkdir(folder + "/source")
    made.mount("/fresh", "tmpfs", "tmpfs", options)
    made.mount("/bound", folder + "/source", "none", ["bind", *options])
    mounted = table(runtime, made)
    return mounted["/fresh"], mounted["/bound"]


@pytest.mark.parametrize("option", [row(word) for word in (
    "ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime", "nosymfollow")])
def test_flag(runtime, bundle, folder, option):
    for mount in fresh_and_bound(runtime, bundle(), folder, option):
        assert option in mount.options


@pytest.mark.parametrize("first, option", [row(*pair, note=TAKEN_AWAY) for pair in (
    ("ro", "rw"), ("nosuid", "suid"), ("nodev", "dev"), ("noexec", "exec"), ("noatime", "atime"),
    ("nodiratime", "diratime"), ("nosymfollow", "symfollow"))])
def test_flag_is_taken_away(runtime, bundle, folder, first, option):
    for mount in fresh_and_bound(runtime, bundle(), folder, first, option):
        assert first not in mount.options


@pytest.mark.parametrize("words, present, absent", [
    row(["noatime", "relatime"], {"relatime"}, {"noatime"}, option="relatime"),
    row(["strictatime"], set(), {"relatime", "noatime"}, option="strictatime"),
    row(["strictatime", "norelatime"], set(), {"relatime", "noatime"}, option="norelatime"),
    row(["strictatime", "nostrictatime"], {"relatime"}, {"noatime"}, option="nostrictatime")])
def test_access_time(runtime, bundle, folder, words, present, absent):
    for mount in fresh_and_bound(runtime, bundle(), folder, *words):
        assert mount.options >= present and not mount.options & absent


@pytest.mark.parametrize("option", [row(word) for word in ("sync", "dirsync", "lazytime")])
def test_flag_of_the_file_system(runtime, bundle, option):
    made = bundle()
    made.mount("/vol", "tmpfs", "tmpfs", [option])
    assert option in table(runtime, made)["/vol"].super_options


@pytest.mark.parametrize("first, option", [
    row(*pair, note=TAKEN_AWAY) for pair in (("sync", "async"), ("lazytime", "nolazytime"))])
def test_flag_of_the_file_system_is_taken_away(runtime, bundle, first, option):
    made = bundle()
    made.mount("/vol", "tmpfs", "tmpfs", [first, option])
    assert first not in table(runtime, made)["/vol"].super_options


@pytest.mark.parametrize("option", [row(word, note=ACCEPTED) for word in (
    "defaults", "iversion", "noiversion", "loud", "silent", "mand", "nomand")])
def test_word_without_visible_effect(runtime, bundle, option):
    """A tmpfs refuses each of them as an option of its own: the runtime has to know it."""
    made = bundle()
    made.mount("/vol", "tmpfs", "tmpfs", [option, "size=64k"])
    mount = table(runtime, made)["/vol"]
    assert "size=64k" in mount.super_options
    assert not mount.options & {"ro", "nosuid", "nodev", "noexec"}


@pytest.fixture
def tree(folder):
    """tree(option): a folder with a shared tmpfs, which has a tmpfs with the option below it."""
    source = os.path.join(folder, "tree")

    def make(option="rw"):
        for place, words in ((source, "rw"), (source + "/below", option)):
            os.makedirs(place, exist_ok=True)
            subprocess.run(["mount", "-t", "tmpfs", "-o", words, "tree", place], check=True)
        subprocess.run(["mount", "--make-rshared", source], check=True)
        return source

    yield make
    subprocess.run(["umount", "--recursive", source], check=True)


@pytest.mark.parametrize("option", [row("bind"), row("rbind")])
def test_bind(runtime, bundle, tree, option):
    made = bundle()
    made.mount("/vol", tree(), "none", [option])
    mounted = table(runtime, made)
    assert mounted["/vol"].type == "tmpfs" and mounted["/vol"].source == "tree"
    assert ("/vol/below" in mounted) == (option == "rbind")


@pytest.mark.parametrize("option", [row("remount")])
def test_remount(runtime, bundle, option):
    made = bundle("/bin/cat", "/proc/self/mountinfo")
    made.mount("/vol", "tmpfs", "tmpfs", ["rw"])
    made.mount("/vol", "tmpfs", "tmpfs", [option, "ro", "noexec"])
    lines = [line.split() for line in runtime.run(made).ok().out.splitlines()]
    lines = [words for words in lines if words[4] == "/vol"]
    assert len(lines) == 1, "the same mount"
    assert {"ro", "noexec"} <= set(lines[0][5].split(","))


PROPAGATION = {"private": set(), "shared": {"shared"}, "slave": {"master"},
               "unbindable": {"unbindable"}}


@pytest.mark.parametrize("option", [row(prefix + word) for word in PROPAGATION
                                    for prefix in ("", "r")])
def test_propagation(runtime, bundle, tree, option):
    """The recursive form is seen on the mount below; the source is shared, to have a master."""
    word = option.removeprefix("r")
    made = bundle()
    made.mount("/vol", tree(), "none", ["rbind", option])
    mounted = table(runtime, made)
    seen = {place: mounted[place].propagation & {"shared", "master", "unbindable"}
            for place in ("/vol", "/vol/below")}
    for place in ("/vol", "/vol/below") if option != word else ("/vol",):
        if word == "shared":
            assert "shared" in seen[place]
        elif word == "slave":
            assert seen[place] == {"master"}
        else:
            assert seen[place] == PROPAGATION[word]


@pytest.mark.parametrize("option", [row("r" + word) for word in (
    "ro", "nosuid", "noexec", "noatime", "nodiratime", "nosymfollow")])
def test_recursive_flag(runtime, bundle, tree, option):
    made = bundle()
    made.mount("/vol", tree(), "none", ["rbind", option])
    mounted = table(runtime, made)
    assert option[1:] in mounted["/vol"].options & mounted["/vol/below"].options


@pytest.mark.parametrize("before, option, present", [
    row("ro", "rrw", set(), option="rrw"), row("nosuid", "rsuid", set(), option="rsuid"),
    row("nodev", "rdev", set(), option="rdev"), row("noexec", "rexec", set(), option="rexec"),
    row("noatime", "ratime", set(), option="ratime"),
    row("nodiratime", "rdiratime", set(), option="rdiratime"),
    row("nosymfollow", "rsymfollow", set(), option="rsymfollow"),
    row("noatime", "rrelatime", {"relatime"}, option="rrelatime"),
    row("relatime", "rstrictatime", set(), option="rstrictatime"),
    row("strictatime", "rnostrictatime", {"relatime"}, option="rnostrictatime")])
def test_recursive_flag_is_taken_away(runtime, bundle, tree, before, option, present):
    """The mount below has the flag on the host."""
    made = bundle()
    made.mount("/vol", tree(before), "none", ["rbind", option])
    below = table(runtime, made)["/vol/below"]
    assert before not in below.options and below.options >= present


@pytest.mark.parametrize("option", [row(
    "rnorelatime", note="without relatime the kernel takes its default, which is relatime")])
def test_recursive_norelatime(runtime, bundle, tree, option):
    made = bundle()
    made.mount("/vol", tree("nosuid"), "none", ["rbind", option])
    assert {"nosuid"} <= table(runtime, made)["/vol/below"].options - {"noatime"}


@pytest.mark.parametrize("option", [row("tmpcopyup")])
def test_tmpcopyup(runtime, bundle, option):
    made = bundle()
    made.file("/vol/name", "copied")
    made.mount("/vol", "tmpfs", "tmpfs", [option])
    assert runtime.shell(made, "cat /vol/name; echo x >/vol/new") == "copied"
    assert not os.path.exists(made.rootfs + "/vol/new")


@sentence(*OPTIONS, "Runtimes SHOULD treat unknown options as filesystem-specific ones) and pass those as "
          "a comma-separated string to the fifth")
def test_unknown_options_go_to_the_file_system(runtime, bundle):
    made = bundle()
    made.mount("/vol", "tmpfs", "tmpfs", ["size=64k", "nosuid", "nr_inodes=77", "mode=1711"])
    assert {"size=64k", "nr_inodes=77", "mode=1711"} <= table(runtime, made)["/vol"].super_options
    made.mount("/vol", "tmpfs", "tmpfs", ["no-option-of-any-file-system"])
    runtime.refuses(made)


@sentence(*OPTIONS, "If a custom option string is already recognized by mount(8), the runtime SHOULD "
          "follow the behavior of mount(8)", note="nofail, where a runtime has it")
def test_custom_option_of_mount(runtime, bundle, folder):
    made = bundle()
    entry = made.mount("/vol", folder, "none", ["bind", "nofail"])
    if runtime.run(made).code != 0:
        pytest.skip("has no option nofail of its own")
    entry["source"] = folder + "/missing"
    assert "/vol" not in table(runtime, made)
