"""What must not be shown: passwords and the like, in options and in text."""

import re
from collections.abc import Mapping

#: Stands for what is not shown.
MASK = "***"

#: Names of what is secret. `key` alone is no secret: it names the columns that tell rows apart.
_SECRET = (
    r"passw(?:or)?d|passphrase|pwd|token|secret|credentials?|authorization|signature|dsn|connection_?string"
    r"|(?:api|access|account|auth|encryption|private|signing|shared|service)[_-]?key"
)
_SECRET_NAME = re.compile(_SECRET, re.IGNORECASE)
_USERINFO = re.compile(r"(?<=://)[^\s/?#'\"@]*(?::[^\s/?#'\"]*)?@")
_HEADER = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE)
#: A name, what stands between it and its value, and the value: in quotes, or up to a blank or what ends it in a URL.
_PAIR = re.compile(
    rf"(?P<name>[\w-]*(?:{_SECRET}|\bsig)[\w-]*['\"]?\s*(?::=|=>|=|:)\s*)"
    r"(?P<value>'(?:[^'\\]|''|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\s'\"&,;)}\]]+)",
    re.IGNORECASE,
)


def is_secret(name: str) -> bool:
    """Whether the value of an option of this name is secret."""
    return bool(_SECRET_NAME.search(name))


def hidden(options: Mapping[str, str]) -> dict[str, str]:
    """Options as they may be shown."""
    return {name: MASK if is_secret(name) else redacted(value) for name, value in options.items()}


def redacted(text: str) -> str:
    """A text as it may be shown: without user names and passwords in URLs, and without values of secret names.

    >>> redacted("https://me:hunter2@example.com/a?token=abc&page=2")
    'https://***@example.com/a?token=***&page=2'
    >>> redacted("host=db password='x y' user=me")
    "host=db password='***' user=me"
    """
    text = _USERINFO.sub(f"{MASK}@", text)
    text = _HEADER.sub(rf"\1 {MASK}", text)
    return _PAIR.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    value = found["value"]
    quote = value[0] if value[0] in "'\"" else ""
    return f"{found['name']}{quote}{MASK}{quote}"
