#include "capture/key_log_entries.hpp"

#include "capture/entry_block.hpp"
#include "capture/key_log.hpp"
#include "catalog/catalog.hpp"
#include "catalog/own_table.hpp"
#include "duckdb/catalog/catalog.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/common/vector/struct_vector.hpp"
#include "duckdb/stored_table.hpp"
#include "duckdb/transactions.hpp"
#include "session/kept_plans.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

void VisitBlocks(ClientContext &context, DuckTableEntry &log_table,
                 const std::function<void(const EntryBlock &, const string_t &)> &visit) {
	ScanTable(context, log_table, {0}, [&](DataChunk &chunk) {
		chunk.Flatten();
		for (idx_t i = 0; i < chunk.size(); i++) {
			auto &stored = FlatVector::GetData<string_t>(chunk.data[0])[i];
			visit(ReadHeader(stored), stored);
		}
	});
}

} // namespace

EntryCounts CountEntries(Session &session, const std::string &database, const std::string &log_table) {
	return LookUp(session, [&](ClientContext &context) {
		idx_t count = 0;
		idx_t there = 0;
		bool has_all = false;
		VisitBlocks(context, OwnTable(context, database, log_table), [&](const EntryBlock &block, const string_t &) {
			count += block.count;
			there += block.Is(EntryBlock::GONE) ? 0 : block.count;
			has_all = has_all || block.Is(EntryBlock::ALL);
		});
		KeyLogs::Get(context).SetEntries(context, database, log_table, count);
		return EntryCounts(count, there, has_all);
	});
}

namespace {

//! Hashes that were seen before, up to a number of them.
class SeenHashes {
public:
	explicit SeenHashes(idx_t most) : slots(NextPowerOfTwo(2 * most + 1)), room(most) {
	}

	//! Returns whether it was seen, as far as that is known.
	bool Add(hash_t hash) {
		if (room-- == 0) {
			return true;
		}
		hash += hash == EMPTY;
		auto mask = slots.size() - 1;
		auto slot = hash & mask;
		while (slots[slot] != EMPTY && slots[slot] != hash) {
			slot = (slot + 1) & mask;
		}
		bool seen = slots[slot] == hash;
		slots[slot] = hash;
		return seen;
	}

private:
	static constexpr hash_t EMPTY = 0;
	vector<hash_t> slots;
	idx_t room;
};

shared_ptr<KeyLog> RequireLog(ClientContext &context, const std::string &database, const std::string &log_table) {
	auto log = KeyLogs::Get(context).Find(context, database, log_table);
	if (!log) {
		throw BinderException("%s.%s.%s is no log that was started", database, OWN_SCHEMA, log_table);
	}
	return log;
}

} // namespace

int64_t CountWriters(Session &session, const std::string &database, const std::string &log_table) {
	return LookUp(session, [&](ClientContext &context) -> int64_t {
		return RequireLog(context, database, log_table)->statements;
	});
}

bool MayRepeatKeys(Session &session, const std::string &database, const std::string &log_table) {
	auto [count, there, has_all] = CountEntries(session, database, log_table);
	return LookUp(session, [&, most = count](ClientContext &context) {
		auto log = RequireLog(context, database, log_table);
		SeenHashes seen(most);
		Vector hashes(LogicalType::HASH);
		bool repeats = false;
		VisitBlocks(context, OwnTable(context, database, log_table), [&](const EntryBlock &block, const string_t &stored) {
			if (repeats || block.Is(EntryBlock::ALL)) {
				return;
			}
			DataChunk keys;
			ReadColumns(stored, log->key_types, keys);
			keys.Hash(hashes);
			hashes.Flatten();
			for (idx_t i = 0; i < block.count && !repeats; i++) {
				repeats = seen.Add(FlatVector::GetData<hash_t>(hashes)[i]);
			}
		});
		return repeats;
	});
}

std::optional<int64_t> EarliestTransaction(Session &session, const std::string &database,
                                           const std::string &log_table) {
	return LookUp(session, [&](ClientContext &context) {
		std::optional<int64_t> earliest;
		VisitBlocks(context, OwnTable(context, database, log_table), [&](const EntryBlock &block, const string_t &) {
			earliest = std::min(earliest.value_or(block.began), block.began);
		});
		return earliest;
	});
}

