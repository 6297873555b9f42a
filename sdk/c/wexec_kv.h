// wexec_kv.h keeps keys and values in the host, where they outlive a task. Include it
// after wexec.h. Each function starts an op; take its outcome with wexec_take.
//
//     wexec_result entry = wexec_take(wexec_kv_get_start(call, "user:7", 6));
//     if (wexec_fail_op(call, entry)) return;
//     size_t len;
//     char *value = wexec_kv_value(entry, &len); // NULL if there is no such key
//
// A version is a number that a key gets each time it is written.
#pragma once

#include "wexec.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEXEC_KV_NONE 0          // the version of a key that does not exist
#define WEXEC_KV_ANY UINT64_MAX  // where a version is expected: any

// Starts an op whose argument is a head and two texts, one after the other.
static inline wexec_handle wexec_start_parts_(wexec_handle call, const char *capability,
                                              const void *head, size_t head_len,
                                              const void *first, size_t first_len,
                                              const void *second, size_t second_len) {
    char *argument = (char *)wexec_alloc(head_len + first_len + second_len + 1);
    if (head_len > 0) memcpy(argument, head, head_len);
    if (first_len > 0) memcpy(argument + head_len, first, first_len);
    if (second_len > 0) memcpy(argument + head_len + first_len, second, second_len);
    wexec_handle op = wexec_start(call, capability, argument, head_len + first_len + second_len);
    free(argument);
    return op;
}

// Reads a key. The result is its version and its value.
static inline wexec_handle wexec_kv_get_start(wexec_handle call, const void *key, size_t len) {
    return wexec_start(call, "kv.get", key, len);
}

// Returns the number in a result: the version after get, put and delete, which is 0 if
// there was no such key or it had another version, and the sum after add.
static inline uint64_t wexec_kv_number(wexec_result result) {
    uint64_t number = 0;
    if (result.len >= sizeof number) memcpy(&number, result.data, sizeof number);
    return number;
}

// Returns the value in a result of get, which is part of it, or NULL if there is none.
static inline char *wexec_kv_value(wexec_result result, size_t *len) {
    if (wexec_kv_number(result) == WEXEC_KV_NONE) return NULL;
    *len = result.len - sizeof(uint64_t);
    return result.data + sizeof(uint64_t);
}

// Writes a key that has the expected version. It is gone after that many nanoseconds,
// unless they are 0.
static inline wexec_handle wexec_kv_put_start(wexec_handle call, const void *key, size_t key_len,
                                              const void *value, size_t len,
                                              uint64_t expected, uint64_t ttl) {
    struct __attribute__((packed)) {
        uint64_t ttl, expected;
        uint32_t key_len;
    } head = {ttl, expected, (uint32_t)key_len};
    return wexec_start_parts_(call, "kv.put", &head, sizeof head, key, key_len, value, len);
}

// Deletes a key that has the expected version.
static inline wexec_handle wexec_kv_delete_start(wexec_handle call, const void *key, size_t len,
                                                 uint64_t expected) {
    return wexec_start_parts_(call, "kv.delete", &expected, sizeof expected, key, len, NULL, 0);
}

// Adds to the decimal number that is the value of a key, or to 0.
static inline wexec_handle wexec_kv_add_start(wexec_handle call, const void *key, size_t len,
                                              int64_t n) {
    return wexec_start_parts_(call, "kv.add", &n, sizeof n, key, len, NULL, 0);
}

// Opens a stream of the keys that begin with prefix and come after the key after. The
// result is the stream's handle, for stream.read; wexec_kv_cut finds the entries in
// what was read.
static inline wexec_handle wexec_kv_scan_start(wexec_handle call, const void *prefix, size_t len,
                                               const void *after, size_t after_len) {
    uint32_t head = (uint32_t)len;
    return wexec_start_parts_(call, "kv.scan", &head, sizeof head, prefix, len, after, after_len);
}

typedef struct {
    uint64_t version;
    uint32_t key_len, len; // of value
    const char *key, *value;
} wexec_kv_entry;

// Takes an entry from the front of the bytes of a scan, and moves *bytes and *len past
// it. Returns false if they don't have all of it yet.
static inline bool wexec_kv_cut(const char **bytes, size_t *len, wexec_kv_entry *entry) {
    const size_t head = 16;
    if (*len < head) return false;
    memcpy(&entry->version, *bytes, 8);
    memcpy(&entry->key_len, *bytes + 8, 4);
    memcpy(&entry->len, *bytes + 12, 4);
    if (*len - head < entry->key_len || *len - head - entry->key_len < entry->len) return false;
    entry->key = *bytes + head;
    entry->value = entry->key + entry->key_len;
    *bytes = entry->value + entry->len;
    *len -= head + entry->key_len + entry->len;
    return true;
}

#ifdef __cplusplus
}
#endif
