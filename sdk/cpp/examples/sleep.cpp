// A task that waits. Thousands of its calls wait in one instance.

#include "wexec.hpp"

static wexec::task<std::string> nap(unsigned ms) {
    co_await wexec::sleep(std::chrono::milliseconds(ms));
    co_return "slept for " + std::to_string(ms) + " ms";
}

WEXEC_TASKS(wexec::io<nap>("nap", "Sleeps for so many milliseconds."))
