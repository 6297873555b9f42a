// Unit tests of the SDK, on the host of testing.hpp. Built with the address sanitizer,
// they also check who frees what.
#include <chrono>
#include <memory>

#include "testing.hpp"

using namespace std::chrono_literals;
using wexec::bytes;
using wexec::task;

// ---- The tasks ----

static int destroyed;

struct guard {
    ~guard() { destroyed++; }
};

static task<int> later(int n, std::chrono::nanoseconds time = 1ms) {
    guard g;
    co_await wexec::sleep(time);
    co_return n;
}

static task<int> broken(std::chrono::nanoseconds time) {
    co_await wexec::sleep(time);
    co_return wexec::fail(9, "broken");
}

static task<int> deep(int n) { co_return n == 0 ? 0 : 1 + co_await deep(n - 1); }

static task<int> chain(int n) {
    if (n == 0) co_return co_await broken(1ms);
    guard g;
    co_return co_await chain(n - 1);
}

static task<int> loops(int n) {
    int sum = 0;
    for (int i = 0; i < n; i++) sum += co_await deep(0) + 1;
    co_return sum;
}

static task<int> adds() {
    auto [a, b, none] = co_await wexec::all(later(1, 3ms), wexec::call<int>("later", 2), wexec::sleep(2ms));
    (void)none;
    std::vector<task<int>> more;
    for (int i = 0; i < 100; i++) more.push_back(later(i, std::chrono::milliseconds(100 - i)));
    int sum = a + b;
    for (int n : co_await wexec::all(std::move(more))) sum += n;
    co_return sum;
}

static task<int> one_breaks() {
    guard g;
    auto r = co_await wexec::attempt(wexec::all(later(1, 1h), broken(1ms)));
    if (r || r.error().code != 9) co_return 0;
    auto [a, b] = co_await wexec::all(later(1, 2ms), broken(1ms));
    co_return a + b;
}

static task<std::string> races() {
    auto first = co_await wexec::select(later(1, 1h), wexec::start("no.such"), later(2, 2h));
    auto second = co_await wexec::select(later(1, 3ms), later(2, 2ms));
    auto third = co_await wexec::attempt(wexec::timeout(5ms, later(1, 1h)));
    auto fourth = co_await wexec::timeout(1h, later(4, 1ms));
    co_return std::to_string(first.index()) + std::to_string(*std::get<1>(second)) +
        (third.error().status == wexec::status::timeout ? "t" : "?") + std::to_string(fourth);
}

static task<int> spawns() {
    auto a = wexec::spawn(later(1, 5ms)), b = wexec::spawn(later(2, 5ms));
    auto dropped = wexec::spawn(later(3, 1h));
    co_await wexec::sleep(1ms);
    co_return co_await a + co_await b;
}

static task<> twice() {
    auto op = wexec::sleep(1ms);
    co_await op;
    auto again = co_await wexec::attempt(op);
    if (!again) co_await std::unexpected(again.error());
}

static task<bytes> cleans_up() {
    guard g;
    auto slept = co_await wexec::attempt(wexec::sleep(1h));
    std::string seen = wexec::cancelled() && slept.error().status == wexec::status::cancelled ? "seen" : "?";
    auto again = co_await wexec::attempt(wexec::sleep(1ms));
    wexec::log(seen + (again ? "" : " again"));
    co_return "cleaned";
}

