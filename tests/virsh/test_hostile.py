# SPDX-License-Identifier: Apache-2.0
"""Documents of whoever means harm: one clear error each, in no time, and nothing is read or fetched."""
import os
import re
import resource

import pytest

LAUGHS = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))
NAME = "<domain type='lxc'><name>%s</name><memory>1</memory></domain>"

DOCUMENTS = {
    "billion laughs": ("<!DOCTYPE d [<!ENTITY a0 'ha'>" + LAUGHS + "]>" + NAME % "&a11;",
                       "document type declaration"),
    "laughs in an attribute": ("<!DOCTYPE d [<!ENTITY a0 'ha'>" + LAUGHS +
                               "]><domain type='&a11;'/>", "document type declaration"),
    "a file as an entity": ("<!DOCTYPE d [<!ENTITY a SYSTEM 'file:///etc/hostname'>]>" + NAME % "&a;",
                            "document type declaration"),
    "an address as an entity": ("<!DOCTYPE d [<!ENTITY a SYSTEM 'http://192.0.2.1/a'>]>" + NAME % "&a;",
                                "document type declaration"),
    "a document type elsewhere": ("<!DOCTYPE d SYSTEM 'http://192.0.2.1/a.dtd'>" + NAME % "x",
                                  "document type declaration"),
    "parameter entities": ("<!DOCTYPE d [<!ENTITY % a SYSTEM 'file:///etc/passwd'> %a;]>" + NAME % "x",
                           "document type declaration"),
    "an entity nobody declared": (NAME % "&nothing;", "nothing"),
    "an attribute of 10 MB": ("<domain type='" + "x" * (10 << 20) + "'/>", "File too large"),
    "text of 10 MB": (NAME % ("x" * (10 << 20)), "File too large"),
    "an attribute of 1 MB": ("<domain type='" + "x" * ((1 << 20) - 100) + "'/>", "is not lxc"),
    "deep nesting": ("<domain type='lxc'>" + "<a>" * 100000 + "</a>" * 100000 + "</domain>",
                     "depth"),
    "nesting in metadata": ("<domain type='lxc'><metadata>" + "<a>" * 100000, "depth"),
    "many elements": ("<domain type='lxc'>" + "<a/>" * 100000 + "</domain>", "missing domain name"),
    "many attributes": ("<domain type='lxc' " + " ".join(f"a{n}='1'" for n in range(20000)) + "/>",
                        "missing domain name"),
    "the same attribute twice": ("<domain type='lxc' type='lxc'/>", "redefined"),
    "nothing": ("", ""),
    "no XML": ("hello", "Start tag expected"),
    "binary": ("\0\1\2", ""),
    "another root": ("<network/>", "the root element is <network>"),
    "cut off": ("<domain type='lxc'><name>x</name>", "domain"),
    "another type": ("<domain type='kvm'><name>x</name><memory>1</memory></domain>", "is not lxc"),
    "a path as a name": (NAME % "../x", "cannot be the name"),
    "no name": ("<domain type='lxc'><memory>1</memory></domain>", "missing domain name"),
    "no memory": ("<domain type='lxc'><name>x</name></domain>", "missing element /domain/memory"),
    "a wrong uuid": ("<domain type='lxc'><name>x</name><uuid>1</uuid><memory>1</memory></domain>",
                     "malformed uuid"),
    "a wrong unit": ("<domain type='lxc'><name>x</name><memory unit='zz'>1</memory></domain>",
                     "there is no unit"),
    "too much memory": ("<domain type='lxc'><name>x</name><memory unit='E'>99</memory></domain>",
                        "too much"),
    "a wrong word": ("<domain type='lxc'><name>x</name><memory>1</memory>"
                     "<on_crash>explode</on_crash></domain>", "is not one of destroy"),
    "a line break in an interface": (
        "<domain type='lxc'><name>x</name><memory>1</memory><devices><interface type='bridge'>"
        "<source bridge='br0&#10;lxc.net.0.script.up = /bin/evil'/></interface></devices></domain>",
        "control character"),
}


@pytest.mark.parametrize("what", DOCUMENTS)
def test_one_clear_error(virsh, what):
    text, said = DOCUMENTS[what]
    path = os.path.join(virsh.files, "hostile.xml")
    with open(path, "wb") as target:
        target.write(text.encode())

    def little():
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))

    result = virsh("domxml-to-native", "oci", "--xml", path, preexec_fn=little)
    errors = [line for line in result.err.splitlines() if line.startswith("error: ")]
    assert result.code == 1 and len(errors) == 1 and result.out == "", result
    assert said in errors[0] and len(errors[0]) < 5000
    assert not re.search(r"root:|localhost", result.err)


def test_errors_name_file_line_and_element(virsh):
    path = virsh.file("<domain type='lxc'>\n<name>x</name>\n<memory>1</memory>\n<devices>\n"
                      "<filesystem type='mount'>\n<source dir='relative'/>\n<target dir='/'/>\n"
                      "</filesystem>\n</devices>\n</domain>\n")
    virsh("domxml-to-native", "oci", "--xml", path).failed(
        f"{path}:6: /domain/devices/filesystem/source@dir: the root needs the absolute path")


def test_what_has_no_effect_is_told(virsh):
    path = virsh.file("<domain type='lxc'>\n<name>x</name>\n<memory>1</memory>\n<cpu/>\n<unheard/>\n"
                      "<devices>\n<video/>\n</devices>\n</domain>\n")
    warnings = virsh("define", path).ok().err.splitlines()
    assert warnings == [
        f"warning: {path}:4: /domain/cpu: of virtual machines: no effect on a container",
        f"warning: {path}:5: /domain/unheard: is not known: no effect",
        f"warning: {path}:7: /domain/devices/video: of virtual machines: no effect on a container"]
