#!/usr/bin/env python3
"""Draws the example gateway's dashboard with the data of a real run: examples/kyc_gateway with its built-in customers, a
Prometheus of tests/tools that scrapes it and evaluates its rules, and the queries of its panels as Grafana asks them.

    tests/dashboards/draw.py --minutes 2 docs/dashboard.svg

The layout, titles, units, legends, colours and thresholds are those of the dashboard's JSON. No Grafana is run.
"""

import argparse
import json
import math
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from html import escape

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "target/tools/prometheus-current/prometheus"
SCRAPE = 2
STEP = 2
# `$__rate_interval`: at least four scrapes.
RATE = "20s"

COLUMN, LINE, GAP = 50, 21, 6
PALETTE = ["#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#705da0", "#37872d", "#fade2a"]
COLORS = {"green": "#73bf69", "orange": "#ff9830", "red": "#f2495c", "blue": "#5794f2", "yellow": "#fade2a"}
INK, FAINT, BACK, CARD, GRID = "#ccccdc", "#8e8e9c", "#111217", "#181b1f", "#2c3037"


# --- the run


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def run(minutes, work, children):
    """A run that lasts so long: the dashboard, a function that asks Prometheus, and begin and end."""
    build = ["cargo", "build", "--quiet", "--all-features", "--message-format=json", "--example", "kyc_gateway"]
    built = subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = [json.loads(line) for line in built.splitlines()]
    program = next(
        message["executable"]
        for message in messages
        if message.get("executable") and message["target"]["name"] == "kyc_gateway"
    )
    printed = lambda option: subprocess.run([program, option], check=True, stdout=subprocess.PIPE, text=True).stdout
    dashboard = json.loads(printed("--dashboard"))
    (work / "rules.yml").write_text(printed("--rules"))
    (work / "password").write_text("drawn")
    gateway, server = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    (work / "prometheus.yml").write_text(
        json.dumps(
            {
                "global": {"scrape_interval": f"{SCRAPE}s", "scrape_timeout": f"{SCRAPE}s", "evaluation_interval": f"{SCRAPE}s"},
                "rule_files": [str(work / "rules.yml")],
                "scrape_configs": [
                    {
                        "job_name": "kyc-gateway",
                        "basic_auth": {"username": "prometheus", "password_file": str(work / "password")},
                        "static_configs": [{"targets": [gateway]}],
                    }
                ],
            }
        )
    )
    environment = {**os.environ, "KYC_ADDRESS": gateway, "KYC_METRICS_PASSWORD": "drawn"}
    environment.pop("KYC_METRICS_PASSWORD_FILE", None)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    children.append(subprocess.Popen([program], env=environment, **quiet))
    prometheus = [PROMETHEUS, f"--config.file={work / 'prometheus.yml'}", f"--storage.tsdb.path={work / 'data'}"]
    children.append(subprocess.Popen([*prometheus, f"--web.listen-address={server}"], **quiet))

    def ask(path, **parameters):
        url = f"http://{server}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url) as answer:
            return json.load(answer)["data"]["result"]

    def is_up():
        try:
            return bool(ask("query", query="up == 1"))
        except OSError:
            return False

    deadline = time.time() + 60
    while not is_up():
        if time.time() > deadline:
            raise SystemExit("the gateway is not scraped within a minute")
        time.sleep(0.2)
    begin = time.time()
    time.sleep(minutes * 60)
    return dashboard, ask, begin, time.time()


def rendered(query):
    """With what Grafana puts in for its variables where everything is chosen."""
    query = query.replace("$__rate_interval", RATE).replace("$__interval", f"{STEP}s")
    return re.sub(r'"\$[a-z_]+"', '".*"', query)


def named(target, labels):
    legend = target["legendFormat"]
    if legend == "__auto":
        return " ".join(value for name, value in sorted(labels.items()) if name != "__name__")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), legend)


# --- numbers as Grafana writes them


