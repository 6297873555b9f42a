// Kernels that work on text.
#include "kernels.h"

static const char *const words[] = {
    "the", "quick", "brown", "fox", "jumps", "over", "a", "lazy",
    "dog", "while", "safepoints", "count", "down", "in", "every", "loop",
};

static const char *random_word(uint32_t *random) { return words[next_random(random) % (sizeof words / sizeof *words)]; }

void fill_words(char *text, size_t len) {
    uint32_t random = 1;
    for (size_t at = 0; at < len;) {
        for (const char *word = random_word(&random); *word != 0 && at < len; word++) text[at++] = *word;
        if (at < len) text[at++] = next_random(&random) % 8 == 0 ? '\n' : ' ';
    }
}

// ---- Search: looks n times for a few strings in 16 KiB of words ----

// The Boyer-Moore-Horspool algorithm. Matches do not overlap.
static int32_t count_places(const char *text, size_t len, const char *needle) {
    size_t needle_len = strlen(needle), skip[256];
    for (int c = 0; c < 256; c++) skip[c] = needle_len;
    for (size_t i = 0; i + 1 < needle_len; i++) skip[(uint8_t)needle[i]] = needle_len - 1 - i;
    int32_t count = 0;
    for (size_t at = 0; at + needle_len <= len;) {
        size_t i = needle_len;
        while (i > 0 && text[at + i - 1] == needle[i - 1]) i--;
        count += i == 0;
        at += i == 0 ? needle_len : skip[(uint8_t)text[at + needle_len - 1]];
    }
    return count;
}

KERNEL(search) {
    static char text[16 << 10];
    fill_words(text, sizeof text);
    int32_t count = 0;
    for (int32_t i = 0; i < n; i++) {
        count += count_places(text, sizeof text, "fox");
        count += count_places(text, sizeof text, "quick brown");
        count += count_places(text, sizeof text, "safepoints count down");
        count += count_places(text, sizeof text, "nowhere");
    }
    return count;
}

// ---- Regular expressions: counts the matching lines in n KiB of words ----

// An expression consists of characters, dots and classes such as [a-z]. Each may
// be followed by *, + or ?. The expression may end in $.
static const char *after_atom(const char *atom) { return (*atom == '[' ? strchr(atom, ']') : atom) + 1; }

static bool matches_atom(const char *atom, char c) {
    if (*atom == '.') return true;
    if (*atom != '[') return *atom == c;
    for (atom++; *atom != ']'; atom++) {
        if (atom[1] == '-' && atom[2] != ']') {
            if (atom[0] <= c && c <= atom[2]) return true;
            atom += 2;
        } else if (*atom == c) {
            return true;
        }
    }
    return false;
}

// Reports whether the expression matches at the beginning of the text.
static bool match_here(const char *expression, const char *text, const char *end) {
    if (*expression == 0) return true;
    if (strcmp(expression, "$") == 0) return text == end;
    const char *next = after_atom(expression);
    size_t least = *next != '*' && *next != '?';
    size_t most = *next == '*' || *next == '+' ? SIZE_MAX : 1;
    if (*next != 0 && strchr("*+?", *next) != NULL) next++;
    size_t count = 0;
    while (count < most && text + count < end && matches_atom(expression, text[count])) count++;
    for (count++; count-- > least;) {
        if (match_here(next, text + count, end)) return true;
    }
    return false;
}

static bool match(const char *expression, const char *text, const char *end) {
    for (; text <= end; text++) {
        if (match_here(expression, text, end)) return true;
    }
    return false;
}

static int32_t count_lines(const char *text, const char *end, const char *expression) {
    int32_t count = 0;
    while (text < end) {
        const char *line_end = memchr(text, '\n', end - text);
        if (line_end == NULL) line_end = end;
        count += match(expression, text, line_end);
        text = line_end + 1;
    }
    return count;
}

