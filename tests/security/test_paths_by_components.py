# SPDX-License-Identifier: Apache-2.0
"""Paths are compared by components: names that merely begin alike are different names."""
import os

import pytest


@pytest.mark.parametrize("name", ["/procdata", "/proc-", "/proc.d/x", "/data"])
@pytest.mark.parametrize("kind", ["tmpfs", "bind"])
def test_link_into_proc_is_no_mount_point(thole, bundle, folder, name, kind):
    """An image's link must not lead a mount over /proc, whatever the link is called."""
    made = bundle("/bin/cat", "/proc/version")
    link = made.rootfs + name
    os.makedirs(os.path.dirname(link), exist_ok=True)
    os.symlink("/proc", link)
    if kind == "bind":
        made.mount(name, folder, "bind", ["bind"])
    else:
        made.mount(name, "tmpfs", "tmpfs")
    thole.run(made).failed("leads into a procfs")


@pytest.mark.parametrize("name", ["/procdata", "/process", "/proc.d/x"])
def test_names_like_proc_are_ordinary(thole, bundle, name):
    made = bundle("/bin/sh", "-c", f"touch {name}/new && ls {name}")
    made.mount(name, "tmpfs", "tmpfs")
    assert thole.run(made).ok().out == "new\n"


def test_source_beside_the_root_is_not_inside_it(thole, bundle):
    """`rootfs2` does not lie in `rootfs`: the shorter way into the root is still gone."""
    made = bundle("/bin/cat", "/mnt/file")
    os.makedirs(made.rootfs + "2")
    with open(made.rootfs + "2/file", "w", encoding="ascii") as target:
        target.write("beside\n")
    made.mount("/mnt", made.rootfs + "2", "bind", ["bind"])
    assert thole.run(made).ok().out == "beside\n"
    plan = thole("plan", made.path).ok().out
    assert "entry" in plan
