# SPDX-License-Identifier: Apache-2.0
"""What commands print: texts that engines parse, logs, and where errors go."""
import datetime
import json
import os
import re
import stat
import subprocess

import pytest

from harness import machine

NOBODY = "thole-test-nobody"
HEADING = "ID          PID         STATUS      BUNDLE      CREATED     OWNER\n"


@pytest.fixture
def call(thole_path, tmp_path):
    """call(words...) runs thole with an empty state directory; it needs no privilege."""
    (tmp_path / "state").mkdir()

    def run(*words, **options):
        return subprocess.run([thole_path, "--root", tmp_path / "state", *map(str, words)],
                              cwd=tmp_path, text=True, capture_output=True, timeout=60,
                              check=False, **options)

    return run


def good(result):
    assert result.returncode == 0 and result.stderr == "", result
    return result.stdout


@pytest.mark.parametrize("words", ["--version", "-v", "-V", "-version", "version"])
def test_version(thole_path, words):
    out = good(subprocess.run([thole_path, words], text=True, capture_output=True, check=False))
    lines = out.splitlines()
    assert re.fullmatch(r"thole version \d+\.\d+\.\d+\S*", lines[0])
    assert re.fullmatch(r"commit: \S+", lines[1])
    assert re.fullmatch(r"rundir: /\S+", lines[2])
    assert lines[3] == "spec: 1.3.0"
    assert all(re.fullmatch(r"[+-][A-Z0-9_]+", word) for word in lines[-1].split())


def test_output_that_cannot_be_written_is_an_error(thole_path):
    with open("/dev/full", "w", encoding="ascii") as full:
        result = subprocess.run([thole_path, "version"], stdout=full, stderr=subprocess.PIPE,
                                text=True, check=False)
    assert result.returncode == 1
    assert "No space left on device" in result.stderr


@pytest.mark.needs(root=True)
def test_standard_descriptors_may_be_closed(thole, bundle):
    """A file that thole opens must not become standard input or output of the program."""
    made = bundle("/bin/sh", "-c", "for fd in 0 1 2; do readlink /proc/self/fd/$fd; done >/work/out")
    name = thole.prepare(made)
    script = 'exec "$0" --root "$1" run --bundle "$2" "$3" <&- >&- 2>&-'
    subprocess.run(["sh", "-c", script, thole.path, thole.root, made.path, name], check=True)
    with open(made.rootfs + "/work/out", encoding="ascii") as out:
        assert [line for line in out.read().split() if line != "/work/out"] == ["/dev/null"] * 2


def test_empty_list(call):
    assert good(call("list")) == HEADING
    assert good(call("list", "-q")) == ""
    assert json.loads(good(call("list", "--format=json"))) == []


def test_list_of_a_missing_root(thole_path, tmp_path):
    result = subprocess.run([thole_path, "--root", tmp_path / "none", "list"], text=True,
                            capture_output=True, check=False)
    assert result.returncode == 1
    assert str(tmp_path / "none") in result.stderr
    assert not (tmp_path / "none").exists()


@pytest.mark.needs(root=True)
def test_list(thole, bundle):
    running = thole.launch(bundle("/bin/sleep", "1000"))
    created = thole.create(bundle("/bin/sleep", "1000"))
    expected = {running.id: running.state(), created.id: created.state()}

    table = thole("list").ok().out.splitlines()
    heading = table[0].split()
    assert heading == ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]
    rows = {row.split()[0]: dict(zip(heading, row.split())) for row in table[1:]}
    assert rows.keys() == expected.keys()
    for name, state in expected.items():
        assert rows[name]["PID"] == str(state["pid"])
        assert rows[name]["STATUS"] == state["status"]
        assert rows[name]["BUNDLE"] == state["bundle"]
        assert rows[name]["CREATED"] == state["created"]
        assert rows[name]["OWNER"] == "root"
    for column in heading[1:]:
        offset = table[0].index(column)
        assert all(row[offset - 1] == " " and row[offset] != " " for row in table)

    document = json.loads(thole("list", "--format", "json").ok().out)
    assert [entry["id"] for entry in document] == sorted(expected)
    for entry in document:
        assert entry["owner"] == "root"
        for key in ("ociVersion", "pid", "status", "bundle", "rootfs", "created"):
            assert entry[key] == expected[entry["id"]][key]
    assert thole("list", "-q").ok().out.splitlines() == sorted(expected)


@pytest.mark.needs(root=True)
def test_ps(thole, bundle):
    container = thole.launch(bundle("/bin/sh", "-c", "sleep 1000 & wait"))
    pids = json.loads(thole("ps", "--format", "json", container.id).ok().out)
    assert container.pid in pids

    lines = thole("ps", container.id).ok().out.splitlines()
    column = lines[0].split().index("PID")
    listed = {int(line.split()[column]) for line in lines[1:]}
    assert container.pid in listed
    assert listed == set(json.loads(thole("ps", "-f", "json", container.id).ok().out))


