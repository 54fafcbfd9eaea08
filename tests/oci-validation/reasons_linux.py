# SPDX-License-Identifier: Apache-2.0
"""Sentences of config-linux.md, features.md and features-linux.md that have no test, and why.

A row is (document, heading, fragment of the sentence, reason); no fragment: all under the heading.
"""

REASONS = [
]
