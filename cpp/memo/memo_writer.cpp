#include "memo/memo_writer.hpp"

#include "catalog/id_index.hpp"
#include "catalog/own_table.hpp"
#include "catalog/table_layout.hpp"
#include "duckdb/catalog/catalog.hpp"
#include "duckdb/checkpoints.hpp"
#include "duckdb/common/string_util.hpp"
#include "duckdb/common/types/timestamp.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/common/vector/list_vector.hpp"
#include "duckdb/common/vector_operations/vector_operations.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/main/database.hpp"
#include "duckdb/parser/qualified_name.hpp"
#include "duckdb/per_instance.hpp"
#include "duckdb/stored_table.hpp"
#include "duckdb/transactions.hpp"
#include "memo/packed.hpp"
#include "memo/wanted.hpp"
#include "python/errors.hpp"
#include "session/names.hpp"
#include "values/values.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

//! What was done a second ago is not lost: so much less than that.
constexpr std::chrono::milliseconds FLUSH_INTERVAL {500};
constexpr idx_t FLUSH_ROWS = 50 * STANDARD_VECTOR_SIZE;
//! fingerprint, result, run_id and computed_at.
constexpr idx_t MEMO_COLUMNS = 4;
//! So few results are looked up in the memo one by one.
constexpr idx_t FEW = 1000;

//! The locks of the memo tables of a database instance.
class MemoTurns : public PerInstance<MemoTurns> {
public:
	static constexpr const char *NAME = "cocosql_memo_turns";
	//! Names are the same with and without quotes.
	static shared_ptr<std::mutex> Of(DatabaseInstance &database, const std::string &table) {
		auto name = StringUtil::Replace(table, "\"", "");
		auto &all = PerInstance::Of(database);
		std::lock_guard<std::mutex> guard(all.mutex);
		auto &turn = all.turns[name];
		if (!turn) {
			turn = make_shared_ptr<std::mutex>();
		}
		return turn;
	}

private:
	std::mutex mutex;
	case_insensitive_map_t<shared_ptr<std::mutex>> turns;
};

//! Counts that results of the memo's function version were replaced, in its record in the same schema.
std::string CountSql(const std::string &table) {
	auto name = table.rfind('.') + 1;
	auto memo = StringUtil::Replace(table.substr(name), "\"", "");
	return "UPDATE " + table.substr(0, name) + "functions SET recalls = coalesce(recalls, 0) + 1 WHERE memo_table = " +
	       Value(memo).ToSQLString();
}

//! The type in which a memo table stores results: those of earlier versions have vectors as they are.
LogicalType StoredType(Connection &connection, const std::string &table, const LogicalType &result) {
	if (!IsPacked(result)) {
		return result;
	}
	auto prepared = connection.Prepare("SELECT result FROM " + table);
	if (prepared->HasError()) {
		prepared->GetErrorObject().Throw();
	}
	return prepared->GetTypes()[0];
}

vector<LogicalType> Types(const LogicalType &stored) {
	return {LogicalType::UHUGEINT, stored, LogicalType::BIGINT};
}

storage_t FingerprintColumn(const DuckTableEntry &memo) {
	return memo.GetColumn(Identifier("fingerprint")).StorageOid();
}

} // namespace

MemoWriter::MemoWriter(DatabaseInstance &database, const std::string &table, const LogicalType &result, int64_t run_id,
                       int64_t since)
    : turn(MemoTurns::Of(database, table)), connection(EngineConnection(database)), table(table), result(result),
      stored(StoredType(connection, table, result)),
      single(result, 1), run_id(run_id), since(since), last_flush(std::chrono::steady_clock::now()) {
	chunk.Initialize(Allocator::DefaultAllocator(), Types(stored));
}

MemoWriter::~MemoWriter() {
	{
		std::lock_guard<std::mutex> guard(mutex);
		ended = true;
	}
	ended_changed.notify_all();
	if (!late.joinable()) {
		return;
	}
	if (PyGILState_Check()) {
		nanobind::gil_scoped_release release;
		late.join();
	} else {
		late.join();
	}
}

std::unique_lock<std::mutex> MemoWriter::Lock() {
	std::unique_lock<std::mutex> lock(mutex, std::try_to_lock);
	if (!lock.owns_lock()) {
		nanobind::gil_scoped_release release;
		lock.lock();
	}
	return lock;
}

