#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The tables of oci-spec against the JSON schema of the runtime-spec.

Every property of the schema needs a row of the same kind, every name in an enum must be accepted,
required means the same in both; and a row or a name that the schema does not know needs a reason
below. Runs in the build folder; tests/unit/list_fields prints the tables.
"""
import json
import os
import subprocess
import sys

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "schema")
LISTER = os.environ.get("LIST_FIELDS", os.path.join("tests", "unit", "list_fields"))
SCHEMAS = {"config": "config-schema.json", "state": "state-schema.json",
           "features": "features-schema.json"}

# Rows without a property, and why.
EXTRA_ROWS = {
    ("state", "/rootfs"): "runc and crun print it, engines read it",
    ("state", "/created"): "runc and crun print it, engines read it",
    ("state", "/owner"): "runc and crun print it",
    ("state", "/systemd-scope"): "crun prints it",
    ("state", "/exitStatus"): "what a keeper saw of the end",
    ("features", "/linux/intelRdt/schemata"): "features-linux.md has it, its schema not yet",
    ("features", "/linux/intelRdt/monitoring"): "features-linux.md has it, its schema not yet",
    ("features", "/linux/memoryPolicy"): "features-linux.md has it, its schema not yet",
    ("features", "/linux/memoryPolicy/modes"): "features-linux.md has it, its schema not yet",
    ("features", "/linux/memoryPolicy/flags"): "features-linux.md has it, its schema not yet",
}
# Names without an enum value, and why.
EXTRA_NAMES = {
    ("config", "/linux/rootfsPropagation"):
        ({"rshared", "rslave", "rprivate", "runbindable"}, "engines give the recursive forms"),
    ("config", "/linux/devices/*/type"): ({"c", "b", "u", "p"}, "a pattern in the schema"),
    ("config", "/linux/resources/devices/*/type"): ({"a", "c", "b"}, "only in config-linux.md"),
    ("config", "/process/rlimits/*/type"):
        ({"RLIMIT_" + name for name in
          "AS CORE CPU DATA FSIZE LOCKS MEMLOCK MSGQUEUE NICE NOFILE NPROC RSS RTPRIO RTTIME SIGPENDING STACK"
          .split()}, "a pattern in the schema"),
}
# Where a row is stricter (+) or milder (-) than the schema on being required, and why.
REQUIRED = {
    ("config", "/root"): "+ config.md: REQUIRED on all platforms but Windows",
    ("config", "/process/consoleSize/height"): "- config.md: ignored without a terminal",
    ("config", "/process/consoleSize/width"): "- config.md: ignored without a terminal",
    ("config", "/process/user/uid"): "+ config.md: REQUIRED",
    ("config", "/process/user/gid"): "+ config.md: REQUIRED",
    ("config", "/process/ioPriority/priority"): "+ config.md: REQUIRED",
    ("config", "/process/args"): "+ config.md: at least one entry is REQUIRED",
    ("config", "/linux/personality/domain"): "+ config-linux.md: REQUIRED",
    ("config", "/linux/memoryPolicy/mode"): "+ config-linux.md: REQUIRED",
    ("config", "/linux/resources/blockIO/throttleReadBpsDevice/*/rate"): "+ REQUIRED there",
    ("config", "/linux/resources/blockIO/throttleWriteBpsDevice/*/rate"): "+ REQUIRED there",
    ("config", "/linux/resources/blockIO/throttleReadIOPSDevice/*/rate"): "+ REQUIRED there",
    ("config", "/linux/resources/blockIO/throttleWriteIOPSDevice/*/rate"): "+ REQUIRED there",
    ("config", "/linux/resources/pids/limit"): "- config-linux.md: OPTIONAL",
}


class Property:
    """What the schema says about one member."""

    def __init__(self, kind, required):
        self.kind, self.required, self.names = kind, required, None


class Schema:
    """Collects the properties of one schema file by pointer, a star for indexes and any names."""

    def __init__(self, name):
        self.files = {}
        self.properties = {}
        self.walk(self.load(name), name, "")

    def load(self, name):
        if name not in self.files:
            path = os.path.join(DATA, name)
            self.files[name] = None
            if os.path.exists(path):
                with open(path, encoding="utf-8") as source:
                    self.files[name] = json.load(source)
        return self.files[name]

    def resolve(self, node, file):
        """Follows $ref; a file that is not there is another platform's: (None, file)."""
        while node is not None and "$ref" in node:
            target, _, fragment = node["$ref"].partition("#")
            file = target or file
            node = self.load(file)
            for name in fragment.strip("/").split("/") if node is not None else ():
                node = node[name]
        return node, file

    def parts(self, node, file):
        """The node and everything allOf and anyOf add to it."""
        node, file = self.resolve(node, file)
        yield node, file
        for piece in (node or {}).get("allOf", []) + (node or {}).get("anyOf", []):
            yield from self.parts(piece, file)

    def kind(self, node, file):
        kinds = {"string": "a string", "boolean": "true or false", "integer": "a number",
                 "object": "an object"}
        for part, where in self.parts(node, file):
            if part is None:
                return "anything"
            if part.get("type") == "array":
                element = self.kind(part["items"], where)
                return "a list of " + element.split()[-1] + "s"
            if "additionalProperties" in part:
                return "an object of objects"
            if "patternProperties" in part:
                return "an object of strings"
            if part.get("type") in kinds:
                return kinds[part["type"]]
        raise ValueError(f"no type in {node}")

    def walk(self, node, file, pointer):
        for part, where in self.parts(node, file):
            if part is None:
                continue
            if "enum" in part:
                owner = pointer.removesuffix("/*")
                self.properties[owner].names = set(part["enum"])
            for name, below in part.get("properties", {}).items():
                self.properties[f"{pointer}/{name}"] = Property(
                    self.kind(below, where), name in part.get("required", []))
                self.walk(below, where, f"{pointer}/{name}")
            for element in ("items", "additionalProperties"):
                if isinstance(part.get(element), dict):
                    self.walk(part[element], where, pointer + "/*")


