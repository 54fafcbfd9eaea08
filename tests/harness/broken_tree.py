# SPDX-License-Identifier: Apache-2.0
"""A copy of the tree that is broken on purpose: a patch is applied, built, and taken back."""
import os
import shutil
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def run(words, folder, **environment):
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False,
                          errors="replace", env={**os.environ, **environment})


def patch(tree, path, *options):
    return run(["patch", "-p1", "-sf", "--no-backup-if-mismatch", *options, "-i", path], tree)


def _read(path):
    if os.path.islink(path):
        return os.readlink(path)
    with open(path, "rb") as source:
        return source.read()


def _files_of(top):
    """Files of the tree by their names in it, without those of builds."""
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name not in (".git", "__pycache__", "autom4te.cache")
                      and not (folder == top and name.startswith("build") and name != "build-aux")]
        for name in names + [name for name in folders if os.path.islink(os.path.join(folder, name))]:
            yield os.path.relpath(os.path.join(folder, name), top)


def copy_tree(work, *configure_options):
    """(tree, build): a copy of the tree beneath `work` and a configured build of it; what has not
    changed since the last time stays."""
    tree = os.path.join(work, "tree")
    build = os.path.join(work, "build")
    os.makedirs(tree, exist_ok=True)
    os.makedirs(build, exist_ok=True)
    wanted = set(_files_of(TOP)) - {".git"}
    for name in set(_files_of(tree)) - wanted:
        os.unlink(os.path.join(tree, name))
    for name in wanted:
        source, target = os.path.join(TOP, name), os.path.join(tree, name)
        if not os.path.lexists(target):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
        elif _read(source) != _read(target):
            shutil.copy(source, target, follow_symlinks=False)  # with a new time, for make
    if not os.path.exists(build + "/Makefile"):
        subprocess.run([tree + "/configure", "-q", *configure_options], cwd=build, check=True)
    return tree, build


def make(build, *targets):
    """None, or why the targets could not be made; compilations of trees in other folders count for
    ccache."""
    done = run(["make", "-s", f"-j{os.cpu_count()}", *targets], build,
               CCACHE_BASEDIR=os.path.dirname(build), CCACHE_NOHASHDIR="1")
    return None if done.returncode == 0 else done.stderr[-3000:] or done.stdout[-3000:]
