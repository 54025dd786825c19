"""Draws the charts of a report as SVG on the server, for the page and for paper alike. Home of pygal.

A chart holds no script, no link and no font; its colours are told apart by the colour-blind and change with the
reader's light or dark. Its legend and its table stand beside it, in the page.
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pygal
from pygal.etree import etree
from pygal.style import Style

# pygal's way to its plugins, of which we use none: Python warns of it at every import that fails
sys.meta_path[:] = [one for one in sys.meta_path if type(one).__name__ != "PluginImportFixer"]

# after Okabe and Ito, each at least 3:1 against the ground; on dark ground lighter ones
LIGHT = ("#0072b2", "#d55e00", "#008a66", "#b5558f", "#767676")
DARK = ("#56b4e9", "#f0a030", "#2bc59a", "#e3a1c6", "#a8abb2")
INK, QUIET, HAIR = ("#1f2329", "#e8e6e1"), ("#5b616a", "#a8abb2"), ("#d9d2c6", "#3c3c41")
FONTS = '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", sans-serif'
WIDTH, FONT_SIZE = 520, 14
BAR, ROOM = 30, 60  # height of a horizontal bar with its gap, and of what is around all of them
LONGEST_LABEL = 13  # letters as wide as Chinese ones
MOST_BARS = 10  # side by side; of more a line is drawn
MOST_TICKS = 5
_UPRIGHT = {"x_labels_major_count": 5, "show_minor_x_labels": False, "margin_right": 40}


@dataclass(frozen=True, slots=True)
class Chart:
    """What a chart shows: its title, a label for each place, and named series with a value for each label.

    colours: which of the palette each series has; none: in their order.
    """

    key: str
    title: str
    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[float | None, ...]], ...]
    stacked: bool = False
    horizontal: bool = True
    percent: bool = False
    colours: tuple[int, ...] = ()

    @property
    def palette(self) -> tuple[int, ...]:
        """The colour of each series."""
        return self.colours or tuple(range(len(self.series)))


@dataclass(frozen=True, slots=True)
class DrawnChart:
    """A chart as SVG, with the names of its series, each with its colour."""

    key: str
    title: str
    svg: str
    legend: tuple[tuple[str, int], ...]


def draw_chart(chart: Chart) -> DrawnChart:
    """Return a chart drawn; the same values give the same text."""
    graph = _make_graph(chart)
    labels = [_shorten(one) for one in chart.labels]
    for name, values in chart.series:
        graph.add(name, list(reversed(values)) if chart.horizontal else list(values))
    graph.x_labels = list(reversed(labels)) if chart.horizontal else labels
    root = graph.render_tree()
    _clean(root, chart)
    svg = etree.tostring(root, encoding="unicode")
    names = (name for name, _values in chart.series)
    return DrawnChart(chart.key, chart.title, svg, tuple(zip(names, chart.palette, strict=True)))


def _make_graph(chart: Chart) -> Any:
    bars = max(len(chart.labels), 1)
    widest = max((_width(_shorten(one)) for one in chart.labels), default=0)
    ticks = _ticks(_highest(chart), whole=not chart.percent)
    settings: dict[str, Any] = {
        "css": [],
        "js": [],
        "style": Style(label_font_size=FONT_SIZE, major_label_font_size=FONT_SIZE, value_font_size=FONT_SIZE),
        "show_legend": False,
        "disable_xml_declaration": True,
        "include_x_axis": True,
        "width": WIDTH,
        "height": ROOM + BAR * bars if chart.horizontal else 300,
        "margin": 8,
        "title": None,
        "truncate_label": -1,
        "value_formatter": _show_share if chart.percent else _show_count,
        "y_labels": ticks,
        "range": (0, ticks[-1]),
    }
    if chart.horizontal:
        # pygal takes every letter for 0.6 em, and a Chinese one is as wide as it is high
        settings["margin_left"] = 8 + round(max(widest - 0.6 * max(map(len, map(_shorten, chart.labels)), default=0), 0)
                                            * FONT_SIZE)  # fmt: skip
        settings |= {"spacing": 12}
        kind = pygal.HorizontalStackedBar if chart.stacked else pygal.HorizontalBar
    elif bars > MOST_BARS:
        settings |= {"dots_size": 2.5, **_UPRIGHT}
        kind = pygal.Line
    else:
        settings |= _UPRIGHT
        kind = pygal.Bar
    graph = kind(**settings)
    graph.uuid = chart.key
    return graph


def _highest(chart: Chart) -> float:
    if chart.stacked:
        places = range(len(chart.labels))
        return max((sum(values[at] or 0 for _name, values in chart.series) for at in places), default=0)
    return max((value or 0 for _name, values in chart.series for value in values), default=0)


def _ticks(highest: float, *, whole: bool) -> list[float]:
    """Return round numbers from 0 to at least the highest value, five at most, and one step where all is 0."""
    if highest <= 0:
        return [0, 1]
    exact = highest / (MOST_TICKS - 1)
    size = 10 ** math.floor(math.log10(exact))
    step = next(round(size * one, 6) for one in (1, 2, 2.5, 5, 10) if size * one >= exact - 1e-9)
    step = max(math.ceil(step), 1) if whole else step
    return [round(step * number, 6) for number in range(math.ceil(highest / step - 1e-9) + 1)]


def _show_count(value: float | None) -> str:
    return f"{value:,.0f}" if value is not None and abs(value - round(value)) < 0.001 else ""


def _show_share(value: float | None) -> str:
    return f"{value:.0%}" if value is not None else ""


def _shorten(label: str) -> str:
    if _width(label) <= LONGEST_LABEL:
        return label
    kept = ""
    for letter in label:
        if _width(kept + letter) > LONGEST_LABEL - 1:
            break
        kept += letter
    return kept.rstrip() + "…"


def _width(text: str) -> float:
    """Return the width of a text in ems, about."""
    return sum(1.0 if ord(letter) > 0x2E7F else 0.6 for letter in text)


def _clean(root: Any, chart: Chart) -> None:
    """Take out what only pygal's scripts use, and give the drawing our style, and its name for those who do not see."""
    for node in list(root.iter()):
        parent = node.getparent()
        tag = node.tag if isinstance(node.tag, str) else ""
        name = tag.rpartition("}")[2]
        if parent is not None and (not tag or name in ("script", "style", "desc", "title")):
            parent.remove(node)
    root.attrib.update({"role": "img", "aria-label": chart.title, "class": "chart"})
    root.attrib.pop("id", None)
    root.set("id", f"chart-{chart.key}")
    style = etree.SubElement(root, "style")
    style.text = _style(f"#chart-{chart.key}", chart.palette)
    root.insert(0, style)


