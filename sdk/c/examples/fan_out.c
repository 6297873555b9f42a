// A task that calls another many times at once. Those compute on all cores.

#include "wexec.h"

static unsigned long count(unsigned long from, unsigned long to) {
    unsigned long n = 0;
    for (unsigned long i = from < 2 ? 2 : from; i < to; i++) {
        unsigned long d = 2;
        while (d * d <= i && i % d != 0) d++;
        if (d * d > i) n++;
    }
    return n;
}

static void primes_between(wexec_handle call) {
    char *input = wexec_read(call, NULL), *to;
    unsigned long from = strtoul(input, &to, 10);
    wexec_outputf(call, "%lu", count(from, strtoul(to, NULL, 10)));
    free(input);
}

static void primes(wexec_handle call) {
    enum { PARTS = 8 };
    wexec_handle parts[PARTS];
    char *input = wexec_read(call, NULL);
    unsigned long n = strtoul(input, NULL, 10), total = count(n / PARTS * PARTS, n);
    free(input);
    for (unsigned long i = 0; i < PARTS; i++) { // each runs from here on
        char bounds[48];
        int len = sprintf(bounds, "%lu %lu", n / PARTS * i, n / PARTS * (i + 1));
        parts[i] = wexec_task_start(call, "primes_between", bounds, (size_t)len);
    }
    for (int i = 0; i < PARTS; i++) {
        wexec_result part = wexec_take(parts[i]);
        if (wexec_fail_op(call, part)) {
            while (++i < PARTS) wexec_op_drop(parts[i]);
            return;
        }
        total += strtoul(part.data, NULL, 10);
        free(part.data);
    }
    wexec_outputf(call, "%lu", total);
}

WEXEC_TASKS(
    WEXEC_TASK(primes, io, "Counts the primes below n."),
    WEXEC_TASK(primes_between, cpu, "Counts the primes from a number to the one before another."))
