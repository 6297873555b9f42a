// testing.hpp is a host for unit tests. Build the tasks and the test for this machine, with
// no host at hand, and include this in one file:
//
//     int main() {
//         wexec::testing::host host;
//         host.pages["https://example.com/"] = {.status = 200, .body = "hello"};
//         auto end = host.run("title", "\"https://example.com/\"");
//         assert(end.output == "\"hello\"");
//     }
//
// Sleeps end at once: the time that a test sees is its own. Calls of tasks that are not
// scripted run the tasks of the module. Ops that are not scripted end as denied.
#pragma once

#ifdef __wasm__
#error "testing.hpp is for this machine: build without --target"
#endif

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>

#include "wexec.hpp"

extern "C" uint32_t wexec_resume(); // WEXEC_TASKS defines it

namespace wexec::testing {

// How a call has ended.
struct end {
    wexec::status status = status::ok;
    int32_t code = 0;    // of a failure, if the task gave one
    std::string output;  // all that was written, and then what the task returned
    std::string message; // of a failure
    std::vector<std::string> progress;
    std::chrono::nanoseconds took{};
};

class host {
public:
    using answer = std::function<result<std::string>(std::string_view argument)>;

    std::map<std::string, response, std::less<>> pages;     // by URL
    std::map<std::string, answer, std::less<>> tasks;       // by name
    std::map<std::string, answer, std::less<>> ops;         // by capability
    std::map<std::string, std::string, std::less<>> config; // by name
    std::vector<std::string> log;
    bool slow_reader = false; // there is no room for every second thing that is emitted

    host() { here = this; }
    host(const host &) = delete;
    ~host() { here = nullptr; }

    // Runs a call. After the time cancel_after, its result is no longer wanted.
    testing::end run(std::string_view task, std::string input = {},
                     std::optional<std::chrono::nanoseconds> cancel_after = {}) {
        auto start = now;
        uint32_t call = begin(task, std::move(input), 0);
        if (call == 0) stop("there is no such task", task);
        if (cancel_after) timers.insert({now + *cancel_after, {call, true}});
        while (!calls[call].ended) {
            while (wexec_resume() != 0) {}
            if (!calls[call].ended && events.empty()) next_timer(task);
        }
        testing::end e = std::move(calls[call].end);
        e.took = now - start;
        return e;
    }

    // How many ops the module has not dropped.
    size_t ops_alive() const { return alive.size(); }

private:
    struct call {
        std::string input;
        uint32_t caller = 0; // the op that is the call, or 0
        bool ended = false, cancelled = false;
        testing::end end;
    };
    struct op {
        uint32_t call;
        bool ended = false;
        wexec::status status = status::ok;
        int32_t code = 0;
        std::string result;
    };
    struct timer {
        uint32_t handle;
        bool cancels;
    };

    static inline host *here;
    std::map<uint32_t, call> calls;
    std::map<uint32_t, op> alive;
    std::multimap<std::chrono::nanoseconds, timer> timers;
    std::vector<detail::wire_event> events;
    std::chrono::nanoseconds now{};
    uint32_t last_handle = 0;
    unsigned emitted = 0;

    [[noreturn]] static void stop(const char *what, std::string_view which) {
        std::fprintf(stderr, "wexec: %s: %.*s\n", what, static_cast<int>(which.size()), which.data());
        std::abort();
    }
    static call &call_of(uint32_t handle) {
        auto c = here->calls.find(handle);
        if (c == here->calls.end() || c->second.ended) stop("the handle of a call is dead", std::to_string(handle));
        return c->second;
    }
    static op &op_of(uint32_t handle) {
        auto o = here->alive.find(handle);
        if (o == here->alive.end()) stop("the handle of an op is dead", std::to_string(handle));
        return o->second;
    }

    uint32_t begin(std::string_view name, std::string input, uint32_t caller) {
        auto all = wexec_tasks_of_module();
        for (uint32_t i = 0; i < all.size(); i++) {
            if (all[i].name != name) continue;
            uint32_t handle = ++last_handle;
            events.push_back({1, handle, i, static_cast<uint32_t>(input.size())});
            calls[handle] = {.input = std::move(input), .caller = caller, .end = {}};
            return handle;
        }
        return 0;
    }

