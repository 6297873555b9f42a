// A task that makes an HTTP request.

#include "wexec.h"
#include "wexec_json.h"

static void title(wexec_handle call) {
    char url[2048], json[1024];
    size_t len;
    char *input = wexec_read(call, &len);
    wexec_json value;
    bool ok = wexec_json_parse(input, len, &value) && wexec_json_text(value, url, sizeof url, NULL);
    free(input);
    if (!ok) {
        wexec_failf(call, -WEXEC_INVALID_INPUT, "want a URL as a JSON string");
        return;
    }
    wexec_result page = wexec_take(wexec_fetch_start(call, "GET", url));
    if (wexec_fail_op(call, page)) return;
    char *body = wexec_split(page.data, page.len, &len);
    char *from = strstr(body, "<title>"), *to = strstr(body, "</title>");
    wexec_json_writer w = wexec_json_to(json, sizeof json);
    if (from == NULL || to < from) wexec_json_put_json(&w, "null", 4);
    else wexec_json_put_text(&w, from + 7, (size_t)(to - from - 7));
    free(page.data);
    if (wexec_json_written(&w, &len)) wexec_output(call, json, len);
    else wexec_failf(call, 1, "the title is too long");
}

WEXEC_TASKS(WEXEC_TASK(title, io, "Returns the title of a page.", "uses": ["http.fetch"]))
