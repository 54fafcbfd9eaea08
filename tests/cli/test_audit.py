# SPDX-License-Identifier: Apache-2.0
"""The kernel's audit log hears of a container if somebody asks for it, and of nothing else."""
import json
import os
import re
import subprocess

import pytest

from harness import audit_log
from harness.runtime import Process, until

NEEDED = "the kernel's audit log: CAP_AUDIT_WRITE is needed"
UUID = "5f0b7bb0-1111-2222-3333-444455556666"
HARMLESS = ("setpriv", "--bounding-set", "-audit_write", "--inh-caps", "-all")


@pytest.fixture
def asking(bundle):
    """asking(): a bundle whose capabilities the runtime has even without CAP_AUDIT_WRITE."""
    def make(*args, **annotations):
        made = bundle(*(args or ("/bin/true",)))
        made.capabilities("CAP_KILL")
        made.config["annotations"] = {"org.thole.uuid": UUID, **{f"org.thole.{key}": value
                                                                for key, value in annotations.items()}}
        return made

    return make


@pytest.fixture
def recorded(thole, folder):
    """recorded(command...): the records that the command sent, and its result."""
    count = 0

    def run(call):
        nonlocal count
        count += 1
        path = os.path.join(folder, f"strace{count}")
        thole.prefix = [*audit_log.STRACE, path]
        result = call()
        thole.prefix = []
        return audit_log.sent(path), result

    return run


def controls(records):
    """["op=start ... res=success"] of the VIRT_CONTROL records, without what varies."""
    return [" ".join(word for word in text.split() if word.split("=")[0] in ("op", "reason", "res"))
            for kind, text in records if kind == "VIRT_CONTROL"]


@pytest.mark.needs(program="strace")
def test_silent_unless_asked(thole, asking, folder):
    """No record, and not even a socket for one, in any command of a container's life."""
    path = os.path.join(folder, "strace")
    thole.prefix = ["strace", "-e", "trace=socket", "-A", "-o", path]
    for options in ((), ("--audit", "off")):
        made = asking("/bin/sleep", "1000", audit="off")
        container = thole.create(made, before=options)
        container("start")
        thole(*options, "delete", "--force", container.id).ok()
    with open(path, encoding="ascii", errors="replace") as source:
        assert "NETLINK_AUDIT" not in source.read()


@pytest.mark.needs(program="strace")
def test_a_life_is_told_in_order(thole, asking, recorded):
    made = asking()
    made.mount("/host", "/var/tmp", "bind", ["rbind", "ro"])
    records, result = recorded(lambda: thole.run(made, before=("--audit", "on")))
    result.ok()
    kinds = [kind for kind, _ in records]
    assert sorted(kinds, key=("VIRT_RESOURCE", "VIRT_MACHINE_ID", "VIRT_CONTROL").index) == kinds
    assert controls(records) == ["op=start reason=booted res=success", "op=init res=success",
                                 "op=stop reason=shutdown res=success"]
    for kind, text in records:
        assert f' vm="{thole.ids[0]}" uuid={UUID}' in text, kind
        assert ' hostname=? addr=? terminal=? res=success' in text and ' exe="' in text, kind
    resources = "\n".join(text for kind, text in records if kind == "VIRT_RESOURCE")
    assert f'new-fs="{made.rootfs}" target="/"' in resources
    assert 'new-fs="/var/tmp" target="/host"' in resources
    init = next(text for _, text in records if " op=init " in text)
    assert int(init.split("init-pid=")[1].split()[0]) > 1
    assert int(init.split("pid-ns=")[1].split()[0]) != os.stat("/proc/self/ns/pid").st_ino


@pytest.mark.needs(program="strace", controller="memory")
def test_an_update_is_told(thole, asking, recorded):
    container = thole.launch(asking("/bin/sleep", "1000", audit="on"))
    former = "unlimited"
    for limit in (64 << 20, 128 << 20, -1):
        changes = json.dumps({"memory": {"limit": limit}})
        records, result = recorded(lambda: thole("update", "--resources", "-", container.id, stdin=changes))
        result.ok()
        told = limit if limit > 0 else "unlimited"
        assert [text.split(" exe=")[0] for _, text in records] == [
            f'virt=oci resrc=mem reason=update vm="{container.id}" uuid={UUID} old-mem={former} new-mem={told}']
        former = told
    records, result = recorded(lambda: thole("delete", "--force", container.id))
    result.ok()
    assert controls(records) == ["op=stop reason=destroyed res=success"]


