# SPDX-License-Identifier: Apache-2.0
"""Whatever mount(2) takes as source, data and names works, however long and however written."""
import os
import subprocess

import pytest

pytestmark = pytest.mark.any_layout

SIZES = [1, 255, 256, 300, 2000, 3900]


def deep_path(folder, length):
    """A directory whose path has exactly this length."""
    path = folder
    while length - len(path) > 1:
        rest = length - len(path) - 1
        # one byte alone has no room for a slash and a name
        step = rest if rest <= 200 else min(200, rest - 2)
        path += "/" + "d" * step
    assert len(path) == length, (len(path), length)
    directory = os.open("/", os.O_PATH)
    for name in path[1:].split("/"):
        try:
            os.mkdir(name, 0o755, dir_fd=directory)
        except FileExistsError:
            pass
        inner = os.open(name, os.O_PATH, dir_fd=directory)
        os.close(directory)
        directory = inner
    return path, directory


def put(directory, name, text):
    fd = os.open(name, os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=directory)
    os.write(fd, text.encode())
    os.close(fd)


def layer(path, name):
    os.makedirs(path)
    with open(os.path.join(path, name), "w", encoding="ascii") as target:
        target.write(name + "\n")
    return path


def overlay(made, *options, point="/mnt"):
    made.mount(point, "overlay", "overlay", options)


@pytest.mark.parametrize("size", [255, 256, 257, 2000, 3800])
def test_lowerdir_of_any_length(thole, bundle, folder, size):
    made = bundle("/bin/cat", "/mnt/long", "/mnt/short")
    short = layer(folder + "/short", "short")
    path, directory = deep_path(folder, size - len(short) - 1)
    put(directory, "long", "long\n")
    os.close(directory)
    value = f"{path}:{short}"
    assert len(value) == size
    overlay(made, f"lowerdir={value}", "ro", "nosuid", "nosymfollow")
    assert thole.run(made).ok().out == "long\nshort\n"


@pytest.mark.parametrize("size", [255, 256, 1500])
@pytest.mark.parametrize("which", ["upperdir", "workdir"])
def test_upper_and_work_directory_of_any_length(thole, bundle, folder, which, size):
    made = bundle("/bin/sh", "-c", "cat /mnt/low && touch /mnt/new && ls /mnt")
    paths = {"upperdir": folder + "/upper", "workdir": folder + "/work"}
    for path in paths.values():
        os.makedirs(path)
    paths[which], directory = deep_path(folder + "/" + which[0], size)
    os.close(directory)
    overlay(made, "lowerdir=" + layer(folder + "/low", "low"),
            *[f"{key}={path}" for key, path in paths.items()])
    assert thole.run(made).ok().out == "low\nlow\nnew\n"


@pytest.mark.parametrize("count", [2, 20, 128])
@pytest.mark.parametrize("name", ["l", "a-name-of-some-forty-characters-as-stores-have"])
@pytest.mark.parametrize("in_user_namespace", [False, True], ids=["", "userns"])
def test_many_layers(thole, bundle, folder, count, name, in_user_namespace):
    """128 layers with long names take more than the page that mount(2) has for options."""
    made = bundle("/bin/sh", "-c", "ls /mnt | wc -l")
    layers = [layer(f"{folder}/{name}{number}", f"file{number}") for number in range(count)]
    overlay(made, "lowerdir=" + ":".join(layers))
    if in_user_namespace:
        made.user_namespace()
    result = thole.run(made)
    assert result.ok().out == f"{count}\n"


@pytest.mark.parametrize("length", [0, 300, 4100], ids=["", "long", "longer-than-a-page"])
@pytest.mark.parametrize("name, written", [("a,b", "a\\,b"), ("a:b", "a\\:b"), ("a\\b", "a\\\\b"),
                                           ("a b", "a b"), ("a=b", "a=b"), ('a"b', 'a"b'),
                                           ("a,b=c", "a\\,b=c"), ("a,b/c", "a,b/c")])
