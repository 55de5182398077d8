#include "session/cancellation.hpp"

#include "duckdb/common/exception.hpp"
#include "duckdb/main/client_context_state.hpp"

#include <algorithm>

namespace cocosql {

using namespace duckdb;

namespace {

class ByInterrupt : public Cancellation {
public:
	explicit ByInterrupt(ClientContext &context) : context(context.shared_from_this()) {
	}
	void Check() override {
		auto present = context.lock();
		if (!present || present->IsInterrupted()) {
			throw InterruptException();
		}
	}

private:
	weak_ptr<ClientContext> context;
};

//! Ends with the connection that it is a state of.
struct WorkersOfClient : ClientContextState {
	static constexpr const char *KEY = "cocosql_workers";
	~WorkersOfClient() override {
		workers.Interrupt();
	}
	Workers workers;
};

class ByEvent : public Cancellation {
public:
	ByEvent(weak_ptr<ClientContext> client, std::shared_ptr<StopEvent> event)
	    : client(std::move(client)), event(std::move(event)) {
	}
	void Check() override {
		if (client.expired()) {
			throw ConnectionException("the connection that this was done for has been closed");
		}
		if (event->IsSet()) {
			throw InterruptException();
		}
	}
	void Join(ClientContext &worker) override {
		event->workers.Add(worker);
		if (auto present = client.lock()) {
			present->registered_state->GetOrCreate<WorkersOfClient>(WorkersOfClient::KEY)->workers.Add(worker);
		}
	}
	void Leave(ClientContext &worker) override {
		event->workers.Remove(worker);
		if (auto present = client.lock()) {
			present->registered_state->GetOrCreate<WorkersOfClient>(WorkersOfClient::KEY)->workers.Remove(worker);
		}
	}
	bool IsBackground() const override {
		return true;
	}

private:
	weak_ptr<ClientContext> client;
	std::shared_ptr<StopEvent> event;
};

} // namespace

std::shared_ptr<Cancellation> CancelledByInterrupt(ClientContext &context) {
	return std::make_shared<ByInterrupt>(context);
}

std::shared_ptr<Cancellation> CancelledByEvent(weak_ptr<ClientContext> client, std::shared_ptr<StopEvent> event) {
	return std::make_shared<ByEvent>(std::move(client), std::move(event));
}

void Workers::Add(ClientContext &worker) {
	std::lock_guard<std::mutex> guard(mutex);
	workers.erase(std::remove_if(workers.begin(), workers.end(), [](auto &one) { return one.expired(); }),
	              workers.end());
	workers.push_back(worker.shared_from_this());
}

void Workers::Remove(ClientContext &worker) {
	std::lock_guard<std::mutex> guard(mutex);
	workers.erase(std::remove_if(workers.begin(), workers.end(), [&](auto &one) { return one.lock().get() == &worker; }),
	              workers.end());
}

void Workers::Interrupt() {
	std::vector<shared_ptr<ClientContext>> present; // the last that holds one ends it, not while others wait
	std::lock_guard<std::mutex> guard(mutex);
	for (auto &one : workers) {
		if (auto worker = one.lock()) {
			worker->Interrupt(); // before it leaves: then it works for others
			present.push_back(std::move(worker));
		}
	}
}

void StopEvent::Set() {
	is_set = true;
	workers.Interrupt();
}

} // namespace cocosql
