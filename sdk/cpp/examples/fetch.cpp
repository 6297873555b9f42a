// A task that makes an HTTP request.

#include "wexec.hpp"

static wexec::task<std::optional<std::string>> title(std::string url) {
    wexec::response page = co_await wexec::fetch(url);
    size_t from = page.body.find("<title>"), to = page.body.find("</title>");
    if (from > to || to == std::string::npos) co_return std::nullopt;
    co_return page.body.substr(from + 7, to - from - 7);
}

WEXEC_TASKS(wexec::io<title>("title", "Returns the title of a page.", {.uses = {"http.fetch"}}))