@pytest.mark.needs(program="strace", controller=["cpu", "cpuset"])
def test_an_update_of_processors_is_told(thole, asking, recorded):
    """What the quota is worth, and how many the list has."""
    container = thole.launch(asking("/bin/sleep", "1000", audit="on"))
    for members, old, new in (({"quota": 150000, "period": 100000}, "unlimited", 2), ({"quota": 50000}, 2, 1),
                              ({"quota": -1}, 1, "unlimited"), ({"cpus": "0"}, None, 1)):
        changes = json.dumps({"cpu": members})
        records, result = recorded(lambda: thole("update", "--resources", "-", container.id, stdin=changes))
        result.ok()
        [told] = [text.split(f" uuid={UUID} ")[1].split(" exe=")[0] for _, text in records]
        if old is None: # cgroup v1 has a list from the beginning, v2 an empty one
            assert re.fullmatch("old-vcpu=([1-9][0-9]*|unlimited) new-vcpu=1", told), told
        else:
            assert told == f"old-vcpu={old} new-vcpu={new}"


@pytest.mark.needs(program="strace")
def test_a_domain_has_its_uuid(thole, asking, recorded):
    made = asking(audit="on")
    made.config["annotations"]["org.thole.virsh.uuid"] = made.config["annotations"].pop("org.thole.uuid")
    records, result = recorded(lambda: thole.run(made))
    result.ok()
    assert records and all(f" uuid={UUID} " in text for _, text in records)


@pytest.mark.needs(program="strace")
@pytest.mark.parametrize("command", ("create", "run"))
def test_a_failed_start_is_told(thole, asking, recorded, command):
    """Behind init's birth its end is told; in front of it, that it did not start."""
    made = asking(audit="on")
    made.config["hooks"] = {"createRuntime": [{"path": "/bin/false"}]}
    call = thole.try_create if command == "create" else thole.run
    records, result = recorded(lambda: call(made))
    result.failed()
    assert controls(records) == ["op=start reason=booted res=success", "op=init res=success",
                                 "op=stop reason=failed res=success"]
    made = asking(audit="on")
    made.mount("/x", "/nowhere/at/all", "bind", ["bind"])
    records, result = recorded(lambda: call(made))
    result.failed("/nowhere/at/all")
    assert controls(records)[-1] in ("op=start reason=booted res=failed", "op=stop reason=failed res=success")


@pytest.mark.needs(program="setpriv")
@pytest.mark.parametrize("how", ("option", "annotation"))
def test_without_the_capability(thole, asking, how):
    """on: one sentence, and the container runs. must: that sentence is the error, and nothing is left."""
    thole.prefix = list(HARMLESS)
    for mode in ("on", "must"):
        annotation = {"audit": mode} if how == "annotation" else {}
        options = ("--audit", mode) if how == "option" else ("--audit", "off")
        result = thole.run(asking("/bin/echo", "ran", **annotation), before=options)
        if mode == "on":
            assert result.ok().out == "ran\n" and result.err.count(NEEDED) == 2
        else:
            assert result.failed(f": {NEEDED}\n").out == "" and result.err.count("audit log") == 1


def test_a_log_that_is_off_is_not_enough_for_must(thole, asking):
    if audit_log.is_enabled() is not False:
        pytest.skip("needs a kernel whose audit log is off")
    assert thole.run(asking("/bin/echo", "ran", audit="on")).ok().err == ""
    result = thole.run(asking("/bin/echo", "ran"), before=("--audit", "must"))
    assert result.failed("the kernel's audit log: it is switched off").out == ""


def test_in_a_user_namespace_it_is_out_of_reach(thole, asking):
    thole.prefix = ["unshare", "--user", "--map-root-user", "--mount"]
    made = asking("/bin/echo", "ran", audit="must")
    result = thole.run(made, before=("--cgroup-manager", "disabled"))
    assert result.failed("the kernel's audit log: out of reach in a user namespace").out == ""


def test_an_annotation_that_is_no_mode_is_refused(thole, asking):
    thole.run(asking(audit="loud")).failed('/annotations/org.thole.audit: "loud" is not off, on or must')


@pytest.fixture
def life(thole, asking, recorded):
    """The lines of the audit log about one container: the kernel's own, or what it would have got."""
    made = asking()
    made.file("/my files/x")
    made.mount("/mnt", made.rootfs + "/my files", "bind", ["bind"])
    if audit_log.is_enabled():
        reader = audit_log.Reader()
        thole.run(made, before=("--audit", "must")).ok()
        lines = list(reader.read_until("op=stop"))
        reader.close()
        return lines
    records, result = recorded(lambda: thole.run(made, before=("--audit", "on")))
    result.ok()
    return audit_log.framed(records)


