// A task that calls another many times at once. Those compute on all cores.

#include "wexec.hpp"

struct bounds {
    unsigned from, to;
};
WEXEC_FIELDS(bounds, from, to)

static unsigned primes_between(bounds b) {
    unsigned count = 0;
    for (unsigned i = std::max(b.from, 2u); i < b.to; i++) {
        unsigned d = 2;
        while (d * d <= i && i % d != 0) d++;
        if (d * d > i) count++;
    }
    return count;
}

static wexec::task<unsigned> primes(unsigned n) {
    constexpr unsigned parts = 8;
    std::vector<decltype(wexec::call<unsigned>("", bounds()))> calls;
    for (unsigned i = 0; i < parts; i++) // each runs from here on
        calls.push_back(wexec::call<unsigned>("primes_between", bounds{n / parts * i, n / parts * (i + 1)}));
    unsigned total = primes_between({n / parts * parts, n});
    for (unsigned count : co_await wexec::all(std::move(calls))) total += count;
    co_return total;
}

WEXEC_TASKS(
    wexec::io<primes>("primes", "Counts the primes below n."),
    wexec::cpu<primes_between>("primes_between", "Counts the primes from a number to the one before another."))
