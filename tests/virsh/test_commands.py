# SPDX-License-Identifier: Apache-2.0
"""What each command does to a domain, and what it says: as virsh's."""
import json
import os
import re

import pytest

from harness.runtime import until

LISTENS = "<os><type>exe</type><init>/bin/sh</init><initarg>-c</initarg><initarg>%s</initarg></os>"
POLITE = LISTENS % "trap 'exit 0' TERM HUP; while :; do sleep 0.1; done"


def test_one_word_about_a_domain(virsh, root):
    name = virsh.start(rootfs=root)
    uuid = virsh("-q", "domuuid", name).ok().out.strip()
    number = virsh("-q", "domid", name).ok().out.strip()
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", uuid) and int(number) > 1
    for word in (name, uuid, number):
        assert virsh("domname", word).ok().out == f"{name}\n\n"
        assert virsh("domstate", word).ok().out == "running\n\n"
    virsh("destroy", number).ok()
    assert virsh("-q", "domid", uuid).ok().out == "-\n"


def test_dominfo(virsh, root):
    name = virsh.start("<vcpu>2</vcpu>", rootfs=root)
    lines = virsh("dominfo", name).ok().out.splitlines()
    told = dict(re.split(r":\s+", line, maxsplit=1) for line in lines if line)
    assert told["Name"] == name and told["State"] == "running" and told["OS Type"] == "exe"
    assert told["CPU(s)"] == "2" and told["Max memory"] == "65536 KiB"
    assert told["Persistent"] == "yes" and told["Autostart"] == "disable"
    assert lines[1] == f"Name:           {name}"
    answer = json.loads(virsh("dominfo", name, "--format", "json").ok().out)
    assert answer["name"] == name and answer["uuid"] == told["UUID"] and answer["vcpus"] == 2
    assert json.loads(virsh("list", "--format=json").ok().out)[0]["state"] == "running"


def test_suspend_and_resume(virsh, root):
    name = virsh.start(rootfs=root)
    assert virsh("suspend", name).ok().out == f"Domain '{name}' suspended\n\n"
    assert virsh("domstate", name, "--reason").ok().out == "paused (user)\n\n"
    assert virsh("-q", "list", "--state-paused", "--name").ok().out == f"{name}\n"
    assert virsh("resume", name).ok().out == f"Domain '{name}' resumed\n\n"
    assert virsh.state(name) == "running"
    virsh("destroy", name).ok()
    virsh("suspend", name).failed("domain is not running")


def test_start_paused(virsh, root):
    name = virsh.define(rootfs=root)
    virsh("start", name, "--paused").ok()
    assert virsh.state(name) == "paused"


@pytest.mark.parametrize("how, init, reason", [
    ("shutdown", POLITE, "shutdown"),
    ("destroy", POLITE, "destroyed"),
    ("its own end", LISTENS % "exit 0", "shutdown"),
    ("its own failure", LISTENS % "exit 3", "crashed")])
def test_the_reason_of_an_end(virsh, root, how, init, reason):
    name = virsh.define(rootfs=root, init=init)
    virsh("start", name).ok()
    if " " not in how:
        virsh(how, name).ok()
    virsh.until_off(name)

    def told():
        return virsh("-q", "domstate", name, "--reason").ok().out

    until(lambda: told() != "shut off (unknown)\n") # in the moment of its end
    assert told() == f"shut off ({reason})\n"
    virsh("start", name).ok()
    virsh("destroy", name)


@pytest.mark.parametrize("command, runlevel", [("shutdown", "0"), ("reboot", "6")])
@pytest.mark.parametrize("place", ["run", "dev"])
def test_a_message_comes_before_the_signal(virsh, root, command, runlevel, place):
    """384 bytes as init(8) reads them, in /run/initctl or /dev/initctl."""
    os.makedirs(os.path.join(root, "run"), exist_ok=True)
    script = (f"mkfifo /{place}/initctl; dd if=/{place}/initctl of=/got bs=384 count=1 2>/dev/null;"
              f" sleep 1000")
    name = virsh.start(rootfs=root, init=LISTENS % script)
    until(lambda: virsh(command, name, "--mode", "initctl").code == 0)
    got = os.path.join(root, "got")
    until(lambda: os.path.exists(got) and os.path.getsize(got) == 384)
    with open(got, "rb") as source:
        data = source.read()
    assert data[:4] == bytes.fromhex("69190903") and data[8] == ord(runlevel)
    assert virsh.state(name) == "running"


