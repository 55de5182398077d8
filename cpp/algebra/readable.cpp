#include "algebra/readable.hpp"

#include "duckdb/parser/expression/cast_expression.hpp"
#include "duckdb/parser/expression/collate_expression.hpp"
#include "duckdb/parser/expression/columnref_expression.hpp"
#include "duckdb/parser/expression/function_expression.hpp"
#include "duckdb/parser/expression/lambda_expression.hpp"
#include "duckdb/parser/expression/star_expression.hpp"
#include "duckdb/parser/expression/window_expression.hpp"
#include "duckdb/parser/parsed_expression_iterator.hpp"

#include <unordered_set>

namespace cocosql {

using namespace duckdb;

namespace {

using Parsed = unique_ptr<ParsedExpression>;

const std::unordered_set<std::string> BINARY {"+",  "-",   "*",   "/",    "//", "%",  "||", "&",  "|",
                                              "<<", ">>",  "~~",  "!~~",  "^",  "**", "@>", "<@", "&&",
                                              "^@", "~~*", "!~~*", "~~~"};
const std::unordered_set<std::string> UNARY {"-", "~"};

template <class CALL>
void Unqualify(CALL &call) {
	auto &name = call.GetQualifiedName();
	if (name.Path().size() == 3 && name.Catalog() == Identifier::SystemCatalog() &&
	    name.Schema() == Identifier::DefaultSchema()) {
		call.SetQualifiedName(QualifiedName(name.Name()));
	}
}

void SpellFunction(FunctionExpression &function) {
	Unqualify(function);
	auto &name = function.FunctionName().GetIdentifierName();
	auto &arguments = function.GetArgumentsMutable();
	if (function.FunctionName() == Identifier("count_star") && arguments.empty()) {
		function.SetFunctionName("count");
		arguments.emplace_back(make_uniq<StarExpression>());
	}
	function.IsOperatorMutable() =
	    (arguments.size() == 2 && BINARY.count(name)) || (arguments.size() == 1 && UNARY.count(name));
}

//! Names of the parameters that are in scope, and what they are called now.
using Renames = identifier_map_t<std::string>;

class Reader {
public:
	explicit Reader(Style style) : style(style) {
	}

	//! The expression itself keeps its type if it is a literal.
	void VisitRoot(Parsed &expression) {
		auto is_cast = expression->GetExpressionClass() == ExpressionClass::CAST;
		auto type = is_cast ? expression->Cast<CastExpression>().Copy() : nullptr;
		Visit(expression, {});
		if (is_cast && expression->GetExpressionClass() == ExpressionClass::CONSTANT) {
			type->Cast<CastExpression>().ChildMutable() = std::move(expression);
			expression = std::move(type);
		}
	}

private:
	void Visit(Parsed &expression, const Renames &renames) {
		if (expression->GetExpressionClass() == ExpressionClass::LAMBDA) {
			VisitLambda(expression->Cast<LambdaExpression>(), renames);
			return;
		}
		ParsedExpressionIterator::EnumerateChildren(*expression, [&](Parsed &child) { Visit(child, renames); });
		switch (expression->GetExpressionClass()) {
		case ExpressionClass::COLUMN_REF:
			Rename(expression->Cast<ColumnRefExpression>(), renames);
			break;
		case ExpressionClass::FUNCTION:
			SpellFunction(expression->Cast<FunctionExpression>());
			if (style.bare_operands) {
				DropOperandCasts(expression->Cast<FunctionExpression>());
			}
			break;
		case ExpressionClass::WINDOW:
			Unqualify(expression->Cast<WindowExpression>());
			break;
		case ExpressionClass::COLLATE:
			// The collation of everything that has no other.
			if (StringUtil::CIEquals(expression->Cast<CollateExpression>().Collation(), "C")) {
				expression = std::move(expression->Cast<CollateExpression>().ChildMutable());
			}
			break;
		case ExpressionClass::CAST:
			DropRepeatedCast(expression);
			DropLiteralsType(expression);
			break;
		default:
			break;
		}
	}

	//! A literal that is cast to its own type is written with that cast twice.
	static void DropRepeatedCast(Parsed &expression) {
		auto &cast = expression->Cast<CastExpression>();
		if (cast.Child().GetExpressionClass() == ExpressionClass::CAST &&
		    cast.Child().Cast<CastExpression>().TargetType().Equals(cast.TargetType()) &&
		    cast.Child().Cast<CastExpression>().IsTryCast() == cast.IsTryCast()) {
			expression = std::move(cast.ChildMutable());
		}
	}

	static void DropOperandCasts(FunctionExpression &function) {
		auto &name = function.FunctionName().GetIdentifierName();
		if (!function.IsOperator() || (name != "+" && name != "-" && name != "*")) {
			return;
		}
		for (auto &argument : function.GetArgumentsMutable()) {
			auto &operand = argument.GetExpressionMutable();
			if (operand->GetExpressionClass() == ExpressionClass::CAST &&
			    UnboundType::TryDefaultBind(operand->Cast<CastExpression>().TargetType()).id() ==
			        LogicalTypeId::DECIMAL) {
				operand = std::move(operand->Cast<CastExpression>().ChildMutable());
			}
		}
	}

	void DropLiteralsType(Parsed &expression) const {
		if (expression->GetExpressionClass() != ExpressionClass::CAST) {
			return;
		}
		auto &cast = expression->Cast<CastExpression>();
		auto type = UnboundType::TryDefaultBind(cast.TargetType());
		if (type.id() == LogicalTypeId::DECIMAL ? !style.bare_decimal_literals : !style.bare_literals) {
			return;
		}
		reference<const ParsedExpression> child = cast.Child();
		while (child.get().GetExpressionClass() == ExpressionClass::CAST) {
			child = child.get().Cast<CastExpression>().Child();
		}
		if (child.get().GetExpressionClass() == ExpressionClass::CONSTANT && IsLiteralOf(child.get(), type)) {
			expression = child.get().Copy();
		}
	}

	static bool IsLiteralOf(const ParsedExpression &constant, const LogicalType &type) {
		auto text = constant.ToString();
		if (type.id() == LogicalTypeId::VARCHAR) {
			return text[0] == '\'' && !type.HasAlias();
		}
		return type.IsNumeric() && StringUtil::CharacterIsDigit(text[0]);
	}

	void VisitLambda(LambdaExpression &lambda, Renames renames) {
		std::string error;
		for (auto &parameter : lambda.ExtractColumnRefExpressions(error)) {
			renames[parameter.get().Cast<ColumnRefExpression>().GetColumnName()] =
			    "coco_lambda_" + std::to_string(++parameters);
		}
		Visit(lambda.LeftMutable(), renames);
		Visit(lambda.RightMutable(), renames);
	}

	static void Rename(ColumnRefExpression &column, const Renames &renames) {
		auto found = column.IsQualified() ? renames.end() : renames.find(column.GetColumnName());
		if (found != renames.end()) {
			column.ColumnNamesMutable() = {Identifier(found->second)};
		}
	}

	Style style;
	idx_t parameters = 0;
};

} // namespace

void MakeReadable(Parsed &expression, Style style) {
	Reader(style).VisitRoot(expression);
}

} // namespace cocosql