def written(value, unit):
    if value is None or math.isnan(value):
        return "no data"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if unit == "percentunit":
        return f"{value * 100:,.0f} %" if abs(value) >= 10 else f"{value * 100:.3g} %"
    if unit == "s":
        for factor, name in [(1, "s"), (1e-3, "ms"), (1e-6, "µs")]:
            if abs(value) >= factor:
                return f"{value / factor:.3g} {name}"
        return "0 s" if value == 0 else f"{value:.2g} s"
    if unit in ("decbytes", "bytes"):
        return f"{value / 1000:.3g} kB" if abs(value) >= 1000 else f"{value:.3g} B"
    suffix = {"cps": " c/s", "reqps": " req/s", "ops": " ops/s", "Bps": " B/s"}.get(unit, "")
    if unit.startswith("suffix:"):
        suffix = unit.removeprefix("suffix:")
    if abs(value) >= 1e6:
        return f"{value / 1e6:.3g} M{suffix}"
    return f"{value:.3g}{suffix}"


# --- the drawing


class Svg:
    def __init__(self):
        self.parts = []

    def rect(self, x, y, width, height, fill, more=""):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}" {more}/>')

    def text(self, x, y, text, size=11, fill=INK, anchor="start", more=""):
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}" {more}>{escape(text)}</text>'
        )

    def line(self, points, stroke, width=1.3, more=""):
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        self.parts.append(f'<path d="{path}" fill="none" stroke="{stroke}" stroke-width="{width}" {more}/>')

    def area(self, points, fill, opacity):
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z"
        self.parts.append(f'<path d="{path}" fill="{fill}" fill-opacity="{opacity}"/>')


def color_of(step):
    return COLORS.get(step["color"], step["color"])


def threshold_color(steps, value):
    color = INK
    for step in steps:
        if step["value"] is None or value >= step["value"]:
            color = color_of(step)
    return color


def nice(most):
    """The end of an axis and how far its lines are apart."""
    if most <= 0 or math.isnan(most):
        return 1.0, 0.5
    power = 10 ** math.floor(math.log10(most / 3))
    step = next(power * by for by in (1, 2, 5, 10, 20) if most / (power * by) <= 4)
    return step * math.ceil(most / step), step


def fitting(text, width, size):
    most = int(width / (size * 0.56))
    return text if len(text) <= most else text[: most - 1] + "…"


def time_axis(svg, box, begin, end):
    x, y, width, height = box
    for at in range(5):
        seconds = begin + (end - begin) * at / 4
        place = x + width * at / 4
        anchor = "start" if at == 0 else "end" if at == 4 else "middle"
        svg.text(place, y + height + 12, time.strftime("%H:%M:%S", time.gmtime(seconds)), 8, FAINT, anchor)


