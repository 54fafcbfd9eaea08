# SPDX-License-Identifier: Apache-2.0
"""lxc-create: what a new container consists of, what a template is called with, and that nothing is left of
one that could not be made."""
import fcntl
import os
import re
import signal
import stat
import struct
import subprocess
import time

import pytest

OTHER_STORAGE = ("btrfs", "loop", "lvm", "nbd", "rbd", "zfs")


@pytest.fixture(name="template")
def fixture_template(folder):
    """template(SCRIPT): a template of these lines; $path, $name and $rootfs are set in it."""

    def make(script, name="template"):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as target:
            target.write("#!/bin/sh\nset -e\nfor word; do case $word in --path=*) path=${word#*=};;"
                         " --name=*) name=${word#*=};; --rootfs=*) rootfs=${word#*=};; esac; done\n" + script + "\n")
        os.chmod(path, 0o755)
        return path

    return make


@pytest.fixture(name="base")
def fixture_base(folder):
    """base(LINE...): a configuration file of these lines."""

    def make(*lines):
        path = os.path.join(folder, "base.conf")
        with open(path, "w", encoding="utf-8") as target:
            target.write("".join(line + "\n" for line in lines))
        return path

    return make


def config_of(lxc, name):
    with open(os.path.join(lxc.lxcpath, name, "config"), encoding="utf-8") as source:
        return source.read()


def names(lxc):
    return sorted(os.listdir(lxc.lxcpath))


def test_what_there_is_afterwards(lxc, template, base):
    name = lxc.new_name()
    made = template('mkdir "$rootfs/bin"; echo "lxc.arch = amd64" >> "$path/config"')
    lxc("create", "-n", name, "-f", base("# mine", "", "lxc.uts.name = web"), "-t", made, "--", "one", "two").ok()
    directory = os.path.join(lxc.lxcpath, name)
    assert sorted(os.listdir(directory)) == ["config", "rootfs"]
    assert os.listdir(directory + "/rootfs") == ["bin"]
    assert stat.S_IMODE(os.stat(directory).st_mode) == 0o770
    assert stat.S_IMODE(os.stat(directory + "/config").st_mode) == 0o640
    text = config_of(lxc, name)
    assert text.startswith(f"# Template used to create this container: {made}\n"
                           "# Parameters passed to the template: one two\n")
    assert text.endswith(f"\n# mine\n\nlxc.uts.name = web\nlxc.rootfs.path = dir:{directory}/rootfs\n"
                         "lxc.arch = amd64\n")


def test_how_the_template_is_called(lxc, template, base, folder):
    name = lxc.new_name()
    log = os.path.join(folder, "log")
    made = template(f'printf "%s\\n" "$@" > {log}; test -e "$path/partial"; test -d "$rootfs"')
    lxc("create", name, "-f", base(), "-t", made, "--", "--option", "with blanks").ok()
    directory = os.path.join(lxc.lxcpath, name)
    with open(log, encoding="utf-8") as source:
        assert source.read().splitlines() == [
            f"--path={directory}", f"--name={name}", f"--rootfs={directory}/rootfs", "--option", "with blanks"]
    assert not os.path.exists(directory + "/partial")


def test_parameters_stay_in_their_comment(lxc, template, base):
    name = lxc.new_name()
    lxc("create", name, "-f", base(), "-t", template(":"), "--", "x\nlxc.hook.start = /bin/evil").ok()
    assert not [line for line in config_of(lxc, name).splitlines() if line.startswith("lxc.hook")]


def test_none_makes_no_root(lxc, base):
    name = lxc.new_name()
    lxc("create", name, "-f", base("# mine", "lxc.uts.name = web"), "-t", "none").ok()
    assert os.listdir(os.path.join(lxc.lxcpath, name)) == ["config"]
    assert config_of(lxc, name) == "# mine\nlxc.uts.name = web\n"
    lxc("create", lxc.new_name(), "-f", base(), "-t", "none", "--dir", "/x").failed("--dir")


def test_another_directory_for_the_root(lxc, template, base, folder):
    name, elsewhere = lxc.new_name(), os.path.join(folder, "else/where")
    lxc("create", name, "-f", base(), "-t", template('touch "$rootfs/file"'), "--dir", elsewhere).ok()
    assert os.listdir(elsewhere) == ["file"]
    assert f"lxc.rootfs.path = dir:{elsewhere}\n" in config_of(lxc, name)


