# SPDX-License-Identifier: Apache-2.0
"""Which sentence has which tests, and which has a reason instead."""
import json
import os
import subprocess
import sys
import tempfile

import specification
from reasons_config import REASONS as OF_CONFIG
from reasons_linux import REASONS as OF_LINUX

HERE = os.path.dirname(os.path.abspath(__file__))


def run_tests(*options, files=("",), prefix=(), sessions=1, **environment):
    """The report of so many pytest sessions over files of this folder or all of it (conftest.py), and
    their output."""
    command = [*prefix, sys.executable, "-m", "pytest", "-q", *options,
               *(os.path.join(HERE, file) for file in files)]
    environment = {**os.environ, **environment, "PYTHONDONTWRITEBYTECODE": "1"}
    report, told = [], ""
    with tempfile.TemporaryDirectory() as folder:
        running = []
        for part in range(1, sessions + 1):
            if sessions > 1:
                environment["THOLE_TEST_PART"] = f"{part}/{sessions}"
            environment["SENTENCES_REPORT"] = os.path.join(folder, f"{part}.json")
            with open(os.path.join(folder, f"{part}.output"), "w", encoding="utf-8") as output:
                running.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                                stderr=subprocess.STDOUT, env=environment))
        for part, session in enumerate(running, 1):
            code = session.wait()
            told += read(folder, f"{part}.output")
            if code not in (0, 1):
                sys.exit(f"{' '.join(command)}: exit status {code}\n{told}")
            report += json.loads(read(folder, f"{part}.json"))
    return report, told


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as source:
        return source.read()


class Account:
    """Tests and reasons of every sentence; `complaints` has one line for each that fits none."""

    def __init__(self, tree, collected):
        self.specification = specification.read(tree)
        self.complaints = []
        self.tests = {}    # {Sentence: [test entry]}
        self.notes = {}    # {Sentence: what the tests look at}
        self.reasons = {}  # {Sentence: reason}
        for entry in collected:
            if not entry["sentences"]:
                self.complaints.append(f"{entry['test']}: names no sentence")
            for document, heading, words, note in entry["sentences"]:
                sentence = self._find(document, heading, words)
                if sentence:
                    self.tests.setdefault(sentence, []).append(entry)
                    if note:
                        self.notes[sentence] = note
        for document, heading, words, reason in OF_CONFIG + OF_LINUX:
            for sentence in self._reasoned(document, heading, words):
                self.reasons[sentence] = reason

    def _find(self, document, heading, words):
        sentence, complaint = specification.find(self.specification, document, heading, words)
        if complaint:
            self.complaints.append(complaint)
        return sentence

    def _reasoned(self, document, heading, words):
        if words:
            found = self._find(document, heading, words)
            return [found] if found else []
        found = [one for one in self.specification.get(document, [])
                 if one.heading == heading and one.demanded]
        if not found:
            self.complaints.append(f"{document}, {heading}: nothing there needs a reason")
        return found

    def uncovered(self):
        return [one for document in specification.DOCUMENTS for one in self.specification[document]
                if one.demanded and one not in self.tests and one not in self.reasons]
