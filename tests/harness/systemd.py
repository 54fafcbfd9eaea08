# SPDX-License-Identifier: Apache-2.0
"""A D-Bus server with systemd's manager behind it: makes scopes, or answers what a test wants."""
import os
import socket
import struct
import threading
import time

CALL, RETURN, ERROR, SIGNAL = 1, 2, 3, 4
ROOT = "/sys/fs/cgroup"
MANAGER = "org.freedesktop.systemd1"


def pad(data, size):
    return data + b"\0" * (-len(data) % size)


def string(text):
    raw = text.encode()
    return struct.pack("<I", len(raw)) + raw + b"\0"


def message(kind, serial, reply_serial=0, member="", error="", signature="", body=b"",
            interface=MANAGER + ".Manager", path="/org/freedesktop/systemd1", destination=""):
    """One message of D-Bus; without a destination as a bus would send it."""
    fields = b""
    for code, sort, value in ((1, "o", path if member else ""),
                              (2, "s", interface if member else ""), (3, "s", member),
                              (4, "s", error), (5, "u", reply_serial), (6, "s", destination),
                              (7, "s", "" if destination else ":1.1"), (8, "g", signature)):
        if not value:
            continue
        fields = pad(fields, 8) + bytes([code, 1]) + sort.encode() + b"\0"
        if sort == "u":
            fields = pad(fields, 4) + struct.pack("<I", value)
        elif sort == "g":
            fields += bytes([len(value)]) + value.encode() + b"\0"
        else:
            fields = pad(fields, 4) + string(value)
    header = struct.pack("<cBBBIII", b"l", kind, 0, 1, len(body), serial, len(fields))
    return pad(header + fields, 8) + body


