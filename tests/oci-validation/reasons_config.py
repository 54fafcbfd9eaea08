# SPDX-License-Identifier: Apache-2.0
"""Sentences of config.md, bundle.md, runtime.md and runtime-linux.md that have no test, and why.

A row is (document, heading, fragment of the sentence, reason); no fragment: all under the heading.
"""

WINDOWS = "of Windows"
SOLARIS = "of Solaris"
AUTHORS = "speaks to who writes configurations: a runtime takes other values as well"
OTHER_PLATFORM = "of another platform"
SPECIFICATION = "speaks to the authors of the specification"
IMAGES = "speaks to who converts images: to a runtime these keys are annotations like any other"

ROOT = ("config.md", "Root")
MOUNTS = ("config.md", "Mounts")
PROCESS = ("config.md", "Process")
PLATFORM = ("config.md", "Platform-specific configuration")
ANNOTATIONS = ("config.md", "Annotations")

REASONS = [
    (*ROOT, "On Windows, for Windows Server Containers, this field is REQUIRED", WINDOWS),
    (*ROOT, "For Hyper-V Containers, this field MUST NOT be set", WINDOWS),
    (*ROOT, "On Windows, path MUST be a volume GUID path", WINDOWS),
    (*ROOT, "The value SHOULD be the conventional rootfs", AUTHORS),
    (*ROOT, "On Windows, this field MUST be omitted or false", WINDOWS),
    (*MOUNTS, "Linux: This value SHOULD be an absolute path", AUTHORS),
    (*MOUNTS, "Windows: This value MUST be an absolute path", WINDOWS),
    (*MOUNTS, "One mount destination MUST NOT be nested within another mount", WINDOWS),
    (*MOUNTS, "Solaris: This value MUST be an absolute path", SOLARIS),
    (*MOUNTS, "For all other platforms: This value MUST be an absolute path", OTHER_PLATFORM),
    (*MOUNTS, "Windows: runtimes MUST support ro", WINDOWS),
    ("config.md", "POSIX-platform Mounts", "the options field of the mounts structure SHOULD contain either "
     "idmap or ridmap", AUTHORS),
    (*PROCESS, "This field is OPTIONAL on Windows, and commandLine is REQUIRED", WINDOWS),
    (*PROCESS, "commandLine (string, OPTIONAL)", WINDOWS),
    ("config.md", "z/OS Process", "", "of z/OS"),
    ("config.md", "POSIX-platform User", "If unspecified, the umask should not be changed from the calling "
     "process' umask", "not followed: without a umask it is 0022, as with runc and crun, whatever the umask of "
     "an engine's daemon is; the should is none of RFC 2119"),
    ("config.md", "Windows User", "", WINDOWS),
    (*PLATFORM, "freebsd (object, OPTIONAL)", OTHER_PLATFORM),
    (*PLATFORM, "solaris (object, OPTIONAL)", SOLARIS),
    (*PLATFORM, "vm (object, OPTIONAL)", "speaks to runtimes that start virtual machines"),
    (*PLATFORM, "windows (object, OPTIONAL)", WINDOWS),
    (*PLATFORM, "This MUST be set if the target platform of this spec is windows", WINDOWS),
    (*PLATFORM, "zos (object, OPTIONAL)", "of z/OS"),
    (*ANNOTATIONS, "Keys MUST be strings", "JSON has no other keys"),
    (*ANNOTATIONS, "Keys SHOULD be named using a reverse domain notation", AUTHORS),
    (*ANNOTATIONS, "The org.opencontainers namespace for keys is reserved", AUTHORS),
    *[(*ANNOTATIONS, f"The annotation value MUST have a valid value for the {name} property", IMAGES)
      for name in ("os", "os.version", "os.features", "architecture", "variant", "author", "created",
                   "config.StopSignal")],
    (*ANNOTATIONS, "This annotation SHOULD only be used in accordance with", IMAGES),
    (*ANNOTATIONS, "Indicates signal that SHOULD be sent by the container runtimes to kill the container",
     "the kill operation is told its signal: who asks for it, an engine, reads the annotation"),
    (*ANNOTATIONS, "All other keys in the org.opencontainers namespace", SPECIFICATION),
]
