// wexec_files.h reads and writes the files of the host by ops. Include it after wexec.h.
// Each function starts an op; take its outcome with wexec_take.
//
//     wexec_result text = wexec_take(wexec_files_read_start(call, "/data/config"));
//     if (wexec_fail_op(call, text)) return;
#pragma once

#include "wexec_kv.h" // wexec_start_parts_

#ifdef __cplusplus
extern "C" {
#endif

// How wexec_files_open_start opens a file.
enum {
    WEXEC_FILES_READ = 1,
    WEXEC_FILES_WRITE = 2,
    WEXEC_FILES_CREATE = 4,
    WEXEC_FILES_EXCLUSIVE = 8,
    WEXEC_FILES_TRUNCATE = 16,
    WEXEC_FILES_APPEND = 32,
};

// The kinds of files.
enum { WEXEC_FILES_NONE = 0, WEXEC_FILES_DIRECTORY = 3, WEXEC_FILES_REGULAR = 4, WEXEC_FILES_LINK = 7 };

// Reads a whole file. The result is its bytes.
static inline wexec_handle wexec_files_read_start(wexec_handle call, const char *path) {
    return wexec_start(call, "files.read", path, strlen(path));
}

// Makes a file, in place of one that may be there.
static inline wexec_handle wexec_files_write_start(wexec_handle call, const char *path,
                                                   const void *bytes, size_t len) {
    uint32_t head = (uint32_t)strlen(path);
    return wexec_start_parts_(call, "files.write", &head, sizeof head, path, head, bytes, len);
}

// Opens a stream of a file that begins at the offset. The result is its handle.
static inline wexec_handle wexec_files_open_start(wexec_handle call, const char *path,
                                                  uint32_t flags, uint64_t offset) {
    struct __attribute__((packed)) {
        uint32_t flags;
        uint64_t offset;
    } head = {flags, offset};
    return wexec_start_parts_(call, "files.open", &head, sizeof head, path, strlen(path), NULL, 0);
}

// Describes a file. wexec_files_info reads the result.
static inline wexec_handle wexec_files_stat_start(wexec_handle call, const char *path) {
    return wexec_start(call, "files.stat", path, strlen(path));
}

typedef struct {
    uint32_t kind; // WEXEC_FILES_NONE if there is no file
    uint64_t size;
    int64_t modified; // nanoseconds since 1970
} wexec_files_stat;

static inline wexec_files_stat wexec_files_info(wexec_result result) {
    wexec_files_stat stat = {0, 0, 0};
    if (result.len == 20) {
        memcpy(&stat.kind, result.data, 4);
        memcpy(&stat.size, result.data + 4, 8);
        memcpy(&stat.modified, result.data + 12, 8);
    }
    return stat;
}

// Removes a file, a link or an empty directory.
static inline wexec_handle wexec_files_remove_start(wexec_handle call, const char *path) {
    return wexec_start(call, "files.remove", path, strlen(path));
}

static inline wexec_handle wexec_files_mkdir_start(wexec_handle call, const char *path) {
    return wexec_start(call, "files.mkdir", path, strlen(path));
}

static inline wexec_handle wexec_files_rename_start(wexec_handle call, const char *path,
                                                    const char *new_path) {
    uint32_t head = (uint32_t)strlen(path);
    return wexec_start_parts_(call, "files.rename", &head, sizeof head, path, head, new_path, strlen(new_path));
}

// Opens a stream of the names in a directory. The result is its handle.
static inline wexec_handle wexec_files_list_start(wexec_handle call, const char *path) {
    return wexec_start(call, "files.list", path, strlen(path));
}

typedef struct {
    uint32_t kind, len; // of name
    const char *name;
} wexec_files_entry;

// Takes an entry from the front of the bytes of a list, and moves *bytes and *len past
// it. Returns false if they don't have all of it yet.
static inline bool wexec_files_cut(const char **bytes, size_t *len, wexec_files_entry *entry) {
    const size_t head = 8;
    if (*len < head) return false;
    memcpy(&entry->kind, *bytes, 4);
    memcpy(&entry->len, *bytes + 4, 4);
    if (*len - head < entry->len) return false;
    entry->name = *bytes + head;
    *bytes = entry->name + entry->len;
    *len -= head + entry->len;
    return true;
}

#ifdef __cplusplus
}
#endif
