"""Transactions like those of TPC-C, at random, and the views that a shop would keep over them."""

import random

import pytest
from helpers import CAPTURES, Con, assert_replayed, assert_view_equals_query, one, rows

TABLES = """
CREATE TABLE warehouse (w_id INTEGER PRIMARY KEY, w_name VARCHAR, w_ytd DECIMAL(12,2));
CREATE TABLE district (d_w_id INTEGER, d_id INTEGER, d_next_o_id INTEGER, d_ytd DECIMAL(12,2), PRIMARY KEY (d_w_id, d_id));
CREATE TABLE customer (c_w_id INTEGER, c_d_id INTEGER, c_id INTEGER, c_last VARCHAR, c_balance DECIMAL(12,2),
    c_payments INTEGER, PRIMARY KEY (c_w_id, c_d_id, c_id));
CREATE TABLE item (i_id INTEGER PRIMARY KEY, i_name VARCHAR, i_price DECIMAL(5,2));
CREATE TABLE stock (s_w_id INTEGER, s_i_id INTEGER, s_quantity INTEGER, s_ytd INTEGER, PRIMARY KEY (s_w_id, s_i_id));
CREATE TABLE orders (o_w_id INTEGER, o_d_id INTEGER, o_id INTEGER, o_c_id INTEGER, o_entry_d TIMESTAMP, o_carrier_id INTEGER,
    PRIMARY KEY (o_w_id, o_d_id, o_id));
CREATE TABLE new_order (no_w_id INTEGER, no_d_id INTEGER, no_o_id INTEGER);
CREATE TABLE order_line (ol_w_id INTEGER, ol_d_id INTEGER, ol_o_id INTEGER, ol_number INTEGER, ol_i_id INTEGER,
    ol_quantity INTEGER, ol_amount DECIMAL(6,2), ol_delivery_d TIMESTAMP, PRIMARY KEY (ol_w_id, ol_d_id, ol_o_id, ol_number));
CREATE TABLE history (h_w_id INTEGER, h_d_id INTEGER, h_c_id INTEGER, h_amount DECIMAL(6,2));
"""
WAREHOUSES, DISTRICTS, CUSTOMERS, ITEMS = 2, 3, 12, 40
FILL = f"""
INSERT INTO warehouse SELECT w, 'w' || w, 0 FROM range(1, {WAREHOUSES + 1}) AS r(w);
INSERT INTO district SELECT w_id, d, 1, 0 FROM warehouse, range(1, {DISTRICTS + 1}) AS r(d);
INSERT INTO customer SELECT d_w_id, d_id, c, ['BAR', 'OUGHT', 'ABLE', 'PRI'][1 + c % 4], 0, 0 FROM district, range({CUSTOMERS}) AS r(c);
INSERT INTO item SELECT i, 'item ' || i, (1 + i * 37 % 90) / 4 FROM range({ITEMS}) AS r(i);
INSERT INTO stock SELECT w_id, i_id, 10 + (i_id * 7 + w_id) % 60, 0 FROM warehouse, item;
"""
VIEWS = {
    "stock_level": """
        SELECT d_w_id, d_id, count(DISTINCT s_i_id) AS low FROM district
        JOIN order_line ON ol_w_id = d_w_id AND ol_d_id = d_id AND ol_o_id BETWEEN d_next_o_id - 20 AND d_next_o_id - 1
        JOIN stock ON s_w_id = d_w_id AND s_i_id = ol_i_id WHERE s_quantity < 15 GROUP BY d_w_id, d_id
    """,
    "top_customers": """
        SELECT c_w_id, c_d_id, c_id, c_last, sum(ol_amount) AS spent FROM customer
        JOIN orders ON o_w_id = c_w_id AND o_d_id = c_d_id AND o_c_id = c_id
        JOIN order_line ON ol_w_id = o_w_id AND ol_d_id = o_d_id AND ol_o_id = o_id
        GROUP BY ALL ORDER BY spent DESC, c_w_id, c_d_id, c_id LIMIT 10
    """,
    "open_orders": """
        SELECT o_w_id, o_d_id, o_id, c_last, (SELECT sum(ol_amount) FROM order_line
            WHERE ol_w_id = o_w_id AND ol_d_id = o_d_id AND ol_o_id = o_id) AS worth
        FROM orders JOIN customer ON c_w_id = o_w_id AND c_d_id = o_d_id AND c_id = o_c_id
        WHERE EXISTS (SELECT 1 FROM new_order WHERE no_w_id = o_w_id AND no_d_id = o_d_id AND no_o_id = o_id)
    """,
    "revenue": """
        SELECT w_name, d_id, sum(ol_amount) AS booked, sum(ol_amount) FILTER (WHERE ol_delivery_d IS NOT NULL) AS delivered,
            max(d_ytd) AS paid
        FROM warehouse JOIN district ON d_w_id = w_id LEFT JOIN order_line ON ol_w_id = w_id AND ol_d_id = d_id
        GROUP BY w_name, d_id
    """,
    "last_order": """
        SELECT o_w_id, o_d_id, o_c_id, o_id, o_entry_d, o_carrier_id FROM orders
        QUALIFY row_number() OVER (PARTITION BY o_w_id, o_d_id, o_c_id ORDER BY o_id DESC) = 1
    """,
    "silent_customers": """
        SELECT c_w_id, c_d_id, c_id FROM customer ANTI JOIN orders ON o_w_id = c_w_id AND o_d_id = c_d_id AND o_c_id = c_id
    """,
    "best_items": """
        SELECT i_id, i_name, coalesce(sum(ol_quantity), 0) AS sold, rank() OVER (ORDER BY coalesce(sum(ol_quantity), 0) DESC) AS place
        FROM item LEFT JOIN order_line ON ol_i_id = i_id GROUP BY i_id, i_name
    """,
    "books": """
        SELECT 'district' AS account, d_w_id AS w, sum(d_ytd) AS total FROM district GROUP BY d_w_id
        UNION ALL SELECT 'history', h_w_id, sum(h_amount) FROM history GROUP BY h_w_id
        UNION ALL SELECT 'warehouse', w_id, w_ytd FROM warehouse
    """,
    "debtors": "SELECT c_w_id, c_last, count(*) AS n, min(c_balance) AS worst FROM customer GROUP BY ALL HAVING min(c_balance) < 0",
    "big_spenders": "SELECT c_last, count(*) AS n FROM top_customers GROUP BY c_last",
}


