# SPDX-License-Identifier: Apache-2.0
"""libthole.so can be embedded: it exports what its headers declare, for C and C++, and no more."""
import os
import re
import shutil
import subprocess

import pytest

from harness import traces

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILDDIR") or os.path.join(TOP, "build")
LIBRARY = os.path.join(BUILD, "libcrun-like/.libs/libthole.so")
HEADER = os.path.join(TOP, "libcrun-like/thole.h")
INCLUDE = "-I" + os.path.join(TOP, "libcrun-like")

pytestmark = pytest.mark.skipif(not os.path.exists(LIBRARY), reason="needs a build tree: BUILDDIR")


def output(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=True, **options).stdout


def declared():
    """Functions that a program sees once it has included thole.h, without those of the system."""
    text = output("gcc", "-E", INCLUDE, "-x", "c", HEADER)
    own = "".join(piece for name, piece in
                  re.findall(r'^# \d+ "([^"]*)"[^\n]*\n(.*?)(?=^# \d+ "|\Z)', text, re.M | re.S)
                  if name.startswith(os.path.join(TOP, "libcrun-like")))
    own = re.sub(r"__attribute__\s*\(\(.*?\)\)(?=[ ;\n])", "", own)
    return set(re.findall(r"\b(\w+)\([^()]*(?:\([^()]*\)[^()]*)*\);", own)) - {"write"}


def exported():
    return {line.split()[-1].split("@")[0] for line in
            output("nm", "-D", "--defined-only", LIBRARY).splitlines() if " A " not in line}


def test_exports_what_the_header_declares():
    assert exported() == declared()
    assert all(name.startswith("thole_") for name in exported())


def test_installed_headers_are_complete(tmp_path):
    """Only what is installed is there, in C and in C++, with warnings as errors."""
    subprocess.run(["make", "-s", "-C", BUILD, f"DESTDIR={tmp_path}", "install-data"], check=True,
                   stdout=subprocess.DEVNULL)
    folder = next(os.path.dirname(os.path.join(where, name)) for where, _, names in
                  os.walk(tmp_path) for name in names if name == "thole.h")
    found = sorted(os.path.relpath(os.path.join(where, name), folder)
                   for where, _, names in os.walk(folder) for name in names)
    assert found == ["base/types.h", "thole.h"]
    program = '#include <thole.h>\nint main() { struct thole_error err = {}; return thole_default_root() == NULL; }\n'
    for compiler, language in (("gcc", "c"), ("g++", "c++")):
        if shutil.which(compiler):
            made = str(tmp_path / "program")
            subprocess.run([compiler, "-Wall", "-Wextra", "-Werror", "-Wno-unused", "-I" + folder, "-x",
                            language, "-", "-x", "none", LIBRARY, "-o", made], input=program, text=True,
                           check=True)
            subprocess.run([made], env={**os.environ, "LD_LIBRARY_PATH": os.path.dirname(LIBRARY)},
                           check=True)


STRUCTS = re.findall(r"^struct (thole_\w+) \{(.*?)^\};", open(HEADER, encoding="utf-8").read(),
                     re.M | re.S)
# Fixed in size, as thole.h says, or handed out by pointer.
FIXED = {"thole_finding", "thole_annotation", "thole_state", "thole_program", "thole_usage", "thole_root",
         "thole_watch_event", "thole_output"}


@pytest.mark.parametrize("name, members", STRUCTS, ids=[name for name, _ in STRUCTS])
def test_every_struct_of_the_caller_has_room_to_grow(name, members):
    assert name in FIXED or members.rstrip().endswith("void *reserved[THOLE_RESERVED];")


CALLS = {
    "thole_create_request": ["thole_create(&context, &it, &err)",
                             "thole_plan(&context, &it, 0, 0, &text, &err)",
                             "thole_validate(&context, &it, &findings, &count, &err)"],
    "thole_run_request": ["thole_run(&context, &it, &status, &err)"],
    "thole_exec_request": ["thole_exec(&context, &it, &status, &err)"],
    "thole_attach_request": ["thole_attach(&context, &it, &status, &err)"],
    "thole_logs_request": ["thole_logs(&context, &it, &err)"],
    "thole_update": ["thole_update(&context, \"x\", &it, &err)"],
    "thole_event_sink": ["thole_events(&context, \"x\", 1, &it, &err)"],
    "thole_context": ["thole_kill(&it, \"x\", 9, 0, &err)", "thole_start(&it, \"x\", 0, &err)",
                      "thole_list(&it, &states, &count, &err)"],
}


@pytest.mark.parametrize("struct", CALLS)
def test_members_from_a_later_version_are_refused(struct, tmp_path):
    """As a program built with a newer header would pass them to this library."""
    calls = "".join(f"    err.kind = THOLE_ERROR_NONE;\n    if ({call} >= 0 || err.kind != "
                    f"THOLE_ERROR_USAGE)\n        return {number + 1};\n"
                    for number, call in enumerate(CALLS[struct]))
    source = (f"#include <thole.h>\nint main(void) {{\n    struct thole_context context = {{.root = \"{tmp_path}\"}};\n"
              "    struct thole_error err = {0};\n    struct thole_finding *findings;\n"
              "    struct thole_state **states;\n    size_t count;\n    char *text;\n    int status;\n"
              f"    struct {struct} it = {{0}};\n    it.reserved[THOLE_RESERVED - 1] = &it;\n"
              f"{calls}    return 0;\n}}\n")
    made = str(tmp_path / "program")
    subprocess.run(["gcc", INCLUDE, "-x", "c", "-", "-x", "none", LIBRARY, "-o", made], input=source,
                   text=True, check=True)
    done = subprocess.run([made], env={**os.environ, "LD_LIBRARY_PATH": os.path.dirname(LIBRARY)},
                          check=False)
    assert done.returncode == 0


def test_example_runs_a_container(thole, bundle):
    program = os.path.join(BUILD, "examples/run-container")
    if not os.path.exists(program):
        subprocess.run(["make", "-s", "-C", BUILD, "examples/run-container"], check=True)
    made = bundle("/bin/sh", "-c", "echo hello; exit 7")
    name = thole.prepare(made)
    done = subprocess.run([program, thole.root, made.path, name], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 7, done
    assert done.stdout == "hello\nthe container ended with status 7\n"
    assert not os.path.exists(os.path.join(thole.root, name)) and traces.mark() in name


def test_example_goes_step_by_step(thole, bundle):
    program = os.path.join(BUILD, "examples/life-cycle")
    if not os.path.exists(program):
        subprocess.run(["make", "-s", "-C", BUILD, "examples/life-cycle"], check=True)
    made = bundle("/bin/sleep", "1000")
    name = thole.prepare(made)
    done = subprocess.run([program, thole.root, made.path, name], capture_output=True, text=True,
                          timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done
    assert done.stdout.split("\n") == ["created", "running", "hello from inside", "paused", "stopped", ""]
    assert not os.path.exists(os.path.join(thole.root, name))
    failed = subprocess.run([program, thole.root, "/no/such/bundle", name], capture_output=True, text=True,
                            timeout=60, check=False)
    assert failed.returncode == 1 and failed.stderr.startswith("life-cycle: "), failed


def test_manual_page():
    page = os.path.join(TOP, "docs/libthole.3")
    with open(page, encoding="utf-8") as source:
        text = source.read().replace("\\-", "-")
    missing = [name for name in sorted(declared()) if name not in text]
    assert not missing, "libthole(3) does not name " + " ".join(missing)
