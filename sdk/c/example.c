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

static void nap(wexec_handle call) {
    if (wexec_fail_op(call, wexec_sleep_ms(call, 100))) return;
    wexec_output_text(call, "rested");
}

WEXEC_TASKS(
    WEXEC_TASK(primes, cpu, "Counts the primes below n.\nInput and output are decimal."),
    WEXEC_TASK(nap, io, "Sleeps for a tenth of a second.", "timeout_ms": 2000))
