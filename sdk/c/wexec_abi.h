// wexec_abi.h declares the functions that a guest imports from its host. A guest in
// direct style includes wexec.h, which has this and more.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// In a test that is built for this machine, a fake host defines the functions.
#ifdef __wasm__
#define WEXEC_IMPORT(name) __attribute__((import_module("wexec/v1"), import_name(name)))
#define WEXEC_EXPORT(name) __attribute__((export_name(name)))
#else
#define WEXEC_IMPORT(name)
#define WEXEC_EXPORT(name)
#endif

// Identifies a call or an op while it is alive.
typedef uint32_t wexec_handle;

/* Generated from abi/imports.go and abi/status.go. */
#define WEXEC_OK 0
#define WEXEC_FAILED 1
#define WEXEC_TRAP 2
#define WEXEC_EXIT 3
#define WEXEC_TIMEOUT 4
#define WEXEC_CANCELLED 5
#define WEXEC_DENIED 6
#define WEXEC_QUEUE_FULL 7
#define WEXEC_INSTANCE_LOST 8
#define WEXEC_NO_SUCH_TASK 9
#define WEXEC_INVALID_INPUT 10
#define WEXEC_CLOSED 11
#define WEXEC_INVALID_MODULE 12
#define WEXEC_INVALID_MANIFEST 13
#define WEXEC_OUT_OF_FUEL 14

// Copies at most cap bytes of the call's input to dst, starting at offset
// off. Returns the length of the whole input.
WEXEC_IMPORT("input")
uint32_t wexec_input(uint32_t call, void *dst, uint32_t cap, uint32_t off);

// Ends the call with a result. The handle is dead afterwards.
WEXEC_IMPORT("output")
void wexec_output(uint32_t call, const void *ptr, uint32_t len);

// Ends the call with an error: a code and a message in UTF-8.
// A positive code is the task's own; 0 counts as 1. A negative code is a
// status with its sign changed: the status of the op that made the task
// fail, or the one that fits best. The handle is dead afterwards.
WEXEC_IMPORT("fail")
void wexec_fail(uint32_t call, int32_t code, const void *ptr, uint32_t len);

// Sends something before the end of the call, at most 65,536 bytes: a chunk of
// output (kind 0) or progress (kind 1). Returns 1 if it was accepted and 0 if
// there is no room. Then event 4 follows when there is. A direct guest, and a
// call of mode cpu, wait for room here and get 1.
WEXEC_IMPORT("emit")
uint32_t wexec_emit(uint32_t call, uint32_t kind, const void *ptr, uint32_t len);

// Starts an op of the named capability on behalf of the call, and returns
// at once. An op that may not be started ends at once, with a status.
WEXEC_IMPORT("op_start")
uint32_t wexec_op_start(uint32_t call, const void *name, uint32_t name_len, const void *arg, uint32_t arg_len);

// Blocks a direct-style guest until the op ends. A resumable guest must not
// call it.
WEXEC_IMPORT("op_wait")
uint32_t wexec_op_wait(uint32_t op);

// Copies the result of an op that has ended or, if its status is not ok, its
// message in UTF-8. Like input, returns the whole length.
WEXEC_IMPORT("op_result")
uint32_t wexec_op_result(uint32_t op, void *dst, uint32_t cap, uint32_t off);

// Returns the code with which the task that an op of task.call ran failed,
// if it failed with a code of its own, which is positive, and 0 otherwise. The
// op must have ended.
WEXEC_IMPORT("op_code")
uint32_t wexec_op_code(uint32_t op);

// Requests the end of an op. The op still ends once: as cancelled, or in its
// own way if that came first.
WEXEC_IMPORT("op_cancel")
void wexec_op_cancel(uint32_t op);

// Releases an op, and cancels it if it has not ended. The handle is dead
// afterwards, and no event for it follows.
WEXEC_IMPORT("op_drop")
void wexec_op_drop(uint32_t op);

// Writes up to cap events of 16 bytes each to dst, and returns how many.
// 0 means that there are no more. For resumable guests, inside wexec_resume.
WEXEC_IMPORT("next")
uint32_t wexec_next(void *dst, uint32_t cap);

// Logs a line of UTF-8. The levels are 0 debug, 1 info, 2 warn, 3 error.
WEXEC_IMPORT("log")
void wexec_log(uint32_t level, const void *ptr, uint32_t len);
/* End of the generated part. */

// The levels of wexec_log and wexec_logf.
enum { WEXEC_LOG_DEBUG, WEXEC_LOG_INFO, WEXEC_LOG_WARN, WEXEC_LOG_ERROR };

#ifdef __cplusplus
}
#endif
