# SPDX-License-Identifier: Apache-2.0
"""contrib/hooks/audit: the audit log hears of the start and the end of a container of any runtime."""
import os

import pytest

from harness import audit_log, oci_hooks

UUID = "5f0b7bb0-1111-2222-3333-444455556666"
NEEDED = "the kernel's audit log: CAP_AUDIT_WRITE is needed"


@pytest.fixture(params=oci_hooks.RUNTIMES)
def runtime(request, folder):
    made = oci_hooks.runtime(request.param, folder)
    yield made
    complaints = made.clean_up()
    assert request.param != "thole" or not complaints, "\n".join(complaints)


@pytest.fixture
def asking(bundle):
    """asking(command...): a bundle with this command as the hook, in both stages."""
    def make(*command):
        made = bundle("/bin/echo", "ran")
        made.config["annotations"] = {"org.thole.uuid": UUID}
        for stage in ("createRuntime", "poststop"):
            oci_hooks.hook(made, stage, *command)
        return made

    return make


@pytest.mark.needs(program="strace")
def test_start_and_end_are_told(runtime, asking, folder):
    made = asking("/bin/sh", "-c", f"exec {' '.join(audit_log.STRACE)} {folder}/$$ {oci_hooks.path('audit')}")
    assert runtime.run(made).ok().out == "ran\n"
    logs = sorted((name for name in os.listdir(folder) if name.isdigit()),
                  key=lambda name: os.stat(os.path.join(folder, name)).st_mtime_ns)
    records = [record for name in logs for record in audit_log.sent(os.path.join(folder, name))]
    assert [kind for kind, _ in records] == ["VIRT_CONTROL"] * 3
    words = [dict(word.split("=", 1) for word in text.split()) for _, text in records]
    assert [(each["op"], each.get("reason")) for each in words] == [
        ("start", "booted"), ("init", None), ("stop", "shutdown")]
    for each in words:
        assert each["virt"] == "oci" and each["vm"] == f'"{runtime.ids[0]}"' and each["uuid"] == UUID
        assert each["res"] == "success" and each["exe"] == f'"{os.path.realpath(oci_hooks.path("audit"))}"'
    assert int(words[1]["init-pid"]) > 1
    assert int(words[1]["pid-ns"]) != os.stat("/proc/self/ns/pid").st_ino


@pytest.mark.needs(program="setpriv")
def test_without_the_capability(runtime, asking):
    """A warning, or with --must one sentence and no container."""
    command = ["/usr/bin/setpriv", "--bounding-set", "-audit_write", "--inh-caps", "-all", oci_hooks.path("audit")]
    assert runtime.run(asking(*command)).ok().out == "ran\n"
    oci_hooks.refused(runtime, asking(*command, "--must"), f"hook audit: {NEEDED}")


def test_a_log_that_is_off_is_not_enough_for_must(runtime, asking):
    if audit_log.is_enabled() is not False:
        pytest.skip("needs a kernel whose audit log is off")
    assert runtime.run(asking(oci_hooks.path("audit"))).ok().out == "ran\n"
    oci_hooks.refused(runtime, asking(oci_hooks.path("audit"), "--must"),
                      "hook audit: the kernel's audit log: it is switched off")
