"""The graph as SVG: Graphviz says where things are, and the tree of elements escapes all text."""

import json
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

from cocosql.files import find
from cocosql.pictures.model import Graph, Node

HINT = 'the drawing needs Graphviz, which is in a package: pip install "pygraphviz>=2"'

_POINTS_PER_INCH = 72
_MOST_CHARACTERS = 34
_HEIGHT = {"operator": 28, "function": 38, "source": 42, "view": 46}
_MARGIN = 16
#: Small drawings, 16 by 16.
_ICONS = {
    "source": "M2 4c0-3 12-3 12 0v8c0 3-12 3-12 0V4c0 3 12 3 12 0",
    "view": "M2 3h12v10H2zM2 6.5h12M6.5 6.5V13",
    "function": "M11 2.5c-3-.8-3.6 1-4 4L6 13c-.3 1.6-1.300 2-3 1.500M4 7h6.500",
}


def style() -> str:
    """How it looks, in light and in dark."""
    return find("pictures/page/graph.css").read_text(encoding="utf-8")


def svg(graph: Graph, style: str = "") -> str:
    """The drawing, as one element `svg`, with its style in it or without.

    Raises:
        ImportError: if Graphviz is not there.
    """
    laid_out = _layout(graph)
    _, _, width, height = map(float, laid_out["bb"].split(","))
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": "coco-graph",
            "viewBox": f"{-_MARGIN} {-_MARGIN} {width + 2 * _MARGIN:.0f} {height + 2 * _MARGIN:.0f}",
            "width": f"{width + 2 * _MARGIN:.0f}",
            "height": f"{height + 2 * _MARGIN:.0f}",
        },
    )
    if style:
        ET.SubElement(root, "style").text = style
    placed = {one["name"]: one for one in laid_out.get("objects", [])}
    for name, place in placed.items():
        if name.startswith("cluster"):
            root.append(_cluster(place, height))
    numbers = {place["_gvid"]: int(name[1:]) for name, place in placed.items() if name.startswith("n")}
    for edge in laid_out.get("edges", []):
        root.append(_edge(edge, graph.nodes[numbers[edge["tail"]]], graph.nodes[numbers[edge["head"]]], height))
    for number, node in enumerate(graph.nodes):
        root.append(_node(node, placed[f"n{number}"], height))
    return ET.tostring(root, encoding="unicode")


def _layout(graph: Graph) -> Any:
    """What Graphviz says: boxes in points, from the lower left corner up."""
    try:
        from pygraphviz import AGraph  # noqa: PLC0415
    except ImportError:
        raise ImportError(HINT) from None
    drawn = AGraph(directed=True, rankdir="LR", nodesep="0.28", ranksep="0.55")
    numbers = {node.id: f"n{number}" for number, node in enumerate(graph.nodes)}
    for node in graph.nodes:
        width, height = (f"{size / _POINTS_PER_INCH:.3f}" for size in (_width(node), _HEIGHT[node.kind]))
        # Labels are drawn here: so the layout is the same whatever fonts there are, and reads no text of the user's.
        drawn.add_node(numbers[node.id], label="", shape="box", fixedsize="true", width=width, height=height)
    for start, end in graph.edges:
        drawn.add_edge(numbers[start], numbers[end], tailport="e", headport="w")
    for number, parts in enumerate(_clusters(graph)):
        drawn.add_subgraph([numbers[part] for part in parts], name=f"cluster_{number}", label="", margin="12")
    return json.loads(drawn.draw(format="json", prog="dot"))


def _clusters(graph: Graph) -> Iterator[list[str]]:
    """The nodes of each view."""
    for view in (node for node in graph.nodes if node.kind == "view"):
        yield [node.id for node in graph.nodes if node.view == view.id]


def _cut(text: str) -> str:
    """A long text without its middle: a path is known by its end."""
    if len(text) <= _MOST_CHARACTERS:
        return text
    start = _MOST_CHARACTERS // 3
    return f"{text[:start]}…{text[start + 1 - _MOST_CHARACTERS :]}"


def _width(node: Node) -> int:
    """About as wide as its text, in points."""
    icon = 26 if node.kind in _ICONS else 0
    status = 14 if node.status else 0
    return max(round(8.6 * len(_cut(node.name))) + status, round(6.6 * len(_cut(node.detail)))) + icon + 26


def _cluster(place: dict[str, Any], height: float) -> ET.Element:
    left, bottom, right, top = map(float, place["bb"].split(","))
    shape = {"x": left, "y": height - top, "width": right - left, "height": top - bottom, "rx": 14}
    return ET.Element("rect", {"class": "cluster", **_numbers(shape)})


def _node(node: Node, place: dict[str, Any], height: float) -> ET.Element:
    x, y = map(float, place["pos"].split(","))
    width, tall = _width(node), _HEIGHT[node.kind]
    left, top = x - width / 2, height - y - tall / 2
    group = ET.Element("g", {"class": f"node {node.kind}", "data-id": node.id})
    box = {"x": left, "y": top, "width": width, "height": tall, "rx": tall / 2 if node.kind == "operator" else 9}
    ET.SubElement(group, "rect", {"class": "box", **_numbers(box)})
    start = left + 13
    if node.kind in _ICONS:
        place_of_icon = f"translate({start:.1f} {top + tall / 2 - 8:.1f})"
        ET.SubElement(group, "path", {"class": "icon", "d": _ICONS[node.kind], "transform": place_of_icon})
        start += 26
    middle = top + tall / 2 + 4.5
    _text(group, "name", start, middle - 8 if node.detail else middle, _cut(node.name))
    if node.detail:
        _text(group, "detail", start, middle + 8, _cut(node.detail))
    if node.status:
        at = {"cx": left + width - 13, "cy": top + 14, "r": 4.5}
        ET.SubElement(group, "circle", {"class": f"status {_class(node.status)}", **_numbers(at)})
    title = ET.SubElement(group, "title")
    title.text = _printable(" · ".join(filter(None, [node.kind, node.name, node.detail, node.status])))
    return group


def _text(group: ET.Element, kind: str, x: float, y: float, text: str) -> None:
    ET.SubElement(group, "text", {"class": kind, **_numbers({"x": x, "y": y})}).text = _printable(text)


def _edge(edge: dict[str, Any], start: Node, end: Node, height: float) -> ET.Element:
    kind = "edge calls" if start.kind == "function" else "edge"
    group = ET.Element("g", {"class": kind, "data-from": start.id, "data-to": end.id})
    first, *others = [(x, height - y) for x, y in _points(edge["_draw_"])]
    path = f"M{first[0]:.1f} {first[1]:.1f}C" + " ".join(f"{x:.1f} {y:.1f}" for x, y in others)
    ET.SubElement(group, "path", {"d": path})
    arrow = [(x, height - y) for x, y in _points(edge["_hdraw_"])]
    ET.SubElement(group, "polygon", {"points": " ".join(f"{x:.1f},{y:.1f}" for x, y in arrow)})
    return group


def _points(drawn: list[dict[str, Any]]) -> list[tuple[float, float]]:
    return next(step["points"] for step in drawn if "points" in step)


def _numbers(shape: dict[str, float]) -> dict[str, str]:
    return {name: f"{value:.1f}" for name, value in shape.items()}


def _class(status: str) -> str:
    return status.replace(" ", "-")


def _printable(text: str) -> str:
    """Without characters that XML does not have."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "�", text)