@lru_cache(maxsize=64)
def _style(scope: str, palette: tuple[int, ...]) -> str:
    light = _rules(scope, 0, [LIGHT[one] for one in palette])
    dark = _rules(scope, 1, [DARK[one] for one in palette])
    fixed = (
        f"{scope} {{font-family:{FONTS};font-size:{FONT_SIZE}px}}"
        f"{scope} .series .line{{fill:none;stroke-width:2}}{scope} .tooltip{{display:none}}"
        f"{scope} .graph text{{text-anchor:middle}}{scope} .axis.y text{{text-anchor:end}}"
        f"{scope} .vertical .axis.x .guide.line{{opacity:0}}"
    )
    return f"{fixed}{light}@media screen and (prefers-color-scheme:dark){{{dark}}}"


def _rules(scope: str, at: int, colours: Sequence[str]) -> str:
    rules = [
        f"{scope} .background{{fill:none}}{scope} text{{fill:{INK[at]};stroke:none}}",
        f"{scope} .axis .line{{stroke:{QUIET[at]}}}{scope} .axis .guide.line{{stroke:{HAIR[at]}}}",
    ]
    for number, colour in enumerate(colours):
        rules.append(f"{scope} .color-{number}{{fill:{colour};stroke:{colour}}}")
    return "".join(rules)
