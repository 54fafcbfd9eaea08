# SPDX-License-Identifier: Apache-2.0
"""The tests themselves: what they find, and what they leave alone."""
import os

import pytest

from harness import machine, traces


@pytest.fixture
def foreign_cgroup():
    """A cgroup that no test of the runtime made, named like a container of one."""
    where = machine.controllers()[sorted(machine.controllers())[0]][0]
    parent = os.path.join(where, f"foreign-{os.getpid()}")
    os.makedirs(os.path.join(parent, "0"))
    yield os.path.join(parent, "0")
    for path in (os.path.join(parent, "0"), parent):
        if os.path.isdir(path):
            os.rmdir(path)


def test_a_foreign_cgroup_with_a_containers_name_is_left_alone(thole, bundle, foreign_cgroup):
    thole.run(bundle("/bin/true"), id="0").ok()
    assert not thole.clean_up()
    assert os.path.isdir(foreign_cgroup)


def test_a_cgroup_that_a_container_left_is_found(thole, bundle):
    made = bundle("/bin/true")
    thole.prepare(made, "0")
    where = machine.controllers()[sorted(machine.controllers())[0]][0]
    left = where + made.linux["cgroupsPath"]
    os.makedirs(left)
    assert thole.clean_up() == [f"cgroup is left: {left}"]
    assert not os.path.exists(left) and not traces.own_cgroups()