def test_overlay(lxc, template, base):
    name = lxc.new_name()
    lxc("create", name, "-f", base(), "-t", template('touch "$rootfs/file"'), "-B", "overlay").ok()
    directory = os.path.join(lxc.lxcpath, name)
    assert f"lxc.rootfs.path = overlay:{directory}/rootfs:{directory}/overlay/delta\n" in config_of(lxc, name)
    assert os.listdir(directory + "/rootfs") == ["file"]
    assert os.listdir(directory + "/overlay/delta") == []


@pytest.mark.parametrize("storage", OTHER_STORAGE)
def test_other_storage_is_refused_in_one_line(lxc, base, storage):
    result = lxc("create", lxc.new_name(), "-f", base(), "-t", "busybox", "-B", storage)
    result.failed(f"storage of type {storage} is not supported", "--dir")
    assert len(result.err.splitlines()) == 1
    assert names(lxc) == []


@pytest.mark.parametrize("key", ["lxc.net.0.hwaddr", "lxc.network.hwaddr"])
def test_digits_for_hardware_addresses(lxc, base, key):
    made = set()
    for _ in range(4):
        name = lxc.new_name()
        lxc("create", name, "-f", base(key.rsplit(".", 1)[0] + ".type = veth", f"{key} = 00:16:3e:xx:Xx:xx"),
            "-t", "none").ok()
        made.add(re.search(key + " = 00:16:3e:([0-9a-f]{2}:[0-9a-f]{2}:[0-9a-f]{2})\n", config_of(lxc, name))[1])
    assert len(made) == 4
    name = lxc.new_name()
    lxc("create", name, "-f", base("lxc.net.0.type = veth", "lxc.net.0.hwaddr = xx:16:3e:00:00:00"), "-t", "none").ok()
    first = re.search("hwaddr = ([0-9a-f]{2}):", config_of(lxc, name))[1]
    assert int(first, 16) & 1 == 0  # not one of many


FAILURES = {
    "template fails": (dict(template="touch $rootfs/file; exit 3"), "ended with status 3"),
    "template killed": (dict(template="kill -9 $$"), "ended with status 137"),
    "template breaks the configuration": (dict(template='echo lxc.nonsense = 1 >> "$path/config"'), "lxc.nonsense"),
    "template removes the configuration": (dict(template='rm "$path/config"'), "config"),
    "wrong configuration": (dict(template=":", base=["lxc.nonsense = 1"]), "lxc.nonsense"),
    "wrong ids": (dict(template=":", base=["lxc.idmap = u 5 100000 10"]), "lxc.idmap"),
}


@pytest.mark.parametrize("case", FAILURES)
@pytest.mark.parametrize("options", [[], ["-B", "overlay"], ["--dir"]], ids=["dir", "overlay", "elsewhere"])
def test_a_failure_leaves_nothing(lxc, template, base, folder, case, options):
    what, text = FAILURES[case]
    elsewhere = os.path.join(folder, "elsewhere")
    if options == ["--dir"]:
        options = ["--dir", elsewhere]
    lxc("create", lxc.new_name(), "-f", base(*what.get("base", [])), "-t", template(what["template"]),
        *options).failed(text)
    assert names(lxc) == []
    assert not os.path.exists(elsewhere)


def test_what_was_there_before_is_not_removed(lxc, template, base, folder):
    os.mkdir(os.path.join(folder, "elsewhere"))
    lxc("create", lxc.new_name(), "-f", base(), "-t", template("exit 1"), "--dir", folder + "/elsewhere").failed()
    assert os.path.isdir(os.path.join(folder, "elsewhere"))


