//! The difference between the rows that a table has and those that it is to have, as bags: the least that must be written.
//!
//! Rows are equal by their fingerprints. Of equal rows those are paired first that came from the same rows.
#pragma once

#include "session/session.hpp"

namespace cocosql {

struct Difference {
	//! Rows that are there and are not to be, that are to be and are not, and that only came from other rows.
	duckdb::idx_t gone = 0;
	duckdb::idx_t came = 0;
	duckdb::idx_t moved = 0;
	//! Of those that came, how many replace one that is gone, as they have its key.
	duckdb::idx_t updated = 0;
};

//! `past` and `fresh` are queries. Both begin with three fingerprints, UHUGEINT: of content and origin, of the content, of
//! the key (NULL: none). `past` goes on with coco_at BIGINT, which identifies the row, and coco_rowid BIGINT.
//!
//! Keeps three collections, each name with the prefix:
//!     gone:   the columns of `past` from coco_rowid on, and coco_replaced BOOLEAN
//!     came:   the further columns of `fresh`, coco_replaces BIGINT (coco_at of the row that it replaces), coco_number BIGINT
//!             (of the others, from 0); one of the two is NULL
//!     moved:  the further columns of `fresh`, coco_rowid BIGINT
//!
//! Takes some 70 bytes of memory a row of `fresh`, and as many for each row that is written; the rows themselves may be swapped out, and of `past` only those that do
//! not stay as they are, are kept. Call without the GIL.
Difference FindDifference(Session &session, const std::string &past, const std::string &fresh, const std::string &prefix);

void BindDifference(nanobind::module_ &module);

} // namespace cocosql
