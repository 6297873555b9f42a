// The conformance program: the same tasks in every language. Some do what a guest must not.
#include "wexec.h"
#include "wexec_files.h"
#include "wexec_kv.h"

// ---- Input and output ----

static void echo(wexec_handle call) {
    size_t len;
    char *input = wexec_read(call, &len);
    wexec_output(call, input, len);
    free(input);
}

static void noop(wexec_handle call) { wexec_output(call, NULL, 0); }

static void sum(wexec_handle call) {
    size_t len;
    unsigned char *input = (unsigned char *)wexec_read(call, &len);
    unsigned long long total = 0;
    for (size_t i = 0; i < len; i++) total += input[i];
    free(input);
    wexec_outputf(call, "%llu", total);
}

// Reads the call's input as a decimal number. Other input counts as 0.
static unsigned long read_number(wexec_handle call) {
    char *input = wexec_read(call, NULL);
    unsigned long n = strtoul(input, NULL, 10);
    free(input);
    return n;
}

static void big(wexec_handle call) {
    unsigned long n = read_number(call);
    unsigned char *bytes = wexec_alloc(n + 1);
    for (unsigned long i = 0; i < n; i++) bytes[i] = i % 251;
    wexec_output(call, bytes, n);
    free(bytes);
}

// Writes a line for each number, with progress now and then.
static void count_out(wexec_handle call) {
    unsigned long n = read_number(call);
    for (unsigned long i = 0; i < n; i++) {
        char line[24];
        int len = sprintf(line, "%lu\n", i);
        if (i % 100 == 0) wexec_progress(call, i, n, "counting \"out\"");
        wexec_write(call, line, len);
    }
    wexec_output_text(call, "end");
}

// Finds n without reading JSON: the host has checked the input already.
static void schema(wexec_handle call) {
    char *input = wexec_read(call, NULL);
    char *name = strstr(input, "\"n\"");
    char *n = name == NULL ? "" : name + strcspn(name, "-0123456789");
    size_t len = strspn(n, "-0123456789");
    if (len == 2 && memcmp(n, "13", 2) == 0) {
        wexec_output_text(call, "\"oops\"");
    } else {
        wexec_output(call, n, len);
    }
    free(input);
}

static void counter(wexec_handle call) {
    static unsigned long calls;
    wexec_outputf(call, "%lu", ++calls);
}

static void log_input(wexec_handle call) {
    size_t len;
    char *input = wexec_read(call, &len);
    wexec_log(WEXEC_LOG_INFO, input, len);
    free(input);
    wexec_output(call, NULL, 0);
}

static void print(wexec_handle call) {
    char *input = wexec_read(call, NULL);
    printf("%s", input);
    fprintf(stderr, "printed %zu bytes\n", strlen(input));
    fflush(stdout);
    free(input);
    wexec_output(call, NULL, 0);
}

// ---- Ways to end ----

static void fail(wexec_handle call) {
    char *input = wexec_read(call, NULL);
    wexec_failf(call, 7, "told to fail: %s", input);
    free(input);
}

static void trap(wexec_handle call) {
    (void)call;
    __builtin_trap();
}

static void exit3(wexec_handle call) {
    (void)call;
    _Exit(3);
}

static void forever(wexec_handle call) {
    (void)call;
    for (volatile unsigned i = 0;; i++) {
    }
}

static void silent(wexec_handle call) { (void)call; }

static void twice(wexec_handle call) {
    wexec_output_text(call, "once");
    wexec_output_text(call, "twice");
}

// Allocates memory until there is none left. Then frees it, so that the count is
// the same if the instance is reused.
static void grow(wexec_handle call) {
    enum { PIECE = 1 << 20, PAGE = 4096 };
    struct piece {
        struct piece *before;
    } *last = NULL, *piece;
    unsigned long pieces = 0;
    while ((piece = malloc(PIECE)) != NULL) {
        for (size_t i = 0; i < PIECE; i += PAGE) ((volatile char *)piece)[i] = 1;
        piece->before = last;
        last = piece;
        pieces++;
    }
    while (last != NULL) {
        piece = last;
        last = piece->before;
        free(piece);
    }
    wexec_outputf(call, "%lu", pieces);
}

// ---- Ops ----

enum { HOUR_MS = 60 * 60 * 1000 };