@pytest.mark.needs(program=["ausearch", "strace"])
def test_ausearch_finds_the_life_of_a_container(thole, life, folder):
    path = os.path.join(folder, "audit.log")
    with open(path, "w", encoding="ascii") as target:
        target.write("\n".join(life) + "\n")

    def search(*words):
        return subprocess.run(["ausearch", "--input", path, *words], capture_output=True, text=True,
                              check=True, stdin=subprocess.DEVNULL).stdout

    told = search("--message", "VIRT_CONTROL", "--vm-name", thole.ids[0], "--success", "yes")
    assert [told.count(f"op={op} ") for op in ("start", "init", "stop")] == [1, 1, 1]
    assert search("--uuid", UUID).count("type=") == len(life)
    assert "resrc=fs" in search("--message", "VIRT_RESOURCE", "--uuid", UUID)
    assert "/rootfs/my files target=\"/mnt\"" in search("--message", "VIRT_RESOURCE", "--interpret")
    assert "model=none" in search("--message", "VIRT_MACHINE_ID", "--interpret")


# ---- the daemon's own log ----

@pytest.fixture
def auditd(folder):
    """The path of the log that an audit daemon writes meanwhile."""
    if not audit_log.is_enabled():
        pytest.skip("needs a kernel whose audit log is on (audit=1) and has no daemon yet: a guest")
    if subprocess.run(["auditctl", "-s"], capture_output=True, text=True, check=True).stdout.find("\npid 0\n") < 0:
        pytest.skip("needs a machine without an audit daemon of its own")
    settings, log = os.path.join(folder, "settings"), os.path.join(folder, "audit.log")
    os.makedirs(settings + "/plugins.d")
    with open(settings + "/auditd.conf", "w", encoding="ascii") as target:
        target.write(f"log_file = {log}\nlog_format = RAW\nflush = SYNC\nplugin_dir = {settings}/plugins.d\n"
                     "space_left = 2\nadmin_space_left = 1\nspace_left_action = IGNORE\n"
                     "admin_space_left_action = IGNORE\ndisk_full_action = IGNORE\ndisk_error_action = IGNORE\n")
    os.chmod(settings + "/auditd.conf", 0o640)
    with Process(["auditd", "-n", "-s", "nochange", "-c", settings]).popen as daemon:
        until(lambda: os.path.exists(log) and "DAEMON_START" in open(log, encoding="utf-8").read(), 60,
              "the audit daemon")
        yield log
        daemon.terminate()


@pytest.mark.needs(program=["auditd", "auditctl", "ausearch"], controller=["memory", "cpu"])
def test_the_daemon_has_it_all(thole, asking, auditd):
    """Start, update and stop of a container, out of the log of auditd."""
    container = thole.launch(asking("/bin/sleep", "1000"), before=("--audit", "must"))
    thole("update", "--resources", "-", container.id,
          stdin=json.dumps({"memory": {"limit": 64 << 20}, "cpu": {"quota": 150000, "period": 100000}})).ok()
    container.delete("--force").ok()

    def search(kind):
        found = subprocess.run(["ausearch", "--input", auditd, "--message", kind, "--vm-name", container.id,
                                "--uuid", UUID], capture_output=True, text=True, check=False,
                               stdin=subprocess.DEVNULL)
        return found.stdout.split("type=")[1:]

    until(lambda: any("op=stop" in record for record in search("VIRT_CONTROL")), 60, "the last record")
    controls_told = search("VIRT_CONTROL")
    for op, reason in (("start", "booted"), ("init", None), ("stop", "destroyed")):
        [told] = [record for record in controls_told if f" op={op} " in record]
        assert "res=success" in told and (reason is None or f" reason={reason} " in told)
    resources = search("VIRT_RESOURCE")
    for limits in (f"old-mem=unlimited new-mem={64 << 20}", "old-vcpu=unlimited new-vcpu=2"):
        assert sum(limits in record and "reason=update" in record for record in resources) == 1, limits
    for kind in ("fs", "mem", "vcpu", "cgroup"):
        assert any(f" resrc={kind} reason=" in record for record in resources), kind
    [machine_id] = search("VIRT_MACHINE_ID")
    assert " vm-ctx=" in machine_id and " model=" in machine_id
