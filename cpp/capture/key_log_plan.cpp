//! Puts the key log's operators into the plans of DML statements, between the DML operator and its input.
#include "capture/key_log_plan.hpp"

#include "capture/key_log_operator.hpp"
#include "duckdb/catalog/catalog_entry/duck_table_entry.hpp"
#include "duckdb/main/config.hpp"
#include "duckdb/main/database.hpp"
#include "duckdb/main/extension/extension_loader.hpp"
#include "duckdb/planner/binder.hpp"
#include "duckdb/planner/expression/bound_columnref_expression.hpp"
#include "duckdb/planner/operator/logical_delete.hpp"
#include "duckdb/planner/operator/logical_explain.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "duckdb/planner/operator/logical_insert.hpp"
#include "duckdb/planner/operator/logical_projection.hpp"
#include "duckdb/planner/operator/logical_update.hpp"
#include "duckdb/planner/planner_extension.hpp"

#include <algorithm>

namespace cocosql {

using namespace duckdb;

namespace {

using Expressions = vector<unique_ptr<Expression>>;

Expressions Copy(const Expressions &expressions) {
	Expressions copies;
	for (auto &expression : expressions) {
		copies.push_back(expression->Copy());
	}
	return copies;
}

bool IsAnyVolatile(const Expressions &expressions) {
	return std::any_of(expressions.begin(), expressions.end(), [](const auto &part) { return part->IsVolatile(); });
}

//! What one log needs of a DML statement's rows, as it is put together.
struct Recipe {
	Expressions expressions;
	KeyedActions actions;

	KeyedAction &AddAction() {
		actions.list.emplace_back();
		return actions.list.back();
	}

	//! What comes out differently each time it is evaluated (nextval) is only known to the operator that writes it.
	void AddEntry(KeyedAction &action, Expressions key, optional<Expressions> old_values,
	              optional<Expressions> new_values) {
		if (IsAnyVolatile(key) || (new_values && IsAnyVolatile(*new_values))) {
			action.keys_unknown = true;
			return;
		}
		KeyedEntry entry {expressions.size(), 0, {}, old_values.has_value(), new_values.has_value()};
		Show(entry, std::move(key));
		if (old_values) {
			Show(entry, std::move(*old_values));
		}
		if (new_values) {
			Show(entry, std::move(*new_values));
		}
		action.entries.push_back(std::move(entry));
	}

