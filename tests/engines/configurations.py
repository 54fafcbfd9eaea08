# SPDX-License-Identifier: Apache-2.0
"""A configuration starts with thole, crun and runc: what their program finds inside, piece by piece."""
import json
import os
import re
import resource
import shutil
import stat
import subprocess
import sys

import engine
from engine import check
from harness import bundle, machine

HERE = os.path.dirname(os.path.abspath(__file__))
PARENT = "/thole-test-configs"

# What the program in the container prints; words in capitals are filled in.
PROBE = r"""#!/bin/sh
echo "# mounts"; cat /proc/self/mountinfo
echo "# status"; grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp|NSpid):' /proc/self/status
echo "# limits"; cat /proc/self/limits
echo "# environment"; tr '\0' '\n' </proc/$$/environ
echo "# maps"; cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups
echo "# devices"; find /dev ! -path '/dev/pts/?' ! -path '/dev/mqueue/*' -exec stat -c '%n %f %u:%g %t:%T' {} \; 2>&1
echo "# links"; for one in /dev/fd /dev/stdin /dev/stdout /dev/stderr /dev/ptmx; do echo "$one $(readlink $one)"; done
echo "# process"
echo "cwd $(readlink /proc/self/cwd)"
echo "umask $(umask)"
echo "oom $(cat /proc/self/oom_score_adj)"
echo "label $(cat /proc/self/attr/current 2>&1)"
echo "hostname $(hostname)"
echo "domainname $(cat /proc/sys/kernel/domainname)"
echo "root writable $(touch /written 2>&1 && echo yes)"
echo "descriptors $(ls /proc/self/fd | wc -l)"
echo "session leader $(cut -d' ' -f6 /proc/self/stat | grep -c '^1$')"
echo "# namespaces"; for one in /proc/self/ns/*; do echo "${one##*/} $(readlink $one)"; done
echo "# paths"
for one in PATHS; do
    [ -e "$one" ] || { echo "$one is not there"; continue; }
    if [ -d "$one" ]; then found=$(ls "$one" 2>&1 | wc -l); else found=$(head -c 1 "$one" 2>/dev/null | wc -c); fi
    echo "$one $found"
done
echo "# sysctls"; for one in SYSCTLS; do echo "$one $(cat /proc/sys/$one 2>&1)"; done
echo "# use of devices"; for one in NODES; do (: <$one) 2>&1 && echo "$one opens"; done
echo "# end"
exec sleep 1000
"""

# v1 names; those of v2 beside them. What a runtime may leave to the kernel is not here.
CGROUP_FILES = {
    "memory": ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.soft_limit_in_bytes",
               "memory.swappiness", "memory.oom_control", "memory.max", "memory.swap.max", "memory.low"),
    "cpu": ("cpu.shares", "cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.max", "cpu.weight"),
    "cpuset": ("cpuset.cpus", "cpuset.mems", "cpuset.cpus.effective"),
    "pids": ("pids.max",),
    "devices": ("devices.list",),
    "blkio": ("blkio.weight",),
    "freezer": ("freezer.state",),
}


