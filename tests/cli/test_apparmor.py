# SPDX-License-Identifier: Apache-2.0
"""AppArmor: the profile is entered, it is enforced, and its absence is told."""
import os
import subprocess

import pytest

from harness import machine

pytestmark = [pytest.mark.needs(root=True)]
on = pytest.mark.needs(security_module="apparmor", program="apparmor_parser")

PROFILE = """
profile NAME flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,
  network,
  signal,
  ptrace,
  unix,
  mount,
  deny /**/refused rw,
  deny /refused rw,
}
"""


@pytest.fixture(scope="module")
def profiles():
    """Two loaded profiles that refuse a file called "refused"."""
    names = [f"thole-test-{os.getpid()}-{letter}" for letter in "ab"]
    text = "".join(PROFILE.replace("NAME", name) for name in names)

    def parser(option):
        subprocess.run(["apparmor_parser", option, "--skip-cache"], input=text, text=True,
                       capture_output=True, check=True)

    parser("--replace")
    yield names
    parser("--remove")


@on
@pytest.mark.parametrize("no_new_privileges", [True, False])
def test_profile_is_entered(thole, bundle, profiles, no_new_privileges):
    script = "cat /proc/self/attr/current; cat /allowed; cat /refused; echo x >/refused"
    made = bundle("/bin/sh", "-c", script, apparmorProfile=profiles[0],
                  noNewPrivileges=no_new_privileges)
    made.file("/allowed", "readable\n")
    made.file("/refused", "unreadable\n")
    result = thole.run(made)
    assert result.out.splitlines() == [f"{profiles[0]} (enforce)", "readable"]
    assert result.err.count("Permission denied") == 2
    assert made.read("/refused") == "unreadable\n"


@on
def test_profile_in_a_user_namespace(thole, bundle, profiles):
    made = bundle("/bin/cat", "/proc/self/attr/current", apparmorProfile=profiles[0])
    made.user_namespace()
    assert thole.run(made).ok().out == f"{profiles[0]} (enforce)\n"


@on
def test_without_a_profile(thole, bundle):
    assert thole.run(bundle("/bin/cat", "/proc/self/attr/current")).ok().out == "unconfined\n"


@on
def test_exec_has_the_profile_of_the_container(sleeper, profiles):
    container = sleeper(apparmorProfile=profiles[0])
    assert container.exec("/bin/cat", "/proc/self/attr/current").ok().out == \
        f"{profiles[0]} (enforce)\n"


@on
def test_exec_with_a_profile_of_its_own(sleeper, profiles):
    container = sleeper()
    container.bundle.file("/refused", "unreadable\n")
    out = container.sh("cat /proc/self/attr/current; cat /refused",
                       options=("--apparmor", profiles[1]))
    assert out.out == f"{profiles[1]} (enforce)\n" and "Permission denied" in out.err
    assert container.sh("cat /refused").ok().out == "unreadable\n"


@on
def test_unknown_profile(thole, bundle, sleeper):
    made = bundle("/bin/true", apparmorProfile="thole-no-such-profile")
    wanted = "/process/apparmorProfile: AppArmor profile thole-no-such-profile is not loaded"
    thole.run(made).failed(wanted)
    assert not os.path.exists(thole.root)  # told before anything was made
    sleeper().exec("/bin/true", options=("--apparmor", "thole-no-such-profile")).failed(wanted)


def test_apparmor_is_off(thole, bundle, sleeper):
    if "apparmor" in machine.security_modules():
        pytest.skip("needs a host without AppArmor, which refuses profiles; AppArmor is on here")
    made = bundle("/bin/true", apparmorProfile="any")
    thole.try_create(made).failed("/process/apparmorProfile", "AppArmor")
    sleeper().exec("/bin/true", options=("--apparmor", "any")).failed("AppArmor")
