# SPDX-License-Identifier: Apache-2.0
"""Recipes: blocks of the documents that are marked to be followed as they stand.

    <!-- recipe: NAME -->                        the next block is part of this recipe
    <!-- recipe: NAME; after OTHER -->           what the recipe OTHER does is done before
    <!-- recipe: NAME; file /etc/x.conf -->      the block is this file
    <!-- recipe: NAME; needs podman, image -->   see Kitchen.missing() and Kitchen.PREPARED

A block of sh is run in one piece and must succeed; a block of text behind it is what it prints. In a
block of console each line behind "$ " is run, and the lines up to the next one are what it prints.
"..." stands for any text in a line and, in a line of its own, for any lines.
"""
import glob
import os
import re
import shlex
import shutil
import subprocess

import pexpect

from harness import bundle, machine

MARKED = re.compile(r"^ *(?:<!-- recipe: (?P<mark>[^\n]*?) -->\n+)? *```(?P<language>\w*)\n(?P<text>.*?)^ *```$",
                    re.MULTILINE | re.DOTALL)


class Block:
    """One block of a recipe; kind is "sh", "console" or "file"; prints is None if nothing is said of it."""

    def __init__(self, kind, text, path=None):
        self.kind, self.text, self.path, self.prints = kind, text, path, None


class Recipe:
    def __init__(self, name, document):
        self.name, self.document = name, document
        self.blocks, self.needs, self.after = [], [], None


def read(document, recipes):
    """Adds the recipes of a document to {name: Recipe}, and returns its blocks that are in none."""
    others, last = [], None
    with open(document, encoding="utf-8") as source:
        text = source.read()
    for found in MARKED.finditer(text):
        if not found["mark"]:
            if found["language"] == "text" and last and not text[last[1]:found.start()].strip():
                last[0].prints = found["text"]
            else:
                others.append((found["language"], found["text"]))
            continue
        name, *words = [word.strip() for word in found["mark"].split(";")]
        recipe = recipes.setdefault(name, Recipe(name, document))
        assert recipe.document == document, f"{name} is a recipe of two documents"
        block = Block(found["language"], found["text"])
        for word in words:
            key, _, value = word.partition(" ")
            if key == "file":
                block.kind, block.path = "file", value
            elif key == "needs":
                recipe.needs += [need.strip() for need in value.split(",")]
            elif key == "after":
                recipe.after = value
            else:
                raise AssertionError(f"{document}: recipe {name}: what is {word}?")
        assert block.kind in ("sh", "console", "file"), f"{document}: {name}: a block of {block.kind}"
        recipe.blocks.append(block)
        last = (block, found.end())
    return others


def all_recipes(top=machine.TOP):
    recipes = {}
    for document in [f"{top}/README.md", *sorted(glob.glob(f"{top}/docs/*.md")),
                     *sorted(glob.glob(f"{top}/contrib/*/README.md"))]:
        read(document, recipes)
    return recipes


def agrees(expected, printed):
    """Whether the text is the expected one, in which "..." stands for any text or any lines."""
    pattern = "".join(r"(?:[^\n]*\n)*" if line.strip() == "..." else
                      ".*".join(re.escape(piece.rstrip()) for piece in line.split("...")) + r"[ \t]*\n"
                      for line in expected.splitlines())
    return re.fullmatch(pattern, "".join(line + "\n" for line in printed.splitlines())) is not None


def commands(text):
    """(command, what it prints) of a block of console."""
    found = []
    for line in text.splitlines(keepends=True):
        if line.startswith("$ "):
            found.append([line[2:].split("   #")[0].rstrip(), ""])
        elif found[-1][0].endswith("\\"):
            found[-1][0] = found[-1][0][:-1] + line.strip()
        else:
            found[-1][1] += line
    return found


# A mount namespace in which everything can be written and is gone at the end. The hosts of tests are
# containers themselves as often as not: what engines cannot do there is switched off beside the recipe.
FRESH = """set -e
mount -t tmpfs tmpfs /tmp; chmod 1777 /tmp
for folder in usr etc var root; do
    mkdir -p /tmp/.fresh/$folder/up /tmp/.fresh/$folder/work
    mount -t overlay overlay -o lowerdir=/$folder,upperdir=/tmp/.fresh/$folder/up,workdir=/tmp/.fresh/$folder/work /$folder
done
mount -t tmpfs -o mode=755 tmpfs /run; mkdir -p /run/lock
rm -f /etc/containers/containers.conf /etc/docker/daemon.json /etc/containerd/config.toml
cp "$RUNTIME" /usr/bin/thole
printf '#!/bin/sh\\nexec "$@"\\n' >/usr/local/bin/sudo; chmod 755 /usr/local/bin/sudo
mkdir /tmp/fresh; cd /tmp/fresh
set +e
"""


# The folder of a user who has a session. It is the host's, and so are the processes: systemd has to know them.
USER = 1000
SESSION = f"""set -e
cd "$FOLDER"
mkdir bin rootfs; cp "$RUNTIME" bin/thole; tar -C rootfs -xf "$IMAGE"; chown -R {USER}:{USER} .
export PATH=$PWD/bin:$PATH
set +e
"""


