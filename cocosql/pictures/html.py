"""The page: one HTML file with all that it needs in it, and no leave to load or to run anything else."""

import base64
import hashlib
import json
from datetime import datetime
from html import escape
from string import Template
from typing import Any

from cocosql.files import find
from cocosql.pictures import drawing

#: The parts of its script, each of which may use those before it when it is read, and all when it runs.
_SCRIPTS = [
    *("elements.js", "known.js", "place.js", "panels.js", "lineage.js", "graph.js", "rows.js", "tabs.js", "start.js"),
]
#: Characters that could end a script element, or are no part of JavaScript's texts.
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def page(data: dict[str, Any], *, is_live: bool = False) -> str:
    """The page of some data. A live one asks the server that it came from for what is new."""
    style, script = _part("page.css") + drawing.style(), "\n".join(map(_part, _SCRIPTS))
    policy = [
        "default-src 'none'",
        "img-src data:",
        f"style-src '{_digest(style)}'",
        f"script-src '{_digest(script)}'",
        "base-uri 'none'",
        "form-action 'none'",
        *(["connect-src 'self'"] if is_live else []),
    ]
    return Template(_part("page.html")).substitute(
        policy=escape("; ".join(policy)),
        title=escape(data["title"]),
        style=style,
        data=in_script({**data, "is_live": is_live}),
        script=script,
    )


def in_script(data: Any) -> str:
    """JSON as it may stand in a script element."""
    return json.dumps(data, default=_as_text, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)


def _as_text(value: Any) -> str:
    """A value that JSON has no kind for; times as JavaScript reads them."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _part(name: str) -> str:
    return find(f"pictures/page/{name}").read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """How a content security policy names an inline script or style."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
