// What tasks ask of their host. Each function below starts an op at once; co_await gives
// its result. An op that is dropped is cancelled.
#pragma once

#include <chrono>
#include <cstring>

#include "json.hpp"
#include "task.hpp"

namespace wexec {

namespace detail {

// The bytes of numbers, as ops want them.
template <class... N>
std::string pack(N... n) {
    std::string s;
    (s.append(reinterpret_cast<const char *>(&n), sizeof n), ...);
    return s;
}

template <class N>
N number(std::string_view bytes, size_t at = 0) {
    N n = 0;
    if (bytes.size() >= at + sizeof n) std::memcpy(&n, bytes.data() + at, sizeof n);
    return n;
}

} // namespace detail

// An op that has been started. As says how the bytes of its result become its value.
template <class T, class As>
class [[nodiscard]] op : public detail::op_base {
public:
    using value_type = T;
    using op_base::op_base;
    result<T> take() {
        result<std::string> text = op_base::take();
        if (!text) return std::unexpected(std::move(text.error()));
        return As::read(std::move(*text));
    }
};

namespace detail {
struct as_nothing {
    static result<> read(std::string) { return {}; }
};
struct as_bytes {
    static result<bytes> read(std::string s) { return bytes(std::move(s)); }
};
template <class N>
struct as_number {
    static result<N> read(std::string s) { return number<N>(s); }
};
template <class T>
struct as_output {
    static result<T> read(std::string s) { return decode<T>(std::move(s), "output"); }
};
} // namespace detail

using op_nothing = op<void, detail::as_nothing>;
using op_bytes = op<bytes, detail::as_bytes>;

// Starts an op of any capability.
inline op_bytes start(std::string_view capability, std::string_view argument = {}) {
    return {capability, argument};
}

inline op_nothing sleep(std::chrono::nanoseconds time) {
    return {"clock.sleep", detail::pack(std::max<int64_t>(time.count(), 0))};
}

// ---- Other tasks ----

// A task, by its name, and that of its module unless it is the caller's own.
struct callee {
    std::string_view task, module = {};
    callee(const char *name) : task(name) {}
    callee(std::string_view name, std::string_view in = {}) : task(name), module(in) {}
};

namespace detail {
inline std::string call_message(callee to, std::string_view input) {
    std::string message = "{\"task\":";
    detail::append_text(message, to.task);
    if (!to.module.empty()) {
        message += ",\"module\":";
        detail::append_text(message, to.module);
    }
    message += "}\n";
    message += input;
    return message;
}
} // namespace detail

// Calls a task whose output is bytes.
inline op_bytes call(callee to, std::string_view input) { return {"task.call", detail::call_message(to, input)}; }

// Calls a task whose output is a T: wexec::call<int>("add", pair{1, 2}).
template <portable T, portable In>
op<T, detail::as_output<T>> call(callee to, In input) {
    return {"task.call", detail::call_message(to, encode(std::move(input)))};
}

// ---- Streams ----

// A stream of bytes between the task and its host, which is closed with the call. No two
// reads and no two writes may run at once.
class stream {
public:
    explicit stream(uint32_t handle) : number(handle) {}
    uint32_t handle() const { return number; }

    // The bytes are none at the end of the stream.
    op_bytes read(uint32_t most = 1 << 16) const { return {"stream.read", detail::pack(number, most)}; }
    op_nothing write(std::string_view data) const {
        return {"stream.write", detail::pack(number) += data};
    }
    // What was written is complete.
    op_nothing close() const { return {"stream.close", detail::pack(number)}; }

    // Reads to the end.
    task<bytes> read_all() const { return read_all_of(*this); }

private:
    static task<bytes> read_all_of(stream s) {
        bytes all;
        for (;;) {
            bytes piece = co_await s.read();
            if (piece.empty()) co_return all;
            all += piece;
        }
    }
    uint32_t number;
};

namespace detail {
struct as_stream {
    static result<stream> read(std::string s) { return stream(number<uint32_t>(s)); }
};
} // namespace detail

using op_stream = op<stream, detail::as_stream>;

// Opens a stream that gives what is written to it to an op that takes it.
inline op_stream pipe() { return {"stream.pipe", ""}; }

// ---- HTTP ----

struct header {
    std::string name, value;
};

struct request {
    std::string url, method = "GET";
    std::vector<header> headers = {};
    std::string body = {};
    std::vector<header> secrets = {}; // names of values, by headers; the host fills them in
};

struct response {
    int status = 0;
    std::vector<header> headers = {}; // names are in lower case
    bytes body = {};                  // empty if the response was opened
    stream rest{0};                   // of the body, if the response was opened