int64_t TransactionBegan(Session &session, const std::string &database) {
	return LookUp(session, [&](ClientContext &context) {
		auto &attached = OwnTable(context, database, "snapshots").ParentCatalog().GetAttached();
		return NumericCast<int64_t>(StartTime(context, attached));
	});
}

idx_t ClearEntries(Session &session, const std::string &database, const std::string &log_table) {
	return LookUp(session, [&](ClientContext &context) {
		if (auto log = KeyLogs::Get(context).Find(context, database, log_table)) {
			log->statements++;
		}
		auto &entry = OwnTable(context, database, log_table, DatabaseModificationType::DELETE_DATA);
		RowDeleter deleter(context, entry);
		idx_t deleted = 0;
		ScanTable(context, entry, {COLUMN_IDENTIFIER_ROW_ID}, [&](DataChunk &chunk) {
			chunk.Flatten();
			deleted += deleter.Delete(chunk.data[0], chunk.size());
		});
		KeyLogs::Get(context).SetEntries(context, database, log_table, 0);
		return deleted;
	});
}

namespace {

struct EntriesData : FunctionData {
	EntriesData(std::string database, shared_ptr<KeyLog> log) : database(std::move(database)), log(std::move(log)) {
	}
	unique_ptr<FunctionData> Copy() const override {
		return make_uniq<EntriesData>(database, log);
	}
	bool Equals(const FunctionData &other) const override {
		return log == other.Cast<EntriesData>().log;
	}
	const std::string database;
	const shared_ptr<KeyLog> log;
};

LogicalType ValuesType(const KeyLog &log) {
	child_list_t<LogicalType> fields;
	for (idx_t i = 0; i < log.value_columns.size(); i++) {
		fields.emplace_back(log.value_columns[i], log.value_types[i]);
	}
	return LogicalType::STRUCT(std::move(fields));
}

unique_ptr<FunctionData> BindEntries(ClientContext &context, TableFunctionBindInput &input, vector<LogicalType> &types,
                                     vector<Identifier> &names) {
	for (auto &value : input.inputs) {
		if (value.IsNull()) {
			throw BinderException("an argument of %s must not be NULL", input.table_function.GetName());
		}
	}
	auto database = input.inputs[0].ToString();
	auto log = RequireLog(context, database, input.inputs[1].ToString());
	auto add = [&](const char *name, const LogicalType &type) {
		names.emplace_back(name);
		types.push_back(type);
	};
	names = log->key_columns;
	types = log->key_types;
	add(KeyLogColumns::PLACE, LogicalType::BIGINT);
	if (!log->value_columns.empty()) {
		add(KeyLogColumns::STATEMENT, LogicalType::BIGINT);
		add(KeyLogColumns::BEGAN, LogicalType::BIGINT);
		add(KeyLogColumns::OLD, ValuesType(*log));
		add(KeyLogColumns::NEW, ValuesType(*log));
	}
	add(KeyLogColumns::ALL, LogicalType::BOOLEAN);
	UsePlanWhile(context, input.table_function.GetName(), [database, log](ClientContext &later) {
		auto present = KeyLogs::Get(later).Find(later, database, log->log_table.GetIdentifierName());
		return present == log && log->entries < MOST_PLANNED_ROWS;
	});
	return make_uniq<EntriesData>(std::move(database), std::move(log));
}

//! A block is a chunk.
struct EntriesScan : GlobalTableFunctionState {
	struct Placed {
		std::string stored;
		int64_t place;
	};
	idx_t MaxThreads() const override {
		return blocks.size() / BLOCKS_PER_THREAD + 1;
	}

