// wexec.h is the C SDK of wexec, for guests in direct style.
//
// A task is a function that takes a call. It may read the call's input and
// start ops on the call's behalf. It must end the call exactly once, with an
// output or a failure.
//
//     static void greet(wexec_handle call) {
//         char *name = wexec_read(call, NULL);
//         wexec_outputf(call, "Hello, %s!", name);
//         free(name);
//     }
//
//     WEXEC_TASKS(
//         WEXEC_TASK(greet, blocking, "Greets the person named in the input."))
//
// Memory. A char *, void * or wexec_result that a function returns comes from
// malloc, and the caller must free it. The functions keep no pointer to their
// arguments. A NUL follows the bytes read from the host and is not counted in
// their length, so text can be used as a string. If memory runs out, the
// functions below log that and trap.
//
// The header implements abi/SPEC.md. It needs clang and wasi-libc.
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wexec_abi.h"
#include "wexec_tasks.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- Memory ----

// Like malloc, but never returns NULL.
static inline void *wexec_alloc(size_t size) {
    void *memory = malloc(size);
    if (memory == NULL) {
        static const char text[] = "out of memory";
        wexec_log(WEXEC_LOG_ERROR, text, sizeof text - 1);
        __builtin_trap();
    }
    return memory;
}

// ---- Input, output, failure, log ----

// Returns the call's input, and its length in *len unless len is NULL.
static inline char *wexec_read(wexec_handle call, size_t *len) {
    size_t total = wexec_input(call, NULL, 0, 0);
    char *input = (char *)wexec_alloc(total + 1);
    wexec_input(call, input, total, 0);
    input[total] = 0;
    if (len != NULL) *len = total;
    return input;
}

// Text formatted as by printf: in small, or on the heap if it is long.
struct wexec_text_ {
    char small[256];
    char *data;
    size_t len;
};

static inline void wexec_text_make_(struct wexec_text_ *text, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    text->data = text->small;
    text->len = (size_t)vsnprintf(text->small, sizeof text->small, format, args);
    if (text->len >= sizeof text->small) {
        text->data = (char *)wexec_alloc(text->len + 1);
        vsnprintf(text->data, text->len + 1, format, again);
    }
    va_end(again);
}

static inline void wexec_text_free_(struct wexec_text_ *text) {
    if (text->data != text->small) free(text->data);
}

// Ends the call with a string as its output.
static inline void wexec_output_text(wexec_handle call, const char *text) {
    wexec_output(call, text, strlen(text));
}

// Ends the call with an output, formatted as by printf.
__attribute__((format(printf, 2, 3)))
static inline void wexec_outputf(wexec_handle call, const char *format, ...) {
    struct wexec_text_ text;
    va_list args;
    va_start(args, format);
    wexec_text_make_(&text, format, args);
    va_end(args);
    wexec_output(call, text.data, text.len);
    wexec_text_free_(&text);
}

// Ends the call with a failure: a code of the task's own, 1 or more, and a
// message for people, formatted as by printf.
__attribute__((format(printf, 3, 4)))
static inline void wexec_failf(wexec_handle call, int32_t code, const char *format, ...) {
    struct wexec_text_ text;
    va_list args;
    va_start(args, format);
    wexec_text_make_(&text, format, args);
    va_end(args);
    wexec_fail(call, code, text.data, text.len);
    wexec_text_free_(&text);
}

// Logs a line, formatted as by printf. The level is one of WEXEC_LOG_….
__attribute__((format(printf, 2, 3)))
static inline void wexec_logf(uint32_t level, const char *format, ...) {
    struct wexec_text_ text;
    va_list args;
    va_start(args, format);
    wexec_text_make_(&text, format, args);
    va_end(args);
    wexec_log(level, text.data, text.len);
    wexec_text_free_(&text);
}

// Outputs bytes before the end of the call. The whole output is all that was written,
// and then what ends the call. Blocks while the reader is behind.
static inline void wexec_write(wexec_handle call, const void *data, size_t len) {
    enum { MOST = 1 << 16 };
    for (const char *at = (const char *)data; len > 0;) {
        uint32_t part = len < MOST ? (uint32_t)len : MOST;
        wexec_emit(call, 0, at, part);
        at += part;
        len -= part;
    }
}

