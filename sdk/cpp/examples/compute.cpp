// A task that computes.

#include "wexec.hpp"

static unsigned primes(unsigned n) {
    unsigned count = 0;
    for (unsigned i = 2; i < n; i++) {
        unsigned d = 2;
        while (d * d <= i && i % d != 0) d++;
        if (d * d > i) count++;
    }
    return count;
}

WEXEC_TASKS(wexec::cpu<primes>("primes", "Counts the primes below n."))
