# SPDX-License-Identifier: Apache-2.0
"""Which files the lint checks look at, and C text without its comments and strings."""
import os
import re

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
C_FOLDERS = ("oci-spec", "libcrun-like", "src", "tests")


def build_folder():
    """$BUILDDIR, or where configure has run: the top or build/ beneath it."""
    for folder in (os.environ.get("BUILDDIR"), TOP, os.path.join(TOP, "build")):
        if folder and os.path.exists(os.path.join(folder, "config.status")):
            return os.path.abspath(folder)
    return None


# Places of the installation, which the Makefile defines.
DEFINES = [f'-D{name}="/usr/{name}"' for name in
           ("THOLE_INIT_FILE", "THOLE_LXC_PROGRAM", "THOLE_VIRSH_PROGRAM", "THOLE_VIRSH_HOOKS",
            "LXC_SHARE_DIRECTORY")]


def files(endings, folders=C_FOLDERS):
    """Paths from the top, sorted, of all files beneath the folders with one of the endings."""
    found = []
    for folder in folders:
        for directory, subfolders, names in os.walk(os.path.join(TOP, folder)):
            subfolders[:] = [name for name in subfolders if name not in ("__pycache__", ".deps")]
            for name in names:
                if name.endswith(endings):
                    found.append(os.path.relpath(os.path.join(directory, name), TOP))
    return sorted(found)


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8", errors="replace") as source:
        return source.read()


_NOT_CODE = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL)


def code_only(text):
    """The text with comments blanked and literals emptied; line numbers stay the same."""

    def blank(match):
        piece = match.group(0)
        kept = "\n" * piece.count("\n")
        return '""' if piece[0] in "\"'" else " " + kept

    return _NOT_CODE.sub(blank, text)
