// Coroutines.
#pragma once

#include <optional>
#include <type_traits>
#include <variant>

#include "loop.hpp"

namespace wexec {

// A source has a value type, and ends once.
template <class S>
concept source = requires(S s, detail::waiter *w) {
    typename S::value_type;
    s.start();
    s.watch(w);
    { s.ended() } -> std::same_as<bool>;
    { s.failed() } -> std::same_as<bool>;
    { s.take() } -> std::same_as<result<typename S::value_type>>;
};

// Wraps what is awaited, so that co_await gives a result, which may be an error.
template <class S>
struct attempted {
    S inner;
};

// co_await wexec::attempt(x) gives a result. co_await x gives a value: if x fails, the
// coroutine ends there, with the same failure.
template <class S>
    requires source<std::remove_cvref_t<S>>
[[nodiscard]] attempted<S> attempt(S &&s) { return {std::forward<S>(s)}; }

namespace detail {

template <class S, bool Attempt>
struct awaiter : resumer {
    using source_type = std::remove_reference_t<S>;
    using value_type = source_type::value_type;
    S inner;

    explicit awaiter(S &&s) : inner(std::forward<S>(s)) {}
    awaiter(const awaiter &) = delete;
    ~awaiter() {
        if (promise == nullptr) return;
        inner.watch(nullptr);
        if (promise->queued) loop.unqueue(this);
    }

    // The result on its way from the source to await_resume, which comes next.
    [[clang::no_destroy]] static inline std::optional<result<value_type>> taken;

    // Takes the result. Returns whether the coroutine ends here because of it.
    bool ends_here() {
        taken.emplace(inner.take());
        if (Attempt || *taken) return false;
        promise->fail(std::move(taken->error()));
        return true;
    }
    static void on(waiter *w, event e) {
        auto *a = static_cast<awaiter *>(w);
        if (e != event::run) loop.enqueue(a);
        else if (!a->ends_here()) a->promise->self.resume();
    }

    bool await_ready() const noexcept { return false; }
    template <class P>
    bool await_suspend(std::coroutine_handle<P> h) {
        promise = &h.promise();
        inner.start();
        if (inner.ended()) return ends_here();
        act = &on;
        inner.watch(this);
        return true;
    }
    auto await_resume() {
        if constexpr (Attempt) return std::move(*taken);
        else if constexpr (!std::is_void_v<value_type>) return value_type(std::move(**taken));
    }
};

// Awaits a result that is there already.
template <class T>
struct result_awaiter {
    result<T> inner;
    bool await_ready() const noexcept { return inner.has_value(); }
    template <class P>
    void await_suspend(std::coroutine_handle<P> h) { h.promise().fail(std::move(inner.error())); }
    T await_resume() {
        if constexpr (!std::is_void_v<T>) return std::move(*inner);
    }
};

struct final_awaiter {
    bool await_ready() const noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> h) noexcept { h.promise().end(); }
    void await_resume() const noexcept {}
};

struct promise_awaits : promise_base {
    std::suspend_always initial_suspend() noexcept { return {}; }
    final_awaiter final_suspend() noexcept { return {}; }
    void unhandled_exception() { __builtin_trap(); }

    template <class S>
        requires source<std::remove_cvref_t<S>>
    auto await_transform(S &&s) { return awaiter<S, false>(std::forward<S>(s)); }
    template <class S>
    auto await_transform(attempted<S> &&a) { return awaiter<S, true>(std::forward<S>(a.inner)); }
    template <class T>
    auto await_transform(result<T> r) { return result_awaiter<T>{std::move(r)}; }
    auto await_transform(std::unexpected<error> e) { return result_awaiter<void>{std::move(e)}; }
};

template <class T>
struct promise;

} // namespace detail

// A coroutine that ends with a T or a failure. It runs when it is awaited, or spawned,
// and belongs to the call that does that. It is cancelled if the object goes away: what
// the coroutine holds is freed, and its ops are dropped.
template <class T = void>
class [[nodiscard]] task {
public:
    using value_type = T;
    using promise_type = detail::promise<T>;

    task(task &&from) noexcept : coroutine(std::exchange(from.coroutine, nullptr)) {}
    task &operator=(task &&from) noexcept {
        std::swap(coroutine, from.coroutine);
        return *this;
    }
    ~task() {
        if (coroutine != nullptr) coroutine->self.destroy();
    }

    void start() {
        if (coroutine == nullptr || coroutine->owner != nullptr) return;
        coroutine->owner = &detail::current();
        coroutine->self.resume();
    }
    bool ended() const { return coroutine == nullptr || coroutine->ended; }
    bool failed() const { return coroutine == nullptr || coroutine->failure != nullptr; }
    void watch(detail::waiter *w) {
        if (coroutine != nullptr) coroutine->watcher = w;
    }
    // Returns how the coroutine ended, and frees it.
    result<T> take() {
        if (coroutine == nullptr) return fail(status::failed, "wexec: the result of this coroutine was taken before");
        task gone = std::move(*this);
        return gone.coroutine->take();
    }
    detail::promise<T> *release() { return std::exchange(coroutine, nullptr); }

private:
    friend detail::promise<T>;
    explicit task(promise_type *p) : coroutine(p) {}
    promise_type *coroutine;
};

namespace detail {

template <class T>
struct promise : promise_awaits {
    std::optional<T> value;

    task<T> get_return_object() {
        self = std::coroutine_handle<promise>::from_promise(*this);
        return task<T>(this);
    }
    template <class U = T>
        requires std::convertible_to<U, result<T>>
    void return_value(U &&u) {
        result<T> r(std::forward<U>(u));
        if (r) value.emplace(std::move(*r));
        else failure = std::make_unique<error>(std::move(r.error()));
    }
    result<T> take() {
        if (failure) return std::unexpected(std::move(*failure));
        return std::move(*value);
    }
};

template <>
struct promise<void> : promise_awaits {
    task<void> get_return_object() {
        self = std::coroutine_handle<promise>::from_promise(*this);
        return task<void>(this);
    }
    void return_void() {}
    result<void> take() {
        if (failure) return std::unexpected(std::move(*failure));
        return {};
    }
};

} // namespace detail

// Runs a coroutine beside the one that calls this, until its first wait at once. Await
// what this returns, or keep it as long as the coroutine is to run.
template <class T>
task<T> spawn(task<T> t) {
    t.start();
    return t;
}

// Whether the result of the running call is no longer wanted. Its ops end as cancelled
// then, and so do new ones.
inline bool cancelled() { return detail::current().cancelled; }

} // namespace wexec
