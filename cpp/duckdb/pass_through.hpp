//! An operator in a physical plan that lets all rows pass, and looks at them first.
#pragma once

#include "duckdb/common/types/data_chunk.hpp"
#include "duckdb/main/client_context.hpp"
#include "duckdb/planner/logical_operator.hpp"

#include <memory>
#include <string>
#include <utility>

namespace duckdb {
class PhysicalPlanGenerator;
}

namespace cocosql {

//! Who looks at the rows. It belongs to the plan, which may be executed more than once, by several threads at once.
class PassThrough {
public:
	//! What it keeps for one execution of the plan, and for each of its threads.
	struct Execution {
		virtual ~Execution() = default;
	};
	struct Thread {
		virtual ~Thread() = default;
	};

	virtual ~PassThrough() = default;
	virtual std::unique_ptr<Execution> Begin(duckdb::ClientContext &context) const = 0;
	//! `types` are those of the rows.
	virtual std::unique_ptr<Thread> BeginThread(duckdb::ClientContext &context,
	                                            const duckdb::vector<duckdb::LogicalType> &types) const = 0;
	virtual void Look(duckdb::ClientContext &context, duckdb::DataChunk &rows, Execution &execution,
	                  Thread &thread) const = 0;
	//! The thread has seen its last row.
	virtual void End(duckdb::ClientContext &context, Thread &thread) const = 0;

	//! What EXPLAIN shows of the operator: its name, and a further line as a key and its value.
	virtual std::string Name() const = 0;
	virtual std::pair<std::string, std::string> Detail() const = 0;
};

//! Plans the input, and the operator above it, which hands on as many of the input's columns as there are types.
duckdb::PhysicalOperator &PlanPassThrough(duckdb::PhysicalPlanGenerator &planner, duckdb::LogicalOperator &input,
                                          const duckdb::vector<duckdb::LogicalType> &types,
                                          std::unique_ptr<PassThrough> pass_through);

} // namespace cocosql