def draw_lines(svg, box, panel, series, begin, end):
    x, y, width, height = box
    defaults = panel["fieldConfig"]["defaults"]
    unit, custom = defaults["unit"], defaults["custom"]
    is_stacked = custom["stacking"]["mode"] == "normal"
    steps = defaults["thresholds"]["steps"]
    # What is always 0 is in the legend's interest only.
    shown = sorted(series, key=lambda one: -max((value for _, value in one[1] if not math.isnan(value)), default=0))[:10]
    legend_rows = 1 + (len(shown) > 3)
    box = x, y, width, height = x + 48, y + 4, width - 56, height - 22 - 13 * legend_rows
    times = sorted({moment for _, values in shown for moment, _ in values})
    stacks = []
    below = dict.fromkeys(times, 0.0)
    for name, values in shown:
        values = [(moment, value) for moment, value in values if math.isfinite(value)]
        top = [(moment, value + (below[moment] if is_stacked else 0)) for moment, value in values]
        bottom = [(moment, below[moment] if is_stacked else 0) for moment, _ in values]
        if is_stacked:
            below.update(top)
        stacks.append((name, values, top, bottom))
    limits = [step["value"] for step in steps if step["value"] is not None]
    most = max([value for *_, top, _ in stacks for _, value in top], default=0)
    # A line far above what happens would press it flat.
    most = max([most, *[limit for limit in limits if limit <= most * 8 or most == 0]])
    highest, step = nice(most)
    place = lambda moment, value: (x + width * (moment - begin) / (end - begin), y + height - height * min(value / highest, 1))
    at = 0.0
    while at <= highest * 1.001:
        _, line = place(begin, at)
        svg.line([(x, line), (x + width, line)], GRID, 0.7)
        svg.text(x - 5, line + 3, written(at, unit), 8, FAINT, "end")
        at += step
    time_axis(svg, box, begin, end)
    for at, (name, values, top, bottom) in enumerate(stacks):
        color = PALETTE[at % len(PALETTE)]
        if len(top) > 1:
            svg.area([place(*point) for point in top + bottom[::-1]], color, custom["fillOpacity"] / 100)
            svg.line([place(*point) for point in top], color)
    if custom["thresholdsStyle"]["mode"] != "off":
        for limit in steps:
            if limit["value"] is not None and limit["value"] <= highest:
                line = [place(begin, limit["value"]), place(end, limit["value"])]
                svg.line(line, color_of(limit), 1, 'stroke-dasharray="6 4"')
    columns = min(len(stacks), 3) or 1
    left, line = x - 40, y + height + 26
    for at, (name, values, *_) in enumerate(stacks[:6]):
        last = values[-1][1] if values else math.nan
        text = fitting(f"{name}  {written(last, unit)}", (width + 40) / columns - 14, 9)
        if at and at % 3 == 0:
            left, line = x - 40, line + 13
        svg.rect(left, line - 4, 9, 3, PALETTE[at % len(PALETTE)])
        svg.text(left + 13, line, text, 9)
        left += (width + 40) / columns


def draw_heatmap(svg, box, panel, series, begin, end):
    x, y, width, height = box
    bound = lambda name: math.inf if name == "+Inf" else float(name)
    series = sorted(series, key=lambda one: bound(one[0]))
    unit = panel["options"]["yAxis"]["unit"]
    box = x, y, width, height = x + 48, y + 4, width - 56, height - 24
    cells, before = [], {}
    for row, (name, values) in enumerate(series):
        for moment, value in values:
            count = value - before.get(moment, 0)
            cells.append((row, moment, count))
            before[moment] = value
    most = max([count for *_, count in cells], default=0) or 1
    tall = height / max(len(series), 1)
    columns = 60
    for row, (name, _) in enumerate(series):
        label = "∞" if name == "+Inf" else written(float(name), unit)
        svg.text(x - 5, y + height - tall * row - tall / 2 + 3, label, 8, FAINT, "end")
    drawn = set()
    for row, moment, count in cells:
        column = min(int((moment - begin) / (end - begin) * columns), columns - 1)
        if count > 1e-9 and (row, column) not in drawn:
            drawn.add((row, column))
            strength = 0.15 + 0.85 * math.sqrt(count / most)
            left = x + width * column / columns
            svg.rect(left, y + height - tall * (row + 1) + 0.5, width / columns - 0.7, tall - 1, "#ff9830", f'fill-opacity="{strength:.2f}"')
    time_axis(svg, box, begin, end)


def draw_stat(svg, box, panel, series, begin, end):
    x, y, width, height = box
    defaults = panel["fieldConfig"]["defaults"]
    values = [(moment, value) for moment, value in series[0][1] if math.isfinite(value)] if series else []
    last = values[-1][1] if values else math.nan
    color = threshold_color(defaults["thresholds"]["steps"], last) if values else FAINT
    if len(values) > 1:
        least, most = min(value for _, value in values), max(value for _, value in values)
        high = (most - least) or 1
        line = [
            (x + width * (moment - begin) / (end - begin), y + height - height * 0.35 * (value - least) / high - 2)
            for moment, value in values
        ]
        svg.area([*line, (line[-1][0], y + height), (line[0][0], y + height)], color, 0.18)
        svg.line(line, color, 1.2)
    svg.text(x + width / 2, y + height / 2, written(last, defaults["unit"]), 26, color, "middle", 'font-weight="600"')


