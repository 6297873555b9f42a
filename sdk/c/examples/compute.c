// A task that computes.

#include "wexec.h"

static void primes(wexec_handle call) {
    char *input = wexec_read(call, NULL);
    unsigned long n = strtoul(input, NULL, 10), count = 0;
    free(input);
    for (unsigned long i = 2; i < n; i++) {
        unsigned long d = 2;
        while (d * d <= i && i % d != 0) d++;
        if (d * d > i) count++;
    }
    wexec_outputf(call, "%lu", count);
}

WEXEC_TASKS(WEXEC_TASK(primes, cpu, "Counts the primes below n."))
