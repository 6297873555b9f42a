// Results and errors. A function that may fail returns a result.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "wexec_abi.h"

namespace wexec {

// How a call or an op ended. A host may send a number that is not here; it is a failure.
enum class status : uint32_t {
    ok = WEXEC_OK,
    failed = WEXEC_FAILED,
    trap = WEXEC_TRAP,
    exit = WEXEC_EXIT,
    timeout = WEXEC_TIMEOUT,
    cancelled = WEXEC_CANCELLED,
    denied = WEXEC_DENIED,
    queue_full = WEXEC_QUEUE_FULL,
    instance_lost = WEXEC_INSTANCE_LOST,
    no_such_task = WEXEC_NO_SUCH_TASK,
    invalid_input = WEXEC_INVALID_INPUT,
    closed = WEXEC_CLOSED,
    invalid_module = WEXEC_INVALID_MODULE,
    invalid_manifest = WEXEC_INVALID_MANIFEST,
    out_of_fuel = WEXEC_OUT_OF_FUEL,
};

// A failure. code is the failing task's own, 1 or more, or 0 if it has none.
struct error {
    wexec::status status = wexec::status::failed;
    int32_t code = 0;
    std::string message;
};

template <class T = void>
using result = std::expected<T, error>;

// Makes the failure of a task: co_return wexec::fail(3, "no such page"). In a coroutine
// that returns nothing, co_await it. code is the task's own, 1 or more.
[[nodiscard]] inline std::unexpected<error> fail(int32_t code, std::string message) {
    return std::unexpected(error{status::failed, code > 0 ? code : 1, std::move(message)});
}

// Makes a failure that has no code of its own.
[[nodiscard]] inline std::unexpected<error> fail(wexec::status status, std::string message) {
    return std::unexpected(error{status, 0, std::move(message)});
}

// Bytes that go in and out of tasks as they are. Every other type is JSON.
struct bytes : std::string {
    using std::string::string;
    bytes() = default;
    bytes(std::string text) : std::string(std::move(text)) {}
};

enum class level : uint32_t { debug, info, warn, error };

// Logs a line.
inline void log(std::string_view line, level at = level::info) {
    wexec_log(static_cast<uint32_t>(at), line.data(), static_cast<uint32_t>(line.size()));
}

} // namespace wexec