class Configs(engine.Engine):
    def __init__(self, runtime):
        super().__init__(runtime)
        self.runtimes = {"thole": runtime, "crun": shutil.which("crun"), "runc": shutil.which("runc")}
        missing = [name for name, path in self.runtimes.items() if not path]
        if missing:
            raise engine.Skip(f"needs the program {missing[0]} to compare with")
        os.chmod(self.base, 0o711)  # a mapped root looks up what is beneath

    def prepare(self):
        """A pod to join, and the hook: it notes what it is and what it is told."""
        self.pod = subprocess.Popen(["unshare", "--net", "--ipc", "--uts", "sleep", "infinity"])
        self.until(lambda: os.readlink(f"/proc/{self.pod.pid}/ns/uts") != os.readlink("/proc/self/ns/uts"))
        self.hook = self.file("hook", "#!/bin/sh\n[ $# -gt 0 ] || exec /bin/true\n"
                              f"exec >>{self.base}/hooks 2>&1\necho \"hook: $*\"\n/bin/grep -o "
                              "'\"status\": *\"[a-z]*\"' | /bin/tr -d ' '\n")
        os.chmod(self.hook, 0o755)

    def forget(self):
        pass

    def state_directories(self):
        return []

    def source(self, name):
        """The file or folder that @sources@/NAME stands for."""
        texts = {"passwd": bundle.PASSWD, "group": bundle.GROUP}
        if name.endswith("/"):
            path = self.folder("sources/" + name.rstrip("/"))
            os.chmod(path, 0o755)
            return path
        return self.file("sources/" + name, texts.get(name, f"{name}\n"))

    def filled(self, text):
        """The configuration for this machine."""
        config = json.loads(text.replace("@hook@", self.hook).replace("@pod@", f"/proc/{self.pod.pid}/ns"))
        for mount in config["mounts"]:
            if mount.get("source", "").startswith("@sources@/"):
                mount["source"] = self.source(mount["source"].removeprefix("@sources@/"))
        if not machine.has_capability("SYS_RESOURCE"):
            for limit in config["process"].get("rlimits", []):
                hard = resource.getrlimit(getattr(resource, limit["type"]))[1]
                if hard != resource.RLIM_INFINITY:
                    limit["hard"], limit["soft"] = min(limit["hard"], hard), min(limit["soft"], hard)
        return config

    def probe(self, config):
        linux = config["linux"]
        words = {"PATHS": linux.get("maskedPaths", []) + linux.get("readonlyPaths", []),
                 "SYSCTLS": [name.replace(".", "/") for name in linux.get("sysctl", {})],
                 "NODES": ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"] +
                          [node["path"] for node in linux.get("devices", [])]}
        self.masked = linux.get("maskedPaths", [])
        text = PROBE
        for key, values in words.items():
            text = text.replace(key, " ".join(values) or "''")
        return text

    def inside(self, name, text, runtime):
        """{piece: what is found} of the configuration with the runtime."""
        folder = f"{self.base}/bundles/{name}-{runtime}"
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        config = self.filled(text)
        bundle.copy_rootfs(self.rootfs(), folder + "/rootfs")
        with open(folder + "/rootfs/probe", "w", encoding="utf-8") as probe:
            probe.write(self.probe(config))
        os.chmod(folder + "/rootfs/probe", 0o755)
        for mapping in config["linux"].get("uidMappings", [])[:1]:
            subprocess.run(["chown", "-R", "-h", f"{mapping['hostID']}:{mapping['hostID']}",
                            folder + "/rootfs"], check=True)
        config["process"]["args"] = ["/bin/sh", "/probe"]
        with open(folder + "/config.json", "w", encoding="utf-8") as target:
            json.dump(config, target)
        hooks = self.file("hooks", "")
        os.chmod(hooks, 0o666)
        identity = f"thole-config-{os.getpid()}-{name}-{runtime}"
        self.remove(identity, runtime)
        try:
            text = self.start(identity, runtime, folder)
            return self.pieces(text, identity, runtime, folder)
        finally:
            self.remove(identity, runtime)

    def nothing(self):
        """A null device of its own for standard input: crun and runc give the container's user whatever they find
        there, and what is bound to /dev/null inside would be seen to belong to them."""
        path = self.base + "/null"
        if not os.path.exists(path):
            os.mknod(path, 0o666 | stat.S_IFCHR, os.stat("/dev/null").st_rdev)
        os.chown(path, 0, 0)
        return open(path, "rb")

    def call(self, runtime, *words, **more):
        return subprocess.run([self.runtimes[runtime], "--root", self.folder("states-" + runtime), *words],
                              check=False, timeout=60, **more)

    def remove(self, identity, runtime):
        self.call(runtime, "delete", "--force", identity, capture_output=True)

    def start(self, identity, runtime, folder):
        """What the probe has printed, complete."""
        output = os.path.join(folder, "output")
        with open(output, "w+b") as target, self.nothing() as nothing:
            streams = {"stdin": nothing, "stdout": target, "stderr": target}
            done = self.call(runtime, "create", "--bundle", folder, identity, **streams)
            if done.returncode == 0:
                done = self.call(runtime, "start", identity, **streams)

        def read():
            with open(output, encoding="utf-8", errors="replace") as source:
                return source.read()
        check(done.returncode == 0, f"{runtime}: {read()[-500:]}")
        self.until(lambda: "# end\n" in read(), timeout=30)
        return read()

    def pieces(self, text, identity, runtime, folder):
        found = {}
        for section in text.split("# end")[0].split("# ")[1:]:
            title, _, body = section.partition("\n")
            found.update(getattr(self, title.replace(" ", "_") + "_of", self.lines_of)(title, body, folder))
        state = json.loads(self.call(runtime, "state", identity, capture_output=True).stdout)
        for controller, (top, _) in machine.controllers().items():
            folder = machine.cgroup_directory(state["pid"], controller)
            found[f"cgroup {controller or 'v2'} below its place"] = PARENT in folder
            for file in CGROUP_FILES.get(controller, ()):
                if os.path.exists(f"{folder}/{file}"):
                    with open(f"{folder}/{file}", encoding="ascii") as source:
                        found[f"cgroup {file}"] = self.rules(sorted(source.read().split("\n")))
        self.remove(identity, runtime)
        with open(self.base + "/hooks", encoding="utf-8") as notes:
            told = notes.read().split("hook: ")[1:]
        for number, hook in enumerate(told, 1):
            found[f"hook {number}"] = hook
        return found

    @staticmethod
    def rules(lines):
        """Making nodes is allowed for all of a type, or for each by itself: it is the same."""
        return [re.sub(r"m$", "", line) if f"{line[:1]} *:* m" in lines and "*:*" not in line else line
                for line in lines]

    def lines_of(self, title, body, folder):
        return {title: body.split("\n")} if title in ("maps", "limits") else \
            {f"{title} {line.split(' ')[0].rstrip(':')}": line for line in body.split("\n") if line}

    def mounts_of(self, title, body, folder):
        """By their place; of what is masked only that it is: the runtimes have different empty files."""
        found = {}
        for line in body.strip().split("\n"):
            words = line.split()
            if words[4] in self.masked:
                found["masked " + words[4]] = True
                continue
            dash = words.index("-")
            names = ["propagation " + word.split(":")[0] for word in words[6:dash]]
            root, source = (word.replace(folder, "BUNDLE").replace(self.base, "BASE")
                            for word in (words[3], words[dash + 2]))
            root = re.sub(r"BASE/states-\w+|/thole-config-\S+", "STATE", root)
            found.setdefault("mount " + words[4], []).append(
                (root, sorted(words[5].split(",")), names, words[dash + 1], source,
                 sorted(words[dash + 3].split(","))))
        return found

    def namespaces_of(self, title, body, folder):
        found = {}
        for line in body.strip().split("\n"):
            name, link = line.split()
            known = {os.readlink(f"/proc/{self.pod.pid}/ns/{name}"): "the pod's",
                     os.readlink(f"/proc/self/ns/{name}"): "the host's"}
            found["namespace " + name] = known.get(link, "its own")
        return found

    def close(self):
        self.pod.kill()
        self.pod.wait()
        super().close()
        for where in {mounted for mounted, _ in machine.controllers().values()}:
            for folder, _, _ in os.walk(where + PARENT, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    pass


def of_none(found):
    """{piece: what each runtime has} of those where thole is like neither crun nor runc."""
    strange = {}
    for piece in sorted(set().union(*found.values())):
        mine, crun, runc = (found[runtime].get(piece) for runtime in ("thole", "crun", "runc"))
        if mine not in (crun, runc):
            strange[piece] = {"thole": mine, "crun": crun, "runc": runc}
    return strange


def where_crun_starts(path):
    """Goes on in a view of a hybrid host where crun starts something."""
    if machine.layout() == "hybrid" and not os.environ.get("THOLE_V1_VIEW"):
        os.environ["THOLE_V1_VIEW"] = "1"
        os.execv(HERE + "/v1-view", ["v1-view", os.path.abspath(path), *sys.argv[1:]])
