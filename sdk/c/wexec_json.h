// wexec_json.h reads and writes JSON in memory that the caller has. It allocates
// nothing, and nests at most 64 levels.
//
//     wexec_json input, name;
//     char text[64];
//     if (!wexec_json_parse(bytes, len, &input) ||
//         !wexec_json_text(wexec_json_field(input, "name"), text, sizeof text, NULL)) …
//
//     char out[256];
//     wexec_json_writer w = wexec_json_to(out, sizeof out);
//     wexec_json_open(&w, '{');
//     wexec_json_key(&w, "sum");
//     wexec_json_put_integer(&w, 5);
//     wexec_json_close(&w, '}');
//     if (wexec_json_written(&w, &len)) … // false if it did not fit
#pragma once

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- Reading ----

// A value is the part of the text that spells it: len is 0 if there is no such value.
typedef struct {
    const char *at;
    size_t len;
} wexec_json;

typedef enum {
    WEXEC_JSON_NONE,
    WEXEC_JSON_NULL,
    WEXEC_JSON_BOOL,
    WEXEC_JSON_NUMBER,
    WEXEC_JSON_STRING,
    WEXEC_JSON_ARRAY,
    WEXEC_JSON_OBJECT,
} wexec_json_kind;

static inline wexec_json_kind wexec_json_kind_of(wexec_json value) {
    if (value.len == 0) return WEXEC_JSON_NONE;
    switch (*value.at) {
    case 'n': return WEXEC_JSON_NULL;
    case 't':
    case 'f': return WEXEC_JSON_BOOL;
    case '"': return WEXEC_JSON_STRING;
    case '[': return WEXEC_JSON_ARRAY;
    case '{': return WEXEC_JSON_OBJECT;
    default: return WEXEC_JSON_NUMBER;
    }
}

// These move past a part of the text, or return NULL if it is not there.
static inline const char *wexec_json_space_(const char *p, const char *end) {
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')) p++;
    return p;
}

static inline const char *wexec_json_digits_(const char *p, const char *end) {
    const char *first = p;
    while (p < end && '0' <= *p && *p <= '9') p++;
    return p > first ? p : NULL;
}

static inline const char *wexec_json_number_(const char *p, const char *end) {
    if (p < end && *p == '-') p++;
    p = p < end && *p == '0' ? p + 1 : wexec_json_digits_(p, end);
    if (p != NULL && p < end && *p == '.') p = wexec_json_digits_(p + 1, end);
    if (p != NULL && p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-')) p++;
        p = wexec_json_digits_(p, end);
    }
    return p;
}

// Reads the four digits of \uXXXX, or returns -1.
static inline int wexec_json_hex_(const char *p, const char *end) {
    int code = 0;
    if (end - p < 4) return -1;
    for (int i = 0; i < 4; i++) {
        char lower = (char)(p[i] | 0x20);
        if ('0' <= p[i] && p[i] <= '9') code = code * 16 + p[i] - '0';
        else if ('a' <= lower && lower <= 'f') code = code * 16 + lower - 'a' + 10;
        else return -1;
    }
    return code;
}

static inline const char *wexec_json_string_(const char *p, const char *end) {
    if (p == end || *p++ != '"') return NULL;
    for (; p < end && *p != '"'; p++) {
        if ((unsigned char)*p < ' ') return NULL;
        if (*p != '\\') continue;
        if (++p == end || *p == 0 || strchr("\"\\/bfnrtu", *p) == NULL) return NULL;
        if (*p != 'u') continue;
        if (wexec_json_hex_(p + 1, end) < 0) return NULL;
        p += 4;
    }
    return p < end ? p + 1 : NULL;
}

static inline const char *wexec_json_word_(const char *p, const char *end, const char *word) {
    size_t len = strlen(word);
    return (size_t)(end - p) >= len && memcmp(p, word, len) == 0 ? p + len : NULL;
}

static inline const char *wexec_json_scalar_(const char *p, const char *end) {
    switch (*p) {
    case 'n': return wexec_json_word_(p, end, "null");
    case 't': return wexec_json_word_(p, end, "true");
    case 'f': return wexec_json_word_(p, end, "false");
    case '"': return wexec_json_string_(p, end);
    default: return wexec_json_number_(p, end);
    }
}

// Moves past a key and its colon.
static inline const char *wexec_json_key_(const char *p, const char *end) {
    p = wexec_json_string_(wexec_json_space_(p, end), end);
    if (p == NULL) return NULL;
    p = wexec_json_space_(p, end);
    return p < end && *p == ':' ? p + 1 : NULL;
}

