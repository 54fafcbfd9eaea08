# SPDX-License-Identifier: Apache-2.0
"""checkpoint and restore with a stand-in for CRIU: what it is asked for, and what stands around it.

What CRIU itself makes of it: test_checkpoint.py, in guests."""
import json
import os
import re
import shutil
import signal
import subprocess

import pytest

from harness import machine, traces
from harness.criu import QUIET, SLEEP, STAND_IN, StandIn, assert_nothing_left, assert_one_line, checkpoint, lines_of, \
    restore, restored
from harness.runtime import until
from harness.terminal import ConsoleSocket


@pytest.fixture
def criu(folder):
    return StandIn(folder)


# ---- the options ------------------------------------------------------------------------------------------------

# option, its words, what CRIU is told more or otherwise. {} is a folder.
OF_BOTH = [
    ("image-path", ["{}/other"], {"images_dir_fd": "{}/other", "work_dir_fd": "{}/other"}),
    ("work-path", ["{}/work"], {"work_dir_fd": "{}/work"}),
    ("tcp-established", [], {"tcp_established": 1}),
    ("ext-unix-sk", [], {"ext_unix_sk": 1}),
    ("shell-job", [], {"shell_job": 1}),
    ("file-locks", [], {"file_locks": 1}),
    ("link-remap", [], {"link_remap": 1}),
    ("lazy-pages", [], {"lazy_pages": 1}),
    ("auto-dedup", [], {"auto_dedup": 1}),
    ("manage-cgroups-mode", ["ignore"], {"manage_cgroups_mode": 0}),
    ("manage-cgroups-mode", ["none"], {"manage_cgroups_mode": 1}),
    ("manage-cgroups-mode", ["props"], {"manage_cgroups_mode": 2}),
    ("manage-cgroups-mode", ["soft"], {}),
    ("manage-cgroups-mode", ["full"], {"manage_cgroups_mode": 4}),
    ("manage-cgroups-mode", ["strict"], {"manage_cgroups_mode": 5}),
    ("network-lock", ["iptables"], {"network_lock": 1}),
    ("network-lock", ["nftables"], {"network_lock": 2}),
    ("network-lock", ["skip"], {"network_lock": 3}),
    ("empty-ns", ["network"], {"empty_ns": 0x40000000}),
    ("empty-ns", ["net"], {"empty_ns": 0x40000000}),
]
OF_CHECKPOINT = OF_BOTH + [
    ("parent-path", ["../first"], {"parent_img": "../first", "track_mem": 1}),
    ("leave-running", [], {"leave_running": 1}),
    ("pre-dump", [], {"type": "pre-dump", "track_mem": 1}),
    ("page-server", ["10.0.0.1:27"], {"ps": {"address": "10.0.0.1", "port": 27}}),
    ("page-server", ["fe80::1:65535"], {"ps": {"address": "fe80::1", "port": 65535}}),
    ("status-fd", ["1"], {"status_fd": 1}),
    ("tcp-skip-in-flight", [], {"tcp_skip_in_flight": 1}),
]
OF_RESTORE = OF_BOTH + [
    ("tcp-close", [], {"tcp_close": 1}),
    ("lsm-profile", ["apparmor:other"], {"lsm_profile": "apparmor:other"}),
    ("lsm-mount-context", ["a:b:c:s0"], {"lsm_mount_context": "a:b:c:s0"}),
    # What is no matter of CRIU's. What they do themselves is tested further below, or with run.
    ("bundle", ["{}/bundle1"], {}),
    ("config", ["{}/bundle1/config.json"], {}),
    ("pid-file", ["{}/pid"], {}),
    ("detach", [], {}),
    ("keep", [], {}),
    ("detach-keys", ["ctrl-a"], {}),
    ("no-subreaper", [], {}),
]
TESTED_BELOW = {"console-socket", "pidfd-socket", "log", "record"}


def rows_of(command):
    return OF_CHECKPOINT if command == "checkpoint" else OF_RESTORE


@pytest.mark.any_layout
@pytest.mark.parametrize("command", ["checkpoint", "restore"])
def test_no_option_is_forgotten(thole, command):
    listed = set(re.findall(r"^  (?:-\w, )?--([\w-]+)", thole(command, "--help").ok().out, re.M))
    wanted = {option for option, _, _ in rows_of(command)} | {"help"}
    assert listed == (wanted | TESTED_BELOW if command == "restore" else wanted)


