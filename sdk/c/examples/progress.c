// A task that outputs rows before its end, and tells how far it has got.

#include "wexec.h"

static void squares(wexec_handle call) {
    char *input = wexec_read(call, NULL);
    unsigned long n = strtoul(input, NULL, 10);
    free(input);
    for (unsigned long i = 0; i < n; i++) {
        char row[24];
        wexec_progress(call, i, n, "squares");
        wexec_write(call, row, (size_t)sprintf(row, "%lu\n", i * i));
    }
    wexec_output(call, NULL, 0);
}

WEXEC_TASKS(WEXEC_TASK(squares, io, "Writes the squares of the numbers below n, one a line."))
