// A task that outputs rows before its end, and tells how far it has got.

#include "wexec.hpp"

static wexec::task<> squares(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        co_await wexec::progress(i, n, "squares");
        co_await wexec::write(std::to_string(i * i) + "\n");
    }
}

WEXEC_TASKS(wexec::io<squares>("squares", "Writes the squares of the numbers below n, one a line."))
