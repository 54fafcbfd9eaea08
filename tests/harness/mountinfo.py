# SPDX-License-Identifier: Apache-2.0
"""Mounts as a container sees them."""


class Mounted:
    """One line of mountinfo: see proc_pid_mountinfo(5)."""

    def __init__(self, words):
        dash = words.index("-")
        self.root, self.point = words[3], words[4]
        self.options = set(words[5].split(","))
        self.propagation = {word.split(":")[0] for word in words[6:dash]}
        self.type, self.super_options = words[dash + 1], set(words[-1].split(","))
        self.source = words[dash + 2] if len(words) == dash + 4 else ""  # no word at all without one


def parse(text):
    """{mount point: Mounted} of a mountinfo file; the topmost mount of each point."""
    return {words[4]: Mounted(words) for words in (line.split() for line in text.splitlines())}


def table(runtime, made, *options):
    """The same of what the container has when its program runs."""
    made.process["args"] = ["/bin/cat", "/proc/self/mountinfo"]
    return parse(runtime.run(made, *options).ok().out)