// Ends the call in the same way as an op.
static void end_as(wexec_handle call, wexec_result result) {
    if (wexec_fail_op(call, result)) return;
    wexec_output(call, result.data, result.len);
    free(result.data);
}

static void sleep_input(wexec_handle call) {
    if (wexec_fail_op(call, wexec_sleep_ms(call, read_number(call)))) return;
    wexec_output_text(call, "slept");
}

static void sleep_hour(wexec_handle call) { end_as(call, wexec_sleep_ms(call, HOUR_MS)); }

// The sleep is short: if a host wrongly allows it, the test fails at once.
static void await_cpu(wexec_handle call) { end_as(call, wexec_sleep_ms(call, 1)); }

static void leak_op(wexec_handle call) {
    wexec_sleep_start(call, HOUR_MS * 1000000ull);
    wexec_output(call, NULL, 0);
}

static void nosuch(wexec_handle call) {
    end_as(call, wexec_take(wexec_start(call, "no.such", NULL, 0)));
}

static void fetch(wexec_handle call) {
    char *url = wexec_read(call, NULL);
    wexec_result page = wexec_take(wexec_fetch_start(call, "GET", url));
    free(url);
    if (wexec_fail_op(call, page)) return;
    size_t len;
    char *body = wexec_split(page.data, page.len, &len);
    wexec_output(call, body, len);
    free(page.data);
}

// Waits for an op whose result does not matter. Ends the call if it failed.
static bool done(wexec_handle call, wexec_handle op) {
    wexec_result result = wexec_take(op);
    if (wexec_fail_op(call, result)) return false;
    free(result.data);
    return true;
}

// Takes an op whose result is a number. Ends the call and returns false if it failed.
static bool take_number(wexec_handle call, wexec_handle op, uint64_t *number) {
    wexec_result result = wexec_take(op);
    if (wexec_fail_op(call, result)) return false;
    *number = wexec_kv_number(result);
    free(result.data);
    return true;
}

// Reads a whole stream. Ends the call and returns NULL if that failed.
static char *read_stream(wexec_handle call, uint32_t stream, size_t *len) {
    char *all = NULL;
    for (*len = 0;;) {
        wexec_result piece = wexec_take(wexec_stream_read_start(call, stream, 1 << 16));
        if (wexec_fail_op(call, piece)) {
            free(all);
            return NULL;
        }
        all = realloc(all, *len + piece.len + 1);
        memcpy(all + *len, piece.data, piece.len);
        *len += piece.len;
        free(piece.data);
        if (piece.len == 0) return all;
    }
}

// Takes an op that opens a stream, and reads the whole stream. Ends the call and returns
// NULL if that failed.
static char *take_stream(wexec_handle call, wexec_handle op, size_t *len) {
    wexec_result opened = wexec_take(op);
    if (wexec_fail_op(call, opened)) return NULL;
    uint32_t stream = wexec_piped(opened);
    free(opened.data);
    return read_stream(call, stream, len);
}

static void kv(wexec_handle call) {
    size_t len;
    char *input = wexec_read(call, &len);
    uint64_t first, again, sum, deleted;
    bool ok = take_number(call, wexec_kv_put_start(call, "k", 1, input, len, WEXEC_KV_NONE, 0), &first) &&
              take_number(call, wexec_kv_put_start(call, "k", 1, "x", 1, WEXEC_KV_NONE, 0), &again) &&
              take_number(call, wexec_kv_add_start(call, "n", 1, 42), &sum);
    free(input);
    if (!ok) return;
    char *bytes = take_stream(call, wexec_kv_scan_start(call, "", 0, "", 0), &len);
    if (bytes == NULL) return;
    char *text = wexec_alloc(len + 1), *end = text;
    const char *rest = bytes;
    for (wexec_kv_entry e; wexec_kv_cut(&rest, &len, &e);)
        end += sprintf(end, "%.*s=%.*s;", (int)e.key_len, e.key, (int)e.len, e.value);
    free(bytes);
    if (take_number(call, wexec_kv_delete_start(call, "k", 1, first), &deleted) &&
        take_number(call, wexec_kv_delete_start(call, "n", 1, WEXEC_KV_ANY), &sum))
        wexec_outputf(call, "%d%d%d %.*s", first != 0, again != 0, deleted == first, (int)(end - text), text);
    free(text);
}

