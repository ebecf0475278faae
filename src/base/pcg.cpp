/* pcg.cpp - the PCG library's pcg64 defines what a stream is.  SPDX-License-Identifier: MIT */
#include <pcg_random.hpp>

extern "C" {
#include "base/stream_paths.h"
}

namespace
{

using word = pcg64::state_type;

/* A pcg64 that can be put into any state and asked for it; seeding alone cannot do that. */
class generator : public pcg64
{
  public:
    generator(uint64_t state, uint64_t sequence) : pcg64(word(state), word(sequence)) {}

    explicit generator(const struct stream &s)
        : pcg64(word(0u), join(s.increment_high, s.increment_low) >> 1)
    {
        state_ = join(s.state_high, s.state_low);
    }

    struct stream stream_now() const
    {
        return {high(state_), low(state_), high(increment()), low(increment())};
    }

  private:
    static word join(uint64_t high, uint64_t low) { return (word(high) << 64) | word(low); }
    static uint64_t high(word w) { return static_cast<uint64_t>(w >> 64); }
    static uint64_t low(word w) { return static_cast<uint64_t>(w); }
};

} // namespace

extern "C" uint64_t stream_next_library(struct stream *s)
{
    generator g(*s);
    const uint64_t bits = g();
    *s = g.stream_now();
    return bits;
}

extern "C" void stream_fill_bits_library(const struct stream *s, uint64_t *bits, int n)
{
    generator g(*s);
    for (int i = 0; i < n; i++) bits[i] = g();
}

extern "C" struct stream stream_seeded_library(uint64_t state, uint64_t sequence)
{
    return generator(state, sequence).stream_now();
}
