# SPDX-License-Identifier: Apache-2.0
"""Starts commands through tests/bench/spawn.c, which measures them."""
import collections
import os
import subprocess

# microseconds; the largest resident set of any one process in kilobytes; minor page faults
Sample = collections.namedtuple("Sample", "us peak_kb faults")


class Failure(Exception):
    """A measured command failed; the text says what it said."""


class Spawner:
    """A context: the running program."""

    def __init__(self, place):
        self.unanswered = 0
        self.errors = open(place.file("errors"), "r+b", buffering=0)
        # In a session of its own, so that Ctrl-C leaves time to clean up.
        self.process = subprocess.Popen([place.program("spawn")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self._appended(),
                                        start_new_session=True, text=True, bufsize=1)

    def _appended(self):
        return os.open(self.errors.name, os.O_WRONLY | os.O_APPEND)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.errors.close()

    def _request(self, *words):
        self.process.stdin.write("\t".join(map(str, words)) + "\n")
        self.unanswered += 1
        while self.unanswered:  # more than one after Ctrl-C: the answer that nobody read
            line = self.process.stdout.readline()
            self.unanswered -= 1
        if not line:
            raise Failure(self._said() or "tests/bench/spawn.c ended")
        *numbers, status = line.split()
        return Sample(float(numbers[0]), int(numbers[1]), int(numbers[2])), int(status)

    def _said(self):
        self.errors.seek(0)
        text = self.errors.read().decode(errors="replace").strip()
        self.errors.truncate(0)
        return text.split("\n")[-1]

    def one(self, words, pause=0.0, tty=False):
        """The Sample of one command that is started after `pause` seconds."""
        sample, status = self._request("one", int(pause * 1e6), int(tty), *words)
        if status != 0:
            raise Failure(f"exit status {status}: {self._said()}")
        return sample

    def many(self, commands, count):
        """The Sample of `count` starts of the commands, all of them running at once."""
        sample, status = self._request("many", len(commands), count, len(commands[0]),
                                       *(word for words in commands for word in words))
        if status != 0:
            raise Failure(f"exit status {status}: {self._said()}")
        return sample
