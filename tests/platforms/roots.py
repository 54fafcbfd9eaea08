# SPDX-License-Identifier: Apache-2.0
"""Root file systems of distributions, made once by mmdebstrap, and commands that run in them."""
import hashlib
import os
import shutil
import subprocess
import tempfile

CACHE = os.environ.get("THOLE_ROOTS_CACHE", "/var/cache/thole-roots")
DEBIAN = "http://deb.debian.org/debian"
ENTER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "enter")

# What tests/install-dependencies build installs, without git's recommendations.
BUILD = ("autoconf automake libtool make gcc libc6-dev pkg-config libcap-dev libyajl-dev libseccomp-dev "
         "libselinux1-dev libapparmor-dev libnl-route-3-dev libxml2-dev busybox-static git").split()

# What a release calls otherwise.
RENAMED = {"sid": {"libselinux1-dev": "libselinux-dev"}}
# What every system of a mirror has, though no smallest root.
ALWAYS = {"ubuntu": ["apt"]}
KEYRINGS = {"ubuntu": "/usr/share/keyrings/ubuntu-archive-keyring.gpg"}


class Missing(Exception):
    """A root that cannot be had here: a reason to skip."""


def sources(suite, packages, mirror, components):
    """Where apt looks: in @suite, and in those that packages name themselves, as in "qemu-user/bookworm-backports"."""
    suites = [suite, *sorted({package.partition("/")[2] for package in packages} - {""})]
    return [f"deb {mirror} {name} {components.replace(',', ' ')}" for name in suites]


def debootstrap(suite, path, packages, mirror, architectures, components, variant="minbase"):
    """Makes the root file system @path."""
    if os.geteuid() != 0:
        raise Missing("needs root")
    if not shutil.which("mmdebstrap"):
        raise Missing("needs mmdebstrap")
    shutil.rmtree(path, ignore_errors=True)
    command = ["mmdebstrap", f"--variant={variant}", "--include=" + ",".join(packages),
               # A mirror that is frozen, or a clock that is ahead, is no reason to have no root.
               "--aptopt=Acquire::Check-Valid-Until \"false\"",
               suite, path, *sources(suite, packages, mirror, components)]
    if architectures:
        command.insert(1, "--architectures=" + ",".join(architectures))
    keyring = KEYRINGS.get(os.path.basename(mirror))
    if keyring:
        if not os.path.exists(keyring):
            raise Missing(f"needs {keyring}: package ubuntu-keyring, of Debian 13 and later")
        command.insert(1, "--keyring=" + keyring)
    result = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            check=False)
    if result.returncode:
        shutil.rmtree(path, ignore_errors=True)
        errors = [line for line in result.stdout.splitlines() if line.startswith("E:")]
        raise Missing(f"no root of {suite}: {' '.join(errors)[:300]}")


def base(suite, packages, mirror=DEBIAN, architectures=(), components="main"):
    """The directory of a root of @suite with @packages; made now if it is not there yet."""
    packages = [*packages, *ALWAYS.get(os.path.basename(mirror), [])]
    packages = sorted({RENAMED.get(suite, {}).get(package, package) for package in packages})
    wanted = " ".join([suite, mirror, components, *architectures, *packages])
    path = os.path.join(CACHE, f"{suite}-{hashlib.sha256(wanted.encode()).hexdigest()[:8]}")
    if os.path.exists(path + ".made"):
        return path
    os.makedirs(CACHE, exist_ok=True)
    print(f"# making a root of {suite}: {path}", flush=True)
    debootstrap(suite, path, packages, mirror, architectures, components)
    with open(path + ".made", "w", encoding="utf-8") as note:
        note.write(wanted + "\n")
    return path


class Root:
    """A throw-away copy of a base, with a directory that both sides see: @share here, /share inside."""

    def __init__(self, path):
        self.path = path
        self.scratch = tempfile.mkdtemp(prefix="thole-root.", dir="/var/tmp")
        self.share = os.path.join(self.scratch, "share")
        os.mkdir(self.share)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.scratch)

    def run(self, script, log=None):
        """Runs a shell script inside, from /share. Returns its exit status and what it said."""
        result = subprocess.run([ENTER, self.path, self.scratch, self.share, "sh", "-ec", script],
                                text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                stdin=subprocess.DEVNULL, errors="replace", check=False)
        if log:
            with open(log, "a", encoding="utf-8") as file:
                file.write(f"$ {script}\n{result.stdout}\n")
        return result.returncode, result.stdout

    def written(self, path):
        """Where a file that was written inside lies here."""
        return os.path.join(self.scratch, "written", path.lstrip("/"))