// Moves past the value that begins at p. One bit a level tells objects from arrays.
static inline const char *wexec_json_value_(const char *p, const char *end) {
    uint64_t objects = 0;
    int depth = 0;
    for (;;) {
        p = wexec_json_space_(p, end);
        if (p == end) return NULL;
        if (*p == '{' || *p == '[') {
            if (depth++ == 64) return NULL;
            objects = objects << 1 | (*p == '{');
            p = wexec_json_space_(p + 1, end);
            if (p == end) return NULL;
            if (*p != (objects & 1 ? '}' : ']')) {
                if (objects & 1 && (p = wexec_json_key_(p, end)) == NULL) return NULL;
                continue;
            }
        } else {
            p = wexec_json_scalar_(p, end);
            if (p == NULL) return NULL;
        }
        for (;; p++, objects >>= 1, depth--) {
            if (depth == 0) return p;
            p = wexec_json_space_(p, end);
            if (p == end) return NULL;
            if (*p == ',') break;
            if (*p != (objects & 1 ? '}' : ']')) return NULL;
        }
        p++;
        if (objects & 1 && (p = wexec_json_key_(p, end)) == NULL) return NULL;
    }
}

// Finds the value that the text is, and checks all of it. Returns false if the text is
// not one value. The values below are parts of a value that was checked.
static inline bool wexec_json_parse(const char *text, size_t len, wexec_json *value) {
    const char *end = text + len, *at = wexec_json_space_(text, end);
    const char *after = wexec_json_value_(at, end);
    if (after == NULL || wexec_json_space_(after, end) != end) return false;
    value->at = at;
    value->len = (size_t)(after - at);
    return true;
}

// The items of an array or object, one after the other:
//
//     for (wexec_json_item i = wexec_json_items(value); wexec_json_next(&i);) … i.key, i.value
//
// The key of an item of an array is none. Other values have no items.
typedef struct {
    wexec_json key, value;
    const char *rest, *end;
} wexec_json_item;

static inline wexec_json_item wexec_json_items(wexec_json container) {
    wexec_json_item item = {{NULL, 0}, {NULL, 0}, container.at, container.at + container.len};
    if (wexec_json_kind_of(container) < WEXEC_JSON_ARRAY) item.rest = item.end;
    return item;
}

static inline bool wexec_json_next(wexec_json_item *item) {
    if (item->rest == item->end) return false;
    const char *at = wexec_json_space_(item->rest + 1, item->end); // after a bracket or comma
    if (*at == ']' || *at == '}') return false;
    if (item->end[-1] == '}') {
        item->key.at = at;
        item->key.len = (size_t)(wexec_json_string_(at, item->end) - at);
        at = wexec_json_space_(wexec_json_key_(at, item->end), item->end);
    }
    item->value.at = at;
    at = wexec_json_value_(at, item->end);
    item->value.len = (size_t)(at - item->value.at);
    item->rest = wexec_json_space_(at, item->end);
    if (*item->rest != ',') item->rest = item->end;
    return true;
}

static inline bool wexec_json_bool(wexec_json value, bool *b) {
    *b = value.len == 4;
    return wexec_json_kind_of(value) == WEXEC_JSON_BOOL;
}

// Reads a whole number. Returns false if the value is none, or has more than 64 bits.
static inline bool wexec_json_integer(wexec_json value, int64_t *n) {
    const bool negative = value.len > 0 && *value.at == '-';
    *n = 0;
    for (size_t i = negative; i < value.len; i++) {
        if (value.at[i] < '0' || '9' < value.at[i]) return false;
        int64_t digit = value.at[i] - '0';
        if (__builtin_mul_overflow(*n, 10, n) || __builtin_add_overflow(*n, negative ? -digit : digit, n)) return false;
    }
    return value.len > negative;
}

// Reads a number of at most 63 characters.
static inline bool wexec_json_number(wexec_json value, double *n) {
    char text[64];
    if (wexec_json_kind_of(value) != WEXEC_JSON_NUMBER || value.len >= sizeof text) return false;
    memcpy(text, value.at, value.len);
    text[value.len] = 0;
    *n = strtod(text, NULL);
    return true;
}