static void files(wexec_handle call) {
    static const char path[] = "/data/f";
    size_t len;
    char *input = wexec_read(call, &len);
    wexec_result result = wexec_take(wexec_files_write_start(call, path, input, len));
    free(input);
    if (wexec_fail_op(call, result)) return;
    free(result.data);
    result = wexec_take(wexec_files_stat_start(call, path));
    if (wexec_fail_op(call, result)) return;
    wexec_files_stat stat = wexec_files_info(result);
    free(result.data);
    char *bytes = take_stream(call, wexec_files_list_start(call, "/data"), &len);
    if (bytes == NULL) return;
    const char *rest = bytes;
    wexec_files_entry e = {0, 0, ""};
    wexec_files_cut(&rest, &len, &e);
    wexec_result text = wexec_take(wexec_files_read_start(call, path));
    if (text.status == WEXEC_OK) {
        result = wexec_take(wexec_files_remove_start(call, path));
        if (!wexec_fail_op(call, result)) {
            wexec_outputf(call, "%u %u %.*s=%s", (unsigned)stat.kind, (unsigned)stat.size, (int)e.len, e.name,
                          text.data);
            free(result.data);
        }
        free(text.data);
    } else {
        wexec_fail_op(call, text);
    }
    free(bytes);
}

// Sends a body in two pieces, and reads that of the response piece by piece.
static void stream(wexec_handle call) {
    wexec_result pipe = wexec_take(wexec_pipe_start(call));
    if (wexec_fail_op(call, pipe)) return;
    uint32_t up = wexec_piped(pipe);
    free(pipe.data);
    char *url = wexec_read(call, NULL);
    wexec_handle open = wexec_open_start(call, "POST", url, up);
    free(url);
    if (!done(call, wexec_stream_write_start(call, up, "one ", 4)) ||
        !done(call, wexec_stream_write_start(call, up, "two", 3)) ||
        !done(call, wexec_stream_close_start(call, up))) {
        wexec_op_drop(open);
        return;
    }
    wexec_result response = wexec_take(open);
    if (wexec_fail_op(call, response)) return;
    uint32_t down = wexec_opened(response);
    free(response.data);
    size_t len;
    char *all = read_stream(call, down, &len);
    if (all == NULL) return;
    wexec_output(call, all, len);
    free(all);
}

static void call_task(wexec_handle call) {
    size_t len;
    char *task = wexec_read(call, &len);
    char *input = wexec_split(task, len, &len);
    wexec_handle op = wexec_task_start(call, task, input, len);
    free(task);
    end_as(call, wexec_take(op));
}

static void fan(wexec_handle call) {
    char *input = wexec_read(call, NULL), *ms;
    unsigned long n = strtoul(input, &ms, 10), done = 0;
    ms += strspn(ms, " ");
    wexec_handle *ops = wexec_alloc((n + 1) * sizeof *ops);
    for (unsigned long i = 0; i < n; i++) ops[i] = wexec_task_start(call, "sleep", ms, strlen(ms));
    free(input);
    for (; done < n; done++) {
        wexec_result slept = wexec_take(ops[done]);
        if (wexec_fail_op(call, slept)) break;
        free(slept.data);
    }
    if (done == n) wexec_outputf(call, "%lu", n);
    while (++done < n) wexec_op_drop(ops[done]);
    free(ops);
}

static void tree(wexec_handle call) {
    unsigned long depth = read_number(call);
    if (depth == 0) { wexec_output_text(call, "1"); return; }
    char input[24];
    size_t len = snprintf(input, sizeof input, "%lu", depth - 1);
    wexec_handle left_op = wexec_task_start(call, "tree", input, len);
    wexec_handle right_op = wexec_task_start(call, "tree", input, len);
    wexec_result left = wexec_take(left_op), right = wexec_take(right_op);
    if (wexec_fail_op(call, left)) {
        free(right.data);
    } else if (wexec_fail_op(call, right)) {
        free(left.data);
    } else {
        unsigned long leaves = strtoul(left.data, NULL, 10) + strtoul(right.data, NULL, 10);
        wexec_outputf(call, "%lu", leaves);
        free(left.data);
        free(right.data);
    }
}

