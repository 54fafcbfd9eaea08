# SPDX-License-Identifier: Apache-2.0
"""This host's own systemd as init of a container: where tests that need it run on hosts without."""
import json
import os
import subprocess

import engine
from harness import bundle, machine, programs

MERGED = ("bin", "lib", "lib64", "sbin")
# What systemd, D-Bus and the programs of a test read of /etc.
SETTINGS = ("passwd", "group", "nsswitch.conf", "ld.so.cache", "os-release", "dbus-1")


class SystemdContainer:
    """`runtime` makes it; `folders` are there inside as they are here, read-only."""

    def __init__(self, runtime, base, folders):
        self.runtime, self.name = runtime, f"thole-systemd-{os.getpid()}"
        self.path = os.path.join(base, "systemd")
        reason = machine.missing({"file": ["/usr/lib/systemd/systemd"], "program": "systemctl", "layout": "unified"})
        if reason is None and not all(os.path.islink("/" + name) for name in MERGED):
            reason = "needs /bin and /lib to lie in /usr"
        if reason:
            raise engine.Skip(reason)
        self._make_root(base)
        self._write_config(folders)

    def _make_root(self, base):
        root = self.path + "/rootfs"
        for name in ("usr", "etc/systemd/system", "var/tmp", "var/log", "run", "tmp", "proc", "sys", "dev", "root"):
            os.makedirs(f"{root}/{name}")
        os.chmod(root + "/tmp", 0o1777)
        os.chmod(root + "/var/tmp", 0o1777)
        for name in MERGED:
            os.symlink("usr/" + name, f"{root}/{name}")
        for name in SETTINGS:
            if os.path.exists("/etc/" + name):
                subprocess.run(["cp", "-a", "--dereference", "/etc/" + name, f"{root}/etc/{name}"], check=True)
        with open(root + "/etc/machine-id", "w", encoding="ascii") as target:
            target.write("0123456789abcdef0123456789abcdef\n")

    def _write_config(self, folders):
        config = bundle.default_config(["/usr/lib/systemd/systemd", "--unit=basic.target"])
        process = config["process"]
        process["env"] += ["container=oci", "SYSTEMD_LOG_TARGET=console"]
        names = sorted(machine.capability_names(machine.capability_sets()["CapEff"]))
        process["capabilities"] = {kind: names for kind in ("bounding", "effective", "permitted")}
        process["noNewPrivileges"] = False
        linux = config["linux"]
        linux.update(maskedPaths=[], readonlyPaths=[], cgroupsPath="/thole-test-systemd/" + self.name)
        linux["namespaces"] = [{"type": kind} for kind in (*bundle.NAMESPACES, "cgroup")]
        mounts = [*config["mounts"], {**bundle.cgroup_mount(), "options": ["nosuid", "noexec", "nodev", "rw"]}]
        mounts += [{"destination": place, "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "mode=755"]}
                   for place in ("/run", "/var/log")]
        mounts += [{"destination": place, "type": "bind", "source": place, "options": ["rbind", "ro"]}
                   for place in ("/usr", *folders)]
        config["mounts"] = mounts
        with open(self.path + "/config.json", "w", encoding="utf-8") as target:
            json.dump(config, target)

    def call(self, *words, **more):
        return subprocess.run([self.runtime, *words], check=False, **more)

    def __enter__(self):
        with open(self.path + "/console", "wb") as console:
            done = self.call("run", "--detach", "--bundle", self.path, self.name, stdin=subprocess.DEVNULL,
                             stdout=console, stderr=console, timeout=60)
        engine.check(done.returncode == 0, self.console())
        engine.Engine.until(self._is_up, timeout=120)
        return self

    def _is_up(self):
        done = self.call("exec", self.name, "systemctl", "is-active", "basic.target", capture_output=True,
                         text=True, timeout=60)
        return done.stdout == "active\n"

    def console(self):
        with open(self.path + "/console", encoding="utf-8", errors="replace") as console:
            return console.read()[-1500:]

    def execute(self, *command, **environment):
        """Runs the command inside, with this process's streams; its exit status."""
        words = [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
        return self.call("exec", *words, self.name, *command).returncode

    def __exit__(self, *error):
        self.call("delete", "--force", self.name, timeout=60)
        top = machine.controllers()[""][0] + "/thole-test-systemd"
        if os.path.isdir(top) and not any(entry.is_dir() for entry in os.scandir(top)):
            os.rmdir(top)


def rerun(script, base, runtime):
    """The script once more inside of such a container, which is made by thole; its exit status."""
    probe = programs.compiled(os.path.join(machine.TOP, "tests/harness/probe.c"), base)
    build = os.path.dirname(machine.find_runtime())
    folders = {machine.TOP, os.path.dirname(runtime), os.path.dirname(probe), build}
    folders = [one for one in folders if not one.startswith("/usr") and one not in ("/bin", "/sbin")
               and not any(one != other and one.startswith(other + "/") for other in folders)]
    with SystemdContainer(os.environ.get("THOLE_OUTER", runtime), base, folders) as container:
        return container.execute("/usr/bin/python3", os.path.abspath(script[0]), *script[1:], THOLE=runtime,
                                 THOLE_TEST_PROGRAMS=os.path.dirname(probe), PYTHONDONTWRITEBYTECODE="1",
                                 THOLE_TEST_CGROUP_MANAGER=engine.MANAGER, HOME="/root")