def draw_alerts(svg, box, firing):
    x, y, width, _ = box
    if not firing:
        svg.text(x + 10, y + 22, "No alert fires.", 11, FAINT)
    for at, (name, severity) in enumerate(firing[:6]):
        line = y + 20 + at * 22
        svg.rect(x + 8, line - 12, width - 16, 19, "#22252b", 'rx="2"')
        svg.rect(x + 8, line - 12, 3, 19, COLORS["red"] if severity == "critical" else COLORS["orange"])
        svg.text(x + 18, line + 2, name, 10.5)
        svg.text(x + width - 14, line + 2, severity, 9, FAINT, "end")


def draw(dashboard, ask, begin, end, rows):
    svg = Svg()
    width = 24 * COLUMN
    top = 44
    seen, bottom = 0, 0
    for panel in dashboard["panels"]:
        seen += panel["type"] == "row"
        if seen > rows:
            break
        at = panel["gridPos"]
        x, y = at["x"] * COLUMN, top + at["y"] * LINE
        wide, high = at["w"] * COLUMN, at["h"] * LINE
        bottom = max(bottom, y + high)
        if panel["type"] == "row":
            svg.text(x + 10, y + 15, "⌄ " + panel["title"], 13, INK, "start", 'font-weight="600"')
            continue
        svg.rect(x + GAP / 2, y + GAP / 2, wide - GAP, high - GAP, CARD, f'stroke="{GRID}" stroke-width="0.8" rx="2"')
        size = 12 if wide > 300 else 9
        svg.text(x + 12, y + 20, fitting(panel["title"], wide - 20, size), size, INK, "start", 'font-weight="500"')
        box = x + GAP / 2 + 4, y + 28, wide - GAP - 8, high - 28 - GAP
        series = []
        for target in panel.get("targets", []):
            answer = ask("query_range", query=rendered(target["expr"]), start=begin, end=end, step=STEP)
            for one in answer:
                values = [(float(moment), float(value)) for moment, value in one["values"]]
                series.append((named(target, one["metric"]), values))
        if panel["type"] == "alertlist":
            firing = ask("query", query='ALERTS{alertstate="firing"}')
            draw_alerts(svg, box, sorted({(one["metric"]["alertname"], one["metric"].get("severity", "")) for one in firing}))
        elif panel["type"] == "stat":
            draw_stat(svg, box, panel, series, begin, end)
        elif panel["type"] == "heatmap":
            draw_heatmap(svg, box, panel, series, begin, end)
        else:
            draw_lines(svg, box, panel, series, begin, end)
    height = bottom + GAP
    head = Svg()
    head.rect(0, 0, width, height, BACK)
    head.text(12, 28, dashboard["title"], 18, INK, "start", 'font-weight="600"')
    head.text(width - 12, 27, f"{time.strftime('%H:%M', time.gmtime(begin))} to {time.strftime('%H:%M', time.gmtime(end))} UTC", 11, FAINT, "end")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" width="{width}" height="{height:.0f}" '
        'font-family="Inter, Helvetica, Arial, sans-serif">\n' + "\n".join(head.parts + svg.parts) + "\n</svg>\n"
    )


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--minutes", type=float, default=2, help="how long the gateway runs (2)")
    arguments.add_argument("--rows", type=int, default=2, help="how many of the dashboard's rows are drawn (2)")
    arguments.add_argument("picture", type=pathlib.Path, help="the SVG to write")
    asked = arguments.parse_args()
    children = []
    with tempfile.TemporaryDirectory() as work:
        try:
            dashboard, ask, begin, end = run(asked.minutes, pathlib.Path(work), children)
            asked.picture.write_text(draw(dashboard, ask, begin, end, asked.rows))
        finally:
            for child in children:
                child.terminate()
                child.wait()


main()