def filled(value, folder):
    """Of a row: its words or fields in this folder."""
    return json.loads(json.dumps(value).replace("{}/", folder + "/"))


def assert_rows(rows, ask, folder):
    """ask(words...): what CRIU was asked for with these options."""
    plain = ask()
    for option, words, fields in rows:
        asked = ask("--" + option, *filled(words, folder))
        differs = {key: asked.get(key) for key in asked.keys() | plain.keys() if asked.get(key) != plain.get(key)}
        assert differs == filled(fields, folder), option


@pytest.mark.any_layout
def test_options_of_checkpoint(sleeper, criu, folder):
    container = sleeper()

    def ask(*options):
        checkpoint(container, criu, *options, fails={}).failed("criu: ")
        return criu.asked()

    assert_rows(OF_CHECKPOINT, ask, folder)
    assert container.status == "running"


@pytest.mark.any_layout
def test_options_of_restore(thole, bundle, criu, folder):
    made = bundle(*SLEEP)
    criu.saved()
    shutil.copytree(criu.images, folder + "/other")

    def ask(*options):
        name, result = restore(thole, made, criu, *options, detach=False, fails={})
        result.failed("criu: ")
        assert_nothing_left(thole, name)
        return criu.asked()

    assert_rows(OF_RESTORE, ask, folder)


@pytest.mark.any_layout
def test_configuration_of_criu(thole, bundle, criu, folder):
    criu.saved()
    made = bundle(*SLEEP)
    made.config["annotations"] = {"org.criu.config": "/etc/criu/this.conf"}
    container = restored(thole, made, criu)
    assert criu.asked()["config_file"] == "/etc/criu/this.conf"
    checkpoint(container, criu).ok()
    assert criu.asked()["config_file"] == "/etc/criu/this.conf"


# ---- a dump -----------------------------------------------------------------------------------------------------

def stream_name(pid, fd):
    with open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as lines:
        mount = int(dict(line.split(":", 1) for line in lines)["mnt_id"])
    return f"file[{mount:x}:{os.stat(f'/proc/{pid}/fd/{fd}').st_ino:x}]"


def masked_files(container):
    return [f"mnt[{path}]:{path}" for path in container.bundle.linux["maskedPaths"]
            if os.path.exists(path) and not os.path.isdir(path)]


def without_configuration(asked):
    """The machine may have one for all containers."""
    return {key: value for key, value in asked.items() if key != "config_file"}


def test_what_a_dump_is_asked_for(thole, bundle, criu):
    container = thole.launch(bundle(*SLEEP), **QUIET)
    pid = container.pid
    freezer = container.cgroup("freezer" if "freezer" in machine.controllers() else "")
    streams = [stream_name(pid, fd) for fd in range(3)]
    masked = masked_files(container)
    checkpoint(container, criu).ok()
    asked = without_configuration(criu.asked())
    assert asked.pop("words") == ["swrk", "%d" % int(criu.asked()["words"][1])]
    assert asked.pop("images")["mode"] == 0o700
    assert sorted(asked.pop("external")) == sorted(masked + streams)
    assert asked == {
        "type": "dump", "pid": pid, "images_dir_fd": criu.images, "work_dir_fd": criu.images, "leave_running": 0,
        "track_mem": 0, "log_level": 4, "log_file": "dump.log", "evasive_devices": 1, "orphan_pts_master": 1,
        "manage_cgroups_mode": 3, "freeze_cgroup": freezer, "inherit_fd": {}, "open": []}
    with open(criu.images + "/descriptors.json", encoding="utf-8") as source:
        assert json.load(source) == [name + ":/dev/null" for name in streams]


