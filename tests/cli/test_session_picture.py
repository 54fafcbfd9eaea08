# SPDX-License-Identifier: Apache-2.0
"""The picture of README.md is made of the recording beside it, and shows what the recording says."""
import importlib.machinery
import importlib.util
import io
import json
import os
import subprocess
import xml.etree.ElementTree

import pytest

from harness.machine import TOP

FOLDER = os.path.join(TOP, "docs/session")
CAST = os.path.join(FOLDER, "session.cast")


def loaded(name):
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), os.path.join(FOLDER, name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


make_svg = loaded("make-svg")


def texts(svg):
    return [("".join(text.itertext()).rstrip(), text.get("visibility")) for text in
            xml.etree.ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_the_picture_is_that_of_the_recording():
    made = subprocess.run([os.path.join(FOLDER, "make-svg"), CAST], capture_output=True, check=True).stdout
    with open(os.path.join(FOLDER, "session.svg"), "rb") as picture:
        assert picture.read() == made


def test_it_shows_every_line_that_was_said():
    with open(CAST, encoding="utf-8") as source:
        steps = make_svg.frames(source)[2]
        source.seek(0)
        shown = texts(make_svg.picture(source))
    ever = {line for _, lines in steps for line in lines if line}
    assert ever == {text for text, _ in shown}
    assert [line for line in steps[-1][1] if line] == [text for text, visibility in shown if visibility is None]
    for line in ("I am process 1 on thole", "tick", "$ thole exec web1 ps"):
        assert line in ever


SCREENS = [
    ("one\r\ntwo", ["one", "two", ""]),
    ("one\ntwo", ["one", "   two", ""]),
    ("123456789", ["12345678", "9", ""]),
    ("1\r\n2\r\n3\r\n4", ["2", "3", "4"]),
    ("abc\b\bX", ["aXc", "", ""]),
    ("abc\rX", ["Xbc", "", ""]),
    ("abc\x1b[2D\x1b[K", ["a", "", ""]),
    ("abc\x1b[2D\x1b[1K", ["  c", "", ""]),
    ("abc\x1b[2K", ["", "", ""]),
    ("a\r\nb\r\nc\x1b[2;1H\x1b[J", ["a", "", ""]),
    ("a\r\nb\x1b[H\x1b[2JX", ["X", "", ""]),
    ("\x1b[3;2Hx\x1b[Ay", ["", "  y", " x"]),
    ("\x1b[31mred\x1b[0m", ["red", "", ""]),
    ("a\x1b[6n\x1b]0;title\x07\x1b(Bb\x07", ["ab", "", ""]),
    ("a\tb", ["a      b", "", ""]),
]


@pytest.mark.parametrize("said, shown", SCREENS)
def test_a_screen(said, shown):
    screen = make_svg.Screen(8, 3)
    screen.feed(said)
    assert [line.rstrip() for line in screen.lines] == shown


def test_pauses_are_cut_and_times_kept():
    source = io.StringIO("\n".join(map(json.dumps, [{"version": 2, "width": 8, "height": 3}, [0.5, "o", "a"],
                                                    [1.0, "i", "x"], [1.5, "o", "b"], [100, "o", "c"]])))
    _, _, steps, length = make_svg.frames(source)
    assert [(at, lines[0]) for at, lines in steps] == [(0.5, "a"), (1.5, "ab"), (3.5, "abc")]
    assert length == 3.5 + make_svg.END


def test_the_recording_is_one_of_thole():
    with open(CAST, encoding="utf-8") as source:
        header = json.loads(source.readline())
    assert header["version"] == 2 and header["width"] > 80


@pytest.mark.needs(root=True, program="/bin/busybox")
def test_what_the_session_types_still_works(thole_path, tmp_path):
    """The same lines once more, at once: each command ends as in the recording that is kept."""
    pytest.importorskip("pexpect")
    recorder = loaded("record")
    made = str(tmp_path / "again.cast")
    recorder.record(thole_path, made, hurry=True)
    with open(CAST, encoding="utf-8") as kept, open(made, encoding="utf-8") as again:
        lines = [[line for _, screen in make_svg.frames(source)[2] for line in screen if line]
                 for source in (kept, again)]
    for line in ("I am process 1 on thole", "  denySetgroups  yes", "    1 0        sh -c while sleep 1; do echo tick; done",
                 "known parameter 'mod'): Invalid argument", "web1"):
        assert line in lines[0] and line in lines[1], line
