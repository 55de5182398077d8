#include "functions/calls_in_flight.hpp"

#include <chrono>

namespace cocosql {

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

} // namespace cocosql