def test_paths_with_special_characters(thole, bundle, folder, name, written, length):
    """Escaped as mount(2) wants it; a comma that cannot begin an option may stand for itself."""
    made = bundle("/bin/cat", "/mnt/odd", "/mnt/plain")
    layer(f"{folder}/{name}", "odd")
    layers = [f"{folder}/{written}", layer(folder + "/plain", "plain")]
    number = 0
    while sum(map(len, layers)) + len(layers) < length:
        layers.append(layer(f"{folder}/{'x' * 150}{number}", "x"))
        number += 1
    overlay(made, "lowerdir=" + ":".join(layers))
    assert thole.run(made).ok().out == "odd\nplain\n"


@pytest.mark.parametrize("name, written", [("u,p", "u\\,p"), ("u\\p", "u\\\\p"), ("u:p", "u\\:p")])
def test_upper_directory_with_special_characters(thole, bundle, folder, name, written):
    made = bundle("/bin/touch", "/mnt/new")
    os.makedirs(f"{folder}/{name}")
    os.makedirs(f"{folder}/work")
    overlay(made, f"lowerdir={layer(folder + '/low', 'low')}", f"upperdir={folder}/{written}",
            f"workdir={folder}/work")
    thole.run(made).ok()
    assert os.listdir(f"{folder}/{name}") == ["new"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["tmpfs", "overlay"])
def test_source_of_any_length(thole, bundle, folder, kind, size):
    made = bundle("/bin/sh", "-c", "grep ' /mnt ' /proc/self/mountinfo")
    options = ["nosuid", "noatime", "size=1m" if kind == "tmpfs" else
               f"lowerdir={layer(folder + '/one', 'one')}:{layer(folder + '/two', 'two')}"]
    made.mount("/mnt", "s" * size, kind, options)
    words = thole.run(made).ok().out.split()
    assert words[words.index("-") + 2] == "s" * size
    assert {"nosuid", "noatime"} <= set(words[5].split(","))


@pytest.mark.parametrize("length", [255, 256, 3000])
def test_remount_with_a_value_of_any_length(thole, bundle, length):
    """128k in octal; the flags of the mount stay."""
    made = bundle("/bin/sh", "-c", "grep ' /mnt ' /proc/self/mountinfo")
    made.mount("/mnt", "tmpfs", "tmpfs", ["size=64k", "nosuid", "noatime"])
    made.mount("/mnt", "tmpfs", "tmpfs", ["remount", "size=" + "400000".rjust(length, "0"), "nodev"])
    line = thole.run(made).ok().out
    assert "size=128k" in line and {"nosuid", "noatime", "nodev"} <= set(line.split()[5].split(","))


def test_several_options_in_one_string(thole, bundle):
    made = bundle("/bin/sh", "-c", "grep ' /mnt ' /proc/self/mountinfo")
    made.mount("/mnt", "tmpfs", "tmpfs", ["size=64k,mode=1700", "nr_inodes=9,ro"])
    line = thole.run(made).ok().out
    assert "size=64k" in line and "mode=1700" in line and "nr_inodes=9" in line and "ro," in line


def test_what_no_call_can_take_is_refused_in_one_line(thole, bundle, folder):
    made = bundle("/bin/true")
    layer(folder + "/low", "low")
    made.mount("/mnt", "tmpfs", "tmpfs", ["context=" + "x" * 5000])
    assert thole.run(made).failed("/mounts/6").err.count("\n") == 1


@pytest.mark.parametrize("word", ["copy", "nocopy", "U", "z", "Z", "O", "cached",
                                  "consistent", "delegated", "size=64k"])
def test_words_for_engines_are_ignored_on_binds(thole, bundle, folder, word):
    """Engines pass words on that they have acted upon themselves."""
    made = bundle("/bin/ls", "-d", "/mnt")
    made.mount("/mnt", folder, "bind", ["rbind", word])
    result = thole.run(made, before=("--debug",)).ok()
    assert f"/mounts/6: option {word} is for engines" in result.err
    result = thole.run(made).ok()
    assert result.out == "/mnt\n" and result.err == ""
