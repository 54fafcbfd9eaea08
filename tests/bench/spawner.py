# SPDX-License-Identifier: Apache-2.0
"""Starts commands through tests/bench/spawn.c, which measures them."""
import collections
import subprocess

# microseconds; the largest resident set of any one process in kilobytes; minor page faults
Sample = collections.namedtuple("Sample", "us peak_kb faults")


TIMEOUT = 20  # seconds for a command to end that was interrupted


class Failure(Exception):
    """A measured command failed; the text says what it said."""


class Spawner:
    """A context: the running program."""

    def __init__(self, place):
        self.program = place.program("spawn")
        self.errors = open(place.file("errors"), "a+b", buffering=0)
        self.process = None
        self.interrupted = False  # between a request and its answer

    def __enter__(self):
        # In a session of its own, so that Ctrl-C does not reach it.
        self.process = subprocess.Popen([self.program], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.errors,
                                        start_new_session=True, text=True, bufsize=1)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def _restart(self):
        """After Ctrl-C: ends what is running, nobody wants its answer."""
        self.__exit__()
        self.__enter__()

    def _request(self, *words):
        if self.interrupted:
            self._restart()
        self.interrupted = True
        self.process.stdin.write("\t".join(map(str, words)) + "\n")
        line = self.process.stdout.readline()
        self.interrupted = False
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