	//! A thread is worth its start for so many.
	static constexpr idx_t BLOCKS_PER_THREAD = 30;
	std::vector<Placed> blocks;
	std::atomic<idx_t> next {0};
};

constexpr int64_t RANKS = 3;

//! Of the entries that one statement made for a key: what is surely gone comes first, what was not there before last.
int64_t RankOf(const EntryBlock &block) {
	if (block.Is(EntryBlock::HAS_NEW) && !block.Is(EntryBlock::HAS_OLD)) {
		return 2;
	}
	return block.Is(EntryBlock::GONE) ? 0 : 1;
}

unique_ptr<GlobalTableFunctionState> InitEntries(ClientContext &context, TableFunctionInitInput &input) {
	auto &data = input.bind_data->Cast<EntriesData>();
	auto scan = make_uniq<EntriesScan>();
	int64_t statement = -1;
	int64_t statements = 0;
	auto &table = OwnTable(context, data.database, data.log->log_table.GetIdentifierName());
	VisitBlocks(context, table, [&](const EntryBlock &block, const string_t &stored) {
		statements += block.statement != statement;
		statement = block.statement;
		scan->blocks.push_back({stored.GetString(), RANKS * statements + RankOf(block)});
	});
	return std::move(scan);
}

//! Takes the columns of a stored block, and puts them where they are shown.
class ShownEntries {
public:
	ShownEntries(const KeyLog &log, const string_t &stored, DataChunk &output)
	    : log(log), block(ReadHeader(stored)), output(output) {
		if (!block.Is(EntryBlock::ALL)) {
			ReadColumns(stored, StoredTypes(), columns);
		}
	}

	void Show(int64_t place) {
		for (auto &type : log.key_types) {
			if (block.Is(EntryBlock::ALL)) {
				Constant(Value(type));
			} else {
				Next().Reference(columns.data[taken++]);
			}
		}
		Constant(Value::BIGINT(place));
		if (!log.value_columns.empty()) {
			Constant(Value::BIGINT(block.statement));
			Constant(Value::BIGINT(block.began));
			ShowValues(EntryBlock::HAS_OLD);
			ShowValues(EntryBlock::HAS_NEW);
		}
		auto is_gone = block.Is(EntryBlock::GONE);
		Constant(is_gone ? Value(LogicalType::BOOLEAN) : Value::BOOLEAN(block.Is(EntryBlock::ALL)));
		output.SetChildCardinality(block.count);
	}

private:
	vector<LogicalType> StoredTypes() const {
		auto types = log.key_types;
		for (auto flag : {EntryBlock::HAS_OLD, EntryBlock::HAS_NEW}) {
			if (block.Is(flag)) {
				types.insert(types.end(), log.value_types.begin(), log.value_types.end());
			}
		}
		return types;
	}

	Vector &Next() {
		return output.data[shown++];
	}

	void Constant(const Value &value) {
		Next().Reference(value, count_t(block.count));
	}

	void ShowValues(EntryBlock::Flag flag) {
		auto &values = Next();
		if (!block.Is(flag)) {
			values.Reference(Value(values.GetType()), count_t(block.count));
			return;
		}
		for (auto &field : StructVector::GetEntries(values)) {
			field.Reference(columns.data[taken++]);
		}
	}

	const KeyLog &log;
	const EntryBlock block;
	DataChunk columns;
	idx_t taken = 0;
	DataChunk &output;
	idx_t shown = 0;
};

void ScanEntries(ClientContext &, TableFunctionInput &input, DataChunk &output) {
	auto &scan = input.global_state->Cast<EntriesScan>();
	auto number = scan.next++;
	if (number < scan.blocks.size()) {
		auto &[stored, place] = scan.blocks[number];
		string_t block(stored.data(), NumericCast<uint32_t>(stored.size()));
		ShownEntries(*input.bind_data->Cast<EntriesData>().log, block, output).Show(place);
	}
}

unique_ptr<NodeStatistics> CountedEntries(ClientContext &, const FunctionData *data) {
	return make_uniq<NodeStatistics>(data->Cast<EntriesData>().log->entries.load());
}

} // namespace

TableFunction EntriesFunction() {
	auto text = LogicalType::VARCHAR;
	TableFunction function("coco_log_entries", {text, text}, ScanEntries, BindEntries, InitEntries);
	function.cardinality = CountedEntries;
	return function;
}

} // namespace cocosql
