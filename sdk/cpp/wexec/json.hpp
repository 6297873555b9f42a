// Inputs and outputs: C++ types as JSON. Numbers, bool, std::string, std::optional,
// std::vector and structs are read and written; bytes go as they are. A struct needs a
// list of its fields, in its own namespace:
//
//     struct point { double x, y; };
//     WEXEC_FIELDS(point, x, y)
#pragma once

#include <concepts>
#include <limits>
#include <optional>
#include <tuple>
#include <vector>

#include "error.hpp"
#include "wexec_json.h"

namespace wexec {

// How a type is read and written. read says in wrong what a value should have been.
template <class T>
struct codec;

template <class T>
struct field {
    std::string_view name;
    T member;
};

template <class T>
concept described = requires(const T *p) { wexec_fields(p); };

namespace detail {

template <class T>
constexpr bool is_optional = false;
template <class T>
constexpr bool is_optional<std::optional<T>> = true;

template <class T, class F>
constexpr void each_field(F f) {
    std::apply([&](auto... fields) { (f(fields), ...); }, wexec_fields(static_cast<const T *>(nullptr)));
}

// Text that is made when the module is compiled: counted, and then written, in as few
// steps as can be, since compilers limit them. It is quoted for the assembler.
struct sink {
    char *to = nullptr;
    size_t len = 0;
    constexpr void put(char c) {
        if (to != nullptr) to[len] = c;
        len++;
    }
    constexpr void operator+=(char c) {
        if (c == '"' || c == '\\') put('\\');
        put(c);
    }
    constexpr void operator+=(std::string_view text) {
        for (char c : text) *this += c;
    }
};

template <class Out>
constexpr void append_text(Out &out, std::string_view text) {
    out += '"';
    for (char c : text) {
        if (static_cast<unsigned char>(c) < ' ') {
            out += "\\u00";
            out += "01"[c >> 4];
            out += "0123456789abcdef"[c & 15];
            continue;
        }
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
}

// Reads the size of a whole number, and its sign.
inline bool read_whole(wexec_json v, bool &negative, uint64_t &n) {
    negative = v.len > 0 && *v.at == '-';
    for (size_t i = negative; i < v.len; i++) {
        unsigned digit = static_cast<unsigned char>(v.at[i]) - '0';
        if (digit > 9 || __builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, digit, &n)) return false;
    }
    return v.len > negative;
}

inline void want_whole(std::string &wrong, int bits, bool is_signed) {
    wrong = ": want a whole number of " + std::to_string(bits) + (is_signed ? " bits" : " bits, at least 0");
}

} // namespace detail

template <std::integral T>
struct codec<T> {
    static bool read(wexec_json v, T &to, std::string &wrong) {
        bool negative = false;
        uint64_t n = 0;
        constexpr uint64_t most = static_cast<uint64_t>(std::numeric_limits<T>::max());
        if (!detail::read_whole(v, negative, n) || n > most + (negative && std::is_signed_v<T>) ||
            (negative && n > 0 && !std::is_signed_v<T>)) {
            detail::want_whole(wrong, 8 * sizeof(T), std::is_signed_v<T>);
            return false;
        }
        to = static_cast<T>(negative ? -n : n);
        return true;
    }
    static void write(std::string &out, T v) { out += std::to_string(v); }
    static constexpr void schema(detail::sink &out) {
        out += std::is_signed_v<T> ? R"({"type":"integer"})" : R"({"type":"integer","minimum":0})";
    }
};

template <>
struct codec<bool> {
    static bool read(wexec_json v, bool &to, std::string &wrong) {
        if (wexec_json_bool(v, &to)) return true;
        wrong = ": want true or false";
        return false;
    }
    static void write(std::string &out, bool v) { out += v ? "true" : "false"; }
    static constexpr void schema(detail::sink &out) { out += R"({"type":"boolean"})"; }
};

template <std::floating_point T>
struct codec<T> {
    static bool read(wexec_json v, T &to, std::string &wrong) {
        double n = 0;
        if (!wexec_json_number(v, &n)) wrong = ": want a number";
        to = static_cast<T>(n);
        return wrong.empty();
    }
    static void write(std::string &out, T v) {
        char text[32];
        wexec_json_writer w = wexec_json_to(text, sizeof text);
        wexec_json_put_number(&w, static_cast<double>(v));
        out.append(w.begin, w.at);
    }
    static constexpr void schema(detail::sink &out) { out += R"({"type":"number"})"; }
};

template <>
struct codec<std::string> {
    static bool read(wexec_json v, std::string &to, std::string &wrong) {
        to.resize(v.len);
        size_t len = 0;
        if (!wexec_json_text(v, to.data(), to.size(), &len)) wrong = ": want a string";
        to.resize(len);
        return wrong.empty();
    }
    static void write(std::string &out, std::string_view v) { detail::append_text(out, v); }
    static constexpr void schema(detail::sink &out) { out += R"({"type":"string"})"; }
};

template <class T>
struct codec<std::optional<T>> {
    static bool read(wexec_json v, std::optional<T> &to, std::string &wrong) {
        if (wexec_json_kind_of(v) > WEXEC_JSON_NULL) return codec<T>::read(v, to.emplace(), wrong);
        to.reset();
        return true;
    }
    static void write(std::string &out, const std::optional<T> &v) {
        if (v) codec<T>::write(out, *v);
        else out += "null";
    }
    static constexpr void schema(detail::sink &out) {
        out += R"({"anyOf":[{"type":"null"},)";
        codec<T>::schema(out);
        out += "]}";
    }
};

template <class T>
struct codec<std::vector<T>> {
    static bool read(wexec_json v, std::vector<T> &to, std::string &wrong) {
        if (wexec_json_kind_of(v) != WEXEC_JSON_ARRAY) {
            wrong = ": want an array";
            return false;
        }
        to.clear();
        for (wexec_json_item i = wexec_json_items(v); wexec_json_next(&i);) {
            T item{};
            if (!codec<T>::read(i.value, item, wrong)) {
                wrong = "[" + std::to_string(to.size()) + "]" + wrong;
                return false;
            }
            to.push_back(std::move(item));
        }
        return true;
    }
    static void write(std::string &out, const std::vector<T> &v) {
        out += '[';
        for (const T &item : v) {
            if (out.back() != '[' || &item != &v.front()) out += ',';
            codec<T>::write(out, item);
        }
        out += ']';
    }
    static constexpr void schema(detail::sink &out) {
        out += R"({"type":"array","items":)";
        codec<T>::schema(out);
        out += '}';
    }
};

template <described T>
struct codec<T> {
    template <class F>
    using type_of = std::remove_cvref_t<decltype(std::declval<T>().*std::declval<F>().member)>;
    template <class F>
    static constexpr bool optional = detail::is_optional<type_of<F>>;

