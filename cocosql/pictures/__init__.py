"""Pictures of a database: the graph of its views, in a notebook, as text for documents, and as a page."""

from cocosql.pictures.picture import Picture

__all__ = ["Picture"]
