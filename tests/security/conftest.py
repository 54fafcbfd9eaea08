# SPDX-License-Identifier: Apache-2.0
"""What tests of attacks share: processes that are held before their program runs, and who looks into them."""
import os
import re
import shutil

import pytest

from harness.held import Held
from harness.programs import compiled


@pytest.fixture
def held(folder):
    made = []

    def hold(container, *options, **more):
        made.append(Held(container, folder, *options, **more))
        return made[-1]

    yield hold
    for one in made:
        one.close()


@pytest.fixture
def peek(session_folder):
    """peek(container, pid, user): what somebody inside finds out about that process of the host's."""
    program = compiled(os.path.join(os.path.dirname(__file__), "hostile.c"), session_folder)

    def look(container, pid, user):
        shutil.copy(program, container.bundle.rootfs + "/bin/hostile")
        report = container.bundle.rootfs + "/work/report"
        with open(f"/proc/{pid}/status", encoding="ascii") as source:
            inside = re.search(r"^NSpid:.*\b(\d+)$", source.read(), re.M).group(1)
        if os.path.exists(report):
            os.unlink(report)
        container.exec("/bin/hostile", "peek", options=("--user", user, "--env", "PEEK=" + inside))
        with open(report, encoding="utf-8") as source:
            return [line for line in source.read().splitlines() if line != "done: 1"]

    return look
