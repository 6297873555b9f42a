// A task that waits. It has its instance to itself meanwhile.

#include "wexec.h"

static void nap(wexec_handle call) {
    char *input = wexec_read(call, NULL);
    unsigned long ms = strtoul(input, NULL, 10);
    free(input);
    if (wexec_fail_op(call, wexec_sleep_ms(call, ms))) return;
    wexec_outputf(call, "\"slept for %lu ms\"", ms);
}

WEXEC_TASKS(WEXEC_TASK(nap, io, "Sleeps for so many milliseconds."))
