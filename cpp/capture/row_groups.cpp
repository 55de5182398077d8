#include "capture/row_groups.hpp"

#include "catalog/find_table.hpp"
#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/duck_table_entry.hpp"
#include "duckdb/main/database_manager.hpp"
#include "duckdb/transactions.hpp"
#include "fingerprint/hash128.hpp"
#include "python/errors.hpp"
#include "session/session.hpp"

#include <chrono>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>
#include <thread>
#include <unordered_map>

namespace cocosql {

namespace nb = nanobind;
using namespace duckdb;

namespace {

//! All columns if none is named, or one is worked out from others.
StoredColumns ColumnsOf(TableCatalogEntry &table, const std::vector<std::string> &names) {
	StoredColumns columns;
	for (auto &name : names) {
		auto &column = table.GetColumn(Identifier(name));
		if (column.Generated()) {
			columns.clear();
			break;
		}
		columns.push_back(column.StorageOid());
	}
	if (columns.empty()) {
		for (auto &column : table.GetColumns().Physical()) {
			columns.push_back(column.StorageOid());
		}
	}
	return columns;
}

RowGroupSignals Signals(StoredRowGroup group) {
	RowGroupSignals signals;
	auto place = std::move(group.place); // the token says it shorter
	static_cast<StoredRowGroup &>(signals) = std::move(group);
	if (!place.empty()) {
		std::vector<uint64_t> words {signals.count, signals.remaining};
		words.insert(words.end(), place.begin(), place.end());
		signals.token = Uhugeint::ToString(Hash128(words.data(), words.size() * sizeof(uint64_t)));
	}
	return signals;
}

} // namespace

bool RowGroupSignals::HasSameRows(const RowGroupSignals &other) const {
	auto mine = object.lock();
	return mine && mine == other.object.lock() && count == other.count && remaining == other.remaining;
}

std::unique_ptr<RowGroups> RowGroups::Look(ClientContext &context, const std::string &database,
                                           const std::string &schema, const std::string &table,
                                           const std::vector<std::string> &columns) {
	std::unique_ptr<RowGroups> found;
	context.RunFunctionInTransaction([&] {
		auto entry = FindTable(context, {Identifier(database), Identifier(schema), Identifier(table)});
		if (!entry || !entry->IsDuckTable()) {
			return;
		}
		found = std::make_unique<RowGroups>();
		auto stored = FindStoredRowGroups(entry->Cast<DuckTableEntry>(), ColumnsOf(*entry, columns));
		found->checkpoint = stored.checkpoint;
		for (auto &group : stored.groups) {
			found->groups.push_back(Signals(std::move(group)));
		}
	});
	return found;
}

std::unique_ptr<RowGroups> RowGroups::Remembered(idx_t checkpoint, const std::vector<std::string> &tokens) {
	auto found = std::make_unique<RowGroups>();
	found->checkpoint = checkpoint;
	for (auto &token : tokens) {
		RowGroupSignals signals;
		signals.token = token;
		signals.is_known = !token.empty();
		found->groups.push_back(std::move(signals));
	}
	return found;
}

void RowGroups::Confirm(const RowGroups &before) {
	std::unordered_map<idx_t, idx_t> by_start;
	for (idx_t i = 0; i < before.groups.size(); i++) {
		by_start.emplace(before.groups[i].start, i);
	}
	for (auto &group : groups) {
		auto found = by_start.find(group.start);
		group.is_known = group.is_settled && found != by_start.end() && before.groups[found->second].is_settled &&
		                 group.HasSameRows(before.groups[found->second]);
		if (!group.is_known) {
			group.token.clear();
		}
	}
	if (checkpoint != before.checkpoint) {
		checkpoint = optional_idx();
	}
}

void RowGroups::Forget(const std::vector<idx_t> &indexes) {
	for (auto index : indexes) {
		groups[index].is_known = false;
		groups[index].token.clear();
	}
}

std::vector<optional_idx> RowGroups::FindSame(const RowGroups &earlier) const {
	std::unordered_map<const RowGroup *, idx_t> by_object;
	std::unordered_map<std::string, idx_t> by_token;
	auto tokens_hold = checkpoint.IsValid() && earlier.checkpoint.IsValid() &&
	                   checkpoint.GetIndex() - earlier.checkpoint.GetIndex() <= 1;
	for (idx_t i = 0; i < earlier.groups.size(); i++) {
		auto &group = earlier.groups[i];
		if (!group.is_known) {
			continue;
		}
		if (auto object = group.object.lock()) {
			by_object.emplace(object.get(), i);
		}
		if (tokens_hold && !group.token.empty()) {
			by_token.emplace(group.token, i);
		}
	}
	std::vector<optional_idx> same;
	for (auto &group : groups) {
		same.emplace_back();
		if (!group.is_settled) {
			continue;
		}
		auto object = group.object.lock();
		auto is_object = by_object.find(object.get());
		if (is_object != by_object.end() && group.HasSameRows(earlier.groups[is_object->second])) {
			same.back() = is_object->second;
			continue;
		}
		auto has_token = by_token.find(group.token);
		if (has_token != by_token.end()) {
			same.back() = has_token->second;
		}
	}
	return same;
}

namespace {

//! As long as it can be told that a checkpoint is made, an interrupt ends the wait for its end.
HeldCheckpoints HoldCheckpoints(Session &session, shared_ptr<AttachedDatabase> database) {
	while (IsCheckpointing(*database)) {
		session.CheckInterrupt();
		std::this_thread::sleep_for(std::chrono::milliseconds(1));
	}
	return HeldCheckpoints(std::move(database));
}

} // namespace

CheckpointHold::CheckpointHold(Session &session, const std::vector<std::string> &names) {
	auto &context = *session.connection.context;
	std::vector<shared_ptr<AttachedDatabase>> databases;
	context.RunFunctionInTransaction([&] {
		for (auto &name : names) {
			auto database = DatabaseManager::Get(context).GetDatabase(Identifier(name));
			if (database && database->GetCatalog().IsDuckCatalog()) {
				BeginIn(context, *database);
				databases.push_back(std::move(database));
			}
		}
	});
	for (auto &database : databases) {
		held.push_back(HoldCheckpoints(session, std::move(database)));
	}
}

void CheckpointHold::Release() {
	held.clear();
}

namespace {

std::vector<int64_t> Same(const RowGroups &now, const RowGroups &earlier) {
	std::vector<int64_t> indexes;
	for (auto &same : now.FindSame(earlier)) {
		indexes.push_back(same.IsValid() ? NumericCast<int64_t>(same.GetIndex()) : -1);
	}
	return indexes;
}

std::vector<std::pair<idx_t, idx_t>> Ranges(const RowGroups &row_groups) {
	std::vector<std::pair<idx_t, idx_t>> ranges;
	for (auto &group : row_groups.groups) {
		ranges.emplace_back(group.start, group.start + group.count);
	}
	return ranges;
}

std::vector<std::string> Tokens(const RowGroups &row_groups) {
	std::vector<std::string> tokens;
	for (auto &group : row_groups.groups) {
		tokens.push_back(row_groups.checkpoint.IsValid() ? group.token : std::string());
	}
	return tokens;
}

} // namespace

void BindRowGroups(nb::module_ &module) {
	nb::class_<RowGroups>(module, "RowGroups")
	    .def_static("remembered", &RowGroups::Remembered, nb::arg("checkpoint"), nb::arg("tokens"))
	    .def("confirm", &RowGroups::Confirm, nb::arg("before"))
	    .def("forget", &RowGroups::Forget, nb::arg("indexes"))
	    .def("same", &Same, nb::arg("earlier"))
	    .def_prop_ro("ranges", &Ranges)
	    .def_prop_ro("tokens", &Tokens)
	    .def_prop_ro("checkpoint", [](const RowGroups &row_groups) -> std::optional<idx_t> {
		    return row_groups.checkpoint.IsValid() ? std::optional<idx_t>(row_groups.checkpoint.GetIndex()) : std::nullopt;
	    });
	// Without the GIL: a database that was detached meanwhile is closed by this.
	nb::class_<CheckpointHold>(module, "CheckpointHold").def("release", [](CheckpointHold &hold) {
		WithoutPython([&] { hold.Release(); });
	});
}

} // namespace cocosql