static inline char *wexec_json_utf8_(char *out, uint32_t c) {
    if (c < 0x80) {
        *out++ = (char)c;
        return out;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    *out++ = (char)((0x780 >> more & 0xff) | c >> 6 * more);
    while (more-- > 0) *out++ = (char)(0x80 | (c >> 6 * more & 0x3f));
    return out;
}

// Reads \uXXXX at *p, or two of them, and moves *p to the last character.
static inline uint32_t wexec_json_unicode_(const char **p, const char *end) {
    uint32_t c = (uint32_t)wexec_json_hex_(*p + 1, end);
    *p += 4;
    if (c < 0xd800 || 0xdfff < c) return c;
    int low = end - *p > 6 && (*p)[1] == '\\' && (*p)[2] == 'u' ? wexec_json_hex_(*p + 3, end) : -1;
    if (c > 0xdbff || low < 0xdc00 || 0xdfff < low) return 0xfffd; // half of a pair
    *p += 6;
    return 0x10000 + ((c - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
}

// Reads a string into dst, and a NUL after it, which is not counted in *len; len may be
// NULL. Returns false if the value is none, or if it may not fit: value.len bytes are
// always enough.
static inline bool wexec_json_text(wexec_json value, char *dst, size_t cap, size_t *len) {
    if (wexec_json_kind_of(value) != WEXEC_JSON_STRING) return false;
    char *out = dst, *limit = dst + cap;
    const char *end = value.at + value.len - 1;
    for (const char *p = value.at + 1; p < end; p++) {
        if (limit - out < 5) { // 4 bytes of UTF-8 and the NUL: count what is left
            size_t left = (size_t)(end - p);
            if (left >= (size_t)(limit - out)) return false;
        }
        if (*p != '\\') {
            *out++ = *p;
            continue;
        }
        static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
        const char *escape = strchr(from, *++p);
        if (*p == 'u') out = wexec_json_utf8_(out, wexec_json_unicode_(&p, end));
        else *out++ = escape != NULL ? to[escape - from] : *p;
    }
    if (out == limit) return false;
    *out = 0;
    if (len != NULL) *len = (size_t)(out - dst);
    return true;
}

// Returns the field of an object that has the name, the last if there are several; none
// if there is none, or the value is no object. Names of more than 255 bytes don't match.
static inline wexec_json wexec_json_field(wexec_json object, const char *name) {
    wexec_json found = {NULL, 0};
    char key[256];
    size_t len, want = strlen(name);
    if (wexec_json_kind_of(object) != WEXEC_JSON_OBJECT) return found;
    for (wexec_json_item i = wexec_json_items(object); wexec_json_next(&i);)
        if (wexec_json_text(i.key, key, sizeof key, &len) && len == want && memcmp(key, name, len) == 0)
            found = i.value;
    return found;
}

// ---- Writing ----

typedef struct {
    char *begin, *at, *end;
    bool comma, full;
} wexec_json_writer;

static inline wexec_json_writer wexec_json_to(char *dst, size_t cap) {
    wexec_json_writer w = {dst, dst, dst + cap, false, false};
    return w;
}

static inline void wexec_json_put_(wexec_json_writer *w, const char *text, size_t len) {
    if (w->full || (size_t)(w->end - w->at) < len) {
        w->full = true;
        return;
    }
    memcpy(w->at, text, len);
    w->at += len;
}

// Puts a value that is spelt in JSON already.
static inline void wexec_json_put_json(wexec_json_writer *w, const char *text, size_t len) {
    if (w->comma) wexec_json_put_(w, ",", 1);
    wexec_json_put_(w, text, len);
    w->comma = true;
}

// Opens an array or object, with '[' or '{'. What is put until it is closed goes there.
static inline void wexec_json_open(wexec_json_writer *w, char bracket) {
    wexec_json_put_json(w, &bracket, 1);
    w->comma = false;
}

static inline void wexec_json_close(wexec_json_writer *w, char bracket) {
    wexec_json_put_(w, &bracket, 1);
    w->comma = true;
}

static inline void wexec_json_put_text(wexec_json_writer *w, const char *text, size_t len) {
    wexec_json_put_json(w, "\"", 1);
    for (size_t i = 0; i < len; i++) {
        char escape[8] = {'\\', text[i]};
        if ((unsigned char)text[i] < ' ') wexec_json_put_(w, escape, (size_t)sprintf(escape, "\\u%04x", text[i]));
        else if (text[i] == '"' || text[i] == '\\') wexec_json_put_(w, escape, 2);
        else wexec_json_put_(w, text + i, 1);
    }
    wexec_json_put_(w, "\"", 1);
}

// Puts the name of the field whose value follows.
static inline void wexec_json_key(wexec_json_writer *w, const char *name) {
    wexec_json_put_text(w, name, strlen(name));
    wexec_json_put_(w, ":", 1);
    w->comma = false;
}

static inline void wexec_json_put_integer(wexec_json_writer *w, int64_t n) {
    char text[24];
    wexec_json_put_json(w, text, (size_t)sprintf(text, "%lld", (long long)n));
}

// Puts a number. One that JSON does not have is null.
static inline void wexec_json_put_number(wexec_json_writer *w, double n) {
    char text[32];
    wexec_json_put_json(w, text, (size_t)(isfinite(n) ? sprintf(text, "%.17g", n) : sprintf(text, "null")));
}

static inline void wexec_json_put_bool(wexec_json_writer *w, bool b) {
    wexec_json_put_json(w, b ? "true" : "false", b ? 4 : 5);
}

// Returns whether all of it fitted, and its length.
static inline bool wexec_json_written(const wexec_json_writer *w, size_t *len) {
    *len = (size_t)(w->at - w->begin);
    return !w->full;
}

#ifdef __cplusplus
}
#endif
