// wexec.hpp is the C++ SDK of wexec. A task that waits is a coroutine, and one that only
// computes is a plain function. One instance of the module holds thousands of coroutines.
//
//     wexec::task<int> answer(int n) {
//         co_await wexec::sleep(1ms);
//         co_return n + 1;
//     }
//
//     WEXEC_TASKS(wexec::io<answer>("answer", "Adds one, after a while."))
//
// It needs C++23, and neither exceptions nor RTTI. The headers implement abi/SPEC.md in
// resumable style; those that keep keys and files are wexec/kv.hpp and wexec/files.hpp.
#pragma once

#include "wexec/combine.hpp"
#include "wexec/error.hpp"
#include "wexec/json.hpp"
#include "wexec/manifest.hpp"
#include "wexec/ops.hpp"
#include "wexec/task.hpp"
