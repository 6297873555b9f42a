#pragma once
#include <stdint.h>

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

// Copies the call's input, from off on, at most cap bytes, to dst.
// Returns the whole length of the input.
__attribute__((import_module("wexec/v1"), import_name("input")))
uint32_t wexec_input(uint32_t call, void *dst, uint32_t cap, uint32_t off);

// Ends the call with a result. The handle is dead afterwards.
__attribute__((import_module("wexec/v1"), import_name("output")))
void wexec_output(uint32_t call, const void *ptr, uint32_t len);

// Ends the call with an error: a code and a message in UTF-8.
// A positive code is the task's own. A negative one is minus the status
// of an op whose failure is the reason. The handle is dead afterwards.
__attribute__((import_module("wexec/v1"), import_name("fail")))
void wexec_fail(uint32_t call, int32_t code, const void *ptr, uint32_t len);

// Starts the capability with that name on behalf of the call, and returns
// at once. An op that may not be started ends at once, with a status.
__attribute__((import_module("wexec/v1"), import_name("op_start")))
uint32_t wexec_op_start(uint32_t call, const void *name, uint32_t name_len, const void *arg, uint32_t arg_len);

// Parks a direct-style guest until the op ends. Resumable guests may not.
__attribute__((import_module("wexec/v1"), import_name("op_wait")))
uint32_t wexec_op_wait(uint32_t op);

// Copies what an ended op left: its result or, if its status is not ok, a
// message in UTF-8. Like input, returns the whole length.
__attribute__((import_module("wexec/v1"), import_name("op_result")))
uint32_t wexec_op_result(uint32_t op, void *dst, uint32_t cap, uint32_t off);

// Asks for the end of an op. It still ends once: as cancelled, or as it
// would have if that came first.
__attribute__((import_module("wexec/v1"), import_name("op_cancel")))
void wexec_op_cancel(uint32_t op);

// Forgets an op, and cancels it if it has not ended. The handle is dead
// afterwards and no event for it follows.
__attribute__((import_module("wexec/v1"), import_name("op_drop")))
void wexec_op_drop(uint32_t op);

// Takes up to cap events of 16 bytes each, and returns how many. 0 means
// that there are none left. For resumable guests, inside wexec_resume.
__attribute__((import_module("wexec/v1"), import_name("next")))
uint32_t wexec_next(void *dst, uint32_t cap);

// Logs a line of UTF-8: level 0 debug, 1 info, 2 warn, 3 error.
__attribute__((import_module("wexec/v1"), import_name("log")))
void wexec_log(uint32_t level, const void *ptr, uint32_t len);
/* End of the generated part. */
