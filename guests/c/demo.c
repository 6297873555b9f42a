// The demo: the script of the unsync talk. Each of four functions declares how it
// should run. A main calls them and waits for the futures.
#include <math.h>

#include "wexec.h"

// Reads the call's input as a decimal number, or fails the call.
static bool read_count(wexec_handle call, unsigned long *count) {
    char *input = wexec_read(call, NULL), *end;
    *count = strtoul(input, &end, 10);
    bool ok = end != input && *end == 0;
    if (!ok) wexec_failf(call, 1, "want a count in decimal, not \"%.40s\"", input);
    free(input);
    return ok;
}

static void compute_some(wexec_handle call) {
    unsigned long count;
    if (!read_count(call, &count)) return;
    double sum = 0;
    for (unsigned long i = 0; i < count; i++) sum += sqrt(i);
    wexec_outputf(call, "%.3f", sum);
}

// The code of both downloads. Only the mode differs.
static void download(wexec_handle call) {
    char *url = wexec_read(call, NULL);
    wexec_result page = wexec_take(wexec_fetch_start(call, "GET", url));
    free(url);
    if (wexec_fail_op(call, page)) return;
    size_t len;
    wexec_split(page.data, page.len, &len);
    free(page.data);
    wexec_outputf(call, "%zu", len);
}

static void wait_some(wexec_handle call) {
    unsigned long count = 1000;
    bool empty = wexec_input(call, NULL, 0, 0) == 0;
    if (!empty && !read_count(call, &count)) return;
    for (unsigned long i = 0; i < count; i++) {
        if (wexec_fail_op(call, wexec_sleep_ms(call, 1))) return;
    }
    wexec_outputf(call, "%lu", count);
}

// ---- The script ----

struct step {
    const char *task, *input;
};

// Calls a task. The future is an op.
static wexec_handle start(wexec_handle call, struct step step) {
    return wexec_task_start(call, step.task, step.input, strlen(step.input));
}

// Waits for a future. If it failed, fails the call too.
static bool ask(wexec_handle call, wexec_handle future) {
    wexec_result result = wexec_take(future);
    if (wexec_fail_op(call, result)) return false;
    free(result.data);
    return true;
}

enum { STEPS = 11 };

// Waits for each result before the next call, as a script without futures does.
static bool sequence(wexec_handle call, const struct step steps[STEPS]) {
    for (int i = 0; i < STEPS; i++) {
        if (!ask(call, start(call, steps[i]))) return false;
    }
    return true;
}

// Starts all the calls, then waits for all the results.
static bool futures(wexec_handle call, const struct step steps[STEPS]) {
    wexec_handle future[STEPS];
    for (int i = 0; i < STEPS; i++) future[i] = start(call, steps[i]);
    for (int i = 0; i < STEPS; i++) {
        if (ask(call, future[i])) continue;
        while (++i < STEPS) wexec_op_drop(future[i]);
        return false;
    }
    return true;
}

static void script(wexec_handle call) {
    char *input = wexec_read(call, NULL);
    const char *way = strtok(input, " \n"), *count = strtok(NULL, " \n"), *url = strtok(NULL, " \n");
    bool in_sequence = url != NULL && strcmp(way, "sequence") == 0;
    bool with_futures = url != NULL && strcmp(way, "futures") == 0;
    if (!in_sequence && !with_futures) {
        wexec_failf(call, 1, "want \"sequence COUNT URL\" or \"futures COUNT URL\"");
        free(input);
        return;
    }
    const struct step steps[STEPS] = {
        {"compute_some", count},
        {"compute_some", count},
        {"compute_some", count},
        {"download_some", url},
        {"download_some", url},
        {"download_some_more", url},
        {"download_some_more", url},
        {"wait_some", "1000"},
        {"wait_some", "1000"},
        {"wait_some", "1000"},
        {"wait_some", "1000"},
    };
    if (in_sequence ? sequence(call, steps) : futures(call, steps)) {
        wexec_outputf(call, "%d", STEPS);
    }
    free(input);
}

WEXEC_TASKS(
    WEXEC_TASK(compute_some, cpu,
        "Sums the square roots of the numbers below a count.\nInput: the count. Output: the sum."),
    WEXEC_TASK_NAMED("download_some", download, io,
        "Downloads a page without holding a thread.\nInput: the URL. Output: the length of the body."),
    WEXEC_TASK_NAMED("download_some_more", download, blocking,
        "Downloads a page on a thread.\nInput: the URL. Output: the length of the body."),
    WEXEC_TASK(wait_some, io,
        "Sleeps 1 ms again and again.\nInput: how often, 1000 if empty. Output: the same."),
    WEXEC_TASK_NAMED("main", script, io,
        "Calls the other tasks, eleven times in all.\nInput: sequence or futures, a count, a URL. Output: 11."))
