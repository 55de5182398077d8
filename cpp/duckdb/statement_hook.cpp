#include "duckdb/statement_hook.hpp"

#include "duckdb/common/string_util.hpp"
#include "duckdb/main/config.hpp"
#include "duckdb/parser/parser_extension.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

struct HookInfo : ParserExtensionInfo {
	explicit HookInfo(const StatementHook &hook) : hook(hook) {
	}
	const StatementHook hook;
};

struct ClaimedStatement : ParserExtensionParseData {
	vector<std::string> words;

	unique_ptr<ParserExtensionParseData> Copy() const override {
		return make_uniq<ClaimedStatement>(*this);
	}
	string ToString() const override {
		return StringUtil::Join(words, " ");
	}
};

//! The tokens of the first statement.
std::vector<Token> FirstStatement(const vector<SimpleToken> &tokens) {
	std::vector<Token> first;
	for (auto &token : tokens) {
		first.push_back({token.text, KindOf(token.type), 0});
		if (first.back().kind == TokenKind::END) {
			return first;
		}
	}
	first.push_back({std::string(), TokenKind::END, 0});
	return first;
}

ParserExtensionParseResult Parse(ParserExtensionInfo *info, const vector<SimpleToken> &simple_tokens) {
	auto tokens = FirstStatement(simple_tokens);
	if (!info->Cast<HookInfo>().hook.claims(tokens)) {
		return ParserExtensionParseResult();
	}
	tokens.pop_back();
	auto claimed = make_uniq<ClaimedStatement>();
	for (auto &token : tokens) {
		claimed->words.push_back(std::move(token.text));
	}
	ParserExtensionParseResult result(std::move(claimed));
	result.consumed_tokens = NumericCast<int64_t>(tokens.size());
	return result;
}

ParserExtensionPlanResult Plan(ParserExtensionInfo *info, ClientContext &context,
                               unique_ptr<ParserExtensionParseData> parse_data) {
	auto plan = info->Cast<HookInfo>().hook.plan(context, parse_data->Cast<ClaimedStatement>().words);
	ParserExtensionPlanResult result;
	result.function = std::move(plan.function);
	result.return_type = plan.returns;
	return result;
}

} // namespace

void RegisterHook(DatabaseInstance &database, const StatementHook &hook) {
	ParserExtension extension;
	extension.parse_function = Parse;
	extension.plan_function = Plan;
	extension.parser_info = make_shared_ptr<HookInfo>(hook);
	ParserExtension::Register(DBConfig::GetConfig(database), std::move(extension));
}

} // namespace cocosql