@pytest.mark.any_layout
def test_mounts_of_a_dump(thole, bundle, criu, folder):
    """Each at the place where it is; the container's own filesystems are not told."""
    made = bundle(*SLEEP)
    source = os.path.join(folder, "source")
    os.mkdir(source)
    made.file("/a file")
    os.symlink("/mnt", made.rootfs + "/link")
    made.mount("/mnt/a", source, "bind", ["bind"])
    made.mount("/link/b", source, "bind", ["rbind", "ro"])
    made.mount("/a file", STAND_IN, "bind", ["bind", "ro"])
    made.mount("/own", "tmpfs", "tmpfs")
    made.linux["maskedPaths"] = ["/proc/cmdline", "/sys/fs", "/not there"]
    container = thole.launch(made, **QUIET)
    checkpoint(container, criu, "--leave-running").ok()
    assert [name for name in criu.asked()["external"] if name.startswith("mnt")] == [
        "mnt[/mnt/a]:/mnt/a", "mnt[/mnt/b]:/link/b", "mnt[/a file]:/a file", "mnt[/proc/cmdline]:/proc/cmdline"]


@pytest.mark.any_layout
def test_devices_of_a_user_namespace(thole, bundle, criu):
    made = bundle(*SLEEP)
    made.user_namespace()
    made.linux["maskedPaths"] = []
    container = thole.launch(made, **QUIET)
    checkpoint(container, criu).ok()
    devices = ["null", "zero", "full", "tty", "random", "urandom"]
    assert {f"mnt[/dev/{name}]:/dev/{name}" for name in devices} <= set(criu.asked()["external"])
    os.chmod(criu.images, 0o700)
    _, result = restore(thole, made, criu, fails={})
    result.failed("criu: ")
    assert {f"mnt[/dev/{name}]:/dev/{name}" for name in devices} <= set(criu.asked()["external"])
    # Its root may look into the images as long as that is needed.
    assert criu.asked()["images"] == {"gid": 100000, "mode": 0o710}
    after = os.stat(criu.images)
    assert (after.st_gid, after.st_mode & 0o7777) == (os.getegid(), 0o700)


@pytest.mark.any_layout
def test_pipes_of_a_dump(thole, bundle, criu):
    pipe = subprocess.PIPE
    name, process = thole.start_run(bundle(*SLEEP), stdin=pipe, stdout=pipe, stderr=pipe)
    until(lambda: thole("state", name).code == 0 and thole.state(name)["status"] == "running", what="a running one")
    pid = thole.state(name)["pid"]
    names = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in range(3)]
    assert all(text.startswith("pipe:[") for text in names)
    thole("checkpoint", "--image-path", criu.images, name, env=criu.plays()).ok()
    assert not [text for text in criu.asked()["external"] if text.startswith("file[")]
    with open(criu.images + "/descriptors.json", encoding="utf-8") as source:
        assert json.load(source) == names
    process.popen.communicate()


JOINED = {"network": ("net", "extRootNetNS"), "pid": ("pid", "extRootPidNS"), "ipc": ("ipc", None),
          "uts": ("uts", None)}


@pytest.mark.any_layout
@pytest.mark.parametrize("kind", JOINED)
def test_namespaces_that_were_joined(thole, sleeper, bundle, criu, kind):
    holder = sleeper()
    word, key = JOINED[kind]
    path = f"/proc/{holder.pid}/ns/{word}"
    link = os.readlink(path)
    made = bundle(*SLEEP)
    made.namespace(kind, path)
    container = thole.launch(made, **QUIET)
    checkpoint(container, criu).ok()
    told = [name for name in criu.asked()["external"] if not name.startswith(("mnt[", "file["))]
    assert told == ([f"{link.replace(':', '')}:{key}"] if key else [])
    restore(thole, made, criu, fails={})[1].failed("criu: ")
    inherited = {name: what for name, what in criu.asked()["inherit_fd"].items() if not name.startswith("file[")}
    assert inherited == ({key: link} if key else {})
    assert criu.asked().get("join_ns", []) == ([] if key else [{"ns": word, "ns_file": path}])


@pytest.mark.parametrize("option", [None, "--leave-running", "--pre-dump"])
def test_what_is_there_after_a_dump(thole, sleeper, criu, option):
    container = sleeper()
    pid = container.pid
    result = checkpoint(container, criu, *([option] if option else [])).ok()
    assert (result.out, result.err) == ("", "")
    if option:
        assert (container.status, container.pid) == ("running", pid)
    else:
        assert_nothing_left(thole, container.id)
    assert os.path.exists(criu.images + "/descriptors.json") == (option != "--pre-dump")


