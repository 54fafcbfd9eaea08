# SPDX-License-Identifier: Apache-2.0
"""Cuts the documents of the runtime specification into sentences.

List items, table rows and paragraphs are blocks; a block is cut into sentences. Code between fences
is left out. Words that stand twice under headings of one name, letter for letter, are one sentence.
"""
import dataclasses
import os
import re

DOCUMENTS = ("config.md", "config-linux.md", "runtime.md", "runtime-linux.md", "bundle.md",
             "features.md", "features-linux.md")
LEVELS = ("MUST", "SHOULD", "MAY", "meaning")

KEYWORD = re.compile(r"\b(MUST|SHALL|REQUIRED|SHOULD|RECOMMENDED|MAY)\b")
DEMANDED = {"MUST", "SHALL", "REQUIRED", "SHOULD", "RECOMMENDED"}
STRENGTH = {"MUST": "MUST", "SHALL": "MUST", "REQUIRED": "MUST", "SHOULD": "SHOULD",
            "RECOMMENDED": "SHOULD", "MAY": "MAY"}

ITEM = re.compile(r"^(?:[*+-]|\d+\.)\s+")
LINK_TARGET = re.compile(r"^\[[^\]^]+\]:")
SEPARATOR = re.compile(r"^\|?[\s:|-]*-{3,}[\s:|-]*$")
ANCHOR = re.compile(r"<a name=[^>]*/?>(?:</a>)?")
# **`name`** (type, REQUIRED): a field or a value; the type is taken off before the level is read.
FIELD = re.compile(r"^\*\*`[^`]+`\*\*\s*(?:\*?\([^)]*\)\*?)?")
SENTENCE_END = re.compile(r"(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)\s+(?=[A-Z`\[*\"'(])")


@dataclasses.dataclass(frozen=True)
class Sentence:
    document: str
    heading: str
    text: str      # folded
    level: str     # one of LEVELS
    demanded: bool  # needs a test or a reason


def fold(text):
    """Without links, emphasis and doubled blanks."""
    text = ANCHOR.sub("", text)
    text = re.sub(r"\[([^\]^]*)\](?:\([^)]*\)|\[[^\]]*\])", r"\1", text)
    return " ".join(re.sub(r"[*`]", "", text).split())


def blocks(text):
    """(heading, text, is it a row of a table) of each block, in the order of the document."""
    found, heading, fenced, lines = [], "", False, []

    def flush():
        if lines:
            found.append((heading, " ".join(lines), False))
            lines.clear()

    for line in text.split("\n"):
        bare = line.strip()
        if bare.startswith("```"):
            flush()
            fenced = not fenced
        elif fenced:
            continue
        elif bare.startswith("#"):
            flush()
            heading = fold(bare.lstrip("#"))
        elif not bare or LINK_TARGET.match(bare):
            flush()
        elif SEPARATOR.match(bare) and "|" in bare:
            found.pop()  # the row above is the head of the table
        elif bare.startswith("|") or re.match(r"^(`[^`]+`|\w[\w ]*)\s+\|", bare):
            flush()
            cells = [cell.strip() for cell in bare.strip("|").split("|")]
            found.append((heading, " | ".join(cells), True))
        elif ITEM.match(bare):
            flush()
            lines.append(ITEM.sub("", bare))
        else:
            lines.append(bare)
    flush()
    return found


def level_of(text, is_row):
    """(level, demanded): the strongest word counts, at the beginning of a row the first."""
    field = FIELD.match(text)
    words = KEYWORD.findall(FIELD.sub("", text))
    demanded = bool(field) or bool(DEMANDED.intersection(words))
    levels = [STRENGTH[word] for word in words]
    if is_row:
        levels = levels[:1]
    return min(levels, key=LEVELS.index, default="meaning"), demanded


def cut(document, text):
    """[Sentence] of a document's text, in its order."""
    found = {}
    for heading, block, is_row in blocks(text):
        for number, piece in enumerate(SENTENCE_END.split(ANCHOR.sub("", block).strip())):
            level, demanded = level_of(piece, is_row and number == 0)
            made = Sentence(document, heading, fold(piece), level, demanded)
            found.setdefault((heading, made.text), made)
    return list(found.values())


def read(tree):
    """{document: [Sentence]} of a checkout of the specification."""
    answer = {}
    for document in DOCUMENTS:
        with open(os.path.join(tree, document), encoding="utf-8") as source:
            answer[document] = cut(document, source.read())
    return answer


def find(specification, document, heading, words):
    """(Sentence, None), or (None, why the fragment names none)."""
    where = f"{document}, {heading}: {words!r}"
    if document not in specification:
        return None, f"{where}: no such document"
    under = [one for one in specification[document] if one.heading == heading]
    if not under:
        return None, f"{where}: no such heading"
    fragment = fold(words)
    for fits in (fragment.__eq__, lambda text: text.startswith(fragment),
                 lambda text: fragment in text):
        chosen = [one for one in under if fits(one.text)]
        if len(chosen) == 1:
            return chosen[0], None
        if chosen:
            return None, f"{where}: stands in {len(chosen)} sentences"
    return None, f"{where}: no sentence has these words"
