"""What must not be shown: passwords and the like, in options and in text."""

import re
from collections.abc import Mapping

#: Stands for what is not shown.
MASK = "***"

#: Words of names of what is secret, at the beginning of a word or of a part in capitals. `key` alone is no secret: it
#: names the columns that tell rows apart. Nor are `tokens`, which are counted.
_SECRET = (
    r"(?:(?<![a-z])|(?-i:(?=[A-Z])))(?:passw(?:or)?ds?|passphrase|pwd|token|secrets?|credentials?|authorization|sig"
    r"|signature|dsn|connection[_-]?string|(?:api|access|account|auth|encryption|private|signing|shared|service)[_-]?key)"
    r"(?![a-z])"
)
_SECRET_NAME = re.compile(rf"(?i:{_SECRET})")
#: Also passwords in which a slash or an @ was not written as a URL wants it.
_USERINFO = re.compile(r"(?<=://)(?:[^\s/?#'\"@:]+|[^\s/?#'\"@:]*:[^\s'\"]*)@")
_SCHEME = r"(?:(?:Bearer|Basic)\s+)"
_HEADER = re.compile(rf"(?i:\b({_SCHEME})[\w.~+/=-]{{8,}})")
_NAME = rf"(?P<name>[\w-]*{_SECRET}[\w-]*['\"]?\s*(?::=|=>|=|:)\s*)"
_QUOTED = r"'(?:[^'\\]|''|\\.)*'|\"(?:[^\"\\]|\\.)*\""
#: Not in quotes: up to a blank, or to what ends a value in a URL or a list.
_PAIR = re.compile(rf"(?i:{_NAME}(?P<value>{_QUOTED}|{_SCHEME}?[^\s'\"&,;)}}\]]+))")
_PAIR_IN_CODE = re.compile(rf"(?i:{_NAME}(?P<value>{_QUOTED}))")


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
    return _PAIR.sub(_masked, _without_userinfo(text))


def redacted_code(source: str) -> str:
    """The same of Python code, where only what is in quotes is a value.

    >>> redacted_code("def ask(token: str, api_key='abc'): ...")
    "def ask(token: str, api_key='***'): ..."
    """
    return _PAIR_IN_CODE.sub(_masked, _without_userinfo(source))


def _without_userinfo(text: str) -> str:
    return _HEADER.sub(rf"\1{MASK}", _USERINFO.sub(f"{MASK}@", text))


def _masked(found: re.Match[str]) -> str:
    value = found["value"]
    quote = value[0] if value[0] in "'\"" else ""
    return f"{found['name']}{quote}{MASK}{quote}"