def test_no_message_goes_through_a_link_or_to_a_file(virsh, root, folder):
    target = os.path.join(folder, "target")
    os.mkfifo(target)
    reader = os.open(target, os.O_RDONLY | os.O_NONBLOCK)
    os.makedirs(os.path.join(root, "run"), exist_ok=True)
    os.symlink(target, os.path.join(root, "run/initctl"))
    name = virsh.start(rootfs=root)
    virsh("shutdown", name, "--mode=initctl").failed("Container does not provide an initctl pipe")
    assert os.read(reader, 1) == b""
    os.close(reader)
    os.unlink(os.path.join(root, "run/initctl"))
    with open(os.path.join(root, "run/initctl"), "w", encoding="ascii"):
        pass
    virsh("shutdown", name, "--mode=initctl").failed("Container does not provide an initctl pipe")
    assert os.path.getsize(os.path.join(root, "run/initctl")) == 0
    for mode in ("acpi", "agent", "paravirt"):
        virsh("shutdown", name, "--mode", mode).failed("for virtual machines")
    virsh("shutdown", name, "--mode", "no").failed("Unknown mode no value")


def test_create_is_transient(virsh, root):
    name = virsh.new_name()
    path = virsh.file(virsh.xml(name, rootfs=root))
    assert virsh("create", path).ok().out == f"Domain '{name}' created from {path}\n\n"
    assert virsh("-q", "list", "--transient", "--name").ok().out == f"{name}\n"
    same = virsh.file(virsh("dumpxml", name).ok().out)
    virsh("create", same).failed(f"domain '{name}' is already active")
    virsh("autostart", name).failed("cannot set autostart for transient domain")
    virsh("setmem", name, "50000", "--config").failed("do not have any persistent config")
    virsh("destroy", name).ok()
    virsh("start", name).failed(f"failed to get domain '{name}'")


def test_autostart(virsh, root):
    marked, other = virsh.define(rootfs=root), virsh.define(rootfs=root)
    assert virsh("autostart", marked).ok().out == f"Domain '{marked}' marked as autostarted\n\n"
    assert virsh("-q", "list", "--all", "--autostart", "--name").ok().out == f"{marked}\n"
    assert virsh("-q", "list", "--all", "--no-autostart", "--name").ok().out == f"{other}\n"
    virsh("autostart", "--boot").ok()
    assert virsh("-q", "list", "--name").ok().out == f"{marked}\n"
    virsh("autostart", "--boot").ok()
    virsh("destroy", marked).ok()
    virsh("autostart", marked, "--disable").ok()
    virsh("autostart", "--boot").ok()
    assert virsh("-q", "list", "--name").ok().out == ""


def test_edit_stores_what_is_a_domain(virsh, root, folder):
    name = virsh.define("<title>before</title>", rootfs=root)
    virsh.environment.update(EDITOR="sed -i s/before/after/", TMPDIR=folder)
    virsh.environment.pop("VISUAL", None)
    assert virsh("edit", name).ok().out == f"Domain '{name}' XML configuration edited.\n\n"
    stored = virsh("dumpxml", name).ok().out
    assert "<title>after</title>" in stored
    virsh.environment["EDITOR"] = "true"
    assert virsh("edit", name).ok().out == f"Domain '{name}' XML configuration not changed.\n\n"
    for script in ("s/after/<b>/", "s/<memory>.*memory>//", f"s/{name}/other/",
                   "s/sleep/sleep/;s,<uuid>........,<uuid>11111111,", "s/type=.mount./type='no'/"):
        virsh.environment["EDITOR"] = f"sed -i '{script}'"
        result = virsh("edit", name).failed()
        [kept] = re.findall(r"the text is still in (\S+)", result.err)
        os.unlink(kept)
        assert virsh("dumpxml", name).ok().out == stored
    virsh.environment["EDITOR"] = "false"
    virsh("edit", name).failed("the editor false failed")


@pytest.mark.needs(controller="memory")
def test_memory_live_and_stored(virsh, root):
    name = virsh.start(rootfs=root)
    virsh("setmem", name, "50M").ok()
    assert virsh("-q", "memtune", name).ok().out.splitlines()[0] == "hard_limit     : 51200"
    assert "<currentMemory unit='KiB'>51200</currentMemory>" in virsh("dumpxml", name).ok().out
    assert "currentMemory" not in virsh("dumpxml", name, "--inactive").ok().out
    virsh("memtune", name, "--hard-limit", "60000", "--config").ok()
    assert virsh("-q", "memtune", name).ok().out.splitlines()[0] == "hard_limit     : 51200"
    assert virsh("-q", "memtune", name, "--config").ok().out.splitlines()[0] \
        == "hard_limit     : 60000"
    virsh("destroy", name).ok()
    virsh("start", name).ok()
    assert virsh("-q", "memtune", name).ok().out.splitlines()[0].startswith("hard_limit     : 60000")
    virsh("setmem", name, "1x").failed("is malformed or out of range")
    virsh("setmem", name).failed("command 'setmem' requires --size option")