static task<bytes> emits(int n) {
    co_await wexec::write(std::string(200'000, 'x'));
    for (int i = 0; i < n; i++) {
        co_await wexec::progress(i, n, "a \"line\"\n");
        co_await wexec::write(std::to_string(i));
    }
    co_return "end";
}

struct point {
    double x;
    std::optional<int> y;
    std::vector<std::string> names;
    bool operator==(const point &) const = default;
};
WEXEC_FIELDS(point, x, y, names)

static wexec::result<point> mirror(const point &p) {
    if (p.x < 0) return wexec::fail(3, "x is negative");
    return p;
}

static task<int> later_task(int n) { co_return co_await later(n); }

static task<bytes> asks(bytes url) {
    auto page = co_await wexec::fetch({.url = url, .headers = {{"accept", "a/\"b\""}}});
    auto name = co_await wexec::config("name");
    auto none = co_await wexec::config("none");
    co_return std::to_string(page.status) + std::string(page.find("etag")) + page.body + name.value() +
        (none ? "?" : "");
}

WEXEC_TASKS(
    wexec::io<later_task>("later", "d"), wexec::io<deep>("deep", "d"), wexec::io<chain>("chain", "d"),
    wexec::io<loops>("loops", "d"), wexec::io<adds>("adds", "d"), wexec::io<one_breaks>("one_breaks", "d"),
    wexec::io<races>("races", "d"), wexec::io<spawns>("spawns", "d"), wexec::io<twice>("twice", "d"),
    wexec::blocking<cleans_up>("cleans_up", "d"), wexec::io<emits>("emits", "d"), wexec::cpu<mirror>("mirror", "d"),
    wexec::io<asks>("asks", "d", {.timeout_ms = 5, .uses = {"http", "config.get"}}))

// ---- The tests ----

static int failures;

static void check(bool ok, const char *what, const wexec::testing::end &e) {
    if (ok) return;
    failures++;
    std::printf("FAIL %s: status %u, code %d, output %.99s, message %s\n", what, static_cast<unsigned>(e.status),
                e.code, e.output.c_str(), e.message.c_str());
}

// Runs a task that must end with an output and free all that it held.
static void ends(wexec::testing::host &host, const char *task, std::string input, std::string output) {
    auto e = host.run(task, std::move(input));
    check(e.status == wexec::status::ok && e.output == output, task, e);
    check(host.ops_alive() == 0, "no op is left", e);
}

static void fails(wexec::testing::host &host, const char *task, std::string input, wexec::status status, int code,
                  std::string message) {
    auto e = host.run(task, std::move(input));
    check(e.status == status && e.code == code && e.message == message, task, e);
    check(host.ops_alive() == 0, "no op is left", e);
}

int main() {
    using wexec::status;
    wexec::testing::host host;
    ends(host, "later", "5", "5");
    ends(host, "deep", "500", "500");
    ends(host, "loops", "200000", "200000"); // the stack would not hold as many
    ends(host, "adds", "", "4953");
    ends(host, "races", "", "\"12t4\"");
    ends(host, "spawns", "", "3");
    check(host.run("spawns").took == 5ms, "spawned tasks run at once", {});
    fails(host, "one_breaks", "", status::failed, 9, "broken");
    fails(host, "twice", "", status::failed, 0, "wexec: the result of this op was taken before");

    destroyed = 0;
    fails(host, "chain", "50", status::failed, 9, "broken");
    check(destroyed == 50, "a failure frees what coroutines hold", {});

    destroyed = 0;
    auto e = host.run("cleans_up", "", 1s);
    check(e.output == "cleaned" && host.log.back() == "seen again" && destroyed == 1, "cancel", e);
    e = host.run("later", "1", 1us);
    check(e.status == status::cancelled && e.took == 1us, "a cancelled coroutine ends", e);
    e = host.run("adds", "", 50ms);
    check(e.status == status::cancelled && host.ops_alive() == 0, "a cancelled all ends", e);

    for (bool slow : {false, true}) {
        host.slow_reader = slow;
        e = host.run("emits", "3");
        check(e.output == std::string(200'000, 'x') + "012end" && e.progress.size() == 3 &&
                  e.progress[1] == R"({"done":1,"total":3,"message":"a \"line\"\u000a"})",
              "emits", e);
    }

    ends(host, "mirror", R"({"x": 1.5, "names": ["a", "\u00e9\ud83d\ude00\n"], "z": [{}]})",
         "{\"x\":1.5,\"y\":null,\"names\":[\"a\",\"é😀\\u000a\"]}");
    ends(host, "mirror", R"({"x":2e3,"y":-7,"names":[]})", R"({"x":2000,"y":-7,"names":[]})");
    fails(host, "mirror", R"({"x":-1,"names":[]})", status::failed, 3, "x is negative");
    const std::pair<const char *, const char *> wrong[] = {
        {R"({"x":1})", "input.names: is missing"},
        {R"({"x":"1","names":[]})", "input.x: want a number"},
        {R"({"x":1,"y":1.5,"names":[]})", "input.y: want a whole number of 32 bits"},
        {R"({"x":1,"y":2147483648,"names":[]})", "input.y: want a whole number of 32 bits"},
        {R"({"x":1,"names":["a",2]})", "input.names[1]: want a string"},
        {"[]", "input: want an object"},
        {"", "input: want an object"},
        {"{\"x\":1,}", "input: not JSON"},
        {"{} {}", "input: not JSON"},
    };
    for (auto [input, message] : wrong) fails(host, "mirror", input, status::invalid_input, 0, message);

    host.pages["http://a/"] = {.status = 201, .headers = {{"etag", "e"}}, .body = "body"};
    host.config["name"] = "value";
    ends(host, "asks", "http://a/", "201ebodyvalue");
    fails(host, "asks", "http://b/", status::denied, 0, "http.fetch is not scripted");
    host.tasks["later"] = [](std::string_view) { return wexec::fail(4, "scripted"); };
    fails(host, "adds", "", status::failed, 4, "scripted");

    std::puts(failures == 0 ? "ok" : "FAILED");
    return failures != 0;
}