	static Recipe KeysUnknown() {
		Recipe recipe;
		recipe.AddAction().keys_unknown = true;
		return recipe;
	}

private:
	//! Adds columns to an entry; those that it has already are only shown once more.
	void Show(KeyedEntry &entry, Expressions columns) {
		for (auto &column : columns) {
			idx_t number = 0;
			while (number < entry.count && !expressions[entry.first + number]->Equals(*column)) {
				number++;
			}
			if (number == entry.count) {
				expressions.push_back(std::move(column));
				entry.count++;
			}
			entry.shown.push_back(NumericCast<uint16_t>(number));
		}
	}
};

optional_ptr<LogicalGet> FindScan(LogicalOperator &op, TableIndex table_index) {
	if (op.type == LogicalOperatorType::LOGICAL_GET && op.Cast<LogicalGet>().table_index == table_index) {
		return &op.Cast<LogicalGet>();
	}
	for (auto &child : op.children) {
		if (auto found = FindScan(*child, table_index)) {
			return found;
		}
	}
	return nullptr;
}

//! The scan below UPDATE, DELETE or MERGE that gives the ids of the rows to change.
optional_ptr<LogicalGet> FindScan(LogicalOperator &input, const Expression &row_id, TableCatalogEntry &table) {
	if (row_id.GetExpressionClass() != ExpressionClass::BOUND_COLUMN_REF) {
		return nullptr;
	}
	auto scan = FindScan(input, row_id.Cast<BoundColumnRefExpression>().Binding().table_index);
	return scan && scan->GetTable().get() == &table ? scan : nullptr;
}

//! The columns of the rows as they are before the statement.
Expressions ScanColumns(LogicalGet &scan, const vector<Identifier> &names) {
	Expressions columns;
	for (auto &name : names) {
		auto &column = scan.GetTable()->GetColumn(name);
		auto index = scan.TryGetProjectionIndex(column.Logical().index);
		if (!index.IsValid()) {
			index = scan.AddColumnId(column.Logical().index);
		}
		columns.push_back(
		    make_uniq<BoundColumnRefExpression>(column.Type(), ColumnBinding(scan.table_index, index)));
	}
	return columns;
}

//! The same, taken along through the projection below UPDATE or MERGE.
Expressions ProjectColumns(LogicalProjection &projection, LogicalGet &scan, const vector<Identifier> &names) {
	Expressions columns;
	for (auto &column : ScanColumns(scan, names)) {
		auto type = column->GetReturnType();
		auto position = ColumnBinding::PushExpression(projection.expressions, std::move(column));
		columns.push_back(
		    make_uniq<BoundColumnRefExpression>(type, ColumnBinding(projection.table_index, position)));
	}
	return columns;
}

//! The column of the scan that an expression over the projection is, if it is one as it stands.
optional_idx ColumnOf(const LogicalProjection &projection, const LogicalGet &scan, const Expression &expression) {
	if (expression.GetExpressionClass() != ExpressionClass::BOUND_COLUMN_REF) {
		return optional_idx();
	}
	auto &source = *projection.expressions[expression.Cast<BoundColumnRefExpression>().Binding().column_index];
	if (source.GetExpressionClass() != ExpressionClass::BOUND_COLUMN_REF) {
		return optional_idx();
	}
	auto binding = source.Cast<BoundColumnRefExpression>().Binding();
	return binding.table_index == scan.table_index ? scan.GetColumnIndex(binding).GetPrimaryIndex() : optional_idx();
}

//! Whether an action sets a column that the log watches to something else.
bool SetsWatched(const KeyLog &log, const TableCatalogEntry &table, const LogicalProjection &projection,
                 const LogicalGet &scan, const vector<PhysicalIndex> &columns, const Expressions &values) {
	for (idx_t i = 0; i < columns.size(); i++) {
		auto &column = table.GetColumns().GetColumn(columns[i]);
		auto source = ColumnOf(projection, scan, *values[i]);
		bool is_same = source.IsValid() && source.GetIndex() == column.Logical().index;
		if (!is_same && log.Watches(column.Name())) {
			return true;
		}
	}
	return false;
}

//! An UPDATE or MERGE, with what it and its log have in common.
struct RowChanges {
	const KeyLog &log;
	TableCatalogEntry &table;
	const LogicalProjection &projection;
	const LogicalGet &scan;
	const Expressions old_key;
	const Expressions old_values;

	//! The old keys, and those of the rows that come instead if the action sets a key column to something else, or if the
	//! rows move.
	void AddUpdate(Recipe &recipe, KeyedAction &action, const vector<PhysicalIndex> &columns, const Expressions &values,
	               bool moves) const {
		auto new_key = Updated(log.key_columns, old_key, columns, values);
		auto new_values = Updated(log.value_columns, old_values, columns, values);
		if (!moves && !ChangesKey(columns, values)) {
			recipe.AddEntry(action, Copy(old_key), Copy(old_values), std::move(new_values));
			return;
		}
		recipe.AddEntry(action, Copy(old_key), Copy(old_values), {});
		recipe.AddEntry(action, std::move(new_key), {}, std::move(new_values));
	}

	void AddDelete(Recipe &recipe, KeyedAction &action) const {
		recipe.AddEntry(action, Copy(old_key), Copy(old_values), {});
	}

	bool ChangesKey(const vector<PhysicalIndex> &columns, const Expressions &values) const {
		return std::any_of(log.key_columns.begin(), log.key_columns.end(), [&](const Identifier &name) {
			auto value = ValueOf(name, columns, values);
			auto source = value ? ColumnOf(projection, scan, **value) : optional_idx();
			return value && (!source.IsValid() || source.GetIndex() != table.GetColumn(name).Logical().index);
		});
	}

private:
	//! Where an action sets a column, if it does.
	optional_ptr<const unique_ptr<Expression>> ValueOf(const Identifier &name, const vector<PhysicalIndex> &columns,
	                                                   const Expressions &values) const {
		auto set = std::find(columns.begin(), columns.end(), table.GetColumn(name).Physical());
		if (set == columns.end()) {
			return nullptr;
		}
		return &values[NumericCast<idx_t>(set - columns.begin())];
	}

