# SPDX-License-Identifier: Apache-2.0
"""Tables of a run's results, as plain text or as Markdown."""
import dataclasses
import os

import scenarios
import targets
import workplace
from figures import Figures, middle, quartiles

NOTHING = ""


@dataclasses.dataclass
class Table:
    title: str
    header: list
    rows: list

    def shown(self):
        """Header and rows without columns that are empty throughout."""
        kept = [index for index in range(len(self.header))
                if any(row[index] != NOTHING for row in self.rows)]
        return [[line[index] for index in kept] for line in [self.header, *self.rows]]

    def plain(self):
        lines = self.shown()
        widths = [max(len(line[index]) for line in lines) for index in range(len(lines[0]))]
        body = ["  ".join(cell.ljust(width) if index == 0 else cell.rjust(width)
                          for index, (cell, width) in enumerate(zip(line, widths))).rstrip()
                for line in lines]
        return "\n".join([self.title, *body, ""])

    def markdown(self):
        header, *rows = self.shown()
        lines = ["| " + " | ".join(line) + " |" for line in [header, *rows]]
        lines.insert(1, "|---" + "|---:" * (len(header) - 1) + "|")
        return "\n".join([f"### {self.title}", "", *lines, ""])


def milliseconds(us):
    return NOTHING if us is None else f"{us / 1000:.2f}"


def ratio(value):
    return NOTHING if value is None else f"{value:.2f}"


def comparisons(figures):
    """A table for each layout, scenario and verb that was measured in turns."""
    seen = []
    for entry in figures.series:
        place = (entry["layout"], entry["scenario"], entry["verb"])
        if entry["scenario"] not in ("growth", "parallel") and place not in seen:
            seen.append(place)
    return [comparison(figures, *place) for place in seen]


def comparison(figures, layout, scenario, verb):
    rows = []
    for pace in scenarios.PACES:
        for entry in figures.find(layout=layout, scenario=scenario, verb=verb, pace=pace):
            first, third = quartiles(entry)
            rows.append([
                entry["contestant"], pace, milliseconds(middle(entry)),
                f"{milliseconds(first)} - {milliseconds(third)}",
                *(ratio(figures.compared(entry, other)) for other in ("thole", "crun", "floor")),
                milliseconds(figures.less_spawn(entry)),
                *(ratio(figures.compared(entry, other, True)) for other in ("thole", "crun")),
                str(entry["peak_kb"]), str(entry["faults"])])
    title = scenarios.title(scenarios.by_key(scenario), verb)
    return Table(f"{title} ({layout} cgroups)",
                 [NOTHING, "pace", "median ms", "quartiles", "of thole", "of crun", "of floor",
                  "less spawn", "of thole", "of crun", "peak kB", "faults"], rows)


def growth(figures):
    """Median times by the number of live containers."""
    found = figures.find(scenario="growth")
    counts = sorted({entry["live"] for entry in found})
    rows = []
    for verb in scenarios.by_key("growth").verbs:
        for whose in dict.fromkeys(entry["whose"] for entry in found):
            for pace in scenarios.PACES:
                names = (whose, "floor") if verb == "run" else (whose,)
                for name in names:
                    values = [figures.median(scenario="growth", verb=verb, pace=pace, live=live,
                                             whose=whose, contestant=name) for live in counts]
                    present = [value for value in values if value is not None]
                    label = name if name == whose else f"{name} beside {whose}'s"
                    if present:
                        rows.append([label, verb, pace, *map(milliseconds, values),
                                     ratio(present[-1] / present[0])])
    return Table("Milliseconds beside live containers of the same runtime",
                 [NOTHING, "verb", "pace", *(f"{count:,} live" for count in counts),
                  "last of first"], rows)


