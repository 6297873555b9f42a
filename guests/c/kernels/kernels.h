// Kernels: small programs of common kinds that measure the cost of safepoints.
// Each is an export int32_t name(int32_t n) that does more work for a larger n.
// It returns a checksum of its result, which is the same on every machine.
// guests/go/kernels has some of them in Go, with the same checksums.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define KERNEL(name) __attribute__((export_name(#name))) int32_t kernel_##name(int32_t n)

// Allocates, or traps.
static inline void *allocate(size_t size) {
    void *memory = malloc(size);
    if (memory == NULL && size > 0) __builtin_trap();
    return memory;
}

// Returns the next number of an xorshift generator. The state must not be 0.
static inline uint32_t next_random(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

// One step of FNV-1a, which starts with HASH_SEED.
#define HASH_SEED 2166136261u

static inline uint32_t hash_step(uint32_t hash, uint32_t value) { return (hash ^ value) * 16777619; }

static inline uint32_t hash_bytes(const void *bytes, size_t len) {
    const uint8_t *b = bytes;
    uint32_t hash = HASH_SEED;
    for (size_t i = 0; i < len; i++) hash = hash_step(hash, b[i]);
    return hash;
}

// Fills a text with lines of random words.
void fill_words(char *text, size_t len);
