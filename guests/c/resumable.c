// A guest in resumable style: a small event loop that holds any number of calls
// in one instance. A sleeping call takes four bytes, and other calls take none.
// It does not use WEXEC_TASKS or the waiting functions of wexec.h, which are for
// direct guests.
#include "wexec.h"

// In the order of the manifest.
enum { NOOP, ECHO, SLEEP, TRAP };

__asm__(R"(
    .section .custom_section.wexec.v1,"",@
    .ascii "{\"tasks\":["
    .ascii "{\"name\":\"noop\",\"mode\":\"io\",\"doc\":\"Does nothing.\"},"
    .ascii "{\"name\":\"echo\",\"mode\":\"io\",\"doc\":\"Outputs its input.\"},"
    .ascii "{\"name\":\"sleep\",\"mode\":\"io\","
    .ascii "\"doc\":\"Sleeps.\\nInput: how many milliseconds. Output: slept.\"},"
    .ascii "{\"name\":\"trap\",\"mode\":\"io\",\"doc\":\"Traps.\"}"
    .ascii "]}"
    .text
)");

// ---- Sleep ----

// The sleeping calls, indexed by the lower bits of the op's handle. The table is
// in pieces, which are allocated when needed and never move. To the ABI a handle
// is any number. In practice the lower 24 bits are a small number that the host
// reuses, and the upper bits count how often. So no two live ops have the same
// index, and the table has about as many places as there are ops.
enum { PLACE_BITS = 24, PIECE_BITS = 12 };

static wexec_handle *sleepers[1 << (PLACE_BITS - PIECE_BITS)];

static wexec_handle *sleeper(wexec_handle op) {
    uint32_t place = op & ((1 << PLACE_BITS) - 1);
    wexec_handle **piece = &sleepers[place >> PIECE_BITS];
    if (*piece == NULL) *piece = wexec_alloc(sizeof **piece << PIECE_BITS);
    return *piece + (place & ((1 << PIECE_BITS) - 1));
}

static void start_sleep(wexec_handle call) {
    char digits[12]; // so few that the nanoseconds can't overflow
    uint32_t len = wexec_input(call, digits, sizeof digits, 0);
    bool ok = 0 < len && len <= sizeof digits;
    uint64_t ms = 0;
    for (uint32_t i = 0; ok && i < len; i++) {
        ok = '0' <= digits[i] && digits[i] <= '9';
        ms = 10 * ms + (uint64_t)(digits[i] - '0');
    }
    if (!ok) {
        static const char text[] = "want milliseconds, in at most 12 decimal digits";
        wexec_fail(call, -WEXEC_INVALID_INPUT, text, sizeof text - 1);
        return;
    }
    uint64_t ns = ms * 1000000;
    static const char capability[] = "clock.sleep";
    *sleeper(wexec_op_start(call, capability, sizeof capability - 1, &ns, sizeof ns)) = call;
}

// Drops the op before it ends the call. Dropping names the call, and the host can
// only blame a call for a trap while it is alive.
static void end_sleep(wexec_handle op, uint32_t status) {
    wexec_handle call = *sleeper(op);
    if (status == WEXEC_OK) {
        wexec_op_drop(op);
        wexec_output_text(call, "slept");
        return;
    }
    char message[256];
    uint32_t len = wexec_op_result(op, message, sizeof message, 0);
    if (len > sizeof message) len = sizeof message;
    wexec_op_drop(op);
    wexec_fail(call, -(int32_t)status, message, len);
}

// ---- Tasks that end at once ----

// Reads into a buffer that the next call reuses.
static void echo(wexec_handle call) {
    static char *input;
    static uint32_t room;
    uint32_t len = wexec_input(call, input, room, 0);
    if (len > room) {
        free(input);
        input = wexec_alloc(len);
        room = len;
        wexec_input(call, input, room, 0);
    }
    wexec_output(call, input, len);
}

// Names its call before it traps, so that the host knows which call is at fault.
static void trap(wexec_handle call) {
    wexec_input(call, NULL, 0, 0);
    __builtin_trap();
}

static void run(uint32_t task, wexec_handle call) {
    switch (task) {
    case NOOP: wexec_output(call, NULL, 0); break;
    case ECHO: echo(call); break;
    case SLEEP: start_sleep(call); break;
    case TRAP: trap(call); break;
    }
}

// ---- The loop ----

struct event {
    uint32_t kind, handle, detail, len;
};

enum { CALL = 1, OP = 2, CANCEL = 3 };

static void handle(struct event event) {
    switch (event.kind) {
    case CALL: run(event.detail, event.handle); break;
    case OP: end_sleep(event.handle, event.detail); break;
    case CANCEL:
        // There is nothing to do. Every live call here has an op, and the host
        // has cancelled it. The event of the op ends the call. It may come before
        // or after this event; if it came before, this handle is dead.
        break;
    }
}

enum { WAIT, AGAIN };

// BATCHES is how many batches of events the guest takes before it returns.
enum { BATCHES = 16, BATCH = 256 };

__attribute__((export_name("wexec_resume")))
uint32_t wexec_resume(void) {
    static struct event events[BATCH];
    for (int i = 0; i < BATCHES; i++) {
        uint32_t n = wexec_next(events, BATCH);
        if (n == 0) return WAIT;
        for (uint32_t j = 0; j < n; j++) handle(events[j]);
    }
    return AGAIN;
}
