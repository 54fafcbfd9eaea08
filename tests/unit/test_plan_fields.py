#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every member of the structs of a plan, and of the facts about a host, has a row in the table that
prints them. A member that is a count belongs to the list before it."""
import os
import re
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, os.pardir, "libcrun-like")
PAIRS = [("plan/plan.h", "plan/fields.c"), ("host/facts.h", "host/facts.c")]
UNPRINTED = {"plan_hooks", "plan_strings"}  # kinds, or rows for the stages


def read(name):
    with open(os.path.join(TOP, name), encoding="utf-8") as source:
        return re.sub(r"/\*.*?\*/", "", source.read(), flags=re.DOTALL)


def members(header):
    """(struct, member) of everything a header declares."""
    for name, body in re.findall(r"^struct (\w+) \{(.*?)^\};", header, re.DOTALL | re.MULTILINE):
        for declaration in filter(str.strip, body.split(";")):
            yield name, re.search(r"(\w+)\s*(\[\w+\])?\s*$", declaration)[1]


def main():
    count, wrong = 0, 0
    for header, table in PAIRS:
        rows = re.sub(r"\s+", " ", read(table))
        for struct, member in members(read(header)):
            count += 1
            row = rf"\b{struct}, (\"\w+\", )?(\w+, )?{member}\b"
            if struct not in UNPRINTED and not re.search(row, rows):
                wrong += 1
                print(f"{header}: struct {struct} has a member {member}, and {table} no row for it")
    print(f"{count} members, {wrong} without a row")
    return 1 if wrong or count < 150 else 0


if __name__ == "__main__":
    sys.exit(main())
