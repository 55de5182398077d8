#include "algebra/same.hpp"

#include "duckdb/execution/expression_executor.hpp"
#include "duckdb/planner/expression_iterator.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

//! A constant is the same value, however it is spelt: a DATE, and text that is cast to DATE.
bool IsSameConstant(ClientContext &context, const Expression &left, const Expression &right) {
	if (!left.IsFoldable() || !right.IsFoldable()) {
		return false;
	}
	Value left_value;
	Value right_value;
	return ExpressionExecutor::TryEvaluateScalar(context, left, left_value) &&
	       ExpressionExecutor::TryEvaluateScalar(context, right, right_value) &&
	       left_value.type() == right_value.type() && Value::NotDistinctFrom(left_value, right_value);
}

} // namespace

bool IsSame(ClientContext &context, const Expression &left, const Expression &right) {
	if (!left.GetReturnType().EqualsIncludingCollation(right.GetReturnType())) {
		return false;
	}
	if (Expression::Equals(left, right) || IsSameConstant(context, left, right)) {
		return true;
	}
	if (left.GetExpressionType() != right.GetExpressionType()) {
		return false;
	}
	// Children that are the same in another spelling are spelt alike, so that what remains can be compared.
	vector<reference<const Expression>> children;
	ExpressionIterator::EnumerateChildren(left, [&](const Expression &child) { children.push_back(child); });
	auto respelt = right.Copy();
	idx_t position = 0;
	bool same = true;
	ExpressionIterator::EnumerateChildren(*respelt, [&](unique_ptr<Expression> &child) {
		same = same && position < children.size() && IsSame(context, children[position].get(), *child);
		if (same) {
			child = children[position++].get().Copy();
		}
	});
	return same && position > 0 && position == children.size() && Expression::Equals(left, *respelt);
}

} // namespace cocosql