WEXEC_TASKS(
    WEXEC_TASK(echo, io, "Outputs its input."),
    WEXEC_TASK_NAMED("echo_blocking", echo, blocking, "Outputs its input."),
    WEXEC_TASK_NAMED("echo_cpu", echo, cpu, "Outputs its input."),
    WEXEC_TASK(noop, blocking, "Does nothing."),
    WEXEC_TASK_NAMED("noop_io", noop, io, "Does nothing."),
    WEXEC_TASK_NAMED("noop_cpu", noop, cpu, "Does nothing."),
    WEXEC_TASK(sum, cpu, "Outputs the sum of its input's bytes."),
    WEXEC_TASK(big, blocking, "Outputs as many bytes as the input says, byte i being i % 251."),
    WEXEC_TASK_NAMED("count_out_io", count_out, io, "Is count_out."),
    WEXEC_TASK(count_out, blocking,
        "Writes the lines 0, 1, 2 and so on, and then the word end.\nInput: how many lines."),
    WEXEC_TASK_NAMED("count_out_cpu", count_out, cpu, "Is count_out."),
    WEXEC_TASK(fail, blocking, "Fails with code 7 and the input in its message."),
    WEXEC_TASK(trap, blocking, "Traps."),
    WEXEC_TASK_NAMED("trap_io", trap, io, "Traps."),
    WEXEC_TASK(exit3, blocking, "Exits with code 3."),
    WEXEC_TASK(forever, blocking, "Never ends."),
    WEXEC_TASK_NAMED("forever_cpu", forever, cpu, "Never ends."),
    WEXEC_TASK_NAMED("hang", sleep_hour, io, "Sleeps for an hour."),
    WEXEC_TASK_NAMED("sleep", sleep_input, io, "Sleeps.\nInput: how many milliseconds. Output: slept."),
    WEXEC_TASK_NAMED("sleep_blocking", sleep_input, blocking, "Sleeps.\nInput: how many milliseconds. Output: slept."),
    WEXEC_TASK(await_cpu, cpu, "Tries to sleep, which a cpu task must not."),
    WEXEC_TASK(fetch, io, "Outputs the body of the page whose URL is the input."),
    WEXEC_TASK(stream, io, "Outputs the answer to \"one two\" of the page whose URL is the input, all streamed."),
    WEXEC_TASK(kv, io, "Writes the input to a key and a number to another, and deletes both."),
    WEXEC_TASK(files, io, "Writes the input to a file, reads it and removes it."),
    WEXEC_TASK_NAMED("call", call_task, io,
        "Calls a task of this module, and ends as it does.\nInput: its name, a newline, its input."),
    WEXEC_TASK_NAMED("call_blocking", call_task, blocking,
        "Calls a task of this module, and ends as it does.\nInput: its name, a newline, its input."),
    WEXEC_TASK(fan, io, "Calls sleep many times at once.\nInput: how often, a space, how many ms. Output: how often."),
    WEXEC_TASK(tree, blocking,
        "Counts the leaves of a tree of calls.\nInput: the depth. Output: two to the power of it."),
    WEXEC_TASK(nosuch, io, "Fails as an op of an unknown capability does."),
    WEXEC_TASK_NAMED("log", log_input, blocking, "Logs its input."),
    WEXEC_TASK(print, blocking, "Prints its input, and its length to standard error."),
    WEXEC_TASK(grow, blocking, "Outputs how many pieces of 1 MiB there is memory for."),
    WEXEC_TASK(leak_op, blocking, "Returns with an op alive, which a guest must not."),
    WEXEC_TASK(silent, blocking, "Returns without ending the call, which a guest must not."),
    WEXEC_TASK(twice, blocking, "Ends the call twice, which a guest must not."),
    WEXEC_TASK(counter, blocking, "Outputs how many calls of it the instance has had."),
    WEXEC_TASK(schema, blocking, "Outputs the number n of its input, and a string in place of 13.",
        "input": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}},
        "output": {"type": "integer"}),
    WEXEC_TASK_NAMED("slow", sleep_hour, blocking, "Sleeps for an hour, and asks for 50 ms.", "timeout_ms": 50),
    WEXEC_TASK_NAMED("small", grow, blocking, "Is grow, and asks for 1 MiB.", "memory_bytes": 1048576))