@pytest.mark.needs(controller="cpu")
def test_schedinfo(virsh, root):
    name = virsh.start("<cputune><shares>512</shares></cputune>", rootfs=root)
    shown = virsh("schedinfo", name, "--set", "vcpu_quota=50000").ok().out.splitlines()
    assert shown[:2] == ["Scheduler      : posix", "cpu_shares     : 512"]
    assert shown[3] == "vcpu_quota     : 50000"
    live = virsh("dumpxml", name).ok().out
    assert "<quota>50000</quota>" in live and "<shares>512</shares>" in live
    virsh("schedinfo", name, "--set", "no=1").failed("invalid scheduler option: no=1")


def test_domstats(virsh, root):
    first, second = virsh.start(rootfs=root), virsh.define(rootfs=root)
    shown = virsh("domstats").ok().out
    assert f"Domain: '{first}'\n  state.state=1\n" in shown
    assert f"Domain: '{second}'\n  state.state=5\n" in shown
    one = virsh("domstats", first, "--balloon").ok().out.splitlines()
    assert [line.split("=")[0] for line in one if line] == [f"Domain: '{first}'", "  balloon.current",
                                                           "  balloon.maximum"]


def test_enter_namespace(virsh, root):
    name = virsh.start(rootfs=root)
    assert virsh("lxc-enter-namespace", name, "--", "/bin/hostname").ok().out == f"{name}\n"
    assert virsh("lxc-enter-namespace", name, "--noseclabel", "--", "/bin/sh", "-c",
                 "exit 7").code == 7
    virsh("lxc-enter-namespace", name, "--", "ls").failed("is not an absolute path")


def test_descriptors_are_passed(virsh, root, folder):
    """They arrive as 3 and up, in the order given, and init is told so (sd_listen_fds(3))."""
    script = ("echo fds=$LISTEN_FDS pid=$LISTEN_PID $LISTEN_FDNAMES >/told; cat <&3 >>/told; cat <&4 >>/told;"
              " sleep 1000")
    name = virsh.define(rootfs=root, init=LISTENS.replace("%s", script.replace("&", "&amp;")
                                                          .replace("<", "&lt;")
                                                          .replace(">", "&gt;")))
    opened = []
    for word in ("one", "two"):
        path = os.path.join(folder, word)
        with open(path, "w", encoding="ascii") as target:
            target.write(word + "\n")
        opened.append(os.open(path, os.O_RDONLY))
    first, second = opened
    virsh("start", name, "--pass-fds", f"two={second},{first}", pass_fds=opened).ok()
    told = os.path.join(root, "told")
    until(lambda: os.path.exists(told) and "one" in open(told, encoding="ascii").read())
    assert open(told, encoding="ascii").read() == "fds=2 pid=1 two:unknown\ntwo\none\n"
    for descriptor in opened:
        os.close(descriptor)


def test_a_configuration_of_lxc_is_a_domain(virsh, root, folder):
    """Which runs; what has no counterpart is told."""
    name = virsh.new_name()
    path = os.path.join(folder, "config")
    with open(path, "w", encoding="ascii") as target:
        target.write(f"lxc.uts.name = {name}\nlxc.rootfs.path = dir:{root}\nlxc.tty.max = 1\n"
                     "lxc.init.cmd = /bin/sleep 1000\nlxc.environment = A=b c\n"
                     "lxc.mount.entry = tmpfs tmp tmpfs size=8m 0 0\nlxc.cap.drop = sys_module\n"
                     "lxc.start.auto = 1\n")
    converted = virsh("domxml-from-native", "lxc-tools", path).ok()
    assert converted.err == f"warning: {path}:8: lxc.start.auto: has no counterpart in a domain\n"
    virsh("create", virsh.file(converted.out)).ok()
    with open(f"/proc/{virsh.pid(name)}/environ", encoding="ascii") as source:
        assert "\0A=b c\0" in source.read()
    assert virsh("lxc-enter-namespace", name, "--", "/bin/df", "-k", "/tmp").ok().out.split()[8] == "8192"
    virsh("domxml-from-native", "qemu-argv", path).failed("unsupported config type qemu-argv")


