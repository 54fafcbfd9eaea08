# SPDX-License-Identifier: Apache-2.0
"""bundle.md: what a bundle is made of."""
import os
import shutil

from sentences import sentence

FORMAT = ("bundle.md", "Container Format")


@sentence(*FORMAT, "This REQUIRED file MUST reside in the root of the bundle directory and MUST be")
def test_config_json_lies_in_the_root_of_the_bundle(runtime, bundle):
    made = bundle()
    runtime.run(made).ok()
    name = runtime.prepare(made)
    for elsewhere in ("rootfs/config.json", "Config.json", "config.jsn"):
        os.rename(os.path.join(made.path, "config.json"), os.path.join(made.path, elsewhere))
        runtime("create", "--bundle", made.path, name).failed()
        os.rename(os.path.join(made.path, elsewhere), os.path.join(made.path, "config.json"))


@sentence(*FORMAT, "these artifacts MUST all be present in a single directory on the local filesystem, "
          "that directory itself is not part of the bundle",
          note="a bundle works under any name, and its root file system is found beside config.json")
def test_the_directory_is_not_part_of_the_bundle(runtime, bundle, folder):
    made = bundle("/bin/cat", "/mark")
    made.file("mark", "moved\n")
    name = runtime.prepare(made)
    moved = os.path.join(folder, "another name")
    shutil.move(made.path, moved)
    assert runtime("run", "--bundle", moved, name).ok().out == "moved\n"
