"""Refreshing: bringing a view up to its sources and its code, in one transaction after the calls it needs."""

from cocosql.refresh.refresh import refresh

__all__ = ["refresh"]
