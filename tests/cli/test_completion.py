# SPDX-License-Identifier: Apache-2.0
"""Tab in bash, zsh and fish: commands, options and the values that the program knows."""
import os
import pty
import re
import shutil
import subprocess

import pytest

from harness import machine

BUILD = os.path.dirname(machine.find_runtime() or "")
SCRIPTS = os.path.join(BUILD, "src", "completion")


def environment():
    return {**os.environ, "PATH": f"{BUILD}:{os.environ['PATH']}", "TERM": "dumb", "LC_ALL": "C.UTF-8"}


def in_bash(words, folder):
    """As readline calls it; --name=value arrives as three words."""
    program = os.path.basename(words[0])
    script = os.path.join(SCRIPTS, "thole-lxc" if "lxc" in program else "thole")
    split = [part for word in words for part in
             (re.split("(=)", word) if re.match("--[^=]+=", word) else [word])]
    if len(split) > 1 and split[-1] == "" and split[-2] == "=":
        split.pop()  # nothing behind it yet: the word is the sign itself
    quoted = " ".join(f"'{word}'" for word in split)
    function = "_thole_lxc" if "lxc" in program else "_thole"
    line = f". {script}; COMP_WORDS=({quoted}); COMP_CWORD={len(split) - 1}; {function}; " \
        "printf '%s\\n' \"${COMPREPLY[@]}\""
    return subprocess.run(["bash", "-c", line], env=environment(), cwd=folder, capture_output=True,
                          text=True, check=True).stdout.split()


def in_fish(words, folder):
    script = os.path.join(SCRIPTS, "thole-lxc.fish" if "lxc" in words[0] else "thole.fish")
    lines = subprocess.run(["fish", "--no-config", "-c", f"source {script}; complete -C '{' '.join(words)}'"],
                           env={**environment(), "HOME": folder}, cwd=folder, capture_output=True,
                           text=True, check=True).stdout.splitlines()
    # "--name=value" is the whole token there; what has no help has no tab either.
    return [re.sub("^--[^=]*=", "", line.split("\t")[0]) for line in lines]


ZSH = """
fpath=({scripts} $fpath)
autoload -Uz compinit && compinit -u -D
compdef _thole-lxc lxc-start
exec 9>{matches}
# Every completion function ends in compadd: what matches is noted.
compadd () {{
    local -a found
    builtin compadd -O found "$@"
    print -rl -- ${{found/#/match:}} >&9
    builtin compadd "$@"
}}
note-and-exit () {{ zle complete-word; print done >&9; exit }}
zle -N note-and-exit
bindkey '^T' note-and-exit
PROMPT='ready> '
"""


def in_zsh(words, folder):
    """An interactive zsh on a terminal: what its completion widget would offer."""
    matches = os.path.join(folder, "..", "zsh-matches")
    with open(os.path.join(folder, "..", ".zshrc"), "w", encoding="ascii") as target:
        target.write(ZSH.format(scripts=SCRIPTS, matches=matches))
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execvpe("zsh", ["zsh", "-i"], {**environment(), "ZDOTDIR": os.path.dirname(folder)})
    seen, typed = b"", False
    while True:
        try:
            seen += os.read(master, 4096)
        except OSError:  # it has ended
            break
        if b"ready> " in seen and not typed:
            os.write(master, " ".join(words).replace("''", "").encode() + b"\x14")
            typed = True
    os.close(master)
    os.waitpid(pid, 0)
    with open(matches, encoding="utf-8") as source:
        lines = source.read().splitlines()
    assert lines and lines[-1] == "done", seen
    return list(dict.fromkeys(line[len("match:"):] for line in lines[:-1] if line != "match:"))


SHELLS = {"bash": in_bash, "fish": in_fish, "zsh": in_zsh}


@pytest.fixture(params=sorted(SHELLS))
def complete(request, folder):
    if not shutil.which(request.param):
        pytest.skip(f"needs {request.param}")
    os.makedirs(os.path.join(folder, "here", "bundle"))
    with open(os.path.join(folder, "here", "file.json"), "w", encoding="ascii"):
        pass
    return lambda *words: SHELLS[request.param](words, os.path.join(folder, "here"))


def test_commands(complete):
    assert set(complete("thole", "sta")) == {"start", "state"}
    assert "generate-man" not in complete("thole", "gen")


def test_options(complete):
    assert set(complete("thole", "run", "--pid")) == {"--pid-file", "--pidfd-socket"}
    assert complete("thole", "--cgroup-m") == ["--cgroup-manager"]


def test_choices(complete):
    assert set(complete("thole", "list", "--format", "''")) == {"table", "json"}
    assert complete("thole", "list", "--format=j") == ["json"]
    assert set(complete("thole", "mounts", "''")) == {"add", "remove"}


def test_files_and_directories(complete):
    assert {word.rstrip("/") for word in complete("thole", "run", "--bundle", "''")} == {"bundle"}
    assert {word.rstrip("/") for word in complete("thole", "run", "--config", "''")} == \
        {"bundle", "file.json"}


def test_signals(complete):
    assert complete("thole", "kill", "x", "HU") == ["HUP"]
    assert complete("thole", "kill", "x", "SIGHU") == ["SIGHUP"]


def test_ids_of_the_given_root(complete, thole, sleeper, bundle):
    running = sleeper()
    created = thole.create(bundle("/bin/true"))
    root = thole.root
    assert set(complete("thole", "--root", root, "state", "''")) == {running.id, created.id}
    assert set(complete("thole", f"--root={root}", "state", "''")) == {running.id, created.id}
    assert complete("thole", "--root", root, "start", "''") == [created.id]
    assert complete("thole", "--root", root, "pause", "''") == [running.id]
    assert complete("thole", "--root", "/nonexistent", "state", "''") == []


@pytest.fixture
def lxc():
    if not os.path.exists(os.path.join(BUILD, "thole-lxc")):
        pytest.skip("needs thole-lxc, which this build is without")


def test_lxc_commands_and_options(lxc, complete):
    assert set(complete("thole-lxc", "autos")) == {"autostart"}
    assert complete("thole-lxc", "config", "--li") == ["--list"]


def test_lxc_names_of_the_given_path(lxc, complete, folder):
    os.makedirs(os.path.join(folder, "lxc", "web1"))
    with open(os.path.join(folder, "lxc", "web1", "config"), "w", encoding="ascii") as target:
        target.write("lxc.uts.name = web1\n")
    assert complete("thole-lxc", "start", "-P", f"{folder}/lxc", "-n", "we") == ["web1"]
    assert complete("thole-lxc", "start", "-P", f"{folder}/lxc", "we") == ["web1"]
