# SPDX-License-Identifier: Apache-2.0
"""The measured lines: as a table for people, as JSON for programs. Says whether a bar is held; measures nothing."""
import json


def show_seconds(s):
    if s is None:
        return ""
    return "%.1f ms" % (s * 1000) if s < 0.1 else "%.0f ms" % (s * 1000) if s < 1 else "%.2f s" % s if s < 100 else "%.0f s" % s


def show_bytes(n):
    return "%.1f MiB" % (n / 2**20) if n < 100 * 2**20 else "%.0f MiB" % (n / 2**20)


def show_rate(n):
    return "%s tasks/s" % format(int(n), ",")


def show_speed(n):
    return "%.2f GB/s" % (n / 1e9)


SHOW = {"seconds": show_seconds, "bytes": show_bytes, "per_second": show_rate, "bytes_per_second": show_speed, "flop_per_second": lambda x: "%.1f GFLOP/s" % (x / 1e9), "times": lambda x: "%.2f" % x}


class Report:
    def __init__(self, live):
        self.rows, self.notes, self.live, self.section = [], [], live, None

    def begin(self, section):
        self.section = section
        if self.live:
            print("\n" + section, flush=True)

    def note(self, text):
        self.notes.append(text)
        if self.live:
            print("  note: " + text, flush=True)

    def row(self, what, petri, unit="seconds", peer=None, peers=None, ratio=None, bar=None, peak=None, runs=1):
        """bar: ("ratio" | "petri", "most" | "least", limit). Without one the line is for comparison only."""
        row = {"section": self.section, "what": what, "unit": unit, "petri": petri, "peer": peer, "peer_value": peers, "ratio": ratio,
               "peak_bytes": peak, "runs": runs, "bar": None, "holds": None}
        if ratio is None and petri and peers:
            row["ratio"] = petri / peers
        if bar:
            of, side, limit = bar
            value = row["ratio"] if of == "ratio" else petri
            row["bar"] = {"of": of, "side": side, "limit": limit}
            row["holds"] = None if value is None else value <= limit if side == "most" else value >= limit
        self.rows.append(row)
        if self.live:
            print(line_of(row), flush=True)

    def summary(self):
        judged = [r for r in self.rows if r["bar"]]
        short = [r for r in judged if not r["holds"]]
        text = "\n%d of %d bars hold" % (len(judged) - len(short), len(judged))
        return text + "".join("\n  falls short: %s" % r["what"] for r in short)

    def as_json(self, machine):
        return json.dumps({"machine": machine, "rows": self.rows, "notes": self.notes}, indent=1, ensure_ascii=False)


def show_bar(row):
    bar = row["bar"]
    if not bar:
        return ""
    sign = "≤" if bar["side"] == "most" else "≥"
    shown = SHOW[row["unit"]](bar["limit"]) if bar["of"] == "petri" else "%g ×" % bar["limit"]
    verdict = "not measured" if row["holds"] is None else "holds" if row["holds"] else "FALLS SHORT"
    return "%s %s  %s" % (sign, shown, verdict)


def line_of(row):
    show = SHOW[row["unit"]]
    value = lambda x: "" if x is None else show(x)
    ratio = "" if row["ratio"] is None else "%.3g ×" % row["ratio"]
    return ("  %-44s %16s   %-24s %16s %10s   %-30s %12s  n=%d" % (
        row["what"], value(row["petri"]), row["peer"] or "", value(row["peer_value"]), ratio, show_bar(row),
        "" if row["peak_bytes"] is None else show_bytes(row["peak_bytes"]), row["runs"])).rstrip()


HEADING = "  %-44s %16s   %-24s %16s %10s   %-30s %12s" % ("what", "Petri", "beside", "", "ratio", "bar", "peak memory")
