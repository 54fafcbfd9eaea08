# SPDX-License-Identifier: Apache-2.0
"""SVG pictures of a run's results, drawn by gnuplot."""
import os
import shutil
import subprocess

import scenarios
from figures import Figures, middle

STYLE = """set terminal svg size {width},{height} font "sans-serif,13" background "white"
set output "{path}"
set border 3
set tics nomirror out
set grid ytics linecolor "#dddddd"
set key outside right top Left reverse noenhanced
set title "{title}" noenhanced
"""
COLORS = {"thole": "#0072b2", "crun": "#d55e00", "runc": "#009e73", "lxc": "#cc79a7",
          "floor": "#000000", "spawn": "#999999"}
COMMANDS = (("lifecycle", "create"), ("lifecycle", "start"), ("lifecycle", "state"),
            ("lifecycle", "kill"), ("lifecycle", "delete"), ("attached", "list"),
            ("attached", "exec"), ("attached", "exec -t"))

DISTRIBUTIONS = (("unified", "run"), ("unified", "run-podman-warm"), ("hybrid", "run"))
LEAST = 0.02  # milliseconds; noise can make a difference negative, which has no logarithm


def draw(data, folder):
    """Writes the pictures; returns their names, or none and the reason."""
    if not shutil.which("gnuplot"):
        return [], "gnuplot is not installed"
    os.makedirs(folder, exist_ok=True)
    figures = Figures(data)
    scripts = {**distributions(figures), **growth(figures), **commands(figures)}
    for name, (title, size, script) in scripts.items():
        path = os.path.join(folder, name + ".svg")
        head = STYLE.format(path=path, title=title, width=size[0], height=size[1])
        subprocess.run(["gnuplot"], input=head + script, text=True, check=True)
    return [name + ".svg" for name in scripts], None


def _color(name, number):
    return COLORS.get(name, f"#{0x404040 + number * 0x2f4f1f & 0xffffff:06x}")


def _block(number, rows):
    return f"$data{number} << END\n" + "\n".join(rows) + "\nEND\n"


def _lines(curves, style):
    """Script with one curve for each (label, color, rows)."""
    data = "".join(_block(number, rows) for number, (_, _, rows) in enumerate(curves))
    parts = [f'$data{number} using 1:2 {style} linewidth 2 linecolor "{color}" title "{label}"'
             for number, (label, color, _) in enumerate(curves)]
    return data + "plot " + ", \\\n ".join(parts) + "\n"


def distributions(figures):
    """How many of a hundred runs took at most so long."""
    scripts = {}
    axes = ('set logscale x\nset xlabel "milliseconds"\n'
            'set ylabel "per cent of runs"\nset yrange [0:100]\n')
    for layout, scenario in DISTRIBUTIONS:
        for pace in scenarios.PACES:
            curves = []
            for number, entry in enumerate(figures.find(layout=layout, scenario=scenario,
                                                        pace=pace)):
                times = sorted(entry["us"])
                rows = [f"{us / 1000:.3f} {100 * rank / len(times):.1f}"
                        for rank, us in enumerate(times, 1)]
                curves.append((entry["contestant"], _color(entry["contestant"], number), rows))
            if curves:
                what = scenarios.title(scenarios.by_key(scenario), "run")
                scripts[f"{scenario}-{layout}-{pace.replace(' ', '-')}"] = (
                    f"{what}, {pace}, {layout} cgroups", (760, 380),
                    axes + _lines(curves, "with steps"))
    return scripts


def growth(figures):
    """Median times by the number of live containers."""
    scripts = {}
    for verb in scenarios.by_key("growth").verbs:
        curves = []
        for number, whose in enumerate(dict.fromkeys(
                entry["whose"] for entry in figures.find(scenario="growth"))):
            names = (whose, "floor") if verb == "run" and whose == "thole" else (whose,)
            for name in names:
                rows = [f"{entry['live']} {middle(entry) / 1000:.3f}"
                        for entry in figures.find(scenario="growth", verb=verb, pace="idle",
                                                  whose=whose, contestant=name)]
                curves.append((name, _color(name, number), rows))
        if any(len(rows) > 1 for _, _, rows in curves):
            axes = ('set logscale xy\nset xlabel "live containers"\nset ylabel "milliseconds"\n'
                    'set yrange [0.5:*]\n')
            scripts["growth-" + verb] = (f"{verb}, idle, beside live containers", (620, 380),
                                         axes + _lines(curves, "with linespoints pointtype 7"))
    return scripts


def commands(figures):
    """Bars: the median of each command, idle, without the cost of spawning."""
    names = [name for name in ("thole", "crun", "runc")
             if figures.find(layout="unified", scenario="lifecycle", contestant=name)]
    rows = []
    for scenario, verb in COMMANDS:
        entries = [figures.one(layout="unified", scenario=scenario, verb=verb, pace="idle",
                               contestant=name) for name in names]
        if names and all(entries):
            values = [max(figures.less_spawn(entry) / 1000, LEAST) for entry in entries]
            rows.append(f'"{verb}" ' + " ".join(f"{value:.3f}" for value in values))
    if not rows:
        return {}
    script = ('set style data histograms\nset style fill solid\nset boxwidth 0.9\n'
              'set ylabel "milliseconds less spawn"\nset logscale y\n' + _block(0, rows) + "plot "
              + ", \\\n ".join(f'$data0 using {column}:xtic(1) linecolor "{COLORS[name]}" '
                               f'title "{name}"' for column, name in enumerate(names, 2)) + "\n")
    return {"commands": ("The commands, idle", (760, 380), script)}