void MemoWriter::Add(uhugeint_t fingerprint, nanobind::handle result) {
	auto lock = Lock();
	if (stored == this->result) {
		WriteObject(result, chunk.data[1], filled);
		return EndRow(fingerprint);
	}
	if (single.GetType().id() == LogicalTypeId::LIST) {
		ListVector::SetListSize(single, 0);
	}
	WriteObject(result, single, 0);
	AddPart(&fingerprint, single, 0, 1);
}

void MemoWriter::AddRows(const uhugeint_t *fingerprints, Vector &results, idx_t count) {
	std::lock_guard<std::mutex> guard(mutex);
	AddPart(fingerprints, results, 0, count);
}

void MemoWriter::AddResults(Results &results, idx_t begin) {
	auto lock = Lock();
	// The first row is NULL.
	AddPart(results.fingerprints.data() + begin, results.Rows(), begin + 1, results.Size() + 1);
}

void MemoWriter::AddPart(const uhugeint_t *fingerprints, Vector &results, idx_t begin, idx_t end) {
	while (begin < end) {
		auto to = MinValue(end, begin + STANDARD_VECTOR_SIZE - filled);
		if (stored == result) {
			VectorOperations::Copy(results, chunk.data[1], to, begin, filled);
		} else {
			Pack(results, begin, to, chunk.data[1], filled);
		}
		for (; begin < to; begin++) {
			EndRow(*fingerprints++);
		}
	}
}

void MemoWriter::EndRow(uhugeint_t fingerprint) {
	FlatVector::GetDataMutable<uhugeint_t>(chunk.data[0])[filled] = fingerprint;
	FlatVector::GetDataMutable<int64_t>(chunk.data[2])[filled] = run_id;
	filled++;
	waiting++;
	if (filled == STANDARD_VECTOR_SIZE) {
		FlushChunk();
	}
	if (!late.joinable()) {
		late = std::thread([this] { CommitLateResults(); });
	}
}

void MemoWriter::FlushChunk() {
	chunk.SetChildCardinality(filled);
	auto full = make_uniq<DataChunk>();
	full->Move(chunk);
	full_chunks.push_back(std::move(full));
	chunk.Initialize(Allocator::DefaultAllocator(), Types(stored));
	filled = 0;
}

FingerprintSet MemoWriter::Waiting() const {
	FingerprintSet waiting;
	for (auto &full : full_chunks) {
		auto fingerprints = FlatVector::GetData<uhugeint_t>(full->data[0]);
		waiting.insert(fingerprints, fingerprints + full->size());
	}
	return waiting;
}

unique_ptr<QueryResult> MemoWriter::Submit(const std::string &sql, const FingerprintSet &fingerprints) {
	SetWanted(*connection.context, fingerprints);
	auto result = connection.Submit(sql);
	result->ThrowIfError();
	return result;
}

// Not by a join in the INSERT: DuckDB 2.0.0 crashes where that has some nested results in its hash table.
FingerprintTable MemoWriter::FindKnown() {
	FingerprintTable known;
	auto any = connection.Submit("SELECT 1 FROM " + table + " LIMIT 1");
	any->ThrowIfError();
	auto first = any->Fetch();
	if (!first || first->size() == 0) {
		return known;
	}
	auto found =
	    Submit("SELECT fingerprint FROM " + table + " WHERE fingerprint IN (FROM coco_wanted())", Waiting());
	while (auto rows = found->Fetch()) {
		auto fingerprints = FlatVector::GetData<uhugeint_t>(rows->data[0]);
		for (idx_t row = 0; row < rows->size(); row++) {
			known.Insert(fingerprints[row]);
		}
	}
	return known;
}

std::optional<FingerprintTable> MemoWriter::LookUpKnown() {
	std::optional<FingerprintTable> known;
	WithTable([&](ClientContext &context, DuckTableEntry &memo) {
		auto &database = memo.ParentCatalog().GetAttached();
		if (IsCheckpointing(database)) {
			return;
		}
		HeldCheckpoints held(database.shared_from_this()); // which may move rows to other row ids
		auto column = FingerprintColumn(memo);
		std::vector<hash_t> hashes;
		for (auto &full : full_chunks) {
			Vector hashed(LogicalType::HASH);
			VectorOperations::Hash(full->data[0], hashed, full->size());
			hashed.Flatten();
			auto values = FlatVector::GetData<hash_t>(hashed);
			hashes.insert(hashes.end(), values, values + full->size());
		}
		auto row_ids = FindByHash(context, memo, column, hashes);
		if (!row_ids) {
			return;
		}
		known.emplace();
		FetchRows(context, memo, {column}, *row_ids, [&](DataChunk &rows) {
			rows.Flatten();
			for (idx_t row = 0; row < rows.size(); row++) {
				known->Insert(FlatVector::GetData<uhugeint_t>(rows.data[0])[row]);
			}
		});
	});
	return known;
}