@pytest.mark.needs(root=True)
@pytest.mark.parametrize("words", [("-e -o pid,comm",), ("-e", "-o", "pid,comm")])
def test_ps_arguments(sleeper, words):
    container = sleeper()
    lines = container.runtime("ps", "--format", "table", container.id, *words).ok().out
    assert [line.split() for line in lines.splitlines()] == [["PID", "COMMAND"],
                                                             [str(container.pid), "sleep"]]


@pytest.mark.needs(root=True)
def test_ps_without_a_pid_column(sleeper):
    sleeper()("ps", "-e", "-o", "comm").failed("PID column")


@pytest.mark.needs(root=True)
def test_state_is_indented_json(sleeper):
    container = sleeper()
    out = container("state").ok().out
    assert out.startswith("{\n  \"ociVersion\": ") and out.endswith("\n}\n")
    assert json.loads(out)["owner"] is not None


def test_features(call):
    document = json.loads(good(call("features")))
    assert document["ociVersionMin"] == "1.0.0"
    assert document["ociVersionMax"] == "1.3.0"
    assert document["hooks"] == ["prestart", "createRuntime", "createContainer", "startContainer",
                                 "poststart", "poststop"]
    assert {"ro", "rro", "rbind", "idmap", "ridmap", "tmpcopyup", "copy-symlink", "nosymfollow",
            "iversion", "lazytime", "silent", "loud"} <= set(document["mountOptions"])
    assert len(document["mountOptions"]) == len(set(document["mountOptions"]))
    assert {"org.systemd.property.", "org.thole.", "run.oci."} <= set(
        document["potentiallyUnsafeConfigAnnotations"])

    linux = document["linux"]
    assert set(linux["namespaces"]) == {"cgroup", "ipc", "mount", "network", "pid", "time", "user",
                                        "uts"}
    assert linux["capabilities"] == ["CAP_" + name for name in machine.CAPABILITIES]
    assert linux["cgroup"]["v1"] and linux["cgroup"]["v2"] and linux["cgroup"]["rdma"]
    assert linux["mountExtensions"]["idmap"]["enabled"] is True
    assert linux["intelRdt"] == {"enabled": True, "schemata": True, "monitoring": True}
    assert "MPOL_BIND" in linux["memoryPolicy"]["modes"]
    assert "MPOL_F_STATIC_NODES" in linux["memoryPolicy"]["flags"]
    if linux["seccomp"]["enabled"]:
        assert "SCMP_ACT_NOTIFY" in linux["seccomp"]["actions"]
        assert "SCMP_CMP_MASKED_EQ" in linux["seccomp"]["operators"]
        assert "SCMP_ARCH_X86_64" in linux["seccomp"]["archs"]
        assert set(linux["seccomp"]["supportedFlags"]) <= set(linux["seccomp"]["knownFlags"])


def test_features_needs_no_privilege(thole_path, call):
    if os.geteuid() != 0:
        pytest.skip("needs root to give it up")
    wanted = good(call("features"))
    result = subprocess.run([thole_path, "features"], user=65534, group=65534, extra_groups=[],
                            env={}, text=True, capture_output=True, check=False)
    assert good(result) == wanted


@pytest.mark.needs(program="runc")
@pytest.mark.parametrize("options", [(), ("--rootless",)], ids=["root", "rootless"])
def test_spec_has_the_content_of_runc_spec(call, tmp_path, options):
    good(call("spec", *options))
    ours = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "runc").mkdir()
    subprocess.run(["runc", "spec", *options], cwd=tmp_path / "runc", check=True)
    theirs = json.loads((tmp_path / "runc/config.json").read_text())
    assert ours.pop("ociVersion") == "1.3.0" and theirs.pop("ociVersion")
    assert ours.pop("hostname") == "thole" and theirs.pop("hostname")
    # Without inheritable ones the kernel raises none of the ambient capabilities runc lists.
    assert "inheritable" not in theirs["process"]["capabilities"]
    theirs["process"]["capabilities"].pop("ambient", None)
    assert ours == theirs


@pytest.mark.parametrize("options", [(), ("--rootless",)], ids=["root", "rootless"])
def test_spec_is_valid(call, tmp_path, options):
    (tmp_path / "rootfs").mkdir()
    good(call("spec", *options))
    assert good(call("validate", "--strict", tmp_path)) == ""


def test_spec_does_not_overwrite(call, tmp_path):
    (tmp_path / "config.json").write_text("mine")
    result = call("spec")
    assert result.returncode == 1 and "config.json: File exists" in result.stderr
    assert (tmp_path / "config.json").read_text() == "mine"


