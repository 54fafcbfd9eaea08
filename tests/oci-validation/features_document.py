# SPDX-License-Identifier: Apache-2.0
"""What `features` of the runtime under test says. Test modules import the fixture from here."""
import json

import pytest


class Features:
    """The structure; what it leaves out, which it MAY, skips the test that asks for it."""

    def __init__(self, document):
        self.document = document

    def get(self, *path):
        """The member at the path, None if there is none."""
        value = self.document
        for name in path:
            value = value.get(name) if value is not None else None
        return value

    def required(self, *path):
        value = self.get(*path)
        if value is None:
            pytest.skip("features says nothing of " + ".".join(path))
        return value


@pytest.fixture
def features(runtime):
    result = runtime("features", root=False)
    if result.code != 0:
        pytest.skip("no features command")
    return Features(json.loads(result.out))
