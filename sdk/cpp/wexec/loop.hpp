// The event loop: the calls and ops of this instance, and the coroutines that can run.
#pragma once

#include <coroutine>
#include <memory>
#include <vector>

#include "error.hpp"

namespace wexec::detail {

// What waits for a source, which is anything that ends once: an op, a task, a
// combination of these. A source calls act when it ends. The loop calls it with run.
enum class event { ended, failed, run };

struct waiter {
    void (*act)(waiter *, event);
};

inline void notify(waiter *&watcher, bool failed) {
    if (waiter *w = std::exchange(watcher, nullptr)) w->act(w, failed ? event::failed : event::ended);
}

struct call;

// The part of a coroutine's promise that is the same for every type of result.
struct promise_base {
    std::coroutine_handle<> self;
    call *owner = nullptr; // nullptr until it has started
    waiter *watcher = nullptr;
    std::unique_ptr<error> failure;
    bool ended = false;
    bool queued = false; // its awaiter is in loop.ready

    void end() {
        ended = true;
        notify(watcher, failure != nullptr);
    }
    // Ends the coroutine where it waits. Its owner destroys it.
    void fail(error e) {
        failure = std::make_unique<error>(std::move(e));
        end();
    }
};

// The awaiter of a coroutine.
struct resumer : waiter {
    promise_base *promise = nullptr; // nullptr until it waits
};

// What waits for room for what a call emits.
struct emitter {
    emitter *next = nullptr;
    bool (*retry)(emitter *); // returns false if there is no room yet
};

struct handled {
    wexec_handle handle;
};

struct call : handled {
    using output_of = result<std::string>(promise_base *);
    promise_base *root = nullptr;
    output_of *output = nullptr; // of the root, once it has ended
    emitter *emitters = nullptr;
    bool cancelled = false;
};

// Maps handles to objects. A handle may be any number. In
// practice the lower bits are a small number that the host reuses, and the upper bits
// count how often. So the lower bits are a place in a table, and objects that find theirs
// taken go elsewhere.
class table {
    static constexpr uint32_t place_bits = 24, piece_bits = 8, piece_size = 1 << piece_bits;
    struct piece {
        handled *at[piece_size] = {};
    };
    std::vector<std::unique_ptr<piece>> pieces;
    std::vector<handled *> others;

    handled *&place(uint32_t handle) {
        uint32_t i = handle & ((1u << place_bits) - 1);
        if (i >> piece_bits >= pieces.size()) pieces.resize((i >> piece_bits) + 1);
        auto &p = pieces[i >> piece_bits];
        if (!p) p = std::make_unique<piece>();
        return p->at[i & (piece_size - 1)];
    }

public:
    void put(handled *object) {
        handled *&at = place(object->handle);
        if (at == nullptr) at = object;
        else others.push_back(object);
    }
    handled *find(uint32_t handle) {
        if (handled *at = place(handle); at != nullptr && at->handle == handle) return at;
        for (handled *other : others)
            if (other->handle == handle) return other;
        return nullptr;
    }
    void replace(handled *object, handled *by) { // by is nullptr to remove it
        if (handled *&at = place(object->handle); at == object) {
            at = by;
            return;
        }
        for (handled *&other : others)
            if (other == object) {
                if (by == nullptr) by = others.back(), other = by, others.pop_back();
                else other = by;
                return;
            }
    }
};

struct loop_state {
    table calls, ops;
    std::vector<resumer *> ready; // nullptr where one is gone
    size_t next_ready = 0;
    call *current = nullptr;      // the call whose code runs
    call *named = nullptr;        // the call that the host would blame for a trap

