# SPDX-License-Identifier: Apache-2.0
"""`validate --json` is what `validate` says, with the line and the column at which an editor opens it."""
import copy
import json

import pytest

from harness.config_members import put, rows

pytestmark = pytest.mark.any_layout


def found(thole, made):
    """(exit status, findings); the plain text has to tell the same."""
    result = thole("validate", "--json", made.path)
    document = json.loads(result.out)
    assert set(document) == {"findings"} and result.out.count("\n") == 1
    plain = thole("validate", made.path)
    lines = [f"{one['severity']}: " + (one["pointer"] + ": " if one["pointer"] else "") + one["text"]
             for one in document["findings"]]
    assert plain.out.splitlines() == lines and plain.code == result.code
    for one in document["findings"]:
        assert set(one) == {"severity", "pointer", "line", "column", "text"}
    return result.code, document["findings"]


def place(text, one):
    """What stands in the file at the finding's line and column."""
    line = text.encode().split(b"\n")[one["line"] - 1]
    return line[one["column"] - 1:].decode()


def write(made, text):
    with open(made.path + "/config.json", "w", encoding="utf-8") as target:
        target.write(text)


def line_of(config, pointer):
    """The line of a member or an element in a text of json.dumps(indent=1): the mark stands there."""
    marked = copy.deepcopy(config)
    at = marked
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    parts = [int(part) if part.isdigit() else part for part in parts]
    for part in parts[:-1]:
        at = at[part]
    at[parts[-1]] = "@mark@"
    lines = json.dumps(marked, indent=1).split("\n")
    return next(number for number, line in enumerate(lines, 1) if "@mark@" in line)


def test_every_member_of_the_tables(thole, bundle):
    """A member of a wrong kind is found at the line where its name stands."""
    made = bundle("/bin/true")
    good = copy.deepcopy(made.config)
    made.write()
    places = 0
    for pointer, kind, _, _, _ in list(rows())[::5]:
        made.config = copy.deepcopy(good)
        real = put(made.config, pointer, True if kind != "true or false" else 7)
        text = json.dumps(made.config, indent=1)
        write(made, text)
        code, findings = found(thole, made)
        one = next(one for one in findings if one["pointer"] == real)
        assert (code, one["severity"]) == (1, "error")
        assert one["line"] == line_of(made.config, real), real
        name = real.rsplit("/", 1)[1]
        assert place(text, one).startswith("true" if name.isdigit() else json.dumps(name)), real
        places += 1
    assert places > 40


NAMES = ["plain", "sl/ash", "til~de", "qu\"ote", "back\\slash", "back\\\\\"both", "\u00fcml\u00e4ut",
         "tab\tin it", "\U0001f600"]


@pytest.mark.parametrize("escaped", [True, False])
def test_names_of_all_kinds(thole, bundle, escaped):
    made = bundle("/bin/true")
    made.write()
    for name in NAMES:
        config = {**made.config, "annotations": {"first \"one\"": "x", name: 7}}
        text = json.dumps(config, indent=1, ensure_ascii=escaped)
        write(made, text)
        [one] = [one for one in found(thole, made)[1] if one["severity"] == "error"]
        assert place(text, one).startswith(json.dumps(name, ensure_ascii=escaped) + ": 7"), name


@pytest.mark.parametrize("layout", [{"indent": None}, {"indent": 4}, {"indent": "\t"},
                                    {"separators": (",", ":")}, {"separators": (" , ", " :\n")}])
def test_any_layout_of_the_text(thole, bundle, layout):
    made = bundle("/bin/true")
    made.write()
    made.config["mounts"].append({"destination": "/x", "options": ["ro", 7, "rw"]})
    made.config["process"]["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 1, "hard": 2}, [], 5]
    text = "\n \n" + json.dumps(made.config, **layout)
    write(made, text)
    findings = {one["pointer"]: place(text, one) for one in found(thole, made)[1]}
    last = len(made.config["mounts"]) - 1
    assert findings[f"/mounts/{last}/options/1"].startswith("7")
    assert findings["/process/rlimits/1"].startswith("[")
    assert findings["/process/rlimits/2"].startswith("5")


def test_what_is_missing_is_told_where_it_should_be(thole, bundle):
    made = bundle("/bin/true")
    del made.process["cwd"]
    made.config["mounts"].append({"type": "tmpfs"})
    made.write()
    text = json.dumps(made.config, indent=1)
    write(made, text)
    findings = {one["pointer"]: place(text, one) for one in found(thole, made)[1]}
    last = len(made.config["mounts"]) - 1
    assert findings.pop("/process/cwd").startswith('"process"')
    assert [at for pointer, at in findings.items() if pointer.startswith(f"/mounts/{last}")] == ["{"]


@pytest.mark.parametrize("text, line, column", [
    ("nonsense", 1, 1), ('{\n  "ociVersion": "1.0.2",\n  x', 3, 3), ("{\"a\":\n1,,}", 2, 3),
])
def test_text_that_is_no_json(thole, bundle, text, line, column):
    made = bundle("/bin/true")
    made.write()
    write(made, text)
    code, findings = found(thole, made)
    [one] = [one for one in findings if one["text"].startswith(f"not valid JSON at {line}:{column}: ")]
    assert (code, one["severity"], one["line"], one["column"]) == (1, "error", line, column)


def test_what_a_plan_finds_has_a_place(thole, bundle):
    made = bundle("/bin/true")
    made.process["capabilities"] = {"bounding": ["CAP_NO_SUCH"]}
    made.config["hooks"] = {"prestart": [{"path": "/bin/true"}], "unknownOnes": []}
    made.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["no_such_call"], "action": "SCMP_ACT_ERRNO"}]}
    text = json.dumps(made.config, indent=1)
    made.write()
    write(made, text)
    for one in found(thole, made)[1]:
        name = one["pointer"].rsplit("/", 1)[1]
        assert one["line"] == line_of(made.config, one["pointer"]), one
        assert name.isdigit() or place(text, one).startswith(json.dumps(name)), one


def test_status_and_nothing_wrong(thole, bundle):
    made = bundle("/bin/true")
    made.write()
    assert found(thole, made) == (0, [])
    made.config["noSuchMember"] = 1
    made.write()
    code, [one] = found(thole, made)
    assert (code, one["severity"], one["pointer"]) == (0, "note", "/noSuchMember")
    assert thole("validate", "--json", "--strict", made.path).code == 1


def test_no_file_is_an_error_and_no_document(thole, folder):
    result = thole("validate", "--json", folder).failed("config.json")
    assert result.out == ""
