# SPDX-License-Identifier: Apache-2.0
"""Where no cgroup hierarchy is mounted: what needs one is refused, and nothing is dropped without a word."""
import pytest

LIMITS = {
    "memory/limit": {"memory": {"limit": 64 << 20}},
    "memory/reservation": {"memory": {"reservation": 64 << 20}},
    "cpu/shares": {"cpu": {"shares": 512}},
    "cpu/quota": {"cpu": {"quota": 50000, "period": 100000}},
    "cpu/cpus": {"cpu": {"cpus": "0"}},
    "pids/limit": {"pids": {"limit": 50}},
    "blockIO/weight": {"blockIO": {"weight": 100}},
    "hugepageLimits/0": {"hugepageLimits": [{"pageSize": "2MB", "limit": 0}]},
    "network/classID": {"network": {"classID": 1}},
    "rdma/mlx5_1": {"rdma": {"mlx5_1": {"hcaHandles": 3}}},
    "unified/memory.high": {"unified": {"memory.high": "64M"}},
    "devices": {"devices": [{"allow": False, "access": "rwm"}]},
}
NOTHING = {
    "resources": {},
    "no limit of memory": {"memory": {"limit": -1}},
    "no limit of processes": {"pids": {"limit": -1}},
    "all devices": {"devices": [{"allow": True, "access": "rwm"}]},
}


@pytest.fixture
def bare(thole):
    """The runtime in a mount namespace that has none."""
    thole.prefix = ["unshare", "--mount", "--propagation", "private", "sh", "-ec",
                    'umount -R /sys/fs/cgroup; exec "$@"', "bare"]
    yield thole
    thole.prefix = []


def with_resources(bundle, resources):
    made = bundle("/bin/echo", "ran")
    made.linux["resources"] = resources
    return made


@pytest.mark.parametrize("member", LIMITS)
def test_a_limit_is_refused(bare, bundle, member):
    made = with_resources(bundle, LIMITS[member])
    bare.run(made).failed(f"/linux/resources/{member}: ")
    bare("plan", made.path).failed(f"/linux/resources/{member}: ")


@pytest.mark.parametrize("member", LIMITS)
def test_a_limit_without_cgroups_is_what_the_caller_says(bare, bundle, member):
    result = bare.run(with_resources(bundle, LIMITS[member]), before=("--cgroup-manager", "disabled")).ok()
    assert result.out == "ran\n"
    assert ("not applied" in result.err) == (member != "devices")


@pytest.mark.parametrize("what", NOTHING)
def test_what_needs_no_cgroup_runs(bare, bundle, what):
    result = bare.run(with_resources(bundle, NOTHING[what])).ok()
    assert (result.out, result.err) == ("ran\n", "")
