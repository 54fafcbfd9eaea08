# SPDX-License-Identifier: Apache-2.0
"""The units of docs/virsh.md: a connection to the host's socket starts the domain, whose init answers it."""
import os
import shutil
import socket
import subprocess

import pytest

pytestmark = [pytest.mark.needs(systemd=True), pytest.mark.needs(root=True)]
UNITS = "/run/systemd/system"


def systemctl(*words):
    return subprocess.run(["systemctl", *words], capture_output=True, text=True, check=True)


def test_a_connection_starts_the_domain(virsh, root, folder, probe_template):
    shutil.copy(probe_template, os.path.join(root, "bin/probe"))
    path = os.path.join(folder, "socket")
    script = "/bin/probe accept 3 \"$LISTEN_FDS $LISTEN_PID $LISTEN_FDNAMES $container\"; exec sleep 1000"
    name = virsh.define(rootfs=root, init=f"<os><type>exe</type><init>/bin/sh</init><initarg>-c</initarg>"
                        f"<initarg>{script}</initarg></os>")
    units = {"socket": f"[Socket]\nListenStream={path}\nFileDescriptorName=ssh\n",
             "service": "[Service]\nType=oneshot\nRemainAfterExit=yes\nKillMode=none\n"
                        f"ExecStart={virsh.program} -c {virsh.uri} start {name} --pass-fds 3\n"
                        f"ExecStop={virsh.program} -c {virsh.uri} destroy {name}\n"}
    for kind, text in units.items():
        with open(f"{UNITS}/{name}.{kind}", "w", encoding="ascii") as target:
            target.write(text)
    try:
        systemctl("daemon-reload")
        systemctl("start", f"{name}.socket")
        assert virsh.state(name) == "shut off"
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(120)
            client.connect(path)
            assert client.recv(100) == b"1 1 ssh lxc-libvirt\n"
        assert virsh.state(name) == "running"
        systemctl("stop", f"{name}.service", f"{name}.socket")
        virsh.until_off(name)
    finally:
        for kind in units:
            os.unlink(f"{UNITS}/{name}.{kind}")
        subprocess.run(["systemctl", "daemon-reload"], check=False)
