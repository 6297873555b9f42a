// The list of tasks. WEXEC_TASKS makes the manifest of it when the module is compiled, and
// the export that the host enters.
#pragma once

#include <array>
#include <span>

#include "json.hpp"
#include "task.hpp"

namespace wexec {

// What a task may ask for. It narrows the host's limits and never widens them; 0 asks for
// nothing.
struct options {
    uint64_t timeout_ms = 0;
    uint64_t memory_bytes = 0;
    uint64_t fuel = 0;
    // Capabilities, such as "http.fetch", or "kv" for all that begin with it. If none is
    // here, the task may use what it is granted.
    std::string_view uses[16] = {};
};

namespace detail {

template <class R>
struct returned {
    using type = R;
    static constexpr bool waits = false;
};
template <class T>
struct returned<result<T>> : returned<T> {};
template <class T>
struct returned<task<T>> : returned<T> {
    static constexpr bool waits = true;
};

inline std::string read_input(wexec_handle call, uint32_t len) {
    std::string text(len, 0);
    wexec_input(call, text.data(), len, 0); // even of 0 bytes: it names the call
    return text;
}

// Starts a call whose root is a coroutine.
inline void run_coroutine(wexec_handle handle, result<promise_base *> root, call::output_of *output) {
    if (!root) return send(handle, std::unexpected(std::move(root.error())));
    call *c = new call{{handle}, *root, output};
    loop.calls.put(c);
    loop.current = loop.named = c;
    (*root)->owner = c;
    (*root)->self.resume();
    if ((*root)->ended) finish(*c);
}

// Runs a call of a plain function, from its input to its end.
inline void run_plain(wexec_handle handle, uint32_t len, result<std::string> (*function)(std::string)) {
    call c{{handle}};
    loop.current = loop.named = &c;
    result<std::string> output = function(read_input(handle, len));
    loop.current = loop.named = nullptr;
    send(handle, output);
}

template <class T>
result<std::string> encoded(result<T> r) {
    if (!r) return std::unexpected(std::move(r.error()));
    if constexpr (std::is_void_v<T>) return {};
    else return encode<T>(std::move(*r));
}

// Runs a function that has no input, or one.
template <auto F, class R, class... In>
struct runner {
    using out = returned<R>::type;
    static constexpr bool waits = returned<R>::waits;
    static_assert(sizeof...(In) <= 1, "a task takes one input: a struct, if it needs more than a value");
    static_assert((portable<std::remove_cvref_t<In>> && ...),
                  "the input has no form in JSON: list the fields of the struct with WEXEC_FIELDS");
    static_assert(std::is_void_v<out> || portable<out>,
                  "the output has no form in JSON: list the fields of the struct with WEXEC_FIELDS");
    static_assert(!waits || (!std::is_reference_v<In> && ...),
                  "a coroutine takes its input by value: a reference to it would be dead after the first wait");

    template <class... T>
    static result<std::string> call_plain(T &&...input) {
        if constexpr (std::is_void_v<R>) return F(std::move(input)...), std::string();
        else return encoded(result<out>(F(std::move(input)...)));
    }
    static result<std::string> plain(std::string text) {
        if constexpr (sizeof...(In) == 0) return call_plain();
        else {
            auto input = decode<std::remove_cvref_t<In>...>(std::move(text));
            if (!input) return std::unexpected(std::move(input.error()));
            return call_plain(std::move(*input));
        }
    }
    static result<promise_base *> coroutine(std::string text) {
        if constexpr (sizeof...(In) == 0) return F().release();
        else {
            auto input = decode<In...>(std::move(text));
            if (!input) return std::unexpected(std::move(input.error()));
            return F(std::move(*input)).release();
        }
    }
    static result<std::string> output(promise_base *p) { return encoded(static_cast<promise<out> *>(p)->take()); }