	Expressions Updated(const vector<Identifier> &names, const Expressions &old, const vector<PhysicalIndex> &columns,
	                    const Expressions &values) const {
		auto updated = Copy(old);
		for (idx_t i = 0; i < names.size(); i++) {
			if (auto value = ValueOf(names[i], columns, values)) {
				updated[i] = (*value)->Copy();
			}
		}
		return updated;
	}
};

//! Of the rows that an INSERT puts in.
Expressions InsertedColumns(const LogicalInsert &insert, const vector<ColumnBinding> &bindings,
                            const vector<Identifier> &names) {
	Expressions columns;
	for (auto &name : names) {
		auto &column = insert.table.GetColumn(name);
		columns.push_back(make_uniq<BoundColumnRefExpression>(column.Type(), bindings[column.StorageOid()]));
	}
	return columns;
}

Recipe ForInsert(LogicalInsert &insert, const KeyLog &log) {
	auto bindings = insert.children[0]->GetColumnBindings();
	if (bindings.size() != insert.table.GetColumns().PhysicalColumnCount() || !insert.column_index_map.empty()) {
		return Recipe::KeysUnknown();
	}
	bool writes_all = insert.on_conflict_info.action_type == OnConflictAction::THROW;
	if (!writes_all && !log.value_columns.empty()) {
		return Recipe::KeysUnknown();
	}
	Recipe recipe;
	recipe.AddEntry(recipe.AddAction(), InsertedColumns(insert, bindings, log.key_columns), {},
	                InsertedColumns(insert, bindings, log.value_columns));
	return recipe;
}

Recipe ForDelete(LogicalDelete &del, const KeyLog &log) {
	auto scan = FindScan(*del.children[0], *del.expressions[0], del.table);
	if (!scan) {
		return Recipe::KeysUnknown();
	}
	Recipe recipe;
	auto &action = recipe.AddAction();
	action.deletes = true;
	recipe.AddEntry(action, ScanColumns(*scan, log.key_columns), ScanColumns(*scan, log.value_columns), {});
	return recipe;
}

//! Whether a row of a scan may be there several times, as a join is between.
bool MayRepeat(const LogicalOperator &rows) {
	return rows.children.size() > 1 || (rows.children.size() == 1 && MayRepeat(*rows.children[0]));
}

Recipe ForUpdate(LogicalUpdate &update, LogicalProjection &projection, idx_t width, const KeyLog &log) {
	auto scan = FindScan(projection, *projection.expressions[width - 1], update.table);
	if (!scan) {
		return Recipe::KeysUnknown();
	}
	Recipe recipe;
	bool moves = update.update_is_del_and_insert && !log.value_columns.empty();
	if (!moves && !SetsWatched(log, update.table, projection, *scan, update.columns, update.expressions)) {
		return recipe;
	}
	RowChanges changes {log,
	                    update.table,
	                    projection,
	                    *scan,
	                    ProjectColumns(projection, *scan, log.key_columns),
	                    ProjectColumns(projection, *scan, log.value_columns)};
	// Of several new keys of a row only the one that is written is true.
	bool sets_one_key = !changes.ChangesKey(update.columns, update.expressions) || !MayRepeat(projection);
	if (!sets_one_key && !log.value_columns.empty()) {
		return Recipe::KeysUnknown();
	}
	changes.AddUpdate(recipe, recipe.AddAction(), update.columns, update.expressions, moves);
	return recipe;
}

//! What columns of a row that MERGE puts in become.
Expressions InsertedColumns(const TableCatalogEntry &table, const Expressions &values,
                            const vector<Identifier> &names) {
	Expressions columns;
	for (auto &name : names) {
		columns.push_back(values[table.GetColumn(name).StorageOid()]->Copy());
	}
	return columns;
}

Recipe ForMerge(LogicalMergeInto &merge, LogicalProjection &projection, const KeyLog &log) {
	auto scan = FindScan(projection, *projection.expressions[merge.row_id_start], merge.table);
	if (!scan) {
		return Recipe::KeysUnknown();
	}
	Recipe recipe;
	recipe.actions.target_marker = merge.row_id_start;
	recipe.actions.source_marker = merge.source_marker;
	RowChanges changes {log,
	                    merge.table,
	                    projection,
	                    *scan,
	                    ProjectColumns(projection, *scan, log.key_columns),
	                    ProjectColumns(projection, *scan, log.value_columns)};
	for (auto &kind : merge.actions) {
		for (auto &planned : kind.second) {
			auto &action = recipe.AddAction();
			action.of = kind.first;
			if (planned->condition) {
				// Whether the action is taken is not known where its condition may say something else the next time.
				action.keys_unknown = planned->condition->IsVolatile() && !log.value_columns.empty();
				action.condition = recipe.expressions.size();
				recipe.expressions.push_back(planned->condition->Copy());
			}
			bool moves = planned->update_is_del_and_insert && !log.value_columns.empty();
			if (planned->action_type == MergeActionType::MERGE_DELETE) {
				changes.AddDelete(recipe, action);
			} else if (planned->action_type == MergeActionType::MERGE_UPDATE &&
			           (moves ||
			            SetsWatched(log, merge.table, projection, *scan, planned->columns, planned->expressions))) {
				changes.AddUpdate(recipe, action, planned->columns, planned->expressions, moves);
			} else if (planned->action_type == MergeActionType::MERGE_INSERT) {
				recipe.AddEntry(action, InsertedColumns(merge.table, planned->expressions, log.key_columns), {},
				                InsertedColumns(merge.table, planned->expressions, log.value_columns));
			}
		}
	}
	return recipe;
}

optional_ptr<TableCatalogEntry> ModifiedTable(LogicalOperator &op) {
	switch (op.type) {
	case LogicalOperatorType::LOGICAL_INSERT:
		return &op.Cast<LogicalInsert>().table;
	case LogicalOperatorType::LOGICAL_UPDATE:
		return &op.Cast<LogicalUpdate>().table;
	case LogicalOperatorType::LOGICAL_DELETE:
		return &op.Cast<LogicalDelete>().table;
	case LogicalOperatorType::LOGICAL_MERGE_INTO:
		return &op.Cast<LogicalMergeInto>().table;
	default:
		return nullptr;
	}
}

//! The projection below UPDATE and MERGE, which takes columns for the log along.
optional_ptr<LogicalProjection> OwnProjection(LogicalOperator &op) {
	bool has_own = op.type == LogicalOperatorType::LOGICAL_UPDATE || op.type == LogicalOperatorType::LOGICAL_MERGE_INTO;
	if (!has_own || op.children[0]->type != LogicalOperatorType::LOGICAL_PROJECTION) {
		return nullptr;
	}
	return &op.children[0]->Cast<LogicalProjection>();
}

Recipe RecipeFor(LogicalOperator &op, optional_ptr<LogicalProjection> projection, idx_t width, const KeyLog &log) {
	if (log.key_columns.empty()) {
		return Recipe::KeysUnknown();
	}
	if (op.type == LogicalOperatorType::LOGICAL_INSERT) {
		return ForInsert(op.Cast<LogicalInsert>(), log);
	}
	if (op.type == LogicalOperatorType::LOGICAL_DELETE) {
		return ForDelete(op.Cast<LogicalDelete>(), log);
	}
	if (!projection) {
		return Recipe::KeysUnknown();
	}
	if (op.type == LogicalOperatorType::LOGICAL_UPDATE) {
		return ForUpdate(op.Cast<LogicalUpdate>(), *projection, width, log);
	}
	return ForMerge(op.Cast<LogicalMergeInto>(), *projection, log);
}

//! How many times a plan writes to a table: WITH may have statements in it.
idx_t CountWrites(LogicalOperator &op, const TableCatalogEntry &table) {
	idx_t count = ModifiedTable(op).get() == &table;
	for (auto &child : op.children) {
		count += CountWrites(*child, table);
	}
	return count;
}

class Planning {
public:
	Planning(PlannerExtensionInput &input, const KeyLogList &logs, LogicalOperator &root)
	    : input(input), logs(logs), root(root) {
	}

