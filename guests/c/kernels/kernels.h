// Kernels: small programs of the usual kinds, for the question what safepoints
// cost. Each is an export int32_t name(int32_t n) that works for longer the
// greater n is, and returns a checksum of what it found: the same on every
// machine. guests/go/kernels has some of them in Go, with the same checksums.
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

// The next number of an xorshift generator. Its state is not 0.
static inline uint32_t next_random(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

// A step of FNV-1a, which starts with HASH_SEED.
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
