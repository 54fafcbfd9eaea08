# SPDX-License-Identifier: Apache-2.0
"""The tests' own C programs, static, so that they run in any root file system."""
import os
import subprocess


def compiled(source, folder):
    """Path of the program that `source` makes: in `folder`, or the one in $THOLE_TEST_PROGRAMS, a
    folder of ready ones for machines without a compiler."""
    name = os.path.basename(source).removesuffix(".c")
    if os.environ.get("THOLE_TEST_PROGRAMS"):
        return os.path.join(os.environ["THOLE_TEST_PROGRAMS"], name)
    path = os.path.join(folder, name)
    subprocess.run([os.environ.get("CC", "cc"), "-std=c17", "-D_GNU_SOURCE", "-O1", "-static", "-w",
                    "-o", path, source], check=True)
    return path


def compiled_with(library, source, folder):
    """The same, of a program that uses libthole.so."""
    path = os.path.join(folder, os.path.basename(source).removesuffix(".c"))
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    subprocess.run([os.environ.get("CC", "cc"), "-std=c17", "-D_GNU_SOURCE", "-O1",
                    "-I" + os.path.join(top, "libcrun-like"), "-o", path, source, library,
                    "-Wl,-rpath," + os.path.dirname(library)], check=True)
    return path