	void Visit(LogicalOperator &op) {
		if (op.type == LogicalOperatorType::LOGICAL_EXPLAIN &&
		    op.Cast<LogicalExplain>().explain_type == ExplainType::EXPLAIN_SQL) {
			return;
		}
		if (op.type == LogicalOperatorType::LOGICAL_TRIGGER) {
			Visit(*op.children[0]);
			LogBeside(*op.children[1], op.children[0]);
			return;
		}
		for (auto &child : op.children) {
			Visit(*child);
		}
		if (auto table = ModifiedTable(op)) {
			Log(op, *table);
		}
	}

private:
	struct ActiveLog {
		shared_ptr<KeyLog> log;
		DuckTableEntry &target;
	};

	//! Those that the statement can write to.
	vector<ActiveLog> LogsOf(const TableCatalogEntry &table) {
		vector<ActiveLog> active;
		for (auto &log : logs) {
			auto target = log->Logs(table) ? log->Target(input.context) : nullptr;
			if (target) {
				active.push_back({log, *target});
			}
		}
		return active;
	}

	void Log(LogicalOperator &op, TableCatalogEntry &table) {
		// The plan of a prepared statement was here when it was prepared.
		if (op.children.empty() || dynamic_cast<LogicalKeyLog *>(op.children[0].get())) {
			return;
		}
		auto projection = OwnProjection(op);
		auto width = projection ? projection->expressions.size() : 0;
		auto active = LogsOf(table);
		// Of several that write in one statement it is not known which one does so first.
		bool in_order = CountWrites(root, table) == 1;
		vector<Recipe> recipes;
		for (auto &log : active) {
			bool is_told = in_order || log.log->value_columns.empty();
			recipes.push_back(is_told ? RecipeFor(op, projection, width, *log.log) : Recipe::KeysUnknown());
		}
		for (idx_t i = 0; i < active.size(); i++) {
			if (!recipes[i].actions.list.empty()) {
				Insert(op.children[0], table, active[i], std::move(recipes[i]));
			}
		}
		auto top = dynamic_cast<LogicalKeyLog *>(op.children[0].get());
		if (projection && top) {
			top->width = width;
		}
	}

