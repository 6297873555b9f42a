// wexec_tasks.h has the macros that list the tasks of a module. It is part of wexec.h.
#pragma once

#include "wexec_abi.h"

// Lists the tasks of the module, up to 256. Use it once, at file scope. It
// defines both the manifest and the export that the host enters, so the two
// can't disagree about the order.
#define WEXEC_TASKS(...)                                                                   \
    WEXEC_EACH_(WEXEC_CHECK_, , __VA_ARGS__)                                               \
    WEXEC_SECTION_("{\"tasks\":[" WEXEC_EACH_(WEXEC_JSON_, ",", __VA_ARGS__) "]}")         \
    enum { wexec_modes_of_tasks = WEXEC_EACH_(WEXEC_MODE_, |, __VA_ARGS__) };              \
    static void (*const wexec_functions_of_tasks[])(wexec_handle) = {                      \
        WEXEC_EACH_(WEXEC_FUNCTION_, , __VA_ARGS__)};                                      \
    void wexec_call(uint32_t task, wexec_handle call) {                                    \
        wexec_functions_of_tasks[task](call);                                              \
    }

// Defines one task: the function that runs it, whose name is the task's; the
// mode, io, blocking or cpu, which the compiler checks; and a doc for people,
// one string literal whose first line stands alone. Other fields of the task's
// manifest entry may follow as plain JSON:
//
//     WEXEC_TASK(half, cpu, "Halves n.",
//         "timeout_ms": 500,
//         "input": {"type": "object", "required": ["n"]})
//
// The literals are copied into the JSON as spelt here, so use only escapes that
// mean the same in C and JSON: \" \\ \b \f \n \r \t.
#define WEXEC_TASK(function, mode, doc, ...)                                               \
    WEXEC_TASK_("\"" #function "\"", function, mode, doc, #doc __VA_OPT__(","), #__VA_ARGS__)

// Defines a task whose name, a string literal, is not its function's: because
// libc uses that name, or because several tasks share the function.
#define WEXEC_TASK_NAMED(name, function, mode, doc, ...)                                   \
    WEXEC_TASK_(#name, function, mode, doc, #doc __VA_OPT__(","), #__VA_ARGS__)

// A task's parts: its function, its mode, its JSON, and what the compiler checks. A doc
// or name that is not a string literal is a syntax error there. json_doc and fields are
// the doc and the other fields as they are spelt.
#define WEXEC_TASK_(name, function, mode, doc, json_doc, fields)                           \
    (function, wexec_mode_##mode,                                                          \
     "{\"name\":" name ",\"mode\":\"" #mode "\",\"doc\":" json_doc fields "}",                        \
     WEXEC_ASSERT_(sizeof("" doc "") > 1, "the task " name " has no doc");                 \
     WEXEC_ASSERT_(name[0] == '"' && name[1] != '"', "the name " name " must be in quotes"); \
     WEXEC_ASSERT_(sizeof(fields) == 1 || fields[0] == '"',                                \
         "the fields of " name " must be JSON: a name in quotes, a colon, a value");)

#ifdef __cplusplus
#define WEXEC_ASSERT_ static_assert
#else
#define WEXEC_ASSERT_ _Static_assert
#endif

// Each task refers to one of these, so a mode that does not exist is an unknown
// identifier.
enum { wexec_mode_io = 1, wexec_mode_blocking = 2, wexec_mode_cpu = 4 };

// The host enters the module here. task is an index into the manifest.
WEXEC_EXPORT("wexec_call")
void wexec_call(uint32_t task, wexec_handle call);

// Select the parts of what WEXEC_TASK expands to.
#define WEXEC_FUNCTION_(function, mode, json, ...) function,
#define WEXEC_MODE_(function, mode, json, ...) mode
#define WEXEC_JSON_(function, mode, json, ...) json
#define WEXEC_CHECK_(function, mode, json, ...) __VA_ARGS__

#ifdef __wasm__
#define WEXEC_SECTION_(...)                                                                \
    __asm__(".section .custom_section.wexec.v1,\"\",@\n"                                   \
            ".ascii " WEXEC_STRING_(__VA_ARGS__) "\n"                                      \
            ".text\n");
#else // a unit test
#define WEXEC_SECTION_(...)
#endif

// Quotes string literals for the assembler, which reads the escapes of C and
// joins adjacent literals.
#define WEXEC_STRING_(...) WEXEC_STRING_NOW_(__VA_ARGS__)
#define WEXEC_STRING_NOW_(...) #__VA_ARGS__

// Applies the macro f to each task, with sep in between. A macro can't expand
// itself, so each step leaves the parts of the next one in its output, and a
// rescan expands them: up to 4 * 4 * 4 * 4 times. The comma at the end gives
// the last step an empty argument, which C11 requires.
#define WEXEC_EACH_(f, sep, ...) WEXEC_RESCAN_(WEXEC_STEP_(f, sep, __VA_ARGS__, ))
#define WEXEC_STEP_(f, sep, task, ...) \
    f task __VA_OPT__(sep WEXEC_NEXT_STEP_ WEXEC_NO_ARGS_ (f, sep, __VA_ARGS__))
#define WEXEC_NEXT_STEP_() WEXEC_STEP_
#define WEXEC_NO_ARGS_ ()
#define WEXEC_RESCAN_(...) WEXEC_RESCAN3_(WEXEC_RESCAN3_(WEXEC_RESCAN3_(WEXEC_RESCAN3_(__VA_ARGS__))))
#define WEXEC_RESCAN3_(...) WEXEC_RESCAN2_(WEXEC_RESCAN2_(WEXEC_RESCAN2_(WEXEC_RESCAN2_(__VA_ARGS__))))
#define WEXEC_RESCAN2_(...) WEXEC_RESCAN1_(WEXEC_RESCAN1_(WEXEC_RESCAN1_(WEXEC_RESCAN1_(__VA_ARGS__))))
#define WEXEC_RESCAN1_(...) WEXEC_RESCAN0_(WEXEC_RESCAN0_(WEXEC_RESCAN0_(WEXEC_RESCAN0_(__VA_ARGS__))))
#define WEXEC_RESCAN0_(...) __VA_ARGS__
