// The demo: the script of the unsync talk. Each of four functions declares how it should
// run. A main calls them and waits for the futures.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "wexec.hpp"

using namespace std::chrono_literals;
using wexec::bytes;
using wexec::task;

static bytes compute_some(unsigned long count) {
    double sum = 0;
    for (unsigned long i = 0; i < count; i++) sum += std::sqrt(i);
    char text[32];
    return std::string(text, std::snprintf(text, sizeof text, "%.3f", sum));
}

// The code of both downloads. Only the mode differs.
static task<size_t> download(bytes url) {
    auto page = co_await wexec::fetch(url);
    co_return page.body.size();
}

static task<unsigned> wait_some(bytes input) {
    unsigned count = input.empty() ? 1000 : std::strtoul(input.c_str(), nullptr, 10);
    for (unsigned i = 0; i < count; i++) co_await wexec::sleep(1ms);
    co_return count;
}

// ---- The script ----

// Runs the calls one after the other, or all at once.
static task<size_t> script(bytes input) {
    size_t first = input.find(' '), second = input.find(' ', first + 1);
    std::string way = input.substr(0, first);
    if (second == std::string::npos || (way != "sequence" && way != "futures"))
        co_return wexec::fail(1, "want \"sequence COUNT URL\" or \"futures COUNT URL\"");
    std::string count = input.substr(first + 1, second - first - 1), url = input.substr(second + 1);
    const std::pair<const char *, std::string_view> steps[] = {
        {"compute_some", count},       {"compute_some", count},       {"compute_some", count},
        {"download_some", url},        {"download_some", url},        {"download_some_more", url},
        {"download_some_more", url},   {"wait_some", "1000"},         {"wait_some", "1000"},
        {"wait_some", "1000"},         {"wait_some", "1000"},
    };
    std::vector<wexec::op_bytes> futures;
    for (auto [name, argument] : steps) {
        auto future = wexec::call(name, argument);
        if (way == "sequence") co_await future;
        else futures.push_back(std::move(future));
    }
    co_await wexec::all(std::move(futures));
    co_return std::size(steps);
}

WEXEC_TASKS(
    wexec::cpu<compute_some>("compute_some",
        "Sums the square roots of the numbers below a count.\nInput: the count. Output: the sum."),
    wexec::io<download>("download_some",
        "Downloads a page without holding a thread.\nInput: the URL. Output: the length of the body."),
    wexec::blocking<download>("download_some_more",
        "Downloads a page on a thread.\nInput: the URL. Output: the length of the body."),
    wexec::io<wait_some>("wait_some",
        "Sleeps 1 ms again and again.\nInput: how often, 1000 if empty. Output: the same."),
    wexec::io<script>("main",
        "Calls the other tasks, eleven times in all.\nInput: sequence or futures, a count, a URL. Output: 11."))