// ---- Ops: start as many as you like, then take their results ----

// Starts an op of the named capability.
static inline wexec_handle wexec_start(wexec_handle call, const char *capability,
                                       const void *argument, size_t len) {
    return wexec_op_start(call, capability, strlen(capability), argument, len);
}

// The outcome of an op: its result if the status is WEXEC_OK, otherwise a
// message for people. If the op was a call of a task that failed with a code of its
// own, code is that, and otherwise 0. The caller must free data.
typedef struct {
    uint32_t status;
    int32_t code;
    char *data;
    size_t len;
} wexec_result;

// Waits for the op, drops it, and returns its outcome. op is dead afterwards.
static inline wexec_result wexec_take(wexec_handle op) {
    wexec_result result;
    result.status = wexec_op_wait(op);
    result.code = (int32_t)wexec_op_code(op);
    result.len = wexec_op_result(op, NULL, 0, 0);
    result.data = (char *)wexec_alloc(result.len + 1);
    wexec_op_result(op, result.data, result.len, 0);
    result.data[result.len] = 0;
    wexec_op_drop(op);
    return result;
}

// If the op failed, ends the call as the op ended: with the code of the task that
// failed, or else with the op's status, and with its message; then frees result.data
// and returns true. Otherwise does nothing, and the caller still
// has to free result.data:
//
//     wexec_result page = wexec_take(op);
//     if (wexec_fail_op(call, page)) return;
static inline bool wexec_fail_op(wexec_handle call, wexec_result result) {
    if (result.status == WEXEC_OK) return false;
    int32_t code = result.code > 0 ? result.code : -(int32_t)result.status;
    wexec_fail(call, code, result.data, result.len);
    free(result.data);
    return true;
}

// Starts a sleep.
static inline wexec_handle wexec_sleep_start(wexec_handle call, uint64_t ns) {
    return wexec_start(call, "clock.sleep", &ns, sizeof ns);
}

// Sleeps. Pass the result to wexec_fail_op. If the sleep succeeded, there is
// nothing to free.
static inline wexec_result wexec_sleep_ns(wexec_handle call, uint64_t ns) {
    wexec_result result = wexec_take(wexec_sleep_start(call, ns));
    if (result.status == WEXEC_OK) {
        free(result.data);
        result.data = NULL;
    }
    return result;
}

static inline wexec_result wexec_sleep_ms(wexec_handle call, uint64_t ms) {
    return wexec_sleep_ns(call, ms * 1000000);
}

static inline char *wexec_append_(char *end, const char *text) {
    size_t len = strlen(text);
    memcpy(end, text, len);
    return end + len;
}

// Appends text as a JSON string: at most 2 bytes, plus 6 for each byte of text.
static inline char *wexec_append_json_(char *end, const char *text) {
    *end++ = '"';
    for (; *text != 0; text++) {
        if (0 < *text && *text < ' ') {
            end = wexec_append_(end, "\\u00");
            *end++ = "01"[*text >> 4];
            *end++ = "0123456789abcdef"[*text & 15];
            continue;
        }
        if (*text == '"' || *text == '\\') *end++ = '\\';
        *end++ = *text;
    }
    *end++ = '"';
    return end;
}

// Tells how much of a total is done, and a message for people: a line of at most
// 10,000 bytes, or NULL. A total of 0 is not known.
static inline void wexec_progress(wexec_handle call, uint64_t done, uint64_t total,
                                  const char *message) {
    if (message == NULL) message = "";
    char *json = (char *)wexec_alloc(96 + 6 * strlen(message));
    char *end = json + sprintf(json, "{\"done\":%llu,\"total\":%llu,\"message\":",
                               (unsigned long long)done, (unsigned long long)total);
    end = wexec_append_json_(end, message);
    end = wexec_append_(end, "}");
    wexec_emit(call, 1, json, (uint32_t)(end - json));
    free(json);
}

// Starts a call to another task of this module. The op's result is its output.
static inline wexec_handle wexec_task_start(wexec_handle call, const char *task,
                                            const void *input, size_t len) {
    char *message = (char *)wexec_alloc(sizeof "{\"task\":\"\"}\n" + 6 * strlen(task) + len);
    char *end = wexec_append_(message, "{\"task\":");
    end = wexec_append_json_(end, task);
    end = wexec_append_(end, "}\n");
    if (len > 0) memcpy(end, input, len);
    wexec_handle op = wexec_start(call, "task.call", message, (size_t)(end - message) + len);
    free(message);
    return op;
}

