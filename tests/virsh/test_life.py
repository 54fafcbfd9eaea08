# SPDX-License-Identifier: Apache-2.0
"""From define to undefine: what each command leaves behind, and what it says, is as virsh's."""
import os
import re

from harness.runtime import until
from harness.virsh import canonical

UUID = "c7a5fdbd-edaf-9455-926a-d65c16db1809"


def test_a_persistent_domain(virsh, root):
    name = virsh.new_name()
    path = virsh.file(virsh.xml(name, f"<uuid>{UUID}</uuid>", rootfs=root))
    assert virsh("define", path).ok().out == f"Domain '{name}' defined from {path}\n\n"
    assert virsh("list").ok().out == " Id   Name   State\n--------------------\n\n"
    assert virsh("list", "--all", "--name").ok().out == f"{name}\n\n"
    assert virsh("start", name).ok().out == f"Domain '{name}' started\n\n"
    [line] = virsh("-q", "list").ok().out.splitlines()
    assert re.fullmatch(rf" \d+   {name}   running", line)
    virsh("start", name).failed("error: Domain is already active")
    assert virsh("destroy", name).ok().out == f"Domain '{name}' destroyed\n\n"
    assert re.fullmatch(rf" -    {name}   shut off", virsh("-q", "list", "--all").out.rstrip("\n"))
    assert virsh("undefine", name).ok().out == f"Domain '{name}' has been undefined\n\n"
    assert virsh("-q", "list", "--all").ok().out == ""
    assert os.listdir(virsh.definitions) == []


def test_the_uuid_is_made_and_stays(virsh, root):
    name = virsh.define(rootfs=root)
    first = virsh("-q", "list", "--all", "--uuid").ok().out
    virsh.define(name=name, rootfs=root, memory="70000")
    assert virsh("-q", "list", "--all", "--uuid").ok().out == first
    assert "<memory>70000</memory>" in virsh("dumpxml", first.strip()).ok().out


def test_undefine_makes_a_running_domain_transient(virsh, root):
    name = virsh.start(rootfs=root)
    virsh("undefine", name).ok()
    assert virsh("-q", "list", "--transient", "--name").ok().out == f"{name}\n"
    virsh("undefine", name).failed("cannot undefine transient domain")
    virsh("destroy", name).ok()
    assert virsh("-q", "list", "--all").ok().out == ""


def test_a_running_domain_keeps_what_it_was_started_with(virsh, root):
    name = virsh.start(rootfs=root)
    before = virsh("dumpxml", name).ok().out
    virsh.define("<title>new</title>", name=name, rootfs=root)
    assert virsh("dumpxml", name).ok().out == before
    assert "<title>new</title>" in virsh("dumpxml", name, "--inactive").ok().out


def test_the_live_document_goes_with_its_domain(virsh, root):
    """Also when init ends by itself."""
    name = virsh.define(rootfs=root, init="<os><type>exe</type><init>/bin/true</init></os>")
    virsh("start", name).ok()
    until(lambda: not [path for path in os.listdir(virsh.live) if path.endswith(".xml")])
    virsh.until_off(name)


def test_what_was_defined_is_dumped(virsh):
    """Unknown metadata, comments, entities and blanks in text are the user's."""
    name = virsh.new_name()
    text = virsh.xml(
        name, f"<uuid>{UUID}</uuid>", "<title> a  b </title>",
        "<description>1 &lt; 2 &amp; 'x' \"y\"\nline</description>",
        "<metadata><a:b xmlns:a='http://example.org/' a:c='d&#10;e'>text <i>mixed</i> more<!-- c -->"
        "</a:b></metadata>", "<!-- a comment -->")
    virsh("define", virsh.file(text)).ok()
    assert canonical(virsh("dumpxml", name).ok().out) == canonical(text)


def test_names_and_uuids_are_nobody_elses(virsh):
    name = virsh.define(f"<uuid>{UUID}</uuid>")
    other = virsh.file(virsh.xml(virsh.new_name(), f"<uuid>{UUID}</uuid>"))
    virsh("define", other).failed(f"domain '{name}' is already defined with uuid {UUID}")
    same = virsh.file(virsh.xml(name, f"<uuid>{UUID[:-1]}a</uuid>"))
    virsh("define", same).failed(f"domain '{name}' already exists with uuid {UUID}")


def test_command_lines(virsh):
    for words, said in (
            (["start"], "error: command 'start' requires <domain> option"),
            (["list", "--foo"], "error: command 'list' doesn't support option --foo"),
            (["frob"], "error: unknown command: 'frob'"),
            (["start", "a", "b"], "error: unexpected data 'b'"),
            (["start", "nope"], "error: failed to get domain 'nope'"),
            (["define", "/nope.xml"], "error: Failed to open file '/nope.xml'"),
            (["-c", "qemu:///system", "list"], "error: failed to connect to the hypervisor")):
        result = virsh(*words)
        assert result.code == 1 and result.err.splitlines()[-1 if "connect" not in said else 0] \
            .startswith(said), (words, result)
    virsh("list", "--all").ok()
    virsh("-c", "lxc:///system", "list").ok()