void MemoWriter::KeepUnknown(DataChunk &full, FingerprintTable &known) {
	auto fingerprints = FlatVector::GetData<uhugeint_t>(full.data[0]);
	SelectionVector unknown(full.size());
	idx_t count = 0;
	for (idx_t row = 0; row < full.size(); row++) {
		if (known.Insert(fingerprints[row])) {
			unknown.set_index(count++, row);
		}
	}
	if (count < full.size()) {
		full.Slice(unknown, count);
		full.Flatten();
	}
}

bool MemoWriter::IsLate() const {
	return std::chrono::steady_clock::now() - last_flush >= FLUSH_INTERVAL;
}

void MemoWriter::CommitLateResults() {
	std::unique_lock<std::mutex> lock(mutex);
	while (!ended) {
		ended_changed.wait_until(lock, waiting > 0 ? last_flush + FLUSH_INTERVAL
		                                           : std::chrono::steady_clock::now() + FLUSH_INTERVAL);
		if (ended || waiting == 0 || !IsLate()) {
			continue;
		}
		try {
			FlushLocked();
		} catch (std::exception &error) {
			failure = ErrorData(error);
			return;
		}
	}
}

void MemoWriter::FlushIfDue(bool due) {
	WithoutPython([&] {
		std::lock_guard<std::mutex> guard(mutex);
		if (due || waiting >= FLUSH_ROWS || IsLate()) {
			FlushLocked();
		}
	});
}

void MemoWriter::FlushLocked() {
	if (failure.HasError()) {
		failure.Throw();
	}
	if (filled > 0) {
		FlushChunk();
	}
	if (waiting > 0) {
		std::lock_guard<std::mutex> guard(*turn);
		since > 0 ? ReplaceWaiting() : AppendWaiting();
		waiting = 0;
	}
	last_flush = std::chrono::steady_clock::now();
}

void MemoWriter::AppendWaiting() {
	auto looked_up = waiting <= FEW ? LookUpKnown() : std::nullopt;
	auto known = looked_up ? std::move(*looked_up) : FindKnown();
	for (auto &full : full_chunks) {
		KeepUnknown(*full, known);
	}
	WithTable([&](ClientContext &context, DuckTableEntry &memo) {
		DeclareChange(context, memo.ParentCatalog().GetAttached(), DatabaseModificationType::INSERT_DATA);
		auto now = Value::TIMESTAMPTZ(timestamp_tz_t(Timestamp::GetCurrentTimestamp()));
		if (memo.GetColumns().PhysicalColumnCount() != MEMO_COLUMNS) {
			throw CatalogException("%s has other columns than a memo", table);
		}
		TableLayout layout(memo, {"fingerprint", "result", "run_id"}, {{"computed_at", now}});
		RowAppender appender(context, memo);
		for (auto &full : full_chunks) {
			if (full->size() > 0) {
				appender.Append(layout.LayOut(context, *full));
			}
		}
		appender.Finish();
	});
	full_chunks.clear();
}

void MemoWriter::WithTable(const std::function<void(ClientContext &, DuckTableEntry &)> &act) {
	auto &context = *connection.context;
	context.RunFunctionInTransaction([&] {
		auto name = QualifiedName::Parse(table);
		act(context, OwnTable(context, name.Catalog().GetIdentifierName(), name.Name().GetIdentifierName()));
	});
}

void MemoWriter::ReplaceWaiting() {
	connection.BeginTransaction();
	try {
		auto earlier = "DELETE FROM " + table + " WHERE run_id < " + std::to_string(since) +
		               " AND fingerprint IN (FROM coco_wanted())";
		auto deleted = Submit(earlier, Waiting())->Fetch();
		if (deleted && deleted->GetValue(0, 0).GetValue<int64_t>() > 0) {
			connection.Query(CountSql(table))->ThrowIfError();
		}
		AppendWaiting();
		connection.Commit();
	} catch (...) {
		if (connection.HasActiveTransaction()) {
			connection.Rollback();
		}
		throw;
	}
}

} // namespace cocosql
