// Keys and values in the host, where they outlive a task.
#pragma once

#include "ops.hpp"

namespace wexec::kv {

// A version is a number that a key gets each time it is written.
inline constexpr uint64_t none = 0;       // the version of a key that does not exist
inline constexpr uint64_t any = UINT64_MAX; // where a version is expected

// version is none if there is no such key.
struct value {
    uint64_t version = none;
    bytes data;
};

namespace detail {
using wexec::detail::number, wexec::detail::pack;
struct as_value {
    static result<value> read(std::string s) {
        return value{number<uint64_t>(s), bytes(s.substr(std::min<size_t>(8, s.size())))};
    }
};
} // namespace detail

using op_version = op<uint64_t, wexec::detail::as_number<uint64_t>>;

inline op<value, detail::as_value> get(std::string_view key) { return {"kv.get", key}; }

// Writes a key that has the expected version. It is gone after the time to live, unless
// that is 0. The result is its version, or none if it had another version.
inline op_version put(std::string_view key, std::string_view data, uint64_t expected = any,
                      std::chrono::nanoseconds ttl = {}) {
    std::string argument = detail::pack(static_cast<int64_t>(ttl.count()), expected, static_cast<uint32_t>(key.size()));
    return {"kv.put", argument.append(key).append(data)};
}

// Deletes a key that has the expected version. The result is that version, or none.
inline op_version del(std::string_view key, uint64_t expected = any) {
    return {"kv.delete", detail::pack(expected).append(key)};
}

// Adds to the decimal number that is the value of a key, or to 0. The result is the sum.
inline op<int64_t, wexec::detail::as_number<int64_t>> add(std::string_view key, int64_t n) {
    return {"kv.add", detail::pack(n).append(key)};
}

// Opens a stream of the keys that begin with prefix and come after the key after; cut
// finds the entries in what was read.
inline op_stream scan(std::string_view prefix = {}, std::string_view after = {}) {
    return {"kv.scan", detail::pack(static_cast<uint32_t>(prefix.size())).append(prefix).append(after)};
}

struct entry {
    uint64_t version;
    std::string_view key, data;
};

// Takes an entry from the front of the bytes of a scan. Returns nothing if they don't
// have all of it yet.
inline std::optional<entry> cut(std::string_view &from) {
    constexpr size_t head = 16;
    if (from.size() < head) return {};
    size_t key = detail::number<uint32_t>(from, 8), data = detail::number<uint32_t>(from, 12);
    if (from.size() - head < key || from.size() - head - key < data) return {};
    entry e{detail::number<uint64_t>(from), from.substr(head, key), from.substr(head + key, data)};
    from.remove_prefix(head + key + data);
    return e;
}

} // namespace wexec::kv
