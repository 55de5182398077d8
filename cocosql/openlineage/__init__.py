"""Refreshes as OpenLineage events, for those who ask for them: nothing is sent but by `send`.

`history` reads what the database knows of its runs and views, `datasets` names what they read and write, `events` puts
that into the standard's words, and `sending` writes or posts it.
"""

try:
    import openlineage.client  # noqa: F401
except ImportError:
    raise ImportError(
        "OpenLineage events need the package openlineage-python: pip install 'cocosql[openlineage]'"
    ) from None

from cocosql.openlineage.sending import SendError, Sent, send

__all__ = ["SendError", "Sent", "send"]