def test_a_paused_one(thole, sleeper, criu):
    container = sleeper()
    container("pause").ok()
    checkpoint(container, criu, "--leave-running").ok()
    assert criu.asked()["freeze_cgroup"] == container.cgroup("freezer" if "freezer" in machine.controllers() else "")
    container("resume").ok()


def test_a_kept_one_is_not_started_again(thole, sleeper, criu):
    container = sleeper("--attachable", "--restart", "always")
    checkpoint(container, criu).ok()
    assert_nothing_left(thole, container.id)


def test_created_and_stopped_ones_are_refused(thole, bundle, criu):
    container = thole.create(bundle("/bin/true"))
    assert_one_line(checkpoint(container, criu), "that is created")
    container.start()
    container.wait_stopped()
    assert_one_line(checkpoint(container, criu), "that is stopped")
    assert not criu.was_asked and not os.path.exists(criu.images)


# ---- a restoration ----------------------------------------------------------------------------------------------

def cgroup_roots(path):
    return [{"ctrl": name, "path": path} for name, (_, v2) in machine.controllers().items() if not v2] + \
        [{"path": path}] * any(v2 for _, v2 in machine.controllers().values())


def test_what_a_restoration_is_asked_for(thole, bundle, criu):
    criu.saved(["file[1:a]:/dev/null", "file[1:b]:/dev/null", "/dev/null"])
    made = bundle(*SLEEP)
    _, result = restore(thole, made, criu, fails={})
    result.failed("criu: ")
    asked = without_configuration(criu.asked())
    assert asked.pop("words")[0] == "swrk"
    assert len(asked.pop("open")) == 2
    del asked["images"]
    key = lambda root: root.get("ctrl", "")  # noqa: E731
    assert sorted(asked.pop("cg_root"), key=key) == sorted(cgroup_roots(made.linux["cgroupsPath"]), key=key)
    assert asked == {
        "type": "restore", "images_dir_fd": criu.images, "work_dir_fd": criu.images, "log_level": 4,
        "log_file": "restore.log", "evasive_devices": 1, "orphan_pts_master": 1, "manage_cgroups_mode": 3,
        "notify_scripts": 1, "rst_sibling": 1, "root": made.rootfs,
        "external": [f"mnt[{path}]:/dev/null" for path in made.linux["maskedPaths"]],
        "inherit_fd": {"file[1:a]": "/dev/null", "file[1:b]": "/dev/null"}}


@pytest.mark.any_layout
def test_mounts_of_a_restoration(thole, bundle, criu, folder):
    """From where the configuration has them now; mount points that are missing are made."""
    criu.saved()
    source = os.path.join(folder, "source")
    os.mkdir(source)
    made = bundle(*SLEEP)
    made.mount("/deep/in/a", source, "bind", ["bind"])
    made.mount("/other/a file", STAND_IN, "bind", ["bind", "ro"])
    made.mount("/own", "tmpfs", "tmpfs")
    made.linux["maskedPaths"] = []
    restored(thole, made, criu)
    assert criu.asked()["external"] == [f"mnt[/deep/in/a]:{source}",
                                        f"mnt[/other/a file]:{STAND_IN}"]
    assert os.path.isdir(made.rootfs + "/deep/in/a") and os.path.isfile(made.rootfs + "/other/a file")
    assert os.path.isdir(made.rootfs + "/own")


@pytest.mark.any_layout
def test_streams_are_the_restorers(thole, bundle, criu, folder):
    criu.saved(["pipe:[7]", "file[8:8]:/var/log/text", "/dev/pts/0"])
    reader, writer = os.pipe()
    with open(folder + "/output", "wb") as output:
        restore(thole, bundle(*SLEEP), criu, fails={}, popen={"stdin": reader, "stdout": output})[1].failed("criu: ")
    assert criu.asked()["inherit_fd"] == {"pipe:[7]": os.readlink(f"/proc/self/fd/{reader}"),
                                          "file[8:8]": folder + "/output"}
    assert criu.asked()["open"] == []
    os.close(reader)
    os.close(writer)


