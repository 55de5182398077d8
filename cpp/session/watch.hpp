//! Interrupts are looked at from time to time, in loops that may go on for long.
#pragma once

#include "session/session.hpp"

#include <chrono>

namespace cocosql {

class Watch {
public:
	explicit Watch(Session &session) : session(session) {
	}
	//! Call without the GIL. Throws if there was one.
	void Look() {
		if (std::chrono::steady_clock::now() - last > INTERVAL) {
			session.CheckInterrupt();
			last = std::chrono::steady_clock::now();
		}
	}

private:
	static constexpr std::chrono::milliseconds INTERVAL {100};

	Session &session;
	std::chrono::steady_clock::time_point last = std::chrono::steady_clock::now();
};

} // namespace cocosql
