// Files of the host.
#pragma once

#include "ops.hpp"

namespace wexec::files {

// How open opens a file; join them with |.
enum flags : uint32_t { read_only = 1, write_only = 2, create = 4, exclusive = 8, truncate = 16, append = 32 };

enum class kind : uint32_t { none = 0, directory = 3, file = 4, link = 7, other = 255 };

struct info {
    files::kind kind = kind::none; // none if there is no file
    uint64_t size = 0;
    int64_t modified = 0; // nanoseconds since 1970
};

namespace detail {
using wexec::detail::number, wexec::detail::pack;
struct as_info {
    static result<info> read(std::string s) {
        return info{static_cast<kind>(number<uint32_t>(s)), number<uint64_t>(s, 4), number<int64_t>(s, 12)};
    }
};
inline std::string pair(std::string_view path, std::string_view rest) {
    return pack(static_cast<uint32_t>(path.size())).append(path).append(rest);
}
} // namespace detail

inline op_bytes read(std::string_view path) { return {"files.read", path}; }

// Makes a file, in place of one that may be there.
inline op_nothing write(std::string_view path, std::string_view data) {
    return {"files.write", detail::pair(path, data)};
}

inline op_stream open(std::string_view path, uint32_t how = read_only, uint64_t offset = 0) {
    return {"files.open", detail::pack(how, offset).append(path)};
}

inline op<info, detail::as_info> stat(std::string_view path) { return {"files.stat", path}; }
// Removes a file, a link or an empty directory.
inline op_nothing remove(std::string_view path) { return {"files.remove", path}; }
inline op_nothing mkdir(std::string_view path) { return {"files.mkdir", path}; }
inline op_nothing rename(std::string_view path, std::string_view to) {
    return {"files.rename", detail::pair(path, to)};
}

// Opens a stream of the names in a directory; cut finds the entries in what was read.
inline op_stream list(std::string_view path) { return {"files.list", path}; }

struct entry {
    files::kind kind;
    std::string_view name;
};

// Takes an entry from the front of the bytes of a list. Returns nothing if they don't
// have all of it yet.
inline std::optional<entry> cut(std::string_view &from) {
    constexpr size_t head = 8;
    if (from.size() < head) return {};
    size_t len = detail::number<uint32_t>(from, 4);
    if (from.size() - head < len) return {};
    entry e{static_cast<kind>(detail::number<uint32_t>(from)), from.substr(head, len)};
    from.remove_prefix(head + len);
    return e;
}

} // namespace wexec::files