KERNEL(regex) {
    size_t len = (size_t)n * 1024;
    char *text = allocate(len);
    fill_words(text, len);
    int32_t count = 0;
    count += count_lines(text, text + len, "jumps? [d-o][a-z]*r");
    count += count_lines(text, text + len, "qu?.ck .*[c-f]o[gw]n?$");
    count += count_lines(text, text + len, "[a-z]+ the [aeiou]+ ?[b-dl]");
    free(text);
    return count;
}

// ---- JSON: writes n records, and reads them ----

struct text {
    char *bytes;
    size_t len;
};

static void put(struct text *t, const char *bytes) {
    size_t len = strlen(bytes);
    memcpy(t->bytes + t->len, bytes, len);
    t->len += len;
}

static void put_digits(struct text *t, uint32_t number, int least) {
    char digits[11], *at = digits + sizeof digits;
    for (*--at = 0; number > 0 || least > 0; number /= 10, least--) *--at = '0' + number % 10;
    put(t, at);
}

static void put_string(struct text *t, const char *s) {
    put(t, "\"");
    for (; *s != 0; s++) {
        uint8_t c = *s;
        if (c < ' ') {
            put(t, c < 16 ? "\\u000" : "\\u001");
            c = "0123456789abcdef"[c % 16];
        } else if (c == '"' || c == '\\') {
            put(t, "\\");
        }
        t->bytes[t->len++] = c;
    }
    put(t, "\"");
}

enum { MOST_RECORD = 200 };

static void put_record(struct text *t, uint32_t number, uint32_t *random) {
    put(t, "{\"number\": ");
    put_digits(t, number, 1);
    put(t, ", \"name\": ");
    put_string(t, "the \"quick\"\tfox \xc3\xa9");
    put(t, ", \"words\": [");
    for (uint32_t i = number % 4; i > 0; i--) {
        put_string(t, random_word(random));
        if (i > 1) put(t, ", ");
    }
    put(t, "], \"score\": -");
    put_digits(t, next_random(random) % 1000, 1);
    put(t, ".");
    put_digits(t, next_random(random) % 4 * 25, 2);
    put(t, ", \"even\": ");
    put(t, number % 2 == 0 ? "true" : "false");
    put(t, ", \"next\": null}");
}

static struct text write_records(int32_t n) {
    struct text t = {.bytes = allocate((size_t)n * MOST_RECORD + 3)};
    uint32_t random = 1;
    put(&t, "[");
    for (int32_t i = 0; i < n; i++) {
        if (i > 0) put(&t, ",\n");
        put_record(&t, i, &random);
    }
    put(&t, "]");
    t.bytes[t.len] = 0;
    return t;
}

enum kind { NIL, FALSE, TRUE, NUMBER, STRING, ARRAY, OBJECT };

// The elements of an array and the members of an object are linked lists.
struct value {
    enum kind kind;
    double number;
    struct text string, key;
    struct value *first, *next;
};

static void free_value(struct value *v) {
    while (v != NULL) {
        struct value *next = v->next;
        free_value(v->first);
        free(v);
        v = next;
    }
}

// The text ends in a zero byte. A reader moves the cursor past what it read, or
// fails.

static void skip_space(char **at) { *at += strspn(*at, " \t\r\n"); }

static bool read_word(char **at, const char *word) {
    size_t len = strlen(word);
    if (strncmp(*at, word, len) != 0) return false;
    *at += len;
    return true;
}

static bool read_hex(char **at, uint32_t *number) {
    *number = 0;
    for (int i = 0; i < 4; i++) {
        const char *digits = "0123456789abcdef", *digit = **at == 0 ? NULL : strchr(digits, **at | 0x20);
        if (digit == NULL) return false;
        *number = *number << 4 | (digit - digits);
        ++*at;
    }
    return true;
}

// Writes a character below 65536 as UTF-8, and returns the end.
static char *put_utf8(char *to, uint32_t c) {
    if (c < 0x80) {
        *to++ = c;
    } else if (c < 0x800) {
        *to++ = 0xc0 | c >> 6;
        *to++ = 0x80 | (c & 0x3f);
    } else {
        *to++ = 0xe0 | c >> 12;
        *to++ = 0x80 | (c >> 6 & 0x3f);
        *to++ = 0x80 | (c & 0x3f);
    }
    return to;
}

