// A unit test, without a host. Sleeps are skipped, pages and other tasks are scripted.

#include <cassert>

#include "testing.hpp"

int main() {
    wexec::testing::host host;
    host.pages["https://example.com/"] = {.status = 200, .body = "<title>Hello</title>"};
    assert(host.run("title", R"("https://example.com/")").output == R"("Hello")");
    assert(host.run("title", R"("https://example.org/")").status == wexec::status::denied);
}
