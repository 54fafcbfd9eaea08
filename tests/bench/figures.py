# SPDX-License-Identifier: Apache-2.0
"""Answers questions about measured series: medians, quartiles, ratios."""
import statistics


class Figures:
    """What a run has measured, as it stands in the JSON file."""

    def __init__(self, data):
        self.data = data
        self.series = data["series"]

    def find(self, **wanted):
        """Series with all these members."""
        return [entry for entry in self.series
                if all(entry.get(name) == value for name, value in wanted.items())]

    def one(self, **wanted):
        found = self.find(**wanted)
        return found[0] if len(found) == 1 else None

    def median(self, **wanted):
        """Microseconds, None if that was not measured."""
        entry = self.one(**wanted)
        return statistics.median(entry["us"]) if entry else None

    def beside(self, entry, contestant):
        """The same for another contestant, from the same rounds."""
        same = {name: entry.get(name) for name in ("layout", "scenario", "verb", "pace", "live",
                                                   "whose", "parallel")}
        return self.one(contestant=contestant, **same)

    def compared(self, entry, contestant, less_spawn=False):
        """Ratio of the medians of the entry and of another contestant in the same rounds; of both
        the cost of spawning is subtracted if so wished. None without the other."""
        other = self.beside(entry, contestant)
        if other is None:
            return None
        values = [self.less_spawn(one) if less_spawn else middle(one) for one in (entry, other)]
        return values[0] / values[1] if None not in values and values[1] > 0 else None

    def less_spawn(self, entry):
        """The median without what a static program that does nothing takes in the same rounds."""
        spawn = self.beside(entry, "spawn")
        return middle(entry) - middle(spawn) if spawn and spawn is not entry else None


def middle(entry):
    return statistics.median(entry["us"])


def quartiles(entry):
    """The first and the third."""
    if len(entry["us"]) < 2:
        return entry["us"][0], entry["us"][0]
    first, _, third = statistics.quantiles(entry["us"], n=4, method="inclusive")
    return first, third
