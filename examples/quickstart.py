"""The example of the README: python examples/quickstart.py"""

import cocosql
from cocosql import Vector

con = cocosql.connect()  # in memory; cocosql.connect("notes.db") keeps a file


@cocosql.udf
def sentences(body: str) -> list[str]:
    return [part.strip() for part in body.split(".") if part.strip()]


@cocosql.udf(batch_size=64)
def embed(texts: list[str]) -> list[Vector[2]]:  # a model goes here
    return [[len(text), text.count("e")] for text in texts]


cocosql.register(con, sentences, embed)

con.execute("CREATE TABLE notes (path VARCHAR PRIMARY KEY, body VARCHAR)")
con.execute("INSERT INTO notes VALUES ('a.md', 'Tea is hot. Ice is cold.'), ('b.md', 'Ice is cold.')")
con.execute("""
    CREATE INCREMENTAL VIEW passages AS
    SELECT n.path, s AS sentence, embed(s) AS vector
    FROM notes AS n, unnest(sentences(n.body)) AS u(s)
""")

con.execute("UPDATE notes SET body = 'Tea is hot. Ice melts.' WHERE path = 'a.md'")
con.execute("REFRESH INCREMENTAL VIEW passages")

print(con.sql("FROM passages ORDER BY ALL"))
print(con.sql("SELECT version, inserted, deleted, calls, hits FROM coco_runs() ORDER BY run_id"))