    void enqueue(resumer *r) {
        r->promise->queued = true;
        ready.push_back(r);
    }
    void unqueue(resumer *r) {
        for (size_t i = next_ready; i < ready.size(); i++)
            if (ready[i] == r) ready[i] = nullptr;
    }
};

[[clang::no_destroy]] inline constinit loop_state loop;

// Returns the call whose code runs. There is none while globals are made.
inline call &current() {
    if (loop.current == nullptr) {
        log("wexec: an op starts outside a task", level::error);
        __builtin_trap();
    }
    return *loop.current;
}

// Runs the code of a call from here on. The host learns which call would be at fault.
inline void enter(call &c) {
    loop.current = &c;
    if (std::exchange(loop.named, &c) != &c) wexec_input(c.handle, nullptr, 0, 0);
}

inline void send(wexec_handle call, const result<std::string> &r) {
    if (r) {
        wexec_output(call, r->data(), static_cast<uint32_t>(r->size()));
        return;
    }
    const error &e = r.error();
    int32_t code = e.code > 0 ? e.code : -static_cast<int32_t>(e.status);
    wexec_fail(call, code, e.message.data(), static_cast<uint32_t>(e.message.size()));
}

// Ends a call whose root has ended. What the coroutines hold is freed first: the host can
// blame a call only while it is alive.
inline void finish(call &c) {
    result<std::string> output =
        c.root->failure ? std::unexpected(std::move(*c.root->failure)) : c.output(c.root);
    c.root->self.destroy();
    loop.current = loop.named = nullptr;
    loop.calls.replace(&c, nullptr);
    send(c.handle, output);
    delete &c;
}

// Lets those emit that wait for room, in their order.
inline void make_room(call &c) {
    while (c.emitters != nullptr && c.emitters->retry(c.emitters)) c.emitters = c.emitters->next;
}

inline void run_ready() {
    for (; loop.next_ready < loop.ready.size(); loop.next_ready++) {
        resumer *r = loop.ready[loop.next_ready];
        if (r == nullptr) continue;
        call &c = *r->promise->owner;
        r->promise->queued = false;
        enter(c);
        r->act(r, event::run);
        if (c.root->ended) finish(c);
    }
    loop.ready.clear();
    loop.next_ready = 0;
}

// An op that has been started. It is dropped with the object.
struct op_base : handled {
    uint32_t len = 0; // of the result or message
    waiter *watcher = nullptr;
    status how = status::ok;
    bool live = true; // not dropped
    bool done = false;

    op_base(std::string_view capability, std::string_view argument)
        : handled{wexec_op_start(current().handle, capability.data(), static_cast<uint32_t>(capability.size()),
                                 argument.data(), static_cast<uint32_t>(argument.size()))} {
        loop.ops.put(this);
    }
    op_base(op_base &&from)
        : handled(from), len(from.len), watcher(std::exchange(from.watcher, nullptr)), how(from.how),
          live(std::exchange(from.live, false)), done(from.done) {
        if (live) loop.ops.replace(&from, this);
    }
    op_base &operator=(op_base &&from) {
        if (this != &from) {
            this->~op_base();
            new (this) op_base(std::move(from));
        }
        return *this;
    }
    ~op_base() { drop(); }

    void drop() {
        if (!live) return;
        live = false;
        loop.ops.replace(this, nullptr);
        wexec_op_drop(handle);
    }

    void start() {}
    bool ended() const { return done || !live; }
    bool failed() const { return how != status::ok || !live; }
    void watch(waiter *w) { watcher = w; }
    void cancel() {
        if (!ended()) wexec_op_cancel(handle);
    }
    void finish(status s, uint32_t size) {
        how = s, len = size, done = true;
        notify(watcher, s != status::ok);
    }

    // Returns the result of an op that has ended, and drops it.
    result<std::string> take() {
        if (!live) return fail(status::failed, "wexec: the result of this op was taken before");
        std::string text(len, 0);
        if (len > 0) wexec_op_result(handle, text.data(), len, 0);
        int32_t code = how == status::failed ? static_cast<int32_t>(wexec_op_code(handle)) : 0;
        drop();
        if (how == status::ok) return text;
        return std::unexpected(error{how, code, std::move(text)});
    }
};

// Starts a call, if it is one of a coroutine.
using start_call = void (*)(wexec_handle call, uint32_t len);

struct wire_event {
    uint32_t kind, handle, detail, len;
};

inline void handle(const wire_event &e, const start_call *tasks) {
    enum { CALL = 1, OP, CANCEL, ROOM };
    if (e.kind == CALL) {
        tasks[e.detail](e.handle, e.len);
    } else if (e.kind == OP) {
        auto *op = static_cast<op_base *>(loop.ops.find(e.handle));
        if (op != nullptr) op->finish(static_cast<status>(e.detail), e.len);
    } else if (e.kind == CANCEL || e.kind == ROOM) {
        auto *c = static_cast<call *>(loop.calls.find(e.handle));
        if (c == nullptr) return;
        c->cancelled |= e.kind == CANCEL; // its ops end as cancelled, which wakes it
        enter(*c);
        make_room(*c);
    }
}

// Takes the host's events and runs what can run. Returns what wexec_resume must return.
inline uint32_t resume(const start_call *tasks) {
    constexpr int batches = 16, batch = 64;
    static wire_event events[batch];
    loop.named = nullptr;
    for (int i = 0; i < batches; i++) {
        uint32_t n = wexec_next(events, batch);
        if (n == 0) return 0;
        for (uint32_t j = 0; j < n; j++) {
            handle(events[j], tasks);
            loop.current = nullptr;
        }
        run_ready();
        loop.current = nullptr;
    }
    return 1;
}

} // namespace wexec::detail
