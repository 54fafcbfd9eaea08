# SPDX-License-Identifier: Apache-2.0
"""config.md: version, root, host name, domain name, and what belongs to a platform."""
import os

import pytest

from sentences import sentence

VERSION = ("config.md", "Specification version")
ROOT = ("config.md", "Root")


@sentence(*VERSION, "ociVersion (string, REQUIRED) MUST be in SemVer v2.0.0 format",
          note="what is no SemVer is refused, and so is a configuration without it")
@pytest.mark.parametrize("version", ["", "1", "1.0", "latest", "1.0.0.0", "1.0.x", None])
def test_version_is_semver(runtime, bundle, version):
    made = bundle()
    if version is None:
        del made.config["ociVersion"]
    else:
        made.config["ociVersion"] = version
    runtime.refuses(made)


@sentence(*VERSION, "For example, if a configuration is compliant with version 1.1 of this "
          "specification, it is compatible with all runtimes that support any 1.1 or later release")
@pytest.mark.parametrize("version", ["1.0.0", "1.0.2-dev", "1.1.0", "1.2.0+build.5"])
def test_older_versions_are_taken(runtime, bundle, version):
    made = bundle()
    made.config["ociVersion"] = version
    runtime.run(made).ok()


@sentence(*ROOT, "root (object, OPTIONAL) specifies the container's root filesystem")
@sentence(*ROOT, "path (string, REQUIRED) Specifies the path to the root filesystem")
@sentence(*ROOT, "On POSIX platforms, path is either an absolute path or a relative path to the bundle")
@pytest.mark.parametrize("absolute", [True, False], ids=["absolute", "relative"])
def test_root_path(runtime, bundle, absolute):
    made = bundle()
    os.rename(made.rootfs, made.path + "/tree")
    made.rootfs = made.path + "/tree"
    made.file("/mark", "this one\n")
    made.config["root"]["path"] = made.rootfs if absolute else "tree"
    assert runtime.shell(made, "cat /mark") == "this one\n"


@sentence(*ROOT, "On all other platforms, this field is REQUIRED")
def test_root_is_required(runtime, bundle):
    made = bundle()
    del made.config["root"]
    runtime.refuses(made)


@sentence(*ROOT, "path (string, REQUIRED) Specifies the path to the root filesystem")
def test_root_path_is_required(runtime, bundle):
    made = bundle()
    del made.config["root"]["path"]
    runtime.refuses(made)


@sentence(*ROOT, "A directory MUST exist at the path declared by the field")
@pytest.mark.parametrize("kind", ["missing", "file"])
def test_root_path_is_a_directory(runtime, bundle, kind):
    made = bundle()
    made.config["root"]["path"] = "other"
    if kind == "file":
        with open(made.path + "/other", "w", encoding="ascii"):
            pass
    runtime.refuses(made)
    assert os.path.exists(made.path + "/other") == (kind == "file")


@sentence(*ROOT, "readonly (bool, OPTIONAL) If true then the root filesystem MUST be read-only inside "
          "the container, defaults to false")
@pytest.mark.parametrize("readonly", [True, False, None])
def test_root_readonly(runtime, bundle, readonly):
    made = bundle()
    made.config["root"].pop("readonly")
    if readonly is not None:
        made.config["root"]["readonly"] = readonly
    said = runtime.shell(made, "sh -c 'echo x >/new' 2>&1; sh -c 'echo x >/etc/passwd' 2>&1; true")
    assert said.count("Read-only file system") == (2 if readonly else 0)
    assert os.path.exists(made.rootfs + "/new") == (not readonly)


@sentence("config.md", "Hostname", "hostname (string, OPTIONAL) specifies the container's hostname as seen")
@sentence("config.md", "Hostname", "this will change the hostname in the container UTS namespace")
def test_hostname(runtime, bundle):
    made = bundle()
    made.config["hostname"] = "mrsdalloway"
    before = os.uname().nodename
    assert runtime.shell(made, "hostname") == "mrsdalloway\n"
    assert os.uname().nodename == before != "mrsdalloway"


@sentence("config.md", "Domainname", "domainname (string, OPTIONAL) specifies the container's domainname")
@sentence("config.md", "Domainname", "this will change the domainname in the container UTS namespace")
def test_domainname(runtime, bundle):
    made = bundle()
    made.config["domainname"] = "foobarbaz.test"
    assert runtime.shell(made, "cat /proc/sys/kernel/domainname") == "foobarbaz.test\n"


@sentence("config.md", "Platform-specific configuration",
          "linux (object, OPTIONAL) Linux-specific configuration")
@sentence("config.md", "Platform-specific configuration",
          "This MAY be set if the target platform of this spec is linux")
def test_linux_configuration(runtime, bundle):
    made = bundle()
    made.linux["sysctl"] = {"net.ipv4.ip_forward": "1"}
    assert runtime.shell(made, "cat /proc/sys/net/ipv4/ip_forward") == "1\n"
    made.linux["sysctl"] = {"net.ipv4.ip_forward": "0"}
    assert runtime.shell(made, "cat /proc/sys/net/ipv4/ip_forward") == "0\n"