def test_spec_file_is_overwritten(call, tmp_path):
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle/other.json").write_text("x" * 100000)
    good(call("spec", "-b", "bundle", "-f", "other.json"))
    assert json.loads((tmp_path / "bundle/other.json").read_text())["hostname"] == "thole"
    assert os.listdir(tmp_path / "bundle") == ["other.json"]


def test_validate_lists_all_findings(call, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({
        "ociVersion": "1.2.0", "root": {"path": 7}, "hostname": 8, "surprise": 9}))
    result = call("validate")
    assert result.returncode == 1
    for pointer in ("/root/path: ", "/hostname: "):
        assert re.search(f"^error: {pointer}.", result.stdout, re.MULTILINE), result


def test_facts_can_be_read_back(call, tmp_path):
    facts = good(call("plan", "--print-facts"))
    (tmp_path / "facts.json").write_text(facts)
    good(call("spec"))
    (tmp_path / "rootfs").mkdir()
    text = good(call("plan", "--facts", "facts.json"))
    assert text and text == good(call("plan", tmp_path, "--facts=facts.json"))
    assert json.loads(good(call("plan", "--json", "--facts", "facts.json")))


def test_error_as_text(call):
    result = call("state", NOBODY)
    assert result.returncode == 1 and result.stdout == ""
    assert result.stderr == f"thole: state {NOBODY}: container does not exist\n"


def test_error_as_json_on_stderr(call):
    result = call("--log-format", "json", "state", NOBODY)
    assert result.stderr.count("\n") == 1
    assert json.loads(result.stderr)["msg"] == f"state {NOBODY}: container does not exist"


def test_error_in_a_json_log(call, tmp_path):
    """Podman reads the file as one object, containerd parses its time in Go."""
    old = os.umask(0o022)
    result = call("--log-format=json", "--log", "log", "state", NOBODY)
    os.umask(old)
    assert result.returncode == 1
    assert result.stderr == f"thole: state {NOBODY}: container does not exist\n"

    entry = json.loads((tmp_path / "log").read_text())
    assert entry.keys() == {"level", "msg", "time"}
    assert entry["level"] == "error"
    assert "container does not exist" in entry["msg"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", entry["time"])
    written = datetime.datetime.fromisoformat(entry["time"].replace("Z", "+00:00"))
    now = datetime.datetime.now(datetime.timezone.utc)
    assert abs(now - written) < datetime.timedelta(minutes=5)
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o644

    call("--log-format=json", "--log", "log", "state", NOBODY)
    assert len((tmp_path / "log").read_text().splitlines()) == 2


def test_json_escapes(call, tmp_path):
    name = 'a"b\\c\td\u00e9'
    call("--log-format=json", "--log", "log", "--nope" + name, "list")
    assert name in json.loads((tmp_path / "log").read_text())["msg"].replace(" d", "\td")


@pytest.mark.parametrize("destination,name", [
    ("log", "log"), ("file:log", "log"), ("with:colon", "with:colon"),
])
def test_text_log(call, tmp_path, destination, name):
    call("--log", destination, "state", NOBODY)
    assert re.fullmatch(r'time="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z" level=error '
                        rf'msg="state {NOBODY}: container does not exist"\n',
                        (tmp_path / name).read_text())


def test_log_that_cannot_be_opened(call):
    result = call("--log", "/nonexistent/log", "list")
    assert result.returncode == 1 and result.stdout == ""
    assert result.stderr == "thole: open log file /nonexistent/log: No such file or directory\n"


@pytest.mark.needs(root=True)
def test_debug_lines_go_to_the_log(thole, bundle, folder):
    log = os.path.join(folder, "log")
    result = thole.run(bundle("/bin/true"), before=("--debug", "--log", log)).ok()
    assert result.err == ""
    with open(log, encoding="utf-8") as lines:
        text = lines.read()
    assert "level=debug" in text
    assert all(re.match(r'time="[^"]+" level=(debug|warning) msg="', line)
               for line in text.splitlines())


@pytest.mark.needs(root=True)
def test_json_log_has_the_error_alone(thole, bundle, folder):
    """A warning in front of the error would make the file unreadable for Podman."""
    log = os.path.join(folder, "log")
    made = bundle("/bin/there-is-no-such-program")
    made.process["capabilities"] = {"bounding": ["CAP_KILL", "CAP_OF_TOMORROW"]}
    thole.run(made, before=("--log", log, "--log-format", "json")).failed()
    with open(log, encoding="utf-8") as lines:
        assert json.load(lines)["level"] == "error"


@pytest.mark.needs(root=True)
def test_kill_of_a_dead_container_says_what_engines_look_for(sleeper):
    container = sleeper()
    container("kill", "KILL").ok()
    container.wait_stopped()
    container("kill", "KILL").failed("container not running", "no such process")
