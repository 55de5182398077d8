#include "calls/callable_name.hpp"

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/schema_catalog_entry.hpp"
#include "duckdb/catalog/catalog_search_path.hpp"
#include "duckdb/common/error_data.hpp"
#include "duckdb/common/exception/catalog_exception.hpp"
#include "duckdb/common/exception/parser_exception.hpp"
#include "duckdb/common/string_util.hpp"
#include "duckdb/main/client_data.hpp"
#include "duckdb/parser/expression/function_expression.hpp"
#include "duckdb/parser/parser.hpp"
#include "duckdb/planner/expression_binder.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

std::string Call(const std::string &name, idx_t arguments) {
	std::string call = name + "(";
	for (idx_t i = 0; i < arguments; i++) {
		call += i == 0 ? "NULL" : ", NULL";
	}
	return call + ")";
}

//! Whether an expression is a call of a function of this name.
bool IsCall(const ParsedExpression &expression, const std::string &name, idx_t arguments) {
	if (expression.GetExpressionClass() != ExpressionClass::FUNCTION) {
		return false;
	}
	auto &function = expression.Cast<FunctionExpression>();
	return function.FunctionName() == Identifier(name) && !function.IsOperator() &&
	       function.GetArguments().size() == arguments && !ExpressionBinder::IsUnnestFunction(function.FunctionName());
}

//! Where DuckDB's parser stops in a query; invalid if it does not, or does not say where.
optional_idx SyntaxErrorAt(ClientContext &context, const std::string &query) {
	try {
		Parser(context).ParseQuery(query);
	} catch (const ParserException &error) {
		auto extra = ErrorData(error).ExtraInfo();
		auto position = extra.find("position");
		return position == extra.end() ? optional_idx() : optional_idx(std::stoull(position->second));
	}
	return optional_idx();
}

//! Whether a call without quotes is a syntax error that shows so: the word begins neither an expression nor a statement.
bool IsSyntaxErrorAtName(ClientContext &context, const std::string &call) {
	const std::string before = "SELECT (";
	auto in_expression = SyntaxErrorAt(context, before + call + ")");
	return SyntaxErrorAt(context, "SELECT " + call).IsValid() && in_expression == optional_idx(before.size()) &&
	       SyntaxErrorAt(context, call) == optional_idx(0);
}

//! Whether DuckDB's grammar takes name(NULL, …) as a call of a function of this name, or does so with quotes and has no
//! other meaning for it without.
bool IsCallInGrammar(ClientContext &context, const std::string &name, idx_t arguments) {
	auto call = Call(name, arguments);
	if (IsSyntaxErrorAtName(context, call)) {
		call = Call(SQLIdentifier::ToString(name), arguments);
	}
	try {
		auto expressions = Parser(context).ParseExpressionList(call);
		return expressions.size() == 1 && IsCall(*expressions[0], name, arguments);
	} catch (const ParserException &) {
		return false;
	}
}

//! What a call finds by this name before a function of the system catalog.
optional_ptr<CatalogEntry> FindHiding(ClientContext &context, const std::string &name) {
	for (auto &place : ClientData::Get(context).catalog_search_path->Get()) {
		auto catalog = Catalog::GetCatalogEntry(context, place.GetCatalog());
		auto schema = catalog && !catalog->IsSystemCatalog()
		                  ? catalog->GetSchema(context, place.GetSchema(), OnEntryNotFound::RETURN_NULL)
		                  : nullptr;
		// Macros and aggregates are among the scalar functions.
		auto entry = schema ? schema->GetEntry(schema->GetCatalogTransaction(context),
		                                       CatalogType::SCALAR_FUNCTION_ENTRY, Identifier(name))
		                    : nullptr;
		if (entry) {
			return entry;
		}
	}
	return nullptr;
}

} // namespace

void CheckIsCalledByName(ClientContext &context, const PythonFunction &function) {
	auto &name = function.name;
	if (!IsCallInGrammar(context, name, function.parameters.size())) {
		throw CatalogException("%s is a word of SQL, which does not take %s(…) for a call of a function: register yours "
		                       "under another name, with cocosql.udf(name='…')",
		                       name, name);
	}
	auto hiding = FindHiding(context, name);
	if (hiding) {
		throw CatalogException("there is a %s %s, which SQL calls by that name: drop it, or register yours under another "
		                       "name, with cocosql.udf(name='…')",
		                       StringUtil::Lower(CatalogTypeToString(hiding->type)), name);
	}
}

} // namespace cocosql
