# SPDX-License-Identifier: Apache-2.0
"""Sentences of config.md, bundle.md, runtime.md and runtime-linux.md that have no test, and why.

A row is (document, heading, fragment of the sentence, reason); no fragment: all under the heading.
"""

WINDOWS = "Windows only"

REASONS = [
]
