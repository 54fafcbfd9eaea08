# SPDX-License-Identifier: Apache-2.0
"""libselinux and libapparmor: asked by containers that want a label, and by nobody else."""
import os
import re
import shutil
import subprocess

import pytest

LOOKS = re.compile(r"selinux|apparmor|/proc/filesystems|/proc/mounts")


@pytest.fixture(name="looks")
def fixture_looks(thole, folder):
    """looks(words...): the files of security modules at which the command looked."""
    if shutil.which("strace") is None:
        pytest.skip("needs the program strace")

    def looks(*words):
        log = os.path.join(folder, "strace")
        subprocess.run(["strace", "-qq", "-e", "trace=%file,statfs", "-o", log, thole.path, "--root",
                        thole.root, *words], stdin=subprocess.DEVNULL, capture_output=True,
                       check=False)
        with open(log, encoding="utf-8", errors="replace") as source:
            return [line for line in source if LOOKS.search(line) and "exec" not in line]

    return looks


def test_a_start_without_labels_asks_nothing(thole, bundle, looks):
    made = bundle("/bin/true")
    name = thole.prepare(made)
    assert looks("run", "--bundle", made.path, name) == []
    assert looks("exec", thole.launch(bundle("/bin/sleep", "1000")).id, "/bin/true") == []
    assert looks("list") == []


@pytest.mark.parametrize("member, value", [("selinuxLabel", "u:r:t:s0"), ("apparmorProfile", "any")])
def test_a_start_with_a_label_asks(thole, bundle, looks, member, value):
    made = bundle("/bin/true", **{member: value})
    name = thole.prepare(made)
    assert looks("run", "--bundle", made.path, name)