class Shop:
    def __init__(self, con: Con, seed: int) -> None:
        self.con = con
        self.random = random.Random(seed)
        self.clock = 0
        con.execute(TABLES + FILL)

    def transact(self) -> None:
        chosen = self.random.choices([self.new_order, self.payment, self.delivery, self.returned], [45, 43, 8, 4])[0]
        self.con.execute("BEGIN")
        chosen(self.random.randint(1, WAREHOUSES), self.random.randint(1, DISTRICTS))
        # As in TPC-C, one order of a hundred names an item that is not there, and is rolled back.
        self.con.execute("ROLLBACK" if self.random.random() < 0.02 else "COMMIT")

    def customer(self) -> int:
        """Some customers come much more often than others."""
        return min(self.random.randrange(CUSTOMERS), self.random.randrange(CUSTOMERS))

    def new_order(self, w: int, d: int) -> None:
        con = self.con
        self.clock += 1
        number = one(con, f"SELECT d_next_o_id FROM district WHERE d_w_id = {w} AND d_id = {d}")
        con.execute(f"UPDATE district SET d_next_o_id = d_next_o_id + 1 WHERE d_w_id = {w} AND d_id = {d}")
        moment = f"TIMESTAMP '2026-01-01' + to_minutes({self.clock})"
        con.execute(f"INSERT INTO orders VALUES ({w}, {d}, {number}, {self.customer()}, {moment}, NULL)")
        con.execute(f"INSERT INTO new_order VALUES ({w}, {d}, {number})")
        for line, item in enumerate(self.random.sample(range(ITEMS), self.random.randint(1, 6))):
            quantity = self.random.randint(1, 10)
            con.execute(
                f"UPDATE stock SET s_ytd = s_ytd + {quantity}, s_quantity = s_quantity - {quantity} + "
                f"CASE WHEN s_quantity < {quantity} + 10 THEN 91 ELSE 0 END WHERE s_w_id = {w} AND s_i_id = {item}"
            )
            con.execute(
                f"INSERT INTO order_line SELECT {w}, {d}, {number}, {line}, i_id, {quantity}, i_price * {quantity}, NULL "
                f"FROM item WHERE i_id = {item}"
            )

    def payment(self, w: int, d: int) -> None:
        amount = f"{self.random.randint(100, 9000) / 100:.2f}"
        customer = self.customer()
        self.con.execute(f"UPDATE warehouse SET w_ytd = w_ytd + {amount} WHERE w_id = {w}")
        self.con.execute(f"UPDATE district SET d_ytd = d_ytd + {amount} WHERE d_w_id = {w} AND d_id = {d}")
        self.con.execute(
            f"UPDATE customer SET c_balance = c_balance - {amount}, c_payments = c_payments + 1 "
            f"WHERE c_w_id = {w} AND c_d_id = {d} AND c_id = {customer}"
        )
        self.con.execute(f"INSERT INTO history VALUES ({w}, {d}, {customer}, {amount})")

    def delivery(self, w: int, _: int) -> None:
        """The oldest open order of each district of a warehouse."""
        oldest = rows(self.con, f"SELECT no_d_id, min(no_o_id) FROM new_order WHERE no_w_id = {w} GROUP BY no_d_id")
        for d, number in oldest:
            order = f"{w}, {d}, {number}"
            self.con.execute(f"DELETE FROM new_order WHERE (no_w_id, no_d_id, no_o_id) = ({order})")
            self.con.execute(
                f"UPDATE orders SET o_carrier_id = {self.random.randint(1, 10)} WHERE (o_w_id, o_d_id, o_id) = ({order})"
            )
            self.con.execute(
                f"UPDATE order_line SET ol_delivery_d = TIMESTAMP '2026-02-01' WHERE (ol_w_id, ol_d_id, ol_o_id) = ({order})"
            )
            self.con.execute(
                f"UPDATE customer SET c_balance = c_balance + (SELECT sum(ol_amount) FROM order_line "
                f"WHERE (ol_w_id, ol_d_id, ol_o_id) = ({order})) FROM orders WHERE (o_w_id, o_d_id, o_id) = ({order}) "
                "AND (c_w_id, c_d_id, c_id) = (o_w_id, o_d_id, o_c_id)"
            )

    def returned(self, w: int, d: int) -> None:
        """The newest order is cancelled: not in TPC-C, which deletes nothing but open orders."""
        ((number,),) = rows(self.con, f"SELECT max(o_id) FROM orders WHERE o_w_id = {w} AND o_d_id = {d}")
        for table, columns in [
            ("order_line", "ol_w_id, ol_d_id, ol_o_id"),
            ("new_order", "no_w_id, no_d_id, no_o_id"),
            ("orders", "o_w_id, o_d_id, o_id"),
        ]:
            self.con.execute(f"DELETE FROM {table} WHERE ({columns}) = ({w}, {d}, {number or -1})")


@pytest.mark.slow
@pytest.mark.parametrize("capture", CAPTURES)
@pytest.mark.parametrize("seed", [1, 2])
def test_views_over_transactions(con: Con, capture: str, seed: int) -> None:
    shop = Shop(con, seed)
    for name, query in VIEWS.items():
        con.execute(f"CREATE INCREMENTAL VIEW {name} WITH (capture = '{capture}') AS {query}")
    for transactions in (1, 2, 20, 5, 1, 60):
        for _ in range(transactions):
            shop.transact()
        names = shop.random.sample(list(VIEWS), len(VIEWS))
        con.execute(f"REFRESH INCREMENTAL VIEW {', '.join(names)}")
        for name, query in VIEWS.items():
            assert_view_equals_query(con, name, query)
    for name in VIEWS:
        assert_replayed(con, name, name)
    con.execute("CREATE OR REPLACE TEMP TABLE sums AS SELECT account, sum(total) AS total FROM books GROUP BY account")
    assert one(con, "SELECT count(DISTINCT total) FROM sums") == 1, "the books do not balance"