    void next_timer(std::string_view task) {
        if (timers.empty()) stop("the task waits, and nothing is there that can end", task);
        auto [at, t] = *timers.begin();
        timers.erase(timers.begin());
        now = std::max(now, at);
        if (t.cancels) cancel(t.handle);
        else finish(t.handle, std::string());
    }

    void cancel(uint32_t handle) {
        call &c = calls[handle];
        if (c.ended || std::exchange(c.cancelled, true)) return;
        for (auto &[number, o] : alive)
            if (o.call == handle) finish(number, fail(status::cancelled, "cancelled"));
        events.push_back({3, handle, 0, 0});
    }

    void finish(uint32_t handle, result<std::string> r) {
        auto at = alive.find(handle);
        if (at == alive.end() || at->second.ended) return;
        op &o = at->second;
        o.ended = true;
        o.status = r ? status::ok : r.error().status;
        o.code = r ? 0 : r.error().code;
        o.result = r ? std::move(*r) : std::move(r.error().message);
        events.push_back({2, handle, static_cast<uint32_t>(o.status), static_cast<uint32_t>(o.result.size())});
    }

    void start(uint32_t handle, std::string_view name, std::string_view argument) {
        size_t newline = std::min(argument.find('\n'), argument.size());
        std::string body(argument.substr(std::min(newline + 1, argument.size())));
        wexec_json head{};
        wexec_json_parse(argument.data(), newline, &head);
        auto field = [&](const char *of) {
            std::string text, wrong;
            codec<std::string>::read(wexec_json_field(head, of), text, wrong);
            return text;
        };
        if (calls[alive[handle].call].cancelled) return finish(handle, fail(status::cancelled, "cancelled"));
        if (auto a = ops.find(name); a != ops.end()) return finish(handle, a->second(argument));
        if (name == "clock.sleep") {
            timers.insert({now + std::chrono::nanoseconds(detail::number<int64_t>(argument)), {handle, false}});
        } else if (name == "task.call") {
            std::string task = field("task");
            if (auto a = tasks.find(task); a != tasks.end()) return finish(handle, a->second(body));
            if (begin(task, body, handle) == 0) finish(handle, fail(status::no_such_task, "no task \"" + task + "\""));
        } else if (name == "http.fetch" && pages.contains(field("url"))) {
            finish(handle, message(pages[field("url")]));
        } else if (name == "config.get") {
            auto value = config.find(argument);
            finish(handle, value == config.end() ? std::string() : "\1" + value->second);
        } else {
            finish(handle, fail(status::denied, std::string(name) + " is not scripted"));
        }
    }

    static std::string message(const response &r) {
        std::string text = "{\"status\":" + std::to_string(r.status);
        detail::append_headers(text, "headers", r.headers);
        return text + "}\n" + r.body;
    }

    void end_call(uint32_t handle, wexec::status s, int32_t code, std::string_view text) {
        call &c = call_of(handle);
        c.ended = true;
        c.end.status = s, c.end.code = code;
        if (s == status::ok) c.end.output += text;
        else c.end.message = text;
        for (auto &[number, o] : alive)
            if (o.call == handle) finish(number, fail(status::cancelled, "cancelled"));
        if (s == status::ok) finish(c.caller, c.end.output);
        else finish(c.caller, std::unexpected(error{s, code, c.end.message}));
    }

    static uint32_t copy(std::string_view from, void *dst, uint32_t cap, uint32_t off) {
        if (off < from.size()) from.substr(off).copy(static_cast<char *>(dst), cap);
        return static_cast<uint32_t>(from.size());
    }
    static std::string_view view(const void *at, uint32_t len) { return {static_cast<const char *>(at), len}; }

    friend uint32_t(::wexec_input)(uint32_t, void *, uint32_t, uint32_t);
    friend void(::wexec_output)(uint32_t, const void *, uint32_t);
    friend void(::wexec_fail)(uint32_t, int32_t, const void *, uint32_t);
    friend uint32_t(::wexec_emit)(uint32_t, uint32_t, const void *, uint32_t);
    friend uint32_t(::wexec_op_start)(uint32_t, const void *, uint32_t, const void *, uint32_t);
    friend uint32_t(::wexec_op_wait)(uint32_t);
    friend uint32_t(::wexec_op_result)(uint32_t, void *, uint32_t, uint32_t);
    friend uint32_t(::wexec_op_code)(uint32_t);
    friend void(::wexec_op_cancel)(uint32_t);
    friend void(::wexec_op_drop)(uint32_t);
    friend uint32_t(::wexec_next)(void *, uint32_t);
    friend void(::wexec_log)(uint32_t, const void *, uint32_t);
};

} // namespace wexec::testing