class Reader:
    """Values out of a body, by their signature; every rule of the wire format is checked."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def align(self, size):
        end = self.at + -self.at % size
        assert not any(self.data[self.at:end]), "padding that is not zero"
        self.at = end

    def number(self, form):
        size = struct.calcsize(form)
        self.align(size)
        value, = struct.unpack_from("<" + form, self.data, self.at)
        self.at += size
        return value

    def text(self, form="I"):
        length = self.number(form)
        raw = self.data[self.at:self.at + length]
        assert self.data[self.at + length] == 0, "a string without its zero"
        self.at += length + 1
        return raw.decode()

    def value(self, signature):
        """(value, what is left of the signature)"""
        sort, rest = signature[0], signature[1:]
        if sort in "yiuxtb":
            form = {"y": "B", "i": "i", "u": "I", "b": "I", "x": "q", "t": "Q"}[sort]
            value = self.number(form)
            assert sort != "b" or value in (0, 1), value
            return value, rest
        if sort in "sog":
            return self.text("B" if sort == "g" else "I"), rest
        if sort == "v":
            inner = self.text("B")
            value, left = self.value(inner)
            assert not left, inner
            return (inner, value), rest
        if sort == "(":
            self.align(8)
            values = []
            while rest[0] != ")":
                value, rest = self.value(rest)
                values.append(value)
            return tuple(values), rest[1:]
        assert sort == "a", signature
        length = self.number("I")
        self.align(8 if rest[0] in "(xt" else 1 if rest[0] == "y" else 4)
        end, values = self.at + length, []
        while self.at < end:
            values.append(self.value(rest)[0])
        assert self.at == end, "an array that does not end where it says"
        return values, after(rest)

    def values(self, signature):
        values = []
        while signature:
            value, signature = self.value(signature)
            values.append(value)
        return values


def after(signature):
    """What follows the first complete type."""
    depth = 0
    for index, sort in enumerate(signature):
        depth += (sort == "(") - (sort == ")")
        if depth == 0 and sort != "a":
            return signature[index + 1:]
    raise AssertionError(signature)


class Manager:
    """
    Listens at @path. @calls: (method, values) of all that came. @answers: method -> bytes or
    function(serial, values) -> bytes, sent instead of the usual answer; None: hangs up.
    @carry_out: what it does about properties of a unit that it was told.
    """

    def __init__(self, path, answers=None, greeting=b"DATA\r\nOK 0123456789abcdef0123456789abcdef\r\n",
                 carry_out=None):
        self.address, self.answers, self.greeting = "unix:path=" + path, answers or {}, greeting
        self.carry_out, self.told = carry_out, False
        self.calls, self.mistakes, self.made, self.serial = [], [], [], 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def close(self):
        self.listener.close()
        for directory in reversed(self.made):
            try:
                os.rmdir(directory)
            except OSError:
                pass

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.guarded, args=(connection,), daemon=True).start()

    def guarded(self, connection):
        try:
            with connection:
                self.converse(connection)
        except (AssertionError, IndexError, struct.error) as error:
            self.mistakes.append(repr(error))
        except OSError:
            pass

    def converse(self, connection):
        data = b""
        while b"BEGIN\r\n" not in data:
            data += connection.recv(4096) or b"BEGIN\r\n"
        greeting, data = data.split(b"BEGIN\r\n", 1)
        assert greeting == b"\0AUTH EXTERNAL\r\nDATA\r\n", greeting
        connection.sendall(self.greeting)
        while self.greeting.startswith(b"DATA"):
            while len(data) < 16 or len(data) < self.size(data):
                more = connection.recv(4096)
                if not more:
                    return
                data += more
            size = self.size(data)
            whole, data = data[:size], data[size:]
            answer = self.answer(whole)
            if answer is None:
                return
            connection.sendall(answer)
            if self.told:  # as systemd: after the answer, before the next call is read
                time.sleep(0.2)
                self.told = False
                self.carry_out()

    @staticmethod
    def size(data):
        body, _, fields = struct.unpack_from("<III", data, 4)
        return 16 + fields + -fields % 8 + body

    def answer(self, data):
        order, kind, flags, version, length, serial = struct.unpack_from("<cBBBII", data)
        assert (order, kind, version) == (b"l", CALL, 1), data
        reader = Reader(data)
        reader.at = 12
        fields = {code: value for code, (_, value) in reader.value("a(yv)")[0]}
        method, signature = fields[3], fields.get(8, "")
        values = Reader(data[len(data) - length:]).values(signature)
        self.calls.append((method, values))
        self.told = method == "SetUnitProperties" and self.carry_out is not None
        wanted = self.answers.get(method, getattr(self, method, b""))
        answer = wanted(serial, values) if callable(wanted) else wanted
        return b"" if flags & 1 and answer == b"" else answer

    def reply(self, serial, signature="", body=b""):
        self.serial += 1
        return message(RETURN, self.serial, serial, signature=signature, body=body)

    def error(self, serial, name, text):
        self.serial += 1
        return message(ERROR, self.serial, serial, error=name, signature="s", body=string(text))

    def job(self, serial, unit, result="done"):
        """The answer that names a job, and the signal of its end."""
        self.serial += 1
        path = f"/org/freedesktop/systemd1/job/{self.serial}"
        body = pad(pad(struct.pack("<I", self.serial) + string(path), 4) + string(unit), 4)
        return (self.reply(serial, "o", string(path)) +
                message(SIGNAL, self.serial, member="JobRemoved", signature="uoss",
                        body=body + string(result)))

    # ---- the usual answers ----

    def Hello(self, serial, _values):
        return self.reply(serial, "s", string(":1.7"))

    def StartTransientUnit(self, serial, values):
        unit, properties = values[0], dict(values[2])
        directory = ROOT
        for part in (properties["Slice"][1], unit):
            directory = os.path.join(directory, part)
            if not os.path.isdir(directory):
                os.mkdir(directory)
                self.made.append(directory)
        with open(directory + "/cgroup.procs", "w", encoding="ascii") as target:
            target.write(str(properties["PIDs"][1][0]))
        return self.job(serial, unit)

    def StopUnit(self, serial, values):
        for directory in self.made:
            if directory.endswith("/" + values[0]) and os.path.isdir(directory):
                os.rmdir(directory)
        return self.job(serial, values[0])

    def SetUnitProperties(self, serial, _values):
        return self.reply(serial)

    def GetUnit(self, serial, _values):
        return self.reply(serial, "o", string("/org/freedesktop/systemd1/unit/one"))

    def ResetFailedUnit(self, serial, _values):
        return self.reply(serial)
