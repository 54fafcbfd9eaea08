# SPDX-License-Identifier: Apache-2.0
"""runtime.md: the scope of a container, and its state."""
import json
import os
import re

import jsonschema
import pytest

from harness import machine, traces
from harness.runtime import until
from sentences import sentence

STATE = ("runtime.md", "State")
SCHEMA = os.path.join(machine.TOP, "tests/unit/data/schema/state-schema.json")


@sentence("runtime.md", "Scope of a Container", "The entity using a runtime to create a container MUST be "
          "able to use the operations defined in this specification against that same container")
def test_every_operation_finds_the_container(runtime, bundle):
    container = runtime.create(bundle("/bin/sleep", "1000"))
    container("state").ok()
    container("start").ok()
    container("kill", "KILL").ok()
    container.wait_stopped()
    container("delete").ok()
    container("state").failed()


@sentence(*STATE, "ociVersion (string, REQUIRED) is version of the Open Container Initiative Runtime "
          "Specification with which the state complies", note="a SemVer of version 1")
@pytest.mark.parametrize("version", ["1.0.0", "1.1.0", "1.3.0"])
def test_version(runtime, bundle, version):
    made = bundle()
    made.config["ociVersion"] = version
    assert re.fullmatch(r"1\.\d+\.\d+([-+][\w.+-]+)?", runtime.create(made).state()["ociVersion"])


@sentence(*STATE, "id (string, REQUIRED) is the container's ID")
def test_id(runtime, bundle):
    first, second = runtime.create(bundle()), runtime.create(bundle())
    assert (first.state()["id"], second.state()["id"]) == (first.id, second.id)


@sentence(*STATE, "This MUST be unique across all containers on this host",
          note="a second container of the name is refused, and the first one stays what it is")
@pytest.mark.parametrize("status", ["created", "running", "stopped"])
def test_id_is_unique(runtime, bundle, status):
    container = runtime.create(bundle("/bin/sleep", "1000"))
    if status != "created":
        container.start()
    if status == "stopped":
        container("kill", "KILL").ok()
        container.wait_stopped()
    before = container.state()
    runtime.try_create(bundle("/bin/true"), id=container.id).failed()
    assert container.state() == before and before["status"] == status


@sentence(*STATE, "status (string, REQUIRED) is the runtime state of the container")
@sentence(*STATE, "creating: the container is being created (step 2 in the lifecycle)")
@sentence(*STATE, "created: the runtime has finished the create operation")
@sentence(*STATE, "running: the container process has executed the user-specified program but has not exited")
@sentence(*STATE, "stopped: the container process has exited")
def test_status(runtime, bundle, folder):
    made = bundle("/bin/sleep", "1000")
    made.config["hooks"] = {"createRuntime": [
        {"path": "/bin/sh", "args": ["sh", "-c", f"cat >{folder}/creating"]}]}
    container = runtime.create(made)
    with open(folder + "/creating", encoding="utf-8") as source:
        assert json.load(source)["status"] == "creating"
    assert container.status == "created"
    container.start()
    assert container.status == "running"
    container("kill", "KILL").ok()
    container.wait_stopped()


@sentence(*STATE, "Additional values MAY be defined by the runtime, however, they MUST be used to represent "
          "new runtime states not defined above", note="what `pause` makes of a running container")
@pytest.mark.needs(controller="")
def test_additional_status(runtime, bundle):
    container = runtime.launch(bundle("/bin/sleep", "1000"))
    if container("pause").code != 0:
        pytest.skip("cannot pause a container here")
    assert container.status not in ("creating", "created", "running", "stopped")
    container("resume").ok()
    assert container.status == "running"


@sentence(*STATE, "pid (int, REQUIRED when status is created or running on Linux, OPTIONAL on other "
          "platforms) is the ID of the container process")
def test_pid(runtime, bundle):
    container = runtime.create(bundle("/bin/sleep", "1234"))
    pid = container.pid
    assert isinstance(pid, int)
    assert os.readlink(f"/proc/{pid}/ns/pid") != os.readlink("/proc/self/ns/pid")
    container.start()
    assert container.pid == pid
    until(lambda: traces.command_line(pid) == "/bin/sleep 1234")


@pytest.mark.parametrize("stage, inside", [
    pytest.param("prestart", False, marks=sentence(
        *STATE, "For hooks executed in the runtime namespace, it is the pid as seen by the runtime")),
    pytest.param("poststart", False, marks=sentence(
        *STATE, "For hooks executed in the runtime namespace, it is the pid as seen by the runtime")),
    pytest.param("createContainer", True, marks=sentence(
        *STATE, "For hooks executed in the container namespace, it is the pid as seen by the container")),
    pytest.param("startContainer", True, marks=sentence(
        *STATE, "For hooks executed in the container namespace, it is the pid as seen by the container"))])
def test_pid_for_hooks(runtime, bundle, stage, inside, folder):
    made = bundle("/bin/sleep", "1000")
    made.file(folder + "/mark")
    made.mount(folder, folder, "none", ["bind"])
    made.config["hooks"] = {stage: [
        {"path": "/bin/sh", "args": ["sh", "-c", f"cat >{folder}/told"]}]}
    container = runtime.create(made)
    container.start()
    with open(folder + "/told", encoding="utf-8") as source:
        assert json.load(source)["pid"] == (1 if inside else container.pid)


@sentence(*STATE, "bundle (string, REQUIRED) is the absolute path to the container's bundle directory")
@pytest.mark.parametrize("given", ["absolute", "relative", "default"])
def test_bundle(runtime, bundle, given):
    made = bundle()
    name = runtime.prepare(made)
    place, word = os.path.split(made.path)
    options = {"absolute": ["--bundle", made.path], "relative": ["--bundle", word], "default": []}
    runtime("create", *options[given], name, cwd=made.path if given == "default" else place).ok()
    assert runtime.state(name)["bundle"] == made.path


@sentence(*STATE, "annotations (map, OPTIONAL) contains the list of annotations associated with the container")
@sentence(*STATE, "If no annotations were provided then this property MAY either be absent or an empty map")
@pytest.mark.parametrize("annotations", [{"com.example.one": "1", "com.example.two": ""}, None])
def test_annotations(runtime, bundle, annotations):
    made = bundle()
    if annotations:
        made.config["annotations"] = annotations
    assert runtime.create(made).state().get("annotations", {}) == (annotations or {})


@sentence(*STATE, "When serialized in JSON, the format MUST adhere to the JSON Schema schema/state-schema.json")
def test_schema(runtime, bundle):
    with open(SCHEMA, encoding="utf-8") as source:
        schema = json.load(source)
    folder = os.path.dirname(SCHEMA)
    resolver = jsonschema.RefResolver(f"file://{folder}/state-schema.json", schema)
    made = bundle("/bin/sleep", "1000")
    made.config["annotations"] = {"com.example.key": "value"}
    container = runtime.create(made)
    documents = [container.state()]
    container.start()
    documents.append(container.state())
    container("kill", "KILL").ok()
    container.wait_stopped()
    documents.append(container.state())
    for document in documents:
        jsonschema.validate(document, schema, resolver=resolver)