// A string is never longer than its JSON, so it is decoded in place.
static bool read_string(char **at, struct text *string) {
    if (!read_word(at, "\"")) return false;
    string->bytes = *at;
    char *to = *at;
    for (;;) {
        uint8_t c = *(*at)++;
        if (c == '"') break;
        if (c < ' ') return false;
        if (c != '\\') {
            *to++ = c;
            continue;
        }
        c = *(*at)++;
        static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
        const char *escape = c == 0 ? NULL : strchr(escapes, c);
        uint32_t code;
        if (escape != NULL) {
            *to++ = meanings[escape - escapes];
        } else if (c == 'u' && read_hex(at, &code)) {
            to = put_utf8(to, code);
        } else {
            return false;
        }
    }
    string->len = to - string->bytes;
    return true;
}

static bool is_digit(char c) { return '0' <= c && c <= '9'; }

// Numbers have no exponent here. They are exact if they have few digits.
static bool read_number(char **at, double *number) {
    bool negative = read_word(at, "-");
    if (!is_digit(**at)) return false;
    double digits = 0, scale = 1;
    while (is_digit(**at)) digits = 10 * digits + (*(*at)++ - '0');
    if (read_word(at, ".")) {
        for (; is_digit(**at); scale *= 10) digits = 10 * digits + (*(*at)++ - '0');
    }
    *number = (negative ? -digits : digits) / scale;
    return true;
}

static struct value *read_value(char **at);

// Reads the rest of an array or object.
static bool read_list(char **at, struct value *list) {
    const char *end = list->kind == ARRAY ? "]" : "}";
    skip_space(at);
    if (read_word(at, end)) return true;
    for (struct value **last = &list->first;; last = &(*last)->next) {
        struct text key = {0};
        skip_space(at);
        if (list->kind == OBJECT) {
            if (!read_string(at, &key)) return false;
            skip_space(at);
            if (!read_word(at, ":")) return false;
        }
        *last = read_value(at);
        if (*last == NULL) return false;
        (*last)->key = key;
        skip_space(at);
        if (read_word(at, end)) return true;
        if (!read_word(at, ",")) return false;
    }
}

static bool read_kind(char **at, struct value *v) {
    switch (**at) {
    case 'n': v->kind = NIL; return read_word(at, "null");
    case 'f': v->kind = FALSE; return read_word(at, "false");
    case 't': v->kind = TRUE; return read_word(at, "true");
    case '"': v->kind = STRING; return read_string(at, &v->string);
    case '[': v->kind = ARRAY; ++*at; return read_list(at, v);
    case '{': v->kind = OBJECT; ++*at; return read_list(at, v);
    default: v->kind = NUMBER; return read_number(at, &v->number);
    }
}

// Returns NULL for text that is not JSON.
static struct value *read_value(char **at) {
    struct value *v = allocate(sizeof *v);
    *v = (struct value){0};
    skip_space(at);
    if (read_kind(at, v)) return v;
    free_value(v);
    return NULL;
}

// The hash does not depend on the order of an object's members.
static uint32_t hash_value(const struct value *v) {
    uint32_t hash = hash_step(HASH_SEED, v->kind);
    switch (v->kind) {
    case NIL: case FALSE: case TRUE: break;
    case NUMBER: return hash_step(hash, (int32_t)(v->number * 4));
    case STRING: return hash_bytes(v->string.bytes, v->string.len);
    case ARRAY:
        for (const struct value *e = v->first; e != NULL; e = e->next) hash = hash_step(hash, hash_value(e));
        break;
    case OBJECT:
        for (const struct value *m = v->first; m != NULL; m = m->next) {
            hash += hash_step(hash_bytes(m->key.bytes, m->key.len), hash_value(m));
        }
        break;
    }
    return hash;
}

KERNEL(json) {
    struct text t = write_records(n);
    char *at = t.bytes;
    struct value *v = read_value(&at);
    int32_t hash = v == NULL || *at != 0 ? -1 : (int32_t)hash_value(v);
    free_value(v);
    free(t.bytes);
    return hash;
}
