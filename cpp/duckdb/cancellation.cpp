#include "duckdb/cancellation.hpp"

#include "duckdb/execution/executor.hpp"

namespace cocosql {

namespace {

using CancelledMember = bool duckdb::Executor::*;

CancelledMember Cancelled();

//! After Ctrl-C DuckDB's Python client cancels the executor and waits for its tasks, but does not interrupt the
//! connection; only this private member tells a task of it. An explicit instantiation may name private members
//! ([temp.spec.general] of the C++ standard).
template <CancelledMember MEMBER>
struct Reveal {
	friend CancelledMember Cancelled() {
		return MEMBER;
	}
};
template struct Reveal<&duckdb::Executor::cancelled>;

} // namespace

void CheckCancelled(duckdb::ClientContext &context) {
	context.InterruptCheck();
	if (context.GetExecutor().*Cancelled()) {
		throw duckdb::InterruptException();
	}
}

} // namespace cocosql
