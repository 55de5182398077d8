"""The graph as Mermaid text, for documents."""

import re

from cocosql.pictures.model import Graph, Node

_SHAPES = {
    "source": '[("{}")]',
    "operator": '(["{}"])',
    "function": '{{{{"{}"}}}}',
    "view": '["{}"]',
}
_STYLES = {
    "source": "fill:#e6f1ee,stroke:#2f7d6b,color:#12342c",
    "operator": "fill:#f4f4f6,stroke:#9a9aa8,color:#2a2a33",
    "function": "fill:#f3ecfb,stroke:#7d54b8,color:#2f1b4d",
    "view": "fill:#e5edfb,stroke:#2f62c0,color:#10234a,stroke-width:2px",
}


def mermaid(graph: Graph) -> str:
    """A flowchart."""
    numbers = {node.id: f"n{number}" for number, node in enumerate(graph.nodes, start=1)}
    calls = {node.id for node in graph.nodes if node.kind == "function"}
    lines = ["flowchart LR"]
    lines += [f"    {numbers[node.id]}{_shape(node)}:::{node.kind}" for node in graph.nodes]
    for start, end in graph.edges:
        lines.append(f"    {numbers[start]} {'-.->' if start in calls else '-->'} {numbers[end]}")
    lines += [f"    classDef {kind} {style}" for kind, style in _STYLES.items()]
    return "\n".join(lines) + "\n"


def _shape(node: Node) -> str:
    return _SHAPES[node.kind].format(_escaped(node.name))


def _escaped(text: str) -> str:
    """Every character that might mean something to Mermaid, or to HTML, by its number."""
    return re.sub(r"[^\w .,-]", lambda found: f"#{ord(found[0])};", text)
