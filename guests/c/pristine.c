// Tasks that leave traces in an instance, and tasks that look for them. Tests and
// benchmarks of fresh instances use them.
#include <unistd.h>

#include "wexec.h"

enum { PAGE = 64 << 10 };

static void noop(wexec_handle call) { wexec_output(call, NULL, 0); }

// ---- Traces ----

// seek gets the secret masked, so that its input is not a copy of it: every byte
// is XORed with MASK.
enum { MASK = 0x55 };

// Fills memory with whole copies of the secret, and counts them. The empty
// assembler statement may read the memory, as far as the compiler knows, so the
// compiler can't omit the copies.
static unsigned long fill(char *to, size_t size, const char *secret, size_t len) {
    unsigned long copies = size / len;
    for (unsigned long i = 0; i < copies; i++) memcpy(to + i * len, secret, len);
    __asm__ volatile("" : : "r"(to) : "memory");
    return copies;
}

static unsigned long fill_static(const char *secret, size_t len) {
    static char hidden[8 << 10];
    return fill(hidden, sizeof hidden, secret, len);
}

static unsigned long fill_heap(const char *secret, size_t len) {
    enum { BLOCKS = 16, BLOCK = 1 << 10 };
    unsigned long copies = 0;
    for (int i = 0; i < BLOCKS; i++) {
        char *block = malloc(BLOCK);
        if (block != NULL) copies += fill(block, BLOCK, secret, len);
    }
    return copies;
}

// Has its own frame, and leaves its contents on the stack.
__attribute__((noinline))
static unsigned long fill_stack(const char *secret, size_t len) {
    char hidden[16 << 10];
    return fill(hidden, sizeof hidden, secret, len);
}

// Grows the memory by pages that malloc does not manage.
static unsigned long fill_pages(const char *secret, size_t len) {
    enum { PAGES = 4 };
    size_t end = __builtin_wasm_memory_grow(0, PAGES);
    return end == SIZE_MAX ? 0 : fill((char *)(end * PAGE), PAGES * PAGE, secret, len);
}

static void hide(wexec_handle call) {
    size_t len;
    char *secret = wexec_read(call, &len);
    if (len == 0) {
        wexec_failf(call, 1, "want a secret");
    } else {
        unsigned long copies = fill_static(secret, len);
        copies += fill_heap(secret, len);
        copies += fill_stack(secret, len);
        copies += fill_pages(secret, len);
        wexec_outputf(call, "%lu", copies);
    }
    free(secret);
}

// Counts the copies of the secret in the whole memory, from address 0 on. It
// unmasks one byte at a time, so it makes no copy itself. Without volatile, the
// compiler may assume that nothing is at address 0.
static unsigned long count(const unsigned char *masked, size_t len) {
    const volatile unsigned char *memory = NULL;
    uint64_t end = (uint64_t)__builtin_wasm_memory_size(0) * PAGE;
    unsigned long copies = 0;
    for (uint64_t at = 0; at + len <= end; at++) {
        size_t same = 0;
        while (same < len && (memory[at + same] ^ MASK) == masked[same]) same++;
        if (same < len) continue;
        copies++;
        at += len - 1;
    }
    return copies;
}

static void seek(wexec_handle call) {
    size_t len;
    char *masked = wexec_read(call, &len);
    if (len == 0) {
        wexec_failf(call, 1, "want a masked secret");
    } else {
        wexec_outputf(call, "%lu", count((unsigned char *)masked, len));
    }
    free(masked);
}

static void size(wexec_handle call) {
    wexec_outputf(call, "%zu", (size_t)__builtin_wasm_memory_size(0));
}

// The task is named random. The function is not, because libc has a random.
static void draw(wexec_handle call) {
    unsigned char bytes[8];
    if (getentropy(bytes, sizeof bytes) != 0) {
        wexec_failf(call, 1, "getentropy failed");
        return;
    }
    char hex[2 * sizeof bytes + 1];
    for (size_t i = 0; i < sizeof bytes; i++) snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    wexec_output_text(call, hex);
}

// ---- Ways to end ----

static void fail(wexec_handle call) { wexec_failf(call, 7, "told to fail"); }

static void trap(wexec_handle call) {
    (void)call;
    __builtin_trap();
}

static void spin(wexec_handle call) {
    (void)call;
    for (;;) {
    }
}

// Writes to every page that it gets, so that the host has to provide real memory.
static void grow(wexec_handle call) {
    (void)call;
    enum { PAGES = 16 };
    size_t end;
    while ((end = __builtin_wasm_memory_grow(0, PAGES)) != SIZE_MAX) {
        for (size_t i = 0; i < PAGES; i++) *(volatile char *)((end + i) * PAGE) = 1;
    }
    __builtin_trap();
}

static void exit3(wexec_handle call) {
    (void)call;
    exit(3);
}

WEXEC_TASKS(
    WEXEC_TASK(noop, blocking, "Does nothing."),
    WEXEC_TASK_NAMED("noop_io", noop, io, "Does nothing."),
    WEXEC_TASK_NAMED("noop_cpu", noop, cpu, "Does nothing."),
    WEXEC_TASK(hide, cpu,
        "Leaves copies of a secret everywhere.\nInput: the secret. Output: how many copies."),
    WEXEC_TASK(seek, cpu,
        "Looks for a secret everywhere.\nInput: its bytes XOR 0x55. Output: how many copies."),
    WEXEC_TASK(size, cpu, "Outputs the size of the memory, in pages."),
    WEXEC_TASK_NAMED("random", draw, blocking, "Outputs 8 random bytes of getentropy, in hex."),
    WEXEC_TASK(fail, blocking, "Fails with code 7."),
    WEXEC_TASK(trap, cpu, "Traps."),
    WEXEC_TASK(spin, cpu, "Never ends."),
    WEXEC_TASK(grow, cpu, "Takes all memory there is, and traps."),
    WEXEC_TASK_NAMED("exit", exit3, blocking, "Exits with code 3."))