def parallel(figures):
    """Containers a second."""
    found = figures.find(scenario="parallel")
    widths = sorted({entry["parallel"] for entry in found})
    rows = []
    for name in dict.fromkeys(entry["contestant"] for entry in found):
        entries = [figures.one(scenario="parallel", contestant=name, parallel=width)
                   for width in widths]
        last = figures.beside(entries[-1], "crun")
        rows.append([name, *(f"{1e6 / middle(entry):.0f}" for entry in entries),
                     ratio(middle(last) / middle(entries[-1])) if last else NOTHING])
    return Table("Containers run a second (unified cgroups)",
                 [NOTHING, *(f"{width} at once" for width in widths), "of crun"], rows)


def counts(data):
    rows = [[entry["contestant"], entry["verb"],
             *(f"{entry[name]:,}" if name in entry else NOTHING
               for name in ("system_calls", "execs", "processes", "instructions"))]
            for entry in sorted(data["counts"], key=_by_verb)]
    return Table("System calls and user-space instructions, of all processes (unified cgroups)",
                 [NOTHING, "verb", "system calls", "execs", "processes and threads made",
                  "instructions"], rows)


def _by_verb(entry):
    return scenarios.by_key("counts").verbs.index(entry["verb"])


def memory_limits(data):
    return Table("Memory",
                 [NOTHING, "cgroups", "smallest limit that starts a container, kB",
                  "charged for a run in all, kB"],
                 [[entry["contestant"], entry["layout"],
                   *(f"{entry[name] / 1024:,.0f}" if entry.get(name) else NOTHING
                     for name in ("bytes", "all_bytes"))] for entry in data["limits"]])


def target_table(data):
    """All targets; where just some scenarios were to be measured, those that they tell about."""
    rows = []
    emulated = data["machine"]["processor"].startswith("QEMU TCG")
    for target, value in targets.judged(data):
        if (value is None and data.get("partial")) or (emulated and target.of_time):
            continue
        bound = "at least" if target.at_least else "at most"
        rows.append([target.text, f"{bound} {target.limit:g} {target.unit}",
                     "not measured" if value is None else f"{value:.2f} {target.unit}",
                     NOTHING if value is None else "met" if target.met(value) else "not met"])
    return Table("Targets", [NOTHING, "target", "measured", "result"], rows)


def tables(data):
    figures = Figures(data)
    made = [target_table(data), *comparisons(figures), growth(figures), parallel(figures),
            counts(data), memory_limits(data)]
    return [table for table in made if table.rows]


def preface(data):
    """Lines that say where and when."""
    machine = data["machine"]
    return [f"Measured: {machine['date']}, with `{machine['command']}`",
            f"Machine: {machine['processor']}, {machine['processors']} processors, "
            f"{machine['memory_mb']:,} MB, Linux {machine['kernel']}, {machine['system']}",
            f"Load average: {machine['load_before']} before, {machine['load_after']} after",
            "Versions: " + ", ".join(f"{name} {version}"
                                     for name, version in machine["versions"].items())]


def notes(data):
    return ["Not measured, or not with everyone:"] + ["- " + note for note in data["notes"]] \
        if data["notes"] else []


def plain(data):
    return "\n".join([*preface(data), "", *(table.plain() for table in tables(data)), *notes(data)])


def write_markdown(path, name, text):
    """Into the document at `path` between its comments "NAME begin" and "NAME end"; into a file of
    its own where there is no such document."""
    begin, end = f"<!-- {name} begin -->\n", f"<!-- {name} end -->\n"
    old = workplace.read(path) if os.path.exists(path) else ""
    if begin in old and end in old:
        head, tail = old.partition(begin)[0], old.partition(end)[2]
        text = head + begin + "\n" + text + "\n" + end + tail
    workplace.write(path, text)


def listed(lines):
    """The lines as a Markdown list."""
    return "".join(f"- {line}\n" for line in lines) + "\n"


def markdown(data):
    return "\n".join([listed(preface(data)), *(table.markdown() for table in tables(data)),
                      *(line if line.startswith("-") else line + "\n" for line in notes(data)), ""])