@pytest.mark.parametrize("words, text", [
    (["-f", "/nonexistent", "-t", "none"], "/nonexistent"),
    (["-t", "no-such-template"], 'Template "no-such-template" not found'),
    (["-t", "/no/such/template"], "/no/such/template"),
    (["-t", "../lxc-busybox"], "not found"),
    ([], 'A template must be specified; use "none"'),
    (["-t", "none", "-B", "nosuch"], "nosuch is not a valid backing storage type"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_wrong_command_lines(lxc, words, text):
    lxc("create", lxc.new_name(), *words).failed(text)
    assert names(lxc) == []


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "with blank", "ä", "x" * 300])
def test_names_that_are_none(lxc, base, name):
    lxc("create", "-n", name, "-f", base(), "-t", "none").failed("cannot be the name")
    assert names(lxc) == []


def test_one_that_exists(lxc, base):
    name = lxc.new_name()
    lxc("create", name, "-f", base("lxc.uts.name = first"), "-t", "none").ok()
    lxc("create", name, "-f", base("lxc.uts.name = second"), "-t", "none").failed("Container already exists")
    assert config_of(lxc, name) == "lxc.uts.name = first\n"


def test_several_at_once_make_one(lxc, template, base):
    name, config = lxc.new_name(), base()
    made = template("sleep 0.3; touch $rootfs/file")
    processes = [lxc.start_process("create", name, "-f", config, "-t", made) for _ in range(6)]
    codes = sorted(process.wait().code for process in processes)
    assert codes == [0, 1, 1, 1, 1, 1]
    assert os.listdir(os.path.join(lxc.lxcpath, name, "rootfs")) == ["file"]


def test_what_a_killed_create_left_is_made_anew(lxc, template, base):
    name = lxc.new_name()
    directory = os.path.join(lxc.lxcpath, name)
    process = lxc.start_process("create", name, "-f", base(), "-t", template("touch $rootfs/half; sleep 1"))
    while not os.path.exists(directory + "/rootfs/half"):
        time.sleep(0.01)
    lxc("create", name, "-f", base(), "-t", "none").failed("somebody is making")
    lxc("destroy", name).failed("somebody is making")
    process.popen.kill()
    process.wait()
    lxc("create", name, "-f", base(), "-t", template("touch $rootfs/whole", "other")).ok()
    assert os.listdir(directory + "/rootfs") == ["whole"]
    time.sleep(1)  # the killed one's template has ended by itself


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_template_and_leaves_nothing(lxc, template, base, number):
    name = lxc.new_name()
    process = lxc.start_process("create", name, "-f", base(), "-t", template("touch $rootfs/half; exec sleep 60"))
    while not os.path.exists(os.path.join(lxc.lxcpath, name, "rootfs/half")):
        time.sleep(0.01)
    time.sleep(0.1)
    process.popen.send_signal(number)
    process.wait().failed(f"ended with status {128 + number}")
    assert names(lxc) == []


def test_lxc_sees_one_in_the_making(lxc, template, base):
    """The file "partial" is locked as the LXC of the distribution locks it: as an open file."""
    name = lxc.new_name()
    partial = os.path.join(lxc.lxcpath, name, "partial")
    process = lxc.start_process("create", name, "-f", base(), "-t", template("sleep 0.5"))
    while not os.path.exists(partial):
        time.sleep(0.01)
    time.sleep(0.1)
    with open(partial, "r+b") as other:
        with pytest.raises(BlockingIOError):
            fcntl.fcntl(other, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))  # F_OFD_SETLK
    process.wait().ok()


def test_the_options_of_a_template(lxc, template):
    result = lxc("create", lxc.new_name(), "-t", template('echo "usage of this one"'), "--", "--help").ok()
    assert result.out == "usage of this one\n"
    assert names(lxc) == []


def test_a_default_configuration(lxc, tmp_path):
    """lxc.default_config of an ordinary user's system configuration."""
    home = tmp_path / "home"
    (home / ".config/lxc").mkdir(parents=True)
    (home / ".config/lxc/default.conf").write_text("lxc.uts.name = of-the-user\n")
    subprocess.run(["chown", "-R", "65533:65533", home], check=True)
    for directory in (home, *home.parents):
        if str(directory).startswith("/tmp/"):
            os.chmod(directory, 0o755)
    lxcpath = home / "containers"
    lxcpath.mkdir()
    os.chown(lxcpath, 65533, 65533)
    words = ["setpriv", "--reuid=65533", "--regid=65533", "--clear-groups", "env", f"HOME={home}",
             "XDG_RUNTIME_DIR=" + str(home), lxc.program, "create", "-P", lxcpath, "u", "-t", "none"]
    subprocess.run(words, check=True)
    assert (lxcpath / "u/config").read_text() == "lxc.uts.name = of-the-user\n"
