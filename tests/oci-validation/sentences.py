# SPDX-License-Identifier: Apache-2.0
"""@sentence: which words of the specification a test asserts. See README.md beside this file."""
import os

import pytest


def sentence(document, heading, words, note=""):
    """Decorator of a test, or `marks=` of one pytest.param of it.

    `words` is a fragment of the sentence, word for word, found exactly once under the heading;
    `note` says what the test looks at where the sentence leaves that open.
    """
    return pytest.mark.sentence(document, heading, words, note=note)


def not_followed(reason):
    """Decorator of a test that fails with thole, and why it may."""
    thole = os.environ.get("RUNTIME", "thole") == "thole"
    return pytest.mark.xfail(thole, reason=reason, strict=True)
