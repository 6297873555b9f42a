// The conformance program in C++. Every language has the same tasks, and every host must
// run them in the same way. Some tasks do what a guest must not.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "wexec.hpp"
#include "wexec/files.hpp"
#include "wexec/kv.hpp"

using namespace std::chrono_literals;
using wexec::bytes;
using wexec::task;

// ---- Input and output ----

static bytes echo(bytes input) { return input; }

static void noop() {}

static uint64_t sum(bytes input) {
    uint64_t total = 0;
    for (unsigned char c : input) total += c;
    return total;
}

static bytes big(size_t n) {
    bytes all;
    for (size_t i = 0; i < n; i++) all += static_cast<char>(i % 251);
    return all;
}

static task<bytes> count_out(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        if (i % 100 == 0) co_await wexec::progress(i, n, "counting \"out\"");
        co_await wexec::write(std::to_string(i) + "\n");
    }
    co_return "end";
}

static bytes count_out_cpu(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        if (i % 100 == 0) wexec::progress_now(i, n, "counting \"out\"");
        wexec::write_now(std::to_string(i) + "\n");
    }
    return "end";
}

struct numbered {
    int n;
};
WEXEC_FIELDS(numbered, n)

static int schema(numbered input) { return input.n; }

static unsigned counter() {
    static unsigned calls;
    return ++calls;
}

static void log_input(bytes input) { wexec::log(input); }

static void print(bytes input) {
    std::fwrite(input.data(), 1, input.size(), stdout);
    std::fprintf(stderr, "printed %zu bytes\n", input.size());
    std::fflush(stdout);
}

// ---- Ways to end ----

static wexec::result<> fail(bytes input) { return wexec::fail(7, "told to fail: " + input); }

static void trap() { __builtin_trap(); }

static void exit3() { std::_Exit(3); }

static void forever() {
    for (volatile unsigned i = 0;; i = i + 1) {
    }
}

// Allocates memory until there is none left. Then frees it, so that the count is the same
// if the instance is reused.
static unsigned grow() {
    constexpr size_t piece_size = 1 << 20, page = 4096;
    struct piece {
        piece *before;
    } *last = nullptr;
    unsigned pieces = 0;
    while (auto *p = static_cast<piece *>(std::malloc(piece_size))) {
        for (size_t i = 0; i < piece_size; i += page) reinterpret_cast<volatile char *>(p)[i] = 1;
        p->before = last;
        last = p;
        pieces++;
    }
    while (last != nullptr) std::free(std::exchange(last, last->before));
    return pieces;
}

// ---- Ops ----

static task<bytes> sleep_input(unsigned ms) {
    co_await wexec::sleep(std::chrono::milliseconds(ms));
    co_return "slept";
}

static task<> hang() { co_await wexec::sleep(1h); }

// The host ends the instance: a cpu task must not start an op.
static void await_cpu() { (void)wexec::sleep(1ms); }

static void leak_op() { (void)new auto(wexec::sleep(1h)); }

static task<bytes> nosuch() { co_return co_await wexec::start("no.such"); }

static task<bytes> fetch(bytes url) {
    auto page = co_await wexec::fetch(url);
    co_return std::move(page.body);
}

// Sends a body in two pieces, and reads that of the response piece by piece.
static task<bytes> stream(bytes url) {
    wexec::stream up = co_await wexec::pipe();
    auto opened = wexec::open({.url = url, .method = "POST"}, up);
    co_await up.write("one ");
    co_await up.write("two");
    co_await up.close();
    auto response = co_await opened;
    co_return co_await response.rest.read_all();
}

static task<bytes> kv(bytes input) {
    using namespace wexec;
    uint64_t first = co_await kv::put("k", input, kv::none);
    uint64_t again = co_await kv::put("k", "x", kv::none);
    co_await kv::add("n", 42);
    bytes all = co_await (co_await kv::scan()).read_all();
    bytes text;
    std::string_view rest = all;
    while (auto e = kv::cut(rest)) text.append(e->key).append("=").append(e->data).append(";");
    uint64_t deleted = co_await kv::del("k", first);
    co_await kv::del("n");
    auto flag = [](bool b) { return b ? "1" : "0"; };
    co_return std::string(flag(first != 0)) + flag(again != 0) + flag(deleted == first) + " " + text;
}

static task<bytes> files(bytes input) {
    using namespace wexec;
    constexpr const char *path = "/data/f";
    co_await files::write(path, input);
    files::info info = co_await files::stat(path);
    bytes list = co_await (co_await files::list("/data")).read_all();
    std::string_view rest = list;
    auto e = files::cut(rest);
    bytes text = co_await files::read(path);
    co_await files::remove(path);
    co_return std::to_string(static_cast<unsigned>(info.kind)) + " " + std::to_string(info.size) + " " +
        std::string(e ? e->name : "") + "=" + text;
}

