# SPDX-License-Identifier: Apache-2.0
"""Help, manual page and completion tell of every command, from the tables that parse it."""
import re


def commands(virsh):
    return re.findall(r"^    ([a-z][\w-]+) {2,}", virsh("help").ok().out.split("commands:")[1], re.M)


def test_every_command_is_told_of(virsh):
    page = virsh("generate-man").ok().out.replace("\\-", "-")
    names = commands(virsh)
    assert {"define", "start", "list", "lxc-enter-namespace", "domxml-to-native"} <= set(names)
    assert not {"hook", "complete", "generate-man"} & set(names)
    for name in names:
        text = virsh("help", name).ok().out
        assert text.startswith(f"  NAME\n    {name} - ") and virsh(name, "--help").ok().out == text
        assert re.search(rf"^\.SS {name}\b", page, re.M)
        for option in re.findall(r"^    \[?--([\w-]+)", text, re.M):
            assert f"--{option}" in page
    virsh("help", "frob").failed("doesn't exist")


def offered(virsh, *words):
    out = virsh("complete", "--", "thole-virsh", *words).ok().out
    return [line.split("\t")[0] for line in out.splitlines()]


def test_completion(virsh):
    name = virsh.define()
    assert set(commands(virsh)) == set(offered(virsh, ""))
    assert offered(virsh, "dom") == [word for word in commands(virsh) if word.startswith("dom")]
    assert offered(virsh, "start", "") == [name]
    assert offered(virsh, "-q", "start", "--pa") == ["--paused", "--pass-fds"]
    assert offered(virsh, "shutdown", name, "--mode", "") == ["initctl", "signal"]
    assert offered(virsh, "list", "--format=") == ["text", "json"]
    assert offered(virsh, "define", "") == [":files"]
