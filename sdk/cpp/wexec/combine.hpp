// Waiting for several sources: all, select and timeout. What lost is dropped, and so
// cancelled, with the combination.
#pragma once

#include "ops.hpp"

namespace wexec {

namespace detail {

// What waits for several sources on behalf of one waiter: until so many have ended or, if
// fast, one has failed.
struct group : waiter {
    waiter *outer = nullptr;
    size_t left = 0;
    bool fast = false;

    static void on(waiter *w, event e) {
        auto *g = static_cast<group *>(w);
        const bool failed = e == event::failed;
        if (--g->left == 0 || (failed && g->fast)) notify(g->outer, failed);
    }
    void set(waiter *w, size_t count, bool fail_fast) {
        act = &on;
        outer = w, left = count, fast = fail_fast;
    }
};

// A value that can be in a tuple or variant.
template <class T>
using item = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
item<T> unwrap(result<T> &r) {
    if constexpr (std::is_void_v<T>) return {};
    else return std::move(*r);
}

} // namespace detail

// The values of all sources, or the first failure.
template <source... S>
class all_of {
public:
    using value_type = std::tuple<detail::item<typename S::value_type>...>;
    explicit all_of(S &&...s) : sources(std::move(s)...) {}
    void start() {
        each([](auto &s) { s.start(); });
    }
    bool ended() const { return open() == 0 || failed(); }
    bool failed() const {
        bool any = false;
        each([&](auto &s) { any |= s.ended() && s.failed(); });
        return any;
    }
    void watch(detail::waiter *w) {
        group.set(w, open(), true);
        each([&](auto &s) { s.watch(w == nullptr ? nullptr : &group); });
    }
    result<value_type> take() {
        std::optional<error> bad;
        auto note = [&](auto &r) {
            if (!r && !bad) bad = std::move(r.error());
        };
        each([&](auto &s) {
            if (!s.ended() || !s.failed() || bad) return;
            auto r = s.take();
            note(r);
        });
        if (bad) return std::unexpected(std::move(*bad));
        auto results = std::apply([](auto &...s) { return std::tuple{s.take()...}; }, sources);
        return std::apply(
            [&](auto &...r) -> result<value_type> {
                (note(r), ...);
                if (bad) return std::unexpected(std::move(*bad));
                return value_type{detail::unwrap(r)...};
            },
            results);
    }

private:
    template <class F>
    void each(F f) { std::apply([&](auto &...s) { (f(s), ...); }, sources); }
    template <class F>
    void each(F f) const { std::apply([&](auto &...s) { (f(s), ...); }, sources); }
    size_t open() const {
        size_t n = 0;
        each([&](auto &s) { n += !s.ended(); });
        return n;
    }
    std::tuple<S...> sources;
    detail::group group;
};

// The same for as many sources as you like, of one type.
template <source S>
class all_in {
    using T = S::value_type;

public:
    using value_type = std::conditional_t<std::is_void_v<T>, void, std::vector<detail::item<T>>>;
    explicit all_in(std::vector<S> s) : sources(std::move(s)) {}
    void start() {
        for (S &s : sources) s.start();
    }
    bool ended() const { return open() == 0 || failed(); }
    bool failed() const {
        for (const S &s : sources)
            if (s.ended() && s.failed()) return true;
        return false;
    }
    void watch(detail::waiter *w) {
        group.set(w, open(), true);
        for (S &s : sources) s.watch(w == nullptr ? nullptr : &group);
    }
    result<value_type> take() {
        std::vector<detail::item<T>> values;
        const bool bad = failed();
        for (S &s : sources) {
            if (bad && !(s.ended() && s.failed())) continue;
            auto r = s.take();
            if (!r) return std::unexpected(std::move(r.error()));
            if constexpr (!std::is_void_v<T>) values.push_back(std::move(*r));
        }
        if constexpr (!std::is_void_v<T>) return values;
        else return {};
    }

private:
    size_t open() const {
        size_t n = 0;
        for (const S &s : sources) n += !s.ended();
        return n;
    }
    std::vector<S> sources;
    detail::group group;
};

// Waits for all sources. At the first failure it ends with that, and drops the others:
//
//     auto [page, stored] = co_await wexec::all(wexec::fetch(url), load(key));
//     std::vector<int> sums = co_await wexec::all(std::move(tasks));
template <source... S>
[[nodiscard]] all_of<S...> all(S... s) { return all_of<S...>(std::move(s)...); }
template <source S>
[[nodiscard]] all_in<S> all(std::vector<S> s) { return all_in<S>(std::move(s)); }

// The result of the source that ends first; its index is that of the source.
template <source... S>
class select_of {
public:
    using value_type = std::variant<result<typename S::value_type>...>;
    explicit select_of(S &&...s) : sources(std::move(s)...) {}
    void start() { each([](auto &s) { s.start(); }); }
    bool ended() const { return std::apply([](auto &...s) { return (s.ended() || ...); }, sources); }
    bool failed() const { return false; }
    void watch(detail::waiter *w) {
        group.set(w, 1, false);
        each([&](auto &s) { s.watch(w == nullptr ? nullptr : &group); });
    }
    result<value_type> take() { return take_first<0>(); }

private:
    template <class F>
    void each(F f) { std::apply([&](auto &...s) { (f(s), ...); }, sources); }
    template <size_t I>
    value_type take_first() {
        if constexpr (I + 1 < sizeof...(S))
            if (!std::get<I>(sources).ended()) return take_first<I + 1>();
        return value_type(std::in_place_index<I>, std::get<I>(sources).take());
    }
    std::tuple<S...> sources;
    detail::group group;
};

// Waits for the first source that ends, in whatever way, and drops the others.
template <source... S>
[[nodiscard]] select_of<S...> select(S... s) { return select_of<S...>(std::move(s)...); }

// A source that fails with status::timeout if it takes longer than the time.
template <source S>
class timed {
public:
    using value_type = S::value_type;
    timed(std::chrono::nanoseconds time, S &&s) : timer(sleep(time)), inner(std::move(s)) {}
    void start() { inner.start(); }
    bool ended() const { return inner.ended() || timer.ended(); }
    bool failed() const { return !inner.ended() || inner.failed(); }
    void watch(detail::waiter *w) {
        group.set(w, 1, false);
        inner.watch(w == nullptr ? nullptr : &group);
        timer.watch(w == nullptr ? nullptr : &group);
    }
    result<value_type> take() {
        if (inner.ended()) return inner.take();
        result<> slept = timer.take();
        if (!slept) return std::unexpected(std::move(slept.error()));
        return fail(status::timeout, "timed out");
    }

private:
    op_nothing timer;
    S inner;
    detail::group group;
};

// co_await wexec::timeout(1s, wexec::fetch(url))
template <source S>
[[nodiscard]] timed<S> timeout(std::chrono::nanoseconds time, S s) { return {time, std::move(s)}; }

} // namespace wexec