    static bool read(wexec_json v, T &to, std::string &wrong) {
        if (wexec_json_kind_of(v) != WEXEC_JSON_OBJECT) {
            wrong = ": want an object";
            return false;
        }
        detail::each_field<T>([&](auto f) {
            if (!wrong.empty()) return;
            wexec_json value = wexec_json_field(v, f.name.data());
            if (value.len == 0 && !optional<decltype(f)>) wrong = ": is missing";
            else codec<type_of<decltype(f)>>::read(value, to.*f.member, wrong);
            if (!wrong.empty()) wrong = "." + std::string(f.name) + wrong;
        });
        return wrong.empty();
    }
    static void write(std::string &out, const T &v) {
        char before = '{';
        detail::each_field<T>([&](auto f) {
            out += std::exchange(before, ',');
            detail::append_text(out, f.name);
            out += ':';
            codec<type_of<decltype(f)>>::write(out, v.*f.member);
        });
        out += before == '{' ? "{}" : "}";
    }
    static constexpr void schema(detail::sink &out) {
        out += R"({"type":"object","properties":)";
        char before = '{';
        detail::each_field<T>([&](auto f) {
            out += std::exchange(before, ',');
            detail::append_text(out, f.name);
            out += ':';
            codec<type_of<decltype(f)>>::schema(out);
        });
        out += before == '{' ? R"({},"required":)" : R"(},"required":)";
        before = '[';
        detail::each_field<T>([&](auto f) {
            if (optional<decltype(f)>) return;
            out += std::exchange(before, ',');
            detail::append_text(out, f.name);
        });
        out += before == '[' ? "[]}" : "]}";
    }
};

// A type that has a form in JSON, or is bytes.
template <class T>
concept portable = std::same_as<T, bytes> || requires(wexec_json v, T t, std::string s) {
    { codec<T>::read(v, t, s) } -> std::same_as<bool>;
};

// Reads a value. what is the text's name in the error's message.
template <portable T>
result<T> decode(std::string text, std::string_view what = "input") {
    if constexpr (std::same_as<T, bytes>) {
        return bytes(std::move(text));
    } else {
        wexec_json v{};
        T to{};
        std::string wrong;
        const bool json = wexec_json_parse(text.data(), text.size(), &v);
        if (!json && !text.empty()) wrong = ": not JSON";
        else if (codec<T>::read(v, to, wrong)) return to;
        return fail(status::invalid_input, std::string(what) + wrong);
    }
}

template <portable T>
std::string encode(T v) {
    if constexpr (std::same_as<T, bytes>) {
        return std::string(std::move(v));
    } else {
        std::string out;
        codec<T>::write(out, v);
        return out;
    }
}

} // namespace wexec

// Lists the fields of a struct, at most 64. Use it in the namespace of the struct.
#define WEXEC_FIELDS(type, ...)                                                            \
    constexpr auto wexec_fields(const type *) {                                            \
        return std::tuple{WEXEC_RESCAN_FIELDS_(WEXEC_FIELD_(type, __VA_ARGS__))};          \
    }
#define WEXEC_FIELD_(type, name, ...)                                                      \
    ::wexec::field{#name, &type::name} __VA_OPT__(, WEXEC_FIELD_AGAIN_ WEXEC_NO_FIELD_ (type, __VA_ARGS__))
#define WEXEC_FIELD_AGAIN_() WEXEC_FIELD_
#define WEXEC_NO_FIELD_ ()
#define WEXEC_RESCAN_FIELDS_(...) WEXEC_RESCAN_16_(WEXEC_RESCAN_16_(WEXEC_RESCAN_16_(WEXEC_RESCAN_16_(__VA_ARGS__))))
#define WEXEC_RESCAN_16_(...) WEXEC_RESCAN_4_(WEXEC_RESCAN_4_(WEXEC_RESCAN_4_(WEXEC_RESCAN_4_(__VA_ARGS__))))
#define WEXEC_RESCAN_4_(...) WEXEC_RESCAN_1_(WEXEC_RESCAN_1_(WEXEC_RESCAN_1_(WEXEC_RESCAN_1_(__VA_ARGS__))))
#define WEXEC_RESCAN_1_(...) __VA_ARGS__
