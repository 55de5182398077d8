// The 128-bit hash: lanes that absorb 16 bytes by one 64x64->128 bit multiplication each, and a final permutation.
#include "fingerprint/hash128.hpp"

#include <cstring>

namespace cocosql {

namespace {

// The fractional bits of pi, in order
constexpr uint64_t kPi[12] = {0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89,
                              0x452821e638d01377, 0xbe5466cf34e90c6c, 0xc0ac29b7c97c50dd, 0x3f84d5b5b5470917,
                              0x9216d5d98979fb1b, 0xd1310ba698dfb5ac, 0x2ffd72dbd01adfb7, 0xb8e1afed6a267e96};
constexpr uint64_t kSizeFactor = 0x9e3779b97f4a7c15; // odd, so that no two sizes agree
constexpr uint64_t kSeedFactor = 0xff51afd7ed558ccd;

constexpr size_t kBlock = 64;

using uint128 = unsigned __int128;

uint64_t Rotate(uint64_t value, int bits) {
	return (value << bits) | (value >> (64 - bits));
}

template <class T>
uint64_t Load(const unsigned char *from) {
	T value;
	std::memcpy(&value, from, sizeof(T));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	if constexpr (sizeof(T) == 8) {
		value = __builtin_bswap64(value);
	} else {
		value = __builtin_bswap32(value);
	}
#endif
	return value;
}

struct State {
	uint64_t a;
	uint64_t b;

	// The factors are added to their product: a factor of zero would otherwise erase the other one
	void Absorb(uint64_t left, uint64_t right) {
		const uint64_t x = a ^ left;
		const uint64_t y = b ^ right;
		const uint128 product = static_cast<uint128>(x) * y;
		a = static_cast<uint64_t>(product >> 64) ^ y;
		b = static_cast<uint64_t>(product) + x;
	}

	void Absorb(const unsigned char *data) {
		Absorb(Load<uint64_t>(data), Load<uint64_t>(data + 8));
	}
};

uint64_t Scramble(uint64_t value, uint64_t key, uint64_t other_key) {
	const uint128 product = static_cast<uint128>(value ^ key) * (Rotate(value, 32) + other_key);
	return static_cast<uint64_t>(product >> 64) ^ static_cast<uint64_t>(product);
}

// A Feistel network: a permutation of the 128 bits, so it adds no collision
duckdb::uhugeint_t Finish(State state) {
	state.b ^= Scramble(state.a, kPi[4], kPi[5]);
	state.a ^= Scramble(state.b, kPi[6], kPi[7]);
	state.b ^= Scramble(state.a, kPi[8], kPi[9]);
	state.a ^= Scramble(state.b, kPi[10], kPi[11]);
	return duckdb::uhugeint_t(state.a, state.b);
}

State Start(size_t size, uint64_t seed) {
	const uint64_t mixed = seed * kSeedFactor;
	const uint64_t length = size * kSizeFactor;
	return {kPi[0] ^ mixed ^ Rotate(length, 29), kPi[1] ^ Rotate(mixed, 32) ^ length};
}

// Up to 16 bytes fit the state: no two inputs of one size collide
State Short(const unsigned char *data, size_t size, State state) {
	if (size >= 8) {
		state.a ^= Load<uint64_t>(data);
		state.b ^= Load<uint64_t>(data + size - 8);
	} else if (size >= 4) {
		state.a ^= Load<uint32_t>(data) | Load<uint32_t>(data + size - 4) << 32;
	} else if (size > 0) {
		state.a ^= data[0] | uint64_t(data[size / 2]) << 8 | uint64_t(data[size - 1]) << 16;
	}
	return state;
}

// Two lanes, from both ends; the ends of the lanes overlap or meet in the middle
State Medium(const unsigned char *data, size_t size, State state) {
	State other {state.b ^ kPi[2], state.a ^ kPi[3]};
	state.Absorb(data);
	other.Absorb(data + size - 16);
	if (size > 32) {
		state.Absorb(data + 16);
		other.Absorb(data + size - 32);
	}
	state.Absorb(other.a, other.b);
	state.Absorb(kPi[4], kPi[5]);
	return {state.a ^ other.b, state.b ^ other.a};
}

struct Lanes {
	State lane[4];

	explicit Lanes(State state)
	    : lane {state,
	            {state.a ^ kPi[2], state.b ^ kPi[3]},
	            {state.a ^ kPi[4], state.b ^ kPi[5]},
	            {state.a ^ kPi[6], state.b ^ kPi[7]}} {
	}

	// Every word also enters the next lane unmultiplied: to collide, two lanes would have to
	void Absorb(const unsigned char *block) {
		uint64_t word[8];
		for (int i = 0; i < 8; i++) {
			word[i] = Load<uint64_t>(block + 8 * i);
		}
		for (int i = 0; i < 4; i++) {
			lane[i].Absorb(word[2 * i], word[2 * i + 1]);
		}
		for (int i = 0; i < 4; i++) {
			lane[(i + 1) & 3].b += word[2 * i];
			lane[(i + 1) & 3].a += word[2 * i + 1];
		}
	}

	State Merge() const {
		State left = lane[0];
		State right = lane[2];
		left.Absorb(lane[1].a, lane[1].b);
		right.Absorb(lane[3].a, lane[3].b);
		left.a += lane[1].b;
		left.b += lane[1].a;
		right.a += lane[3].b;
		right.b += lane[3].a;
		left.Absorb(kPi[8], kPi[9]);
		right.Absorb(kPi[10], kPi[11]);
		left.Absorb(right.a, right.b);
		left.Absorb(kPi[4], kPi[5]);
		return {left.a + right.b, left.b + right.a};
	}
};

State Long(const unsigned char *data, size_t size, State state) {
	Lanes lanes(state);
	const unsigned char *last = data + size - kBlock; // overlaps the block before it
	for (; data < last; data += kBlock) {
		lanes.Absorb(data);
	}
	lanes.Absorb(last);
	return lanes.Merge();
}

} // namespace

duckdb::uhugeint_t Hash128(const void *data, size_t size, uint64_t seed) {
	const auto *bytes = static_cast<const unsigned char *>(data);
	const State state = Start(size, seed);
	if (size <= 16) {
		return Finish(Short(bytes, size, state));
	}
	return Finish(size <= kBlock ? Medium(bytes, size, state) : Long(bytes, size, state));
}

} // namespace cocosql