    // Returns the value of the first header of the name, or nothing.
    std::string_view find(std::string_view name) const {
        for (const auto &h : headers)
            if (h.name == name) return h.value;
        return {};
    }
};

namespace detail {

inline void append_headers(std::string &out, std::string_view field, const std::vector<header> &headers) {
    if (headers.empty()) return;
    out += ",\"";
    out += field;
    char before = '{';
    out += "\":";
    for (const auto &h : headers) {
        out += std::exchange(before, ',');
        append_text(out, h.name);
        out += ':';
        append_text(out, h.value);
    }
    out += '}';
}

inline std::string request_head(const request &r) {
    std::string head = "{\"method\":";
    append_text(head, r.method);
    head += ",\"url\":";
    append_text(head, r.url);
    append_headers(head, "headers", r.headers);
    append_headers(head, "secrets", r.secrets);
    return head;
}

inline result<response> read_response(std::string message) {
    response r;
    size_t newline = std::min(message.find('\n'), message.size());
    wexec_json head{};
    std::string wrong;
    if (!wexec_json_parse(message.data(), newline, &head)) return fail(status::failed, "wexec: a bad response head");
    codec<int>::read(wexec_json_field(head, "status"), r.status, wrong);
    uint32_t handle = 0;
    if (wexec_json s = wexec_json_field(head, "stream"); s.len > 0) codec<uint32_t>::read(s, handle, wrong);
    r.rest = stream(handle);
    for (wexec_json_item i = wexec_json_items(wexec_json_field(head, "headers")); wexec_json_next(&i);) {
        std::string name;
        std::vector<std::string> values(1);
        codec<std::string>::read(i.key, name, wrong);
        bool many = wexec_json_kind_of(i.value) == WEXEC_JSON_ARRAY;
        if (many) codec<std::vector<std::string>>::read(i.value, values, wrong);
        else codec<std::string>::read(i.value, values[0], wrong);
        for (auto &value : values) r.headers.push_back({name, std::move(value)});
    }
    if (newline < message.size()) r.body = message.erase(0, newline + 1);
    return r;
}

struct as_response {
    static result<response> read(std::string message) { return read_response(std::move(message)); }
};

} // namespace detail

using op_response = op<response, detail::as_response>;

// Makes a request and reads the whole response. A response of any status is a result.
inline op_response fetch(const request &r) {
    return {"http.fetch", detail::request_head(r) + "}\n" + r.body};
}
inline op_response fetch(std::string url) { return fetch(request{.url = std::move(url)}); }

// The same with the response's body as a stream, and the request's as one of pipe.
inline op_response open(const request &r) { return {"http.open", detail::request_head(r) + "}\n" + r.body}; }
inline op_response open(const request &r, stream body) {
    return {"http.open", detail::request_head(r) + ",\"body\":" + std::to_string(body.handle()) + "}"};
}

// ---- Values that the host sets ----

namespace detail {
struct as_config {
    static result<std::optional<std::string>> read(std::string s) {
        if (s.empty()) return std::nullopt;
        return s.substr(1);
    }
};
} // namespace detail

inline op<std::optional<std::string>, detail::as_config> config(std::string_view name) {
    return {"config.get", name};
}

// ---- Output and progress before the end ----

// Waits until all is accepted. It is a source.
class [[nodiscard]] emission : detail::emitter {
public:
    using value_type = void;
    emission(uint32_t k, std::string_view data) : emitter{nullptr, try_again}, kind(k), rest(data) {}
    emission(uint32_t k, std::string &&data) : emitter{nullptr, try_again}, kind(k), own(std::move(data)) {}
    emission(emission &&from) : emission(from.kind, from.rest) { own = std::move(from.own); }
    ~emission() {
        if (call == nullptr) return;
        for (emitter **e = &call->emitters; *e != nullptr; e = &(*e)->next)
            if (*e == this) {
                *e = next;
                return;
            }
    }

    void start() {
        if (!own.empty()) rest = own;
        detail::call &c = detail::current();
        if (c.emitters == nullptr && send(c)) return;
        call = &c;
        emitter **last = &c.emitters;
        while (*last != nullptr) last = &(*last)->next;
        *last = this;
    }
    bool ended() const { return call == nullptr && rest.empty(); }
    bool failed() const { return false; }
    void watch(detail::waiter *w) { watcher = w; }
    result<> take() { return {}; }

private:
    bool send(detail::call &c) {
        constexpr size_t most = 1 << 16;
        while (!rest.empty()) {
            std::string_view piece = rest.substr(0, most);
            if (!wexec_emit(c.handle, kind, piece.data(), static_cast<uint32_t>(piece.size()))) return false;
            rest.remove_prefix(piece.size());
        }
        return true;
    }
    static bool try_again(emitter *e) {
        auto *self = static_cast<emission *>(e);
        if (!self->send(*self->call)) return false;
        self->call = nullptr;
        detail::notify(self->watcher, false);
        return true;
    }

    uint32_t kind;
    std::string own;
    std::string_view rest;
    detail::call *call = nullptr; // while it waits
    detail::waiter *watcher = nullptr;
};

namespace detail {
inline std::string progress_text(uint64_t done, uint64_t total, std::string_view message) {
    std::string text = "{\"done\":" + std::to_string(done) + ",\"total\":" + std::to_string(total) + ",\"message\":";
    append_text(text, message.substr(0, 1024));
    return text += '}';
}
} // namespace detail

// Outputs bytes before the end of the call, and waits while the reader is behind. The
// whole output is all that was written, and then what the task returns.
inline emission write(std::string_view data) { return {0, data}; }

// Tells how much of a total is done, and a message for people. A total of 0 is not known.
inline emission progress(uint64_t done, uint64_t total, std::string_view message = {}) {
    return {1, detail::progress_text(done, total, message)};
}

// The same for plain functions. In a task of mode cpu they wait for room. In others they
// return false if there is none.
inline bool write_now(std::string_view data) {
    constexpr size_t most = 1 << 16;
    for (std::string_view piece; !data.empty(); data.remove_prefix(piece.size())) {
        piece = data.substr(0, most);
        if (!wexec_emit(detail::current().handle, 0, piece.data(), static_cast<uint32_t>(piece.size()))) return false;
    }
    return true;
}
inline bool progress_now(uint64_t done, uint64_t total, std::string_view message = {}) {
    std::string text = detail::progress_text(done, total, message);
    return wexec_emit(detail::current().handle, 1, text.data(), static_cast<uint32_t>(text.size())) != 0;
}

} // namespace wexec