def test_record(thole, bundle, criu, folder):
    criu.saved()
    made = bundle(*SLEEP)
    container = restored(thole, made, criu, "--pid-file", folder + "/pid")
    state = container.state()
    with open(folder + "/pid", encoding="ascii") as source:
        assert int(source.read()) == state["pid"]
    assert (state["status"], state["bundle"], state["id"]) == ("running", made.path, container.id)
    assert made.linux["cgroupsPath"] == machine.cgroup_path(state["pid"], "")
    assert traces.command_line(state["pid"]) == "sleep 1000"
    assert container.sh("echo $((6*7)); tr '\\0' ' ' </proc/1/cmdline").ok().out == "42\nsleep 1000 "
    container("pause").ok()
    container("resume").ok()
    container("kill", "KILL").ok()
    container.wait_stopped()
    container.delete().ok()


@pytest.mark.parametrize("mode", ["soft", "ignore"])
def test_cgroups(thole, bundle, criu, mode):
    """CRIU moves what it restores into them, or is in there itself."""
    criu.saved()
    container = restored(thole, bundle(*SLEEP), criu, "--manage-cgroups-mode", mode)
    pid, path = container.pid, container.bundle.linux["cgroupsPath"]
    assert {name: machine.cgroup_path(pid, name) for name in machine.controllers()} == \
        dict.fromkeys(machine.controllers(), path)


def test_pidfd_socket(thole, bundle, criu, folder):
    criu.saved()
    listener = ConsoleSocket(folder + "/pidfd.sock")  # one message with one descriptor, too
    container = restored(thole, bundle(*SLEEP), criu, "--pidfd-socket", listener.path)
    _, [pidfd] = listener.receive()
    with open(f"/proc/self/fdinfo/{pidfd}", encoding="ascii") as lines:
        assert f"Pid:\t{container.pid}\n" in lines
    os.close(pidfd)


def test_a_name_that_is_taken(thole, sleeper, criu):
    criu.saved()
    container = sleeper()
    _, result = restore(thole, container.bundle, criu, name=container.id)
    assert_one_line(result, "exists")
    assert not criu.was_asked and container.status == "running"


@pytest.mark.parametrize("keep", [False, True], ids=["deleted", "kept"])
def test_foreground(thole, bundle, criu, keep):
    criu.saved()
    made = bundle(*SLEEP)
    name = thole.prepare(made)
    process = thole.start_process("restore", "--bundle", made.path, "--image-path", criu.images,
                                  *(["--keep"] if keep else []), name, env=criu.plays())
    until(lambda: thole("state", name).code == 0 and thole.state(name)["status"] == "running", what="a running one")
    thole("kill", name, "KILL").ok()
    assert process.wait().code == 128 + signal.SIGKILL
    if keep:
        assert thole.state(name)["status"] == "stopped"
    else:
        assert_nothing_left(thole, name)


HOST_HOOKS = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")


def with_hooks(made, trace):
    made.config["hooks"] = {stage: [{"path": "/bin/sh", "args": ["sh", "-c", f"echo {stage} >>{trace}"]}]
                            for stage in HOST_HOOKS}
    return made


def test_hooks_and_stages(thole, bundle, criu, folder):
    """Those of the host run, each in its place."""
    trace = folder + "/trace"
    criu.saved()
    container = restored(thole, with_hooks(bundle(*SLEEP), trace), criu, trace=trace)
    assert lines_of(trace) == [
        "setup-namespaces", "prestart", "createRuntime", "setup-namespaces done",
        "post-setup-namespaces", "post-setup-namespaces done", "post-restore", "post-restore done",
        "pre-resume", "pre-resume done", "post-resume", "post-resume done", "poststart"]
    os.unlink(trace)
    checkpoint(container, criu, "--leave-running").ok()
    assert not os.path.exists(trace)
    checkpoint(container, criu).ok()
    assert lines_of(trace) == ["poststop"]


