# SPDX-License-Identifier: Apache-2.0
"""USB devices by vendor and product are those that the kernel lists when the domain starts: here in a mount
namespace with a list, and with nodes, of the test's own."""
import json
import os
import subprocess

import pytest

pytestmark = pytest.mark.needs(capability="MKNOD")

# Name in the kernel's list, vendor, product, bus, device; two of a kind.
DEVICES = (("usb1", "1d6b", "0002", 1, 1), ("1-4", "046d", "0825", 1, 7), ("2-1", "0951", "1666", 2, 3),
           ("2-1.4", "0951", "1666", 2, 12))


@pytest.fixture
def convert(virsh, folder):
    """convert(SOURCE): the result of a domain with a hostdev of that source, where there are DEVICES."""
    listed = os.path.join(folder, "usb")
    for name, vendor, product, bus, device in DEVICES:
        os.makedirs(os.path.join(listed, "devices", name))
        for file, text in (("idVendor", vendor), ("idProduct", product), ("busnum", bus), ("devnum", device)):
            with open(os.path.join(listed, "devices", name, file), "w", encoding="ascii") as target:
                target.write(f"{text}\n")
    os.makedirs(os.path.join(listed, "devices", "1-4:1.0")) # an interface of a device
    make = "".join(f"mknod /dev/bus/usb/{bus:03}/{device:03} c 189 {128 * (bus - 1) + device - 1}\n"
                   for _, _, _, bus, device in DEVICES)
    script = (f"mount -t tmpfs none /sys/bus\nmkdir /sys/bus/usb\nmount --bind {listed} /sys/bus/usb\n"
              "mount -t tmpfs -o dev none /dev\nmknod /dev/null c 1 3\nmkdir -p /dev/bus/usb/001 /dev/bus/usb/002\n"
              f"{make}exec \"$@\"")

    def run(source):
        device = f"<hostdev mode='subsystem' type='usb'><source>{source}</source></hostdev>"
        path = virsh.file(virsh.xml(virsh.new_name(), devices=device))
        return subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-ec", script, "sh", virsh.program,
                               "domxml-to-native", "oci", "--xml", path], env=virsh.environment, capture_output=True,
                              text=True, check=False)

    return run


@pytest.mark.parametrize("source, path, number", [
    ("<vendor id='0x046d'/><product id='0x0825'/>", "/dev/bus/usb/001/007", 6),
    ("<vendor id='1133'/><product id='2085'/>", "/dev/bus/usb/001/007", 6),
    ("<vendor id='0x0951'/><product id='0x1666'/><address bus='2' device='12'/>", "/dev/bus/usb/002/012", 139),
    ("<address bus='2' device='3'/>", "/dev/bus/usb/002/003", 130)])
def test_it_is_found(convert, source, path, number):
    result = convert(source)
    assert result.returncode == 0, result
    config = json.loads(result.stdout)
    [device] = config["linux"]["devices"]
    assert (device["path"], device["major"], device["minor"]) == (path, 189, number)
    assert config["linux"]["resources"]["devices"][-1] == {
        "allow": True, "type": "c", "major": 189, "minor": number, "access": "rwm"}


@pytest.mark.parametrize("source, said", [
    ("<vendor id='0x046d'/><product id='0x0826'/>", "Did not find USB device 046d:0826"),
    ("<vendor id='0x0951'/><product id='0x1666'/>",
     "Multiple USB devices for 0951:1666, use &lt;address&gt; to specify one"),
    ("<vendor id='0x0951'/>", "a USB device is named by its address, or by vendor and product"),
    ("<address bus='2'/>", "a USB device is named by its address, or by vendor and product"),
    ("<vendor id='046d'/><product id='1'/>", '"046d" is not a number up to 0xffff'),
    ("<vendor id='0x1046d'/><product id='1'/>", '"0x1046d" is not a number up to 0xffff')])
def test_it_is_not_found(convert, source, said):
    result = convert(source)
    assert result.returncode == 1 and "/domain/devices/hostdev" in result.stderr
    assert result.stderr.splitlines()[-1].endswith(": " + said.replace("&lt;", "<").replace("&gt;", ">")), result.stderr