// The imports of a module.
extern "C" {

uint32_t wexec_input(uint32_t call, void *dst, uint32_t cap, uint32_t off) {
    using wexec::testing::host;
    return host::copy(host::call_of(call).input, dst, cap, off);
}

void wexec_output(uint32_t call, const void *ptr, uint32_t len) {
    using wexec::testing::host;
    host::here->end_call(call, wexec::status::ok, 0, host::view(ptr, len));
}

void wexec_fail(uint32_t call, int32_t code, const void *ptr, uint32_t len) {
    using wexec::testing::host;
    auto status = code < 0 ? static_cast<wexec::status>(-code) : wexec::status::failed;
    host::here->end_call(call, status, code < 0 ? 0 : std::max(code, 1), host::view(ptr, len));
}

uint32_t wexec_emit(uint32_t call, uint32_t kind, const void *ptr, uint32_t len) {
    using wexec::testing::host;
    auto &c = host::call_of(call);
    if (len > 1 << 16) host::stop("more is emitted at once than 65,536 bytes", std::to_string(len));
    if (c.cancelled) return 1;
    if (host::here->slow_reader && ++host::here->emitted % 2 == 1) {
        host::here->events.push_back({4, call, 0, 0});
        return 0;
    }
    if (kind == 0) c.end.output += host::view(ptr, len);
    else c.end.progress.emplace_back(host::view(ptr, len));
    return 1;
}

uint32_t wexec_op_start(uint32_t call, const void *name, uint32_t name_len, const void *arg, uint32_t arg_len) {
    using wexec::testing::host;
    host::call_of(call);
    uint32_t handle = ++host::here->last_handle;
    host::here->alive[handle] = {.call = call, .result = {}};
    host::here->start(handle, host::view(name, name_len), host::view(arg, arg_len));
    return handle;
}

uint32_t wexec_op_wait(uint32_t op) {
    wexec::testing::host::stop("a resumable module must not call op_wait", std::to_string(op));
}

uint32_t wexec_op_result(uint32_t op, void *dst, uint32_t cap, uint32_t off) {
    using wexec::testing::host;
    if (!host::op_of(op).ended) host::stop("the result is read of an op that has not ended", std::to_string(op));
    return host::copy(host::op_of(op).result, dst, cap, off);
}

uint32_t wexec_op_code(uint32_t op) { return static_cast<uint32_t>(wexec::testing::host::op_of(op).code); }

void wexec_op_cancel(uint32_t op) {
    using wexec::testing::host;
    host::op_of(op);
    host::here->finish(op, wexec::fail(wexec::status::cancelled, "cancelled"));
}

void wexec_op_drop(uint32_t op) {
    using wexec::testing::host;
    host::op_of(op);
    for (auto &[handle, c] : host::here->calls)
        if (c.caller == op && !c.ended) c.caller = 0, host::here->cancel(handle);
    std::erase_if(host::here->timers, [&](auto &t) { return !t.second.cancels && t.second.handle == op; });
    host::here->alive.erase(op);
    std::erase_if(host::here->events, [&](auto &e) { return e.kind == 2 && e.handle == op; });
}

uint32_t wexec_next(void *dst, uint32_t cap) {
    auto &events = wexec::testing::host::here->events;
    uint32_t n = static_cast<uint32_t>(std::min<size_t>(cap, events.size()));
    if (n > 0) std::memcpy(dst, events.data(), n * sizeof events[0]);
    events.erase(events.begin(), events.begin() + n);
    return n;
}

void wexec_log(uint32_t, const void *ptr, uint32_t len) {
    using wexec::testing::host;
    if (host::here != nullptr) host::here->log.emplace_back(host::view(ptr, len));
}

} // extern "C"
