# SPDX-License-Identifier: Apache-2.0
"""The tests' own C programs, static, so that they run in any root file system."""
import os
import subprocess


def _place(source, folder):
    """(path of the program, is it there already): in `folder`, or in $THOLE_TEST_PROGRAMS, a folder of ready ones
    for machines without a compiler."""
    ready = os.environ.get("THOLE_TEST_PROGRAMS")
    return os.path.join(ready or folder, os.path.basename(source).removesuffix(".c")), bool(ready)


def compiled(source, folder):
    """Path of the program that `source` makes."""
    path, ready = _place(source, folder)
    if ready:
        return path
    subprocess.run([os.environ.get("CC", "cc"), "-std=c17", "-D_GNU_SOURCE", "-O1", "-static", "-w",
                    "-o", path, source], check=True)
    return path


def compiled_with(library, source, folder):
    """The same, of a program that uses libthole.so."""
    path, ready = _place(source, folder)
    if ready:
        return path
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    subprocess.run([os.environ.get("CC", "cc"), "-std=c17", "-D_GNU_SOURCE", "-O1",
                    "-I" + os.path.join(top, "libcrun-like"), "-o", path, source, library,
                    "-Wl,-rpath," + os.path.dirname(library)], check=True)
    return path
