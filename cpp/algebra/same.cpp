#include "algebra/same.hpp"

#include "duckdb/execution/expression_executor.hpp"
#include "duckdb/planner/expression/bound_aggregate_expression.hpp"
#include "duckdb/planner/expression/bound_cast_expression.hpp"
#include "duckdb/planner/expression/bound_conjunction_expression.hpp"
#include "duckdb/planner/expression/bound_function_expression.hpp"
#include "duckdb/planner/expression/bound_lambda_expression.hpp"
#include "duckdb/planner/expression_iterator.hpp"

#include <algorithm>
#include <set>

namespace cocosql {

using namespace duckdb;

namespace {

//! Functions that collations are made of. Applying one twice gives the same as applying it once.
const std::set<std::string> COLLATING {"lower", "strip_accents", "nfc_normalize"};
//! Functions that keep constant arguments as bind data and drop them.
const std::set<std::string> SORTING {"list_sort", "list_reverse_sort", "list_grade_up"};
const std::set<std::string> SLICING {"list_slice", "array_slice"};

const std::string &NameOf(const BoundFunctionExpression &function) {
	return function.Function().GetName().GetIdentifierName();
}

//! A constant is the same value, however it is spelt: a DATE, and text that is cast to DATE.
bool IsSameConstant(ClientContext &context, const Expression &left, const Expression &right) {
	if (!left.IsFoldable() || !right.IsFoldable()) {
		return false;
	}
	try {
		auto left_value = ExpressionExecutor::EvaluateScalar(context, left);
		auto right_value = ExpressionExecutor::EvaluateScalar(context, right);
		return left_value.type() == right_value.type() && Value::NotDistinctFrom(left_value, right_value);
	} catch (const std::exception &) {
		return false; // an error, or what has no value of its own, as a lambda
	}
}

void AddOperands(const Expression &expression, ExpressionType type, vector<reference<const Expression>> &operands) {
	if (expression.GetExpressionType() != type) {
		operands.push_back(expression);
		return;
	}
	for (auto &child : expression.Cast<BoundConjunctionExpression>().GetChildren()) {
		AddOperands(*child, type, operands);
	}
}

//! (a AND b) AND c is a AND b AND c.
bool IsSameConjunction(ClientContext &context, const Expression &left, const Expression &right) {
	vector<reference<const Expression>> lefts;
	vector<reference<const Expression>> rights;
	AddOperands(left, left.GetExpressionType(), lefts);
	AddOperands(right, left.GetExpressionType(), rights);
	bool same = lefts.size() == rights.size();
	for (idx_t i = 0; same && i < lefts.size(); i++) {
		same = IsSame(context, lefts[i].get(), rights[i].get());
	}
	return same;
}

bool HasSameName(const BoundFunctionExpression &left, const BoundFunctionExpression &right) {
	return left.Function().GetName() == right.Function().GetName() ||
	       (SLICING.count(NameOf(left)) && SLICING.count(NameOf(right)));
}

bool HasSameArguments(ClientContext &context, const BoundFunctionExpression &left,
                      const BoundFunctionExpression &right) {
	auto &lefts = left.GetChildren();
	auto &rights = right.GetChildren();
	if (lefts.size() != rights.size() && (!SORTING.count(NameOf(left)) || lefts.size() > rights.size())) {
		return false;
	}
	bool same = true;
	for (idx_t i = 0; same && i < lefts.size(); i++) {
		same = IsSame(context, *lefts[i], *rights[i]);
	}
	return same;
}

//! A lambda is among the arguments, and once more in the bind data.
bool HasLambda(const BoundFunctionExpression &function) {
	auto &arguments = function.GetChildren();
	return std::any_of(arguments.begin(), arguments.end(), [](const unique_ptr<Expression> &argument) {
		return argument->GetExpressionClass() == ExpressionClass::BOUND_LAMBDA;
	});
}

bool IsSameLambda(ClientContext &context, const BoundLambdaExpression &left, const BoundLambdaExpression &right) {
	auto &lefts = left.Captures();
	auto &rights = right.Captures();
	bool same = left.ParameterCount() == right.ParameterCount() && lefts.size() == rights.size();
	for (idx_t i = 0; same && i < lefts.size(); i++) {
		same = IsSame(context, *lefts[i], *rights[i]);
	}
	return same && IsSame(context, *left.LambdaExpr(), *right.LambdaExpr());
}

//! A function is known by its name and types. DuckDB compares more, as by which name it was looked up.
bool IsSameFunction(ClientContext &context, const BoundFunctionExpression &left, const BoundFunctionExpression &right) {
	if (left.GetExpressionType() != right.GetExpressionType() || !HasSameArguments(context, left, right)) {
		return false;
	}
	if (BoundCastExpression::IsCast(left)) {
		return BoundCastExpression::IsTryCast(left) == BoundCastExpression::IsTryCast(right);
	}
	return HasSameName(left, right) &&
	       (HasLambda(left) || FunctionData::Equals(left.BindInfo().get(), right.BindInfo().get()));
}

//! The planner gives error(…) whatever type it needs; SQL has to cast it.
bool IsSameError(ClientContext &context, const Expression &left, const Expression &right) {
	reference<const Expression> call = right;
	while (BoundCastExpression::IsCast(call.get())) {
		call = BoundCastExpression::Child(call.get().Cast<BoundFunctionExpression>());
	}
	auto &error = left.Cast<BoundFunctionExpression>();
	return NameOf(error) == "error" && call.get().GetExpressionType() == left.GetExpressionType() &&
	       NameOf(call.get().Cast<BoundFunctionExpression>()) == "error" &&
	       IsSame(context, *error.GetChildren()[0], *call.get().Cast<BoundFunctionExpression>().GetChildren()[0]);
}

//! An aggregate, too, is known by its name and types.
void TakeFunction(const Expression &left, Expression &right) {
	if (left.GetExpressionClass() != ExpressionClass::BOUND_AGGREGATE ||
	    right.GetExpressionClass() != ExpressionClass::BOUND_AGGREGATE) {
		return;
	}
	auto &function = left.Cast<BoundAggregateExpression>().Function();
	auto &other = right.Cast<BoundAggregateExpression>().FunctionMutable();
	if (function.GetName() == other.GetName() && function.GetArguments() == other.GetArguments()) {
		other = function;
	}
}

//! What a collation's functions, those that the left begins with, are applied to on the right; or nothing.
optional_ptr<const Expression> CollatedOnce(const Expression &left, const Expression &right) {
	auto is_collating = [](const Expression &expression) {
		return expression.GetExpressionType() == ExpressionType::BOUND_FUNCTION &&
		       COLLATING.count(NameOf(expression.Cast<BoundFunctionExpression>())) > 0;
	};
	reference<const Expression> outer = left;
	reference<const Expression> inner = right;
	while (is_collating(outer.get())) {
		auto &function = outer.get().Cast<BoundFunctionExpression>();
		if (!is_collating(inner.get()) || NameOf(inner.get().Cast<BoundFunctionExpression>()) != NameOf(function)) {
			return nullptr;
		}
		outer = *function.GetChildren()[0];
		inner = *inner.get().Cast<BoundFunctionExpression>().GetChildren()[0];
	}
	return &inner.get() == &right ? nullptr : &inner.get();
}

//! Children that are the same in another spelling are spelt alike, so that what remains can be compared.
bool IsSameRespelt(ClientContext &context, const Expression &left, const Expression &right) {
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
	TakeFunction(left, *respelt);
	return same && position == children.size() && Expression::Equals(left, *respelt);
}

} // namespace

bool IsSame(ClientContext &context, const Expression &left, const Expression &right) {
	if (!left.GetReturnType().EqualsIncludingCollation(right.GetReturnType())) {
		return false;
	}
	if (Expression::Equals(left, right) || IsSameConstant(context, left, right)) {
		return true;
	}
	if (right.GetExpressionClass() == ExpressionClass::BOUND_FUNCTION &&
	    left.GetExpressionClass() == ExpressionClass::BOUND_FUNCTION) {
		auto &left_function = left.Cast<BoundFunctionExpression>();
		auto &right_function = right.Cast<BoundFunctionExpression>();
		if (IsSameFunction(context, left_function, right_function) || IsSameError(context, left, right)) {
			return true;
		}
		auto once = CollatedOnce(left, right);
		return once && IsSame(context, left, *once);
	}
	switch (left.GetExpressionType()) {
	case ExpressionType::CONJUNCTION_AND:
	case ExpressionType::CONJUNCTION_OR:
		return IsSameConjunction(context, left, right);
	case ExpressionType::LAMBDA:
		return right.GetExpressionType() == ExpressionType::LAMBDA &&
		       IsSameLambda(context, left.Cast<BoundLambdaExpression>(), right.Cast<BoundLambdaExpression>());
	default:
		return left.GetExpressionType() == right.GetExpressionType() && IsSameRespelt(context, left, right);
	}
}

} // namespace cocosql
