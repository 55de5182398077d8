//! The difference between the rows that a table has and those that it is to have, as bags: the least that must be written.
//!
//! Rows are equal by their fingerprints. Of equal rows those are paired first that came from the same rows.
#pragma once

#include "session/session.hpp"

#include <optional>
#include <string>
#include <vector>

namespace cocosql {

struct Difference {
	//! Rows that are there and are not to be, that are to be and are not, and that only came from other rows.
	duckdb::idx_t gone = 0;
	duckdb::idx_t came = 0;
	duckdb::idx_t moved = 0;
	//! Of those that came, how many replace one that is gone, as they have its key.
	duckdb::idx_t updated = 0;
};

//! What rows have in common if they are the same; each part says by which columns, which both sides have, or none.
struct Sameness {
	using Columns = std::optional<std::vector<std::string>>;

	//! Content and origin: a row that has an equal one stays as it is.
	Columns exact;
	//! Content.
	Columns content;
	//! The key: what has the same is an update.
	Columns key;
};

//! `past` and `fresh` are queries, and rows are equal by the fingerprints of columns. `past` has row ids, coco_rowid BIGINT,
//! and `number`, a BIGINT column by which its rows are known, whatever becomes of them. Numbers of rows that are new count
//! up from `next`.
//!
//! Keeps three collections, each name with the prefix:
//!     gone:   the columns of `past`, and coco_replaced BOOLEAN
//!     came:   the columns of `fresh`, the number, and coco_updated BOOLEAN: whether it is that of a row that it replaces
//!     moved:  the columns of `fresh`, coco_rowid BIGINT
//!
//! Takes some 50 bytes of memory a row of `fresh`, and as many for each row that is written; the rows themselves may be
//! swapped out, and of `past` only those that do not stay as they are, are kept. Call without the GIL.
Difference FindDifference(Session &session, const std::string &past, const std::string &fresh, const Sameness &sameness,
                          const std::string &number, int64_t next, const std::string &prefix);

void BindDifference(nanobind::module_ &module);

} // namespace cocosql
