# SPDX-License-Identifier: Apache-2.0
"""checkpoint and restore with criu_stand_in.py in the place of CRIU."""
import json
import os
import shutil
import subprocess

from harness import traces
from harness.runtime import Container

STAND_IN = os.path.join(os.path.dirname(os.path.realpath(__file__)), "criu_stand_in.py")
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
NULL = ["file[1:2]:/dev/null"] * 3
SLEEP = ("/bin/sleep", "1000")


class StandIn:
    """Where CRIU would be; and a directory of images."""

    def __init__(self, folder):
        self.directory = os.path.join(folder, "path")
        self.images = os.path.join(folder, "images")
        self.report = os.path.join(folder, "asked")
        os.mkdir(self.directory)
        shutil.copy(STAND_IN, os.path.join(self.directory, "criu"))

    def plays(self, **part):
        """The environment of a caller for whom CRIU plays this part."""
        if os.path.exists(self.report):
            os.unlink(self.report)
        return dict(os.environ, PATH=f"{self.directory}:{os.environ['PATH']}", CRIU_STAND_IN_ASKED=self.report,
                    CRIU_STAND_IN_PART=json.dumps(part))

    @property
    def was_asked(self):
        return os.path.exists(self.report)

    def asked(self):
        with open(self.report, encoding="utf-8") as source:
            return json.load(source)

    def saved(self, streams=None, text=None):
        """Images as a checkpoint leaves them, with these standard streams."""
        os.makedirs(self.images, exist_ok=True)
        with open(os.path.join(self.images, "descriptors.json"), "w", encoding="utf-8") as target:
            target.write(text if text is not None else json.dumps(streams or NULL))


def checkpoint(container, criu, *options, **part):
    return container.runtime("checkpoint", "--image-path", criu.images, *options, container.id,
                             env=criu.plays(**part))


def restore(thole, made, criu, *options, name=None, detach=True, popen=None, **part):
    """(name, Result)"""
    name = thole.prepare(made, name)
    result = thole("restore", *(["--detach"] if detach else []), "--bundle", made.path, "--image-path", criu.images,
                   *options, name, env=criu.plays(**part), **(popen or {}))
    return name, result


def restored(thole, made, criu, *options, **more):
    """The Container."""
    name, result = restore(thole, made, criu, *options, **more)
    result.ok()
    return Container(thole, name, None, made)


def assert_nothing_left(thole, name):
    thole("state", name).failed("does not exist")
    assert not traces.leftovers(thole.root, thole.folder)


def assert_one_line(result, *texts):
    """The error, and perhaps a hint."""
    result.failed(*texts)
    assert result.code == 1
    lines = [line for line in result.err.splitlines() if not line.startswith("thole: hint: ")]
    assert len(lines) == 1 and result.err.count("\n") <= 2, result


def lines_of(path):
    with open(path, encoding="ascii") as source:
        return source.read().split("\n")[:-1]
