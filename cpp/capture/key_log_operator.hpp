//! The plan's part of the key log: an operator below a DML operator that lets rows pass and logs the keys of those that
//! the statement changes.
#pragma once

#include "capture/entry_block.hpp"
#include "capture/key_log.hpp"
#include "duckdb/planner/operator/logical_extension_operator.hpp"
#include "duckdb/planner/operator/logical_merge_into.hpp"

namespace cocosql {

//! An entry for a row: its key, then the values of the row with this key before the statement, if there is one, and those
//! after it, if there is one.
struct KeyedEntry {
	//! Which of the operator's expressions it has.
	duckdb::idx_t first;
	duckdb::idx_t count;
	ShownVectors shown;
	bool has_old;
	bool has_new;
};

//! What one action of a DML statement does to a row that reaches it.
struct KeyedAction {
	//! All rows if it is none, as for all but MERGE.
	duckdb::optional<duckdb::MergeActionCondition> of;
	//! Which of the operator's expressions says whether the action is taken, if one does.
	duckdb::optional_idx condition;
	duckdb::vector<KeyedEntry> entries;
	//! The rows are deleted, whatever becomes of the condition.
	bool deletes = false;
	//! Which keys is not known: all rows must be looked at.
	bool keys_unknown = false;
};

struct KeyedActions {
	duckdb::vector<KeyedAction> list;
	//! For MERGE, the columns that are NULL where there is no target row, or no source row.
	duckdb::optional_idx target_marker;
	duckdb::optional_idx source_marker;
};

class LogicalKeyLog : public duckdb::LogicalExtensionOperator {
public:
	LogicalKeyLog(duckdb::unique_ptr<duckdb::LogicalOperator> child, duckdb::shared_ptr<KeyLog> log,
	              duckdb::DuckTableEntry &source, duckdb::DuckTableEntry &target,
	              duckdb::vector<duckdb::unique_ptr<duckdb::Expression>> expressions, KeyedActions actions);

	duckdb::vector<duckdb::ColumnBinding> GetColumnBindings() override;
	duckdb::PhysicalOperator &CreatePlan(duckdb::ClientContext &context,
	                                     duckdb::PhysicalPlanGenerator &planner) override;
	duckdb::string GetName() const override;
	bool SupportSerialization() const override {
		return false;
	}

	//! How many of the child's columns pass; the others are there for the log only. All, if it is none.
	duckdb::optional_idx width;

protected:
	void ResolveTypes() override;

private:
	duckdb::shared_ptr<KeyLog> log;
	duckdb::DuckTableEntry &source;
	duckdb::DuckTableEntry &target;
	KeyedActions actions;
};

} // namespace cocosql