def read_rows():
    """{(document, pointer): (kind, flags, names)} as the tables have it."""
    rows = {}
    output = subprocess.run([LISTER], capture_output=True, text=True, check=True).stdout
    for line in output.splitlines():
        document, pointer, kind, flags, _, _, names = line.split("\t")
        rows[document, pointer] = kind, flags.split(","), set(filter(None, names.split(",")))
    return rows


def compare(document, schema, rows):
    """Yields what is wrong, one sentence each."""
    for pointer, wanted in schema.properties.items():
        where = f"{document} {pointer}"
        if (document, pointer) not in rows:
            yield f"{where}: no row"
            continue
        kind, flags, names = rows[document, pointer]
        if kind != wanted.kind:
            yield f"{where}: the row is {kind}, the schema says {wanted.kind}"
        excuse = REQUIRED.get((document, pointer), " ")
        if ("required" in flags) != (wanted.required if excuse == " " else excuse[0] == "+"):
            yield f"{where}: required in one, not in the other"
        if "names" not in flags:
            continue
        extra = EXTRA_NAMES.get((document, pointer), (set(), ""))[0]
        if names != (wanted.names or set()) | extra and (names or wanted.names):
            yield f"{where}: names differ: {sorted(names ^ ((wanted.names or set()) | extra))}"
    for name, pointer in rows:
        if (name == document and pointer not in schema.properties
                and (document, pointer) not in EXTRA_ROWS):
            yield f"{document} {pointer}: a row that the schema does not know"


def stale_excuses(schemas, rows):
    """Reasons for differences that are no longer there."""
    for document, pointer in EXTRA_ROWS:
        if pointer in schemas[document].properties or (document, pointer) not in rows:
            yield f"{document} {pointer}: EXTRA_ROWS has it for nothing"
    for document, pointer in REQUIRED:
        stricter = REQUIRED[document, pointer].startswith("+")
        if schemas[document].properties[pointer].required == stricter:
            yield f"{document} {pointer}: REQUIRED has it for nothing"


def main():
    rows = read_rows()
    schemas = {document: Schema(file) for document, file in SCHEMAS.items()}
    faults = [fault for document, schema in schemas.items()
              for fault in compare(document, schema, rows)]
    faults += stale_excuses(schemas, rows)
    for fault in faults:
        print(fault)
    count = sum(len(schema.properties) for schema in schemas.values())
    print(f"schema coverage: {count} properties, {len(rows)} rows, {len(faults)} faults")
    # A walk that finds nothing would find no fault either.
    return 1 if faults or count < 250 else 0


if __name__ == "__main__":
    sys.exit(main())
