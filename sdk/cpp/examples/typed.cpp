// A task whose input is an object, and which may fail with a code of its own.

#include <cmath>

#include "wexec.hpp"

struct sides {
    double a, b;
};
WEXEC_FIELDS(sides, a, b)

static wexec::result<double> hypotenuse(sides s) {
    constexpr int no_triangle = 2;
    if (s.a <= 0 || s.b <= 0) return wexec::fail(no_triangle, "a triangle has sides longer than 0");
    return std::hypot(s.a, s.b);
}

WEXEC_TASKS(wexec::blocking<hypotenuse>("hypotenuse", "Returns the longest side of a right triangle."))