def test_limits_and_device_rules_stand_before_it_goes_on(thole, bundle, criu, folder):
    criu.saved()
    made = bundle(*SLEEP)
    made.capabilities("CAP_MKNOD")
    made.linux["resources"]["devices"] = [{"allow": False, "access": "rwm"},
                                          {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rwm"},
                                          {"allow": True, "type": "c", "major": 1, "minor": 1, "access": "m"}]
    made.linux["cgroupsPath"] = f"/thole-test/{traces.mark()}limits"
    controllers = machine.controllers()
    reads = []
    if "pids" in controllers:
        made.linux["resources"]["pids"] = {"limit": 77}
        reads.append(f"{controllers['pids'][0]}{made.linux['cgroupsPath']}/pids.max")
    if "devices" in controllers:
        reads.append(f"{controllers['devices'][0]}{made.linux['cgroupsPath']}/devices.list")
    container = restored(thole, made, criu, trace=folder + "/trace", reads=reads)
    seen = dict(line.split(" ", 1) for line in lines_of(folder + "/trace") if line.startswith(("pids", "devices")))
    assert set(seen) == {os.path.basename(path) for path in reads}
    assert seen.get("pids.max", "77") == "77"
    if "devices.list" in seen:
        assert "c 1:3 rwm" in seen["devices.list"] and "a *:* rwm" not in seen["devices.list"]
    container.sh("mknod /work/mem c 1 1 && cat /work/mem").failed("permitted")


# ---- terminals --------------------------------------------------------------------------------------------------

def test_a_terminal_of_its_own(thole, bundle, criu, folder):
    criu.saved(["/dev/pts/0"] * 3)
    console = ConsoleSocket(folder + "/console.sock")
    container = restored(thole, bundle(*SLEEP, terminal=True), criu, "--console-socket", console.path, terminal=True)
    terminal = console.terminal()
    assert criu.asked()["inherit_fd"] == {}
    assert os.major(os.stat(f"/proc/{container.pid}/fd/0").st_rdev) == 136  # the inner end of a pty
    terminal.expect("restored")
    terminal.write("echoed\n")
    terminal.expect("echoed")
    terminal.close()


def test_a_terminal_in_the_foreground(thole, bundle, criu, folder):
    """What appears there comes to the caller, and into the files that the options name."""
    criu.saved(["/dev/pts/0"] * 3)
    made = bundle(*SLEEP, terminal=True)
    name = thole.prepare(made)
    process = thole.start_process("restore", "--bundle", made.path, "--image-path", criu.images, "--log",
                                  folder + "/log", "--record", folder + "/record", name, env=criu.plays(terminal=True))
    until(lambda: "restored" in process.output(), what="the text on the terminal")
    thole("kill", name, "KILL").ok()
    assert process.wait().code == 128 + signal.SIGKILL
    for file in ("log", "record"):
        with open(os.path.join(folder, file), encoding="utf-8") as source:
            assert "restored" in source.read()
    assert_nothing_left(thole, name)


@pytest.mark.any_layout
def test_the_callers_terminal_is_not_handed_in(thole, bundle, criu):
    """docs/attach.md: a pty stands in between."""
    criu.saved(["pipe:[7]", "pipe:[8]", "pipe:[9]"])
    master, terminal = os.openpty()
    streams = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
    assert restore(thole, bundle(*SLEEP), criu, detach=False, popen=streams, fails={})[1].code == 1
    inherited = set(criu.asked()["inherit_fd"].values())
    assert len(inherited) == 1 and os.ttyname(terminal) not in inherited
    os.close(master)
    os.close(terminal)


def types_into_terminals():
    try:
        with open("/proc/sys/dev/tty/legacy_tiocsti", encoding="ascii") as source:
            return source.read().strip() != "0"
    except FileNotFoundError:
        return True


@pytest.mark.any_layout
def test_the_callers_terminal_in_the_background(thole, bundle, criu):
    if not types_into_terminals():
        pytest.skip("needs dev.tty.legacy_tiocsti=1: here, with 0, a terminal is harmless and not refused")
    criu.saved(["pipe:[7]", "pipe:[8]", "pipe:[9]"])
    master, terminal = os.openpty()
    name, result = restore(thole, bundle(*SLEEP), criu, popen={"stdout": terminal})
    assert_one_line(result, "standard output is a terminal")
    assert not criu.was_asked
    assert_nothing_left(thole, name)
    restore(thole, bundle(*SLEEP), criu, popen={"stdin": terminal}, fails={})[1].failed("criu: ")
    assert criu.asked()["inherit_fd"]["pipe:[7]"] == "/dev/null"
    os.close(master)
    os.close(terminal)
