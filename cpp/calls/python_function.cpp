#include "calls/python_function.hpp"

#include "duckdb/common/exception/catalog_exception.hpp"
#include "duckdb/main/database.hpp"
#include "session/names.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace cocosql {

using namespace duckdb;

static constexpr std::chrono::milliseconds INTERRUPT_INTERVAL {100};

FingerprintSet CallsInFlight::Claim(const FingerprintSet &wanted) {
	std::lock_guard<std::mutex> guard(mutex);
	FingerprintSet claimed;
	for (auto &fingerprint : wanted) {
		if (fingerprints.insert(fingerprint).second) {
			claimed.insert(fingerprint);
		}
	}
	return claimed;
}

void CallsInFlight::Release(const FingerprintSet &claimed) {
	{
		std::lock_guard<std::mutex> guard(mutex);
		for (auto &fingerprint : claimed) {
			fingerprints.erase(fingerprint);
		}
	}
	changed.notify_all();
}

void CallsInFlight::Await(const FingerprintSet &awaited, const std::function<void()> &check_interrupt) {
	std::unique_lock<std::mutex> lock(mutex);
	auto are_done = [&] {
		for (auto &fingerprint : awaited) {
			if (fingerprints.count(fingerprint)) {
				return false;
			}
		}
		return true;
	};
	while (!changed.wait_for(lock, INTERRUPT_INTERVAL, are_done)) {
		lock.unlock();
		check_interrupt();
		lock.lock();
	}
}

static CallForm FindForm(const std::string &name) {
	if (name == "row") {
		return CallForm::ROW;
	}
	return name == "list" ? CallForm::LISTS : CallForm::ARRAYS;
}

PythonFunction::PythonFunction(DatabaseInstance &database, int64_t id, nb::handle description) : id(id) {
	// The connection that registers is locked by the statement that does it.
	auto connection = EngineConnection(database);
	auto &context = *connection.context;
	name = nb::cast<std::string>(description.attr("name"));
	code_version = nb::cast<std::string>(description.attr("code_version"));
	for (auto &type : nb::cast<std::vector<std::string>>(description.attr("parameter_types"))) {
		parameters.push_back(context.ParseLogicalType(type));
	}
	parameter_names = nb::cast<std::vector<std::string>>(description.attr("parameter_names"));
	takes_null = nb::cast<std::vector<bool>>(description.attr("takes_null"));
	result = context.ParseLogicalType(nb::cast<std::string>(description.attr("result_type")));
	form = FindForm(nb::cast<std::string>(description.attr("form")));
	memo = nb::cast<bool>(description.attr("memo"));
	null_on_error = nb::cast<std::string>(description.attr("on_error")) == "null";
}

//! Whoever asks for the GIL while the interpreter shuts down never gets it.
static bool IsFinalizing() {
#if PY_VERSION_HEX >= 0x030D0000
	return Py_IsFinalizing();
#else
	return _Py_IsFinalizing();
#endif
}

PythonFunction::~PythonFunction() {
	if (!Py_IsInitialized() || IsFinalizing()) {
		return;
	}
	nb::gil_scoped_acquire gil;
	try {
		nb::module_::import_("cocosql.udf").attr("forget")(id);
	} catch (nb::python_error &) {
		// The interpreter is shutting down and has released the callable already.
	}
}

FunctionRegistry &FunctionRegistry::Get(ClientContext &context) {
	return Of(DatabaseInstance::GetDatabase(context));
}

void FunctionRegistry::Put(shared_ptr<PythonFunction> function) {
	std::lock_guard<std::mutex> guard(mutex);
	functions[function->name].swap(function);
}

bool FunctionRegistry::Contains(const std::string &name) {
	std::lock_guard<std::mutex> guard(mutex);
	return functions.find(name) != functions.end();
}

std::vector<shared_ptr<PythonFunction>> FunctionRegistry::All() {
	std::lock_guard<std::mutex> guard(mutex);
	std::vector<shared_ptr<PythonFunction>> all;
	for (auto &entry : functions) {
		all.push_back(entry.second);
	}
	return all;
}

shared_ptr<PythonFunction> FunctionRegistry::Find(const std::string &name) {
	std::lock_guard<std::mutex> guard(mutex);
	auto entry = functions.find(name);
	if (entry == functions.end()) {
		throw CatalogException("function %s is not registered: call cocosql.register(con, %s)", name, name);
	}
	return entry->second;
}

} // namespace cocosql
