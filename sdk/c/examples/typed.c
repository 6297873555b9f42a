// A task whose input is an object, and which may fail with a code of its own.

#include <math.h>

#include "wexec.h"
#include "wexec_json.h"

enum { NO_TRIANGLE = 2 };

static void hypotenuse(wexec_handle call) {
    size_t len;
    char *input = wexec_read(call, &len);
    wexec_json sides;
    double a, b;
    bool ok = wexec_json_parse(input, len, &sides) && wexec_json_number(wexec_json_field(sides, "a"), &a) &&
              wexec_json_number(wexec_json_field(sides, "b"), &b);
    free(input);
    if (!ok) {
        wexec_failf(call, -WEXEC_INVALID_INPUT, "want an object with the numbers a and b");
    } else if (a <= 0 || b <= 0) {
        wexec_failf(call, NO_TRIANGLE, "a triangle has sides longer than 0");
    } else {
        wexec_outputf(call, "%.17g", hypot(a, b));
    }
}

WEXEC_TASKS(
    WEXEC_TASK(hypotenuse, blocking, "Returns the longest side of a right triangle.",
        "input": {"type": "object", "required": ["a", "b"]},
        "output": {"type": "number"}))
