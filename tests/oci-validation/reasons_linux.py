# SPDX-License-Identifier: Apache-2.0
"""Sentences of config-linux.md, features.md and features-linux.md that have no test, and why.

A row is (document, heading, fragment of the sentence, reason); no fragment: all under the heading.
"""

LINUX = "config-linux.md"

REASONS = [
    (LINUX, "Default Filesystems", "The following filesystems SHOULD be made available",
     "the mounts of the configuration decide what is mounted: thole adds none that nobody asked for"),
    (LINUX, "Devices", "The same type, major and minor SHOULD NOT be used for multiple devices",
     "speaks to authors of configurations; thole makes each of the nodes"),
    (LINUX, "Memory", "kernel (int64, OPTIONAL, NOT RECOMMENDED)",
     "Linux has no such limit since 5.16: thole warns that it has no effect"),
    (LINUX, "Memory", "useHierarchy (bool, OPTIONAL)",
     "Linux always accounts hierarchically since 5.11: true is what there is anyway, thole warns of false"),
    (LINUX, "Block IO", "leafWeight (uint16, OPTIONAL) - equivalents of weight",
     "leaf weights were CFQ's, which Linux has not had since 5.0: thole refuses what it cannot write"),
    (LINUX, "Block IO", "leafWeight (uint16, OPTIONAL) - bandwidth weight for the device",
     "leaf weights were CFQ's, which Linux has not had since 5.0: thole refuses what it cannot write"),
    (LINUX, "IntelRdt", "The following rules on parameters MUST be applied",
     "the rules that follow it have tests of their own"),
    (LINUX, "IntelRdt", "The value SHOULD start with L3: and SHOULD NOT contain newlines",
     "speaks to authors of configurations: with code and data prioritization there are L3CODE: and "
     "L3DATA: in two lines, which thole passes on"),
    ("features-linux.md", "Cgroup", "systemdUser (bool, OPTIONAL)",
     "needs an ordinary user's service manager: tests/engines/podman-session uses it"),
]
