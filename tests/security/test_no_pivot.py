# SPDX-License-Identifier: Apache-2.0
"""Without pivot_root nothing of the host stays within the kernel's sight: masks hold."""
import pytest

# Root could not map itself without CAP_SETFCAP.
USER = {"uid": 1000, "gid": 1000}

# A process of the container makes namespaces of its own, and wants a procfs without masks there.
FRESH = ("unshare -Urmpf sh -c 'mount -t proc proc /tmp && ls /tmp/self'"
         " && echo unmasked || echo refused")


@pytest.mark.parametrize("options", [(), ("--no-pivot",)], ids=["pivot", "no-pivot"])
def test_no_fresh_procfs_inside(thole, bundle, options):
    made = bundle("/bin/sh", "-c", "unshare -Ur true && echo able; " + FRESH, user=USER)
    assert thole.run(made, *options).ok().out.split()[-2:] == ["able", "refused"]


def test_fresh_procfs_where_nothing_is_masked(thole, bundle):
    """The control: what refuses it is the mask, nothing else in the container."""
    made = bundle("/bin/sh", "-c", "unshare -Urmpf sh -c 'mount -t proc proc /tmp && ls /tmp/self'"
                  " > /dev/null && echo mounted", user=USER)
    made.linux["maskedPaths"] = []
    made.linux["readonlyPaths"] = []
    assert thole.run(made, "--no-pivot").ok().out == "mounted\n"


def test_user_namespace_cannot_do_without_pivot_root(thole, bundle):
    made = bundle("/bin/true")
    made.user_namespace()
    thole.run(made, "--no-pivot").failed("--no-pivot is not possible in a user namespace")
