"""Text without the secrets that SQL and addresses may have in them."""

import re

#: User and password before a host, and what is behind a question mark: signatures and tokens.
_URL = re.compile(r"""(\w[\w+.-]*://)(?:[^\s'"/@]*@)?([^\s'"?]*)(?:\?[^\s'"]*)?""")
_SECRET = re.compile(
    r"""(\b\w*(?:password|passwd|pwd|secret|token|api_?key|access_?key|credential)\w*\s*(?:=>|:=|=|:)\s*)"""
    r"""('(?:[^']|'')*'|"[^"]*"|[^\s,;)'"]+)""",
    re.IGNORECASE,
)


def without_secrets(text: str) -> str:
    """The text with addresses cut to scheme, host and path, and ``***`` for what is called a password or the like."""
    return _SECRET.sub(r"\1***", _URL.sub(r"\1\2", text))