	//! DuckDB does not decorrelate the body of a row trigger with operators in it that it does not know. So the log goes
	//! to the rows that fire the trigger, and cannot tell the keys.
	void LogBeside(LogicalOperator &body, unique_ptr<LogicalOperator> &rows) {
		if (auto table = ModifiedTable(body)) {
			for (auto &log : LogsOf(*table)) {
				Insert(rows, *table, log, Recipe::KeysUnknown());
			}
		}
		for (auto &child : body.children) {
			LogBeside(*child, rows);
		}
	}

	void Insert(unique_ptr<LogicalOperator> &rows, TableCatalogEntry &table, const ActiveLog &active, Recipe recipe) {
		input.binder.GetStatementProperties().RegisterDBModify(table.ParentCatalog(), input.context,
		                                                       DatabaseModificationType::INSERT_DATA);
		rows = make_uniq<LogicalKeyLog>(std::move(rows), active.log, table.Cast<DuckTableEntry>(), active.target,
		                                std::move(recipe.expressions), std::move(recipe.actions));
	}

	PlannerExtensionInput &input;
	const KeyLogList &logs;
	LogicalOperator &root;
};

void PlanLogs(PlannerExtensionInput &input, BoundStatement &statement) {
	auto logs = KeyLogs::Get(input.context).All();
	if (!logs->empty() && statement.plan) {
		Planning(input, *logs, *statement.plan).Visit(*statement.plan);
	}
}

} // namespace

void RegisterKeyLogPlanning(ExtensionLoader &loader) {
	PlannerExtension extension;
	extension.post_bind_function = PlanLogs;
	PlannerExtension::Register(DBConfig::GetConfig(loader.GetDatabaseInstance()), std::move(extension));
}

} // namespace cocosql