def test_events(virsh, root):
    name = virsh.define(rootfs=root)
    watcher = virsh.start_process("event", name, "--event", "lifecycle", "--loop", "--timeout", "60")

    def told():  # nobody says when it has begun: of what comes then it tells
        virsh("start", name).ok()
        virsh("destroy", name).ok()
        return all(f"event 'lifecycle' for domain '{name}': {what}" in watcher.output()
                   for what in ("Started Booted", "Stopped Destroyed"))

    until(told)
    watcher.popen.terminate()


def test_no_event_in_time(virsh):
    result = virsh("event", "--all", "--timeout", "1")
    assert result.code == 1 and result.out == "event loop timed out\nevents received: 0\n\n"
    assert virsh("event", "--list").ok().out == "lifecycle\n\n"
    virsh("event").failed("one of --list, --all, or --event <type> is required")


ENDS = {"poweroff": "exit 0", "halt": "busybox halt -f; sleep 10", "reboot": "busybox reboot -f; sleep 10",
        "crash": "exit 3"}
ELEMENT = {"halt": "poweroff"}  # the others are called as their ends


@pytest.mark.parametrize("restarting", ["none", "poweroff", "reboot", "crash"])
@pytest.mark.parametrize("end", ENDS)
def test_each_end_is_dealt_with_by_its_element(virsh, root, restarting, end):
    policy = "".join(f"<on_{word}>{'restart' if word == restarting else 'destroy'}</on_{word}>"
                     for word in ("poweroff", "reboot", "crash"))
    script = f"echo x >>/times; test $(wc -l &lt;/times) -ge 2 &amp;&amp; sleep 1000; {ENDS[end]}"
    features = "<features><capabilities policy='default'><sys_boot state='on'/></capabilities></features>"
    name = virsh.define(policy, features, rootfs=root, init=LISTENS % script)
    virsh("start", name).ok()
    path = os.path.join(root, "times")
    if ELEMENT.get(end, end) == restarting:
        until(lambda: os.path.exists(path) and os.path.getsize(path) == 4)
        until(lambda: virsh.state(name) == "running")
    else:
        virsh.until_off(name)
        assert os.path.getsize(path) == 2


@pytest.mark.parametrize("preserving", ["poweroff", "reboot", "crash"])
@pytest.mark.parametrize("end", ENDS)
def test_an_end_is_preserved_until_destroy(virsh, root, preserving, end):
    """The container stays, and what its start made; after any other end nothing does."""
    policy = "".join(f"<on_{word}>{'preserve' if word == preserving else 'destroy'}</on_{word}>"
                     for word in ("poweroff", "reboot", "crash"))
    features = "<features><capabilities policy='default'><sys_boot state='on'/></capabilities></features>"
    name = virsh.define(policy, features, rootfs=root, init=LISTENS % ENDS[end])
    virsh("start", name).ok()
    reason = "crashed" if end == "crash" else "shutdown"
    if ELEMENT.get(end, end) != preserving:
        until(lambda: virsh.runtime("state", name).code != 0, 60, "the removal of the container")
        until(lambda: not [one for one in os.listdir(virsh.live) if one.endswith(".xml")])
        assert virsh("-q", "domstate", name, "--reason").ok().out == f"shut off ({reason})\n"
        return
    until(lambda: json.loads(virsh.runtime("state", name).ok().out)["status"] == "stopped")
    until(lambda: not virsh.keeper(name), 60, "the end of the monitor")
    assert virsh("-q", "domstate", name, "--reason").ok().out == f"shut off ({reason})\n"
    assert [one for one in os.listdir(virsh.live) if one.endswith(".xml")]
    virsh("start", name).failed("the domain is preserved as it ended, until it is destroyed")
    virsh("destroy", name).ok()
    assert virsh.runtime("state", name).code != 0
    assert not [one for one in os.listdir(virsh.live) if one.endswith(".xml")]
    virsh("destroy", name).failed("domain is not running")
    virsh.define(name=name, rootfs=root)
    virsh("start", name).ok()


def test_no_core_is_dumped(virsh, root):
    for word in ("destroy", "restart"):
        said = virsh("start", virsh.define(f"<on_crash>coredump-{word}</on_crash>", rootfs=root)).ok().err
        assert said.endswith(f"/domain/on_crash: no core is dumped: as {word}\n")


def test_a_converted_domain_is_printed(virsh, root):
    name = virsh.define(rootfs=root)
    config = json.loads(virsh("domxml-to-native", "oci", name).ok().out)
    assert config["root"]["path"] == root and config["process"]["args"] == ["/bin/sleep", "1000"]
    path = virsh.file(virsh.xml(name, rootfs=root))
    again = json.loads(virsh("domxml-to-native", "oci", "--xml", path).ok().out)
    assert again == config
    virsh("domxml-to-native", "qemu-argv", name).failed("unsupported config type qemu-argv")