    static void start(wexec_handle handle, uint32_t len) {
        if constexpr (waits) run_coroutine(handle, coroutine(read_input(handle, len)), output);
        else run_plain(handle, len, plain);
    }
};

template <class T>
constexpr void append_schema(sink &json, std::string_view field) {
    if constexpr (!std::is_void_v<T> && !std::is_same_v<T, bytes>) {
        json += field;
        codec<T>::schema(json);
    }
}

// One task, when the module is compiled.
struct entry {
    std::string_view mode, name, doc;
    options more;
    start_call start;
    void (*schemas)(sink &json);
};

template <auto F, class R, class... In>
consteval entry describe(std::string_view mode, std::string_view name, std::string_view doc, options more,
                         R (*)(In...)) {
    using run = runner<F, R, In...>;
    return {mode, name, doc, more, run::start, [](sink &json) {
                (append_schema<std::remove_cvref_t<In>>(json, ",\"input\":"), ...);
                append_schema<typename run::out>(json, ",\"output\":");
            }};
}

// These are not constexpr, so that the compiler names them where it refuses a list.
inline void a_task_has_no_name() {}
inline void a_task_has_no_doc() {}
inline void two_tasks_have_one_name() {}

constexpr void append_number(sink &json, std::string_view field, uint64_t n) {
    if (n == 0) return;
    char digits[20], *first = digits + 20;
    for (; n > 0; n /= 10) *--first = static_cast<char>('0' + n % 10);
    json += ",\"";
    json += field;
    json += "\":";
    json += std::string_view(first, digits + 20);
}

constexpr void append_entry(sink &json, const entry &e) {
    if (e.name.empty()) a_task_has_no_name();
    if (e.doc.empty()) a_task_has_no_doc();
    json += "{\"name\":";
    append_text(json, e.name);
    json += ",\"mode\":";
    append_text(json, e.mode);
    json += ",\"doc\":";
    append_text(json, e.doc);
    append_number(json, "timeout_ms", e.more.timeout_ms);
    append_number(json, "memory_bytes", e.more.memory_bytes);
    append_number(json, "fuel", e.more.fuel);
    char before = '[';
    for (std::string_view use : e.more.uses) {
        if (use.empty()) continue;
        if (before == '[') json += ",\"uses\":";
        json += std::exchange(before, ',');
        append_text(json, use);
    }
    if (before == ',') json += ']';
    e.schemas(json);
    json += '}';
}

// The assembly of the custom section that holds the manifest.
template <size_t N>
constexpr size_t section(const entry (&tasks)[N], char *to) {
    sink s{to};
    auto plain = [&](std::string_view text) {
        for (char c : text) s.put(c);
    };
    plain(".section .custom_section.wexec.v1,\"\",@\n.ascii \"");
    s += "{\"tasks\":";
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < i; j++)
            if (tasks[i].name == tasks[j].name) two_tasks_have_one_name();
        s += i == 0 ? '[' : ',';
        append_entry(s, tasks[i]);
    }
    s += "]}";
    plain("\"\n.text\n");
    return s.len;
}

// The text that a function makes, as a constant.
template <class Make>
consteval auto constant(Make make) {
    constexpr size_t len = make(nullptr);
    std::array<char, len> text{};
    make(text.data());
    return text;
}

template <size_t N>
consteval std::array<start_call, N> starts(const entry (&tasks)[N]) {
    std::array<start_call, N> all{};
    for (size_t i = 0; i < N; i++) all[i] = tasks[i].start;
    return all;
}

} // namespace detail

// Each makes one task of a list: the function, the name, a doc for people whose first line
// stands alone, and options.
template <auto F>
consteval detail::entry io(std::string_view name, std::string_view doc, options more = {}) {
    return detail::describe<F>("io", name, doc, more, F);
}
template <auto F>
consteval detail::entry blocking(std::string_view name, std::string_view doc, options more = {}) {
    return detail::describe<F>("blocking", name, doc, more, F);
}
template <auto F>
consteval detail::entry cpu(std::string_view name, std::string_view doc, options more = {}) {
    static_assert(![]<class R, class... In>(R (*)(In...)) { return detail::returned<R>::waits; }(F),
                  "a cpu task must not wait: make it a plain function, or declare it io or blocking");
    return detail::describe<F>("cpu", name, doc, more, F);
}

} // namespace wexec

#ifdef __wasm__
#define WEXEC_MANIFEST_SECTION_                                                            \
    static constexpr auto wexec_section =                                                  \
        ::wexec::detail::constant([](char *to) { return ::wexec::detail::section(wexec_tasks, to); }); \
    __asm__((wexec_section));
#else // a unit test, which has the list at hand
std::span<const wexec::detail::entry> wexec_tasks_of_module();
#define WEXEC_MANIFEST_SECTION_                                                            \
    std::span<const ::wexec::detail::entry> wexec_tasks_of_module() { return wexec_tasks; }
#endif

// Lists the tasks of the module. Use it once, at file scope:
//
//     WEXEC_TASKS(
//         wexec::cpu<primes>("primes", "Counts primes."),
//         wexec::io<page>("page", "Loads a page.", {.timeout_ms = 500, .uses = {"http.fetch"}}))
#define WEXEC_TASKS(...)                                                                   \
    static constexpr ::wexec::detail::entry wexec_tasks[] = {__VA_ARGS__};                 \
    WEXEC_MANIFEST_SECTION_                                                                \
    static constexpr auto wexec_starts = ::wexec::detail::starts(wexec_tasks);             \
    extern "C" WEXEC_EXPORT("wexec_resume") uint32_t wexec_resume() {                      \
        return ::wexec::detail::resume(wexec_starts.data());                               \
    }