class Kitchen:
    """Where a recipe is followed; `image` is a tar of a root file system."""

    PREPARED = {
        "podman": "export STORAGE_DRIVER=vfs; hash -p /usr/bin/podman podman\n",
        "image": "podman import -q {image} docker.io/library/alpine >/dev/null\n",
        "buildah": "export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=oci\n",
        "docker": "hash -p /usr/bin/docker docker\ncontainerd >/tmp/containerd.log 2>&1 &\n"
                  "dockerd --containerd /run/containerd/containerd.sock --bridge none --iptables=false "
                  "--ip6tables=false --ip-forward=false --userland-proxy=false --storage-driver vfs "
                  "--default-ulimit nofile=1024:1024 >/tmp/dockerd.log 2>&1 &\n"
                  "for try in $(seq 600); do docker version >/dev/null 2>&1 && break; sleep 0.1; done\n"
                  "docker import {image} docker.io/library/alpine >/dev/null || tail /tmp/dockerd.log\n",
        "containerd": "containerd >/tmp/containerd.log 2>&1 &\n"
                      "for try in $(seq 600); do ctr version >/dev/null 2>&1 && break; sleep 0.1; done\n",
        "user": "chown -R nobody:nogroup .\n",
    }
    AS_USER = "setpriv --reuid=nobody --regid=nogroup --clear-groups bash -c "
    IN_SESSION = (f"setpriv --reuid={USER} --regid={USER} --init-groups env XDG_RUNTIME_DIR=/run/user/{USER} "
                  "bash -c ")
    PROGRAMS = {"podman": ["podman"], "buildah": ["buildah"], "docker": ["dockerd", "containerd"],
                "containerd": ["containerd", "ctr"], "systemd-analyze": ["systemd-analyze"]}

    def __init__(self, runtime, folder, image=None):
        self.runtime, self.folder, self.image = runtime, folder, image

    @classmethod
    def missing(cls, recipe, recipes):
        """Why it cannot be followed here, or None."""
        with open("/proc/filesystems", encoding="ascii") as known:
            if "\toverlay\n" not in known.read() and "session" not in recipe.needs:
                return "needs the filesystem overlay: what is written must not be the host's"
        while recipe:
            if "session" in recipe.needs and not os.path.exists(f"/run/user/{USER}/bus"):
                return f"needs a session of user {USER}: their systemd does not run"
            for need in recipe.needs:
                absent = [name for name in cls.PROGRAMS.get(need, []) if not shutil.which(name)]
                if absent:
                    return f"needs {need}: there is no {absent[0]} here"
            recipe = recipes.get(recipe.after)
        return None

    def script(self, recipe, recipes):
        """(what the shell runs, [(what it prints or None, must it succeed)])."""
        text, steps = "", []
        if recipe.after:
            text, steps = self.script(recipes[recipe.after], recipes)
            steps = [(None, True) for _ in steps]

        def run(command, prints, succeeds):
            nonlocal text
            steps.append((prints, succeeds))
            if "user" in recipe.needs:
                command = self.AS_USER + shlex.quote(command)
            if "session" in recipe.needs:
                command = self.IN_SESSION + shlex.quote(command)
            text += f"printf '\\036'\n{{\n{command}\n}}\nprintf '\\037%d\\037' $?\n"

        for block in recipe.blocks:
            if block.kind == "file":
                text += f"mkdir -p $(dirname {block.path})\nprintf %s {shlex.quote(block.text)} >{block.path}\n"
        text += "".join(self.PREPARED.get(need, "").replace("{image}", self.image or "") for need in recipe.needs)
        for block in recipe.blocks:
            if block.kind == "sh":
                run("set -e\n" + block.text + "set +e", block.prints, True)
            for command, prints in commands(block.text) if block.kind == "console" else []:
                run(command, prints, False)
        return text, steps

    def follow(self, recipe, recipes):
        """[(what should be printed or None, what is, status, must it be 0)] of the steps."""
        text, steps = self.script(recipe, recipes)
        path = os.path.join(self.folder, "recipe.sh")
        surroundings, alone = FRESH, ["unshare", "--mount", "--propagation", "private", "--pid", "--fork",
                                      "--kill-child", "--mount-proc"]
        if "session" in recipe.needs:
            surroundings, alone = SESSION, []
        with open(path, "w", encoding="utf-8") as target:
            target.write(surroundings + text + 'left=$(thole list --quiet); [ -z "$left" ] || { thole delete --force '
                         '$left; printf "\\030%s" "$left"; }\n')
        program, *words = [*alone, "/bin/bash", "+m", path]
        shell = pexpect.spawn(program, words,
                              env={**{name: value for name, value in os.environ.items() if name != "THOLE"},
                                   "RUNTIME": self.runtime, "FOLDER": self.folder, "IMAGE": self.image or "",
                                   "HOME": "/root", "TERM": "dumb",
                                   "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                              encoding="utf-8", codec_errors="replace", timeout=180, dimensions=(50, 200))
        shell.expect(pexpect.EOF)
        shell.close()
        output = shell.before.replace("\r\n", "\n")
        found = re.findall("\036(.*?)\037(\\d+)\037", output, re.DOTALL)
        assert "\030" not in output, f"containers are left: {output}"
        assert len(found) == len(steps), f"ended early: {output}"
        return [(prints, out, int(status), succeeds)
                for (out, status), (prints, succeeds) in zip(found, steps)]


def make_image(folder):
    """A tar of busybox with its links."""
    bundle.make_rootfs(os.path.join(folder, "image"))
    path = os.path.join(folder, "image.tar")
    subprocess.run(["tar", "-C", os.path.join(folder, "image"), "-cf", path, "."], check=True)
    return path
