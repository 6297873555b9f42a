// Tests of wexec_json.h.
#include "wexec_json.h"

static int failures;

static void check(bool ok, const char *what) {
    if (ok) return;
    failures++;
    printf("FAIL %s\n", what);
}

static wexec_json parsed(const char *text) {
    wexec_json v = {NULL, 0};
    wexec_json_parse(text, strlen(text), &v);
    return v;
}

// Each text, and each beginning of it, has only what wexec_json_parse may read.
static void syntax(void) {
    static const char *const good[] = {
        "null", " true ", "false", "0", "-0", "12", "-1.5e+10", "1E9", "\"\"", "\"a\\\"\\u00e9\\n\"",
        "[]", "[ ]", "{}",
        "[1,[2,{}],\"x\"]", "{\"a\":1,\"b\":[{\"c\":null}]}", "\t{ \"a\" : [ 1 , 2 ] }\n",
    };
    static const char *const bad[] = {
        "", " ", "nul", "nulll", "+1", "01", "1.", ".5", "1e", "-", "\"", "\"\\x\"", "\"\\u12\"", "\"\n\"", "[", "]",
        "[1,]", "[,1]", "[1 2]", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:2}", "[}", "{]", "1 2", "[1]]",
        "\"\\", "{\"a\":1]",
    };
    wexec_json v;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        size_t len = strlen(good[i]);
        check(wexec_json_parse(good[i], len, &v), good[i]);
        for (size_t cut = 0; cut < len; cut++) {
            char *copy = malloc(cut + 1);
            memcpy(copy, good[i], cut);
            wexec_json_parse(copy, cut, &v);
            free(copy);
        }
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) check(!wexec_json_parse(bad[i], strlen(bad[i]), &v), bad[i]);
    for (int depth = 64; depth <= 65; depth++) {
        char deep[130];
        memset(deep, '[', (size_t)depth);
        memset(deep + depth, ']', (size_t)depth);
        check(wexec_json_parse(deep, 2 * (size_t)depth, &v) == (depth == 64), "depth");
    }
}

static void values(void) {
    wexec_json v = parsed("{\"a\": 1, \"list\": [1, \"two\", {\"x\": [3]}], \"a\": -9223372036854775808, "
                          "\"e\\u006e\": 2.5, \"\": {}}");
    int64_t n;
    double d;
    bool b;
    check(wexec_json_integer(wexec_json_field(v, "a"), &n) && n == INT64_MIN, "the last of two fields");
    check(wexec_json_number(wexec_json_field(v, "en"), &d) && d == 2.5, "a name with an escape");
    check(wexec_json_kind_of(wexec_json_field(v, "")) == WEXEC_JSON_OBJECT, "the empty name");
    check(wexec_json_kind_of(wexec_json_field(v, "none")) == WEXEC_JSON_NONE, "no field");
    check(wexec_json_field(parsed("[1]"), "a").len == 0, "a field of an array");
    int items = 0;
    for (wexec_json_item i = wexec_json_items(wexec_json_field(v, "list")); wexec_json_next(&i);) items++;
    check(items == 3, "three items");
    items = 0;
    for (wexec_json_item i = wexec_json_items(v); wexec_json_next(&i);) items += i.key.len > 0 && i.value.len > 0;
    check(items == 5, "five fields");
    wexec_json_item none = wexec_json_items(parsed("7"));
    check(!wexec_json_next(&none), "a number has no items");
    check(!wexec_json_integer(parsed("9223372036854775808"), &n), "too large");
    check(!wexec_json_integer(parsed("1.0"), &n) && !wexec_json_integer(parsed("\"1\""), &n), "no whole number");
    check(!wexec_json_number(parsed("\"1\""), &d) && !wexec_json_bool(parsed("1"), &b), "other types");
    check(wexec_json_bool(parsed("true"), &b) && b, "true");
    check(wexec_json_bool(parsed("false"), &b) && !b, "false");
}

static void text(void) {
    static const char escaped[] = "\"\\u00e9\\ud83d\\ude00\\ud800x\\/\\t\"";
    static const char want[] = "\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbdx/\t";
    wexec_json v = parsed(escaped);
    for (size_t cap = 0; cap < sizeof escaped; cap++) {
        char *dst = malloc(cap + 1);
        size_t len;
        dst[cap] = 'z';
        bool ok = wexec_json_text(v, dst, cap, &len);
        check(dst[cap] == 'z', "a text does not leave its buffer");
        if (ok) check(len == sizeof want - 1 && memcmp(dst, want, sizeof want) == 0, "a text");
        if (cap >= v.len) check(ok, "a text fits");
        free(dst);
    }
}

static void writing(void) {
    static const char want[] = "{\"a\":[1,-2,true,null,0.5],\"b\\\"\":\"x\\u000ay\",\"c\":{},\"d\":[]}";
    for (size_t cap = 0; cap <= sizeof want; cap++) {
        char *dst = malloc(cap + 1);
        dst[cap] = 'z';
        wexec_json_writer w = wexec_json_to(dst, cap);
        wexec_json_open(&w, '{');
        wexec_json_key(&w, "a");
        wexec_json_open(&w, '[');
        wexec_json_put_integer(&w, 1);
        wexec_json_put_integer(&w, -2);
        wexec_json_put_bool(&w, true);
        wexec_json_put_number(&w, INFINITY);
        wexec_json_put_number(&w, 0.5);
        wexec_json_close(&w, ']');
        wexec_json_key(&w, "b\"");
        wexec_json_put_text(&w, "x\ny", 3);
        wexec_json_key(&w, "c");
        wexec_json_open(&w, '{');
        wexec_json_close(&w, '}');
        wexec_json_key(&w, "d");
        wexec_json_open(&w, '[');
        wexec_json_close(&w, ']');
        wexec_json_close(&w, '}');
        size_t len;
        check(dst[cap] == 'z', "a writer does not leave its buffer");
        check(wexec_json_written(&w, &len) == (cap >= sizeof want - 1), "fits");
        if (cap >= sizeof want - 1) check(len == sizeof want - 1 && memcmp(dst, want, len) == 0, "written");
        free(dst);
    }
}

int main(void) {
    syntax();
    values();
    text();
    writing();
    return failures != 0;
}
