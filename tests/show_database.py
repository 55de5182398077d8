"""A database as a small company might have it: documents, their passages, who wrote them; code and data that changed."""

from pathlib import Path

import duckdb

import cocosql
from cocosql import Vector

TOPICS = ["Onboarding", "Invoices", "Deployments", "Backups", "Holidays", "Incidents", "Security", "Hardware"]
PEOPLE = [("Ada", "Platform"), ("Grace", "Platform"), ("Edgar", "Data"), ("Barbara", "Data"), ("Tim", "Support")]

VIEWS = (
    """
    CREATE INCREMENTAL VIEW passages WITH (on_error = 'keep') AS
    SELECT d.path, d.author, p AS text, count_words(p) AS words, embed(p) AS vector
    FROM documents AS d, unnest(split_passages(d.body)) AS u(p)
    """,
    """
    CREATE INCREMENTAL VIEW authored AS
    SELECT p.path, p.text, p.words, a.name AS author, a.team, classify(p.text) AS topic
    FROM passages AS p JOIN authors AS a ON a.name = p.author
    """,
    """
    CREATE INCREMENTAL VIEW teams WITH (key = 'team') AS
    SELECT team, count(*) AS passages, sum(words) AS words FROM authored GROUP BY team
    """,
    """
    CREATE INCREMENTAL VIEW longest AS
    SELECT team, path, text, rank() OVER (PARTITION BY team ORDER BY words DESC) AS place
    FROM authored QUALIFY place <= 3
    """,
    """
    CREATE INCREMENTAL VIEW security AS
    SELECT path, text, vector FROM passages WHERE classify(text) = 'Security'
    """,
)


@cocosql.udf
def split_passages(body: str) -> list[str]:
    """Paragraphs are what stands between empty lines."""
    return [part.strip() for part in body.split("\n\n") if part.strip()]


@cocosql.udf
def count_words(text: str) -> int:
    return len(text.split())


@cocosql.udf(name="count_words")
def count_words_better(text: str) -> int:
    """Only what has a letter is a word."""
    return sum(any(map(str.isalpha, word)) for word in text.split())


@cocosql.udf(batch_size=64)
def embed(texts: list[str]) -> list[Vector[4]]:
    """Stands for a model that does not take every text."""
    if any("passwörd" in text for text in texts):
        raise ValueError("the model refused a text: character 'ö' at 12")
    return [[len(text), text.count("e"), text.count("a"), text.count(" ")] for text in texts]


@cocosql.udf
def classify(text: str) -> str:
    return next((topic for topic in TOPICS if topic.lower() in text.lower()), "Other")


FUNCTIONS = (split_passages, count_words, embed, classify)


def make(path: Path) -> None:
    """Make the file, and let it have a history."""
    con = cocosql.connect(path, functions=FUNCTIONS)
    fill(con)
    con.close()


def fill(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE documents (path VARCHAR PRIMARY KEY, author VARCHAR, body VARCHAR)")
    con.execute("CREATE TABLE authors (name VARCHAR PRIMARY KEY, team VARCHAR)")
    con.executemany("INSERT INTO authors VALUES (?, ?)", PEOPLE)
    con.executemany("INSERT INTO documents VALUES (?, ?, ?)", [document(number) for number in range(48)])
    for view in VIEWS:
        con.execute(view)
    refresh = "REFRESH ALL INCREMENTAL VIEWS"
    con.execute(
        "UPDATE documents SET body = body || '\n\nThe backups of 2 disks are kept for 30 days.' WHERE author = 'Tim'"
    )
    con.execute("INSERT INTO documents VALUES ('wiki/secrets.md', 'Ada', 'Never mail a passwörd.\n\nUse the vault.')")
    con.execute(refresh)
    cocosql.register(con, count_words_better)
    con.execute(refresh)
    con.execute("DELETE FROM documents WHERE path = 'wiki/invoices-1.md'")
    con.execute("UPDATE authors SET team = 'Data' WHERE name = 'Tim'")
    con.execute(refresh)
    con.execute("UPDATE authors SET team = 'Platform' WHERE name = 'Edgar'")


def document(number: int) -> tuple[str, str, str]:
    topic, author = TOPICS[number % len(TOPICS)], PEOPLE[number % len(PEOPLE)][0]
    passages = [
        f"{topic}: what everybody should know, part {number // len(TOPICS)}.",
        f"Ask {author} when something about {topic.lower()} is not clear. The list of {number} steps is long.",
        f"{topic} are reviewed every {number % 5 + 2} weeks; the review takes {number % 7 + 10} minutes.",
    ]
    return f"wiki/{topic.lower()}-{number // len(TOPICS)}.md", author, "\n\n".join(passages[: 2 + number % 2])