static task<bytes> call_task(bytes input) {
    size_t newline = std::min(input.find('\n'), input.size());
    std::string_view rest = input;
    rest.remove_prefix(std::min(newline + 1, rest.size()));
    co_return co_await wexec::call(std::string_view(input).substr(0, newline), rest);
}

static task<unsigned> fan(bytes input) {
    char *ms;
    unsigned n = std::strtoul(input.c_str(), &ms, 10);
    std::vector<wexec::op_bytes> sleeps;
    for (unsigned i = 0; i < n; i++) sleeps.push_back(wexec::call("sleep", std::string_view(ms + 1)));
    co_return (co_await wexec::all(std::move(sleeps))).size();
}

static task<unsigned> tree(unsigned depth) {
    if (depth == 0) co_return 1;
    auto [left, right] =
        co_await wexec::all(wexec::call<unsigned>("tree", depth - 1), wexec::call<unsigned>("tree", depth - 1));
    co_return left + right;
}

WEXEC_TASKS(
    wexec::io<echo>("echo", "Outputs its input."),
    wexec::blocking<echo>("echo_blocking", "Outputs its input."),
    wexec::cpu<echo>("echo_cpu", "Outputs its input."),
    wexec::blocking<noop>("noop", "Does nothing."),
    wexec::io<noop>("noop_io", "Does nothing."),
    wexec::cpu<noop>("noop_cpu", "Does nothing."),
    wexec::cpu<sum>("sum", "Outputs the sum of its input's bytes."),
    wexec::blocking<big>("big", "Outputs as many bytes as the input says, byte i being i % 251."),
    wexec::io<count_out>("count_out_io", "Is count_out."),
    wexec::blocking<count_out>("count_out",
        "Writes the lines 0, 1, 2 and so on, and then the word end.\nInput: how many lines."),
    wexec::cpu<count_out_cpu>("count_out_cpu", "Is count_out."),
    wexec::blocking<fail>("fail", "Fails with code 7 and the input in its message."),
    wexec::blocking<trap>("trap", "Traps."),
    wexec::io<trap>("trap_io", "Traps."),
    wexec::blocking<exit3>("exit3", "Exits with code 3."),
    wexec::blocking<forever>("forever", "Never ends."),
    wexec::cpu<forever>("forever_cpu", "Never ends."),
    wexec::io<hang>("hang", "Sleeps for an hour."),
    wexec::io<sleep_input>("sleep", "Sleeps.\nInput: how many milliseconds. Output: slept."),
    wexec::blocking<sleep_input>("sleep_blocking", "Sleeps.\nInput: how many milliseconds. Output: slept."),
    wexec::cpu<await_cpu>("await_cpu", "Tries to sleep, which a cpu task must not."),
    wexec::io<fetch>("fetch", "Outputs the body of the page whose URL is the input."),
    wexec::io<stream>("stream", "Outputs the answer to \"one two\" of the page whose URL is the input, all streamed."),
    wexec::io<kv>("kv", "Writes the input to a key and a number to another, and deletes both."),
    wexec::io<files>("files", "Writes the input to a file, reads it and removes it."),
    wexec::io<call_task>("call",
        "Calls a task of this module, and ends as it does.\nInput: its name, a newline, its input."),
    wexec::blocking<call_task>("call_blocking",
        "Calls a task of this module, and ends as it does.\nInput: its name, a newline, its input."),
    wexec::io<fan>("fan",
        "Calls sleep many times at once.\nInput: how often, a space, how many ms. Output: how often."),
    wexec::blocking<tree>("tree",
        "Counts the leaves of a tree of calls.\nInput: the depth. Output: two to the power of it."),
    wexec::io<nosuch>("nosuch", "Fails as an op of an unknown capability does."),
    wexec::blocking<log_input>("log", "Logs its input."),
    wexec::blocking<print>("print", "Prints its input, and its length to standard error."),
    wexec::blocking<grow>("grow", "Outputs how many pieces of 1 MiB there is memory for."),
    wexec::blocking<leak_op>("leak_op", "Returns with an op alive, which a guest must not."),
    wexec::blocking<counter>("counter", "Outputs how many calls of it the instance has had."),
    wexec::blocking<schema>("schema", "Outputs the number n of its input."),
    wexec::blocking<hang>("slow", "Sleeps for an hour, and asks for 50 ms.", {.timeout_ms = 50}),
    wexec::blocking<grow>("small", "Is grow, and asks for 1 MiB.", {.memory_bytes = 1048576}))