// Starts an HTTP request without headers. Its body is the stream, if that is not 0.
static inline wexec_handle wexec_request_(wexec_handle call, const char *capability,
                                          const char *method, const char *url, uint32_t body) {
    char number[24];
    char *message = (char *)wexec_alloc(sizeof "{\"method\":\"\",\"url\":\"\",\"body\":}" +
                                        sizeof number + 6 * (strlen(method) + strlen(url)));
    char *end = wexec_append_(message, "{\"method\":");
    end = wexec_append_json_(end, method);
    end = wexec_append_(end, ",\"url\":");
    end = wexec_append_json_(end, url);
    if (body != 0) {
        snprintf(number, sizeof number, ",\"body\":%lu", (unsigned long)body);
        end = wexec_append_(end, number);
    }
    end = wexec_append_(end, "}");
    wexec_handle op = wexec_start(call, capability, message, (size_t)(end - message));
    free(message);
    return op;
}

// Starts an HTTP request without headers or body. The op's result is a message;
// wexec_split finds the response body in it.
static inline wexec_handle wexec_fetch_start(wexec_handle call, const char *method,
                                             const char *url) {
    return wexec_request_(call, "http.fetch", method, url, 0);
}

// ---- Streams: an op opens one, and other ops read and write it ----

// Starts an HTTP request whose body is a stream of wexec_pipe_start, or none if body is
// 0. wexec_opened finds the stream of the response in the op's result.
static inline wexec_handle wexec_open_start(wexec_handle call, const char *method,
                                            const char *url, uint32_t body) {
    return wexec_request_(call, "http.open", method, url, body);
}

// Returns the stream in a result of wexec_open_start that succeeded, or 0.
static inline uint32_t wexec_opened(wexec_result result) {
    static const char field[] = "\"stream\":";
    unsigned long stream = 0; // of the last such field: a header may have the name, too
    for (char *at = result.data; (at = strstr(at, field)) != NULL;) {
        at += sizeof field - 1;
        stream = strtoul(at, NULL, 10);
    }
    return (uint32_t)stream;
}

// Starts an op that opens a stream for an op that takes it. wexec_piped finds it in the
// result.
static inline wexec_handle wexec_pipe_start(wexec_handle call) {
    return wexec_start(call, "stream.pipe", NULL, 0);
}

static inline uint32_t wexec_piped(wexec_result result) {
    uint32_t stream = 0;
    if (result.len == sizeof stream) memcpy(&stream, result.data, sizeof stream);
    return stream;
}

// Starts a read of at most that many bytes. The op's result is empty at the end of the
// stream.
static inline wexec_handle wexec_stream_read_start(wexec_handle call, uint32_t stream,
                                                   uint32_t most) {
    uint32_t argument[2] = {stream, most};
    return wexec_start(call, "stream.read", argument, sizeof argument);
}

// Starts a write of all the bytes.
static inline wexec_handle wexec_stream_write_start(wexec_handle call, uint32_t stream,
                                                    const void *bytes, size_t len) {
    char *argument = (char *)wexec_alloc(sizeof stream + len);
    memcpy(argument, &stream, sizeof stream);
    if (len > 0) memcpy(argument + sizeof stream, bytes, len);
    wexec_handle op = wexec_start(call, "stream.write", argument, sizeof stream + len);
    free(argument);
    return op;
}

static inline wexec_handle wexec_stream_close_start(wexec_handle call, uint32_t stream) {
    return wexec_start(call, "stream.close", &stream, sizeof stream);
}

// Splits a message that wexec_read or wexec_take returned. The head stays at
// message, now as a string, and the body is returned. Both are in the same
// memory: free message.
static inline char *wexec_split(char *message, size_t len, size_t *body_len) {
    char *newline = (char *)memchr(message, '\n', len);
    char *body = newline == NULL ? message + len : newline + 1;
    if (newline != NULL) *newline = 0;
    *body_len = (size_t)(message + len - body);
    return body;
}

#ifdef __cplusplus
}
#endif
