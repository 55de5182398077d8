//! Calls of a function that some thread makes, over all connections of a database instance.
#pragma once

#include "fingerprint/fingerprint_set.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>

namespace cocosql {

//! Argument tuples that some thread is calling the function for, so that no other thread does too.
class CallsInFlight {
public:
	//! Marks those of `wanted` that nobody works on, and returns them.
	FingerprintSet Claim(const FingerprintSet &wanted);
	void Release(const FingerprintSet &claimed);
	//! Waits until nobody works on any of these; `check_interrupt` throws if the wait is to stop.
	void Await(const FingerprintSet &fingerprints, const std::function<void()> &check_interrupt);

private:
	std::mutex mutex;
	std::condition_variable changed;
	FingerprintSet fingerprints;
};

} // namespace cocosql
