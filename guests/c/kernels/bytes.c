// Kernels that work on bytes.
#include "kernels.h"

static void fill_bytes(uint8_t *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) bytes[i] = i % 251;
}

// ---- CRC-32 of n KiB ----

static uint32_t crc_table[256];

static void make_crc_table(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
        crc_table[byte] = crc;
    }
}

static uint32_t crc32(uint32_t crc, const uint8_t *bytes, size_t len) {
    crc = ~crc;
    for (size_t i = 0; i < len; i++) crc = crc_table[(crc ^ bytes[i]) & 0xff] ^ crc >> 8;
    return ~crc;
}

// Hashes the same KiB n times.
KERNEL(crc32) {
    uint8_t bytes[1024];
    make_crc_table();
    fill_bytes(bytes, sizeof bytes);
    uint32_t crc = 0;
    for (int32_t i = 0; i < n; i++) crc = crc32(crc, bytes, sizeof bytes);
    return crc;
}

// ---- SHA-256 of n KiB ----

// The fractions of the cube roots of the first 64 primes.
static const uint32_t sha_rounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, int bits) { return x >> bits | x << (32 - bits); }

static uint32_t load_big_endian(const uint8_t *b) {
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void store_big_endian(uint8_t *b, uint32_t x) {
    for (int i = 0; i < 4; i++) b[i] = x >> (24 - 8 * i);
}

enum { SHA_BLOCK = 64, SHA_SIZE = 32 };

static void sha_block(uint32_t state[8], const uint8_t block[SHA_BLOCK]) {
    uint32_t w[64];
    for (int i = 0; i < 16; i++) w[i] = load_big_endian(block + 4 * i);
    for (int i = 16; i < 64; i++) {
        uint32_t x = w[i - 15], y = w[i - 2];
        uint32_t s0 = rotate(x, 7) ^ rotate(x, 18) ^ x >> 3, s1 = rotate(y, 17) ^ rotate(y, 19) ^ y >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (int i = 0; i < 64; i++) {
        uint32_t s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22), most = (a & b) ^ (a & c) ^ (b & c);
        uint32_t s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25), choice = (e & f) ^ (~e & g);
        uint32_t sum = h + s1 + choice + sha_rounds[i] + w[i];
        h = g, g = f, f = e, e = d + sum;
        d = c, c = b, b = a, a = sum + s0 + most;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
    state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

static void sha256(const uint8_t *bytes, size_t len, uint8_t digest[SHA_SIZE]) {
    // The fractions of the square roots of the first 8 primes.
    uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    size_t whole = len / SHA_BLOCK * SHA_BLOCK, rest = len - whole;
    for (size_t at = 0; at < whole; at += SHA_BLOCK) sha_block(state, bytes + at);

    uint8_t end[2 * SHA_BLOCK] = {0};
    size_t end_len = rest + 9 <= SHA_BLOCK ? SHA_BLOCK : 2 * SHA_BLOCK;
    memcpy(end, bytes + whole, rest);
    end[rest] = 0x80;
    store_big_endian(end + end_len - 8, (uint64_t)len >> 29);
    store_big_endian(end + end_len - 4, (uint32_t)len << 3);
    for (size_t at = 0; at < end_len; at += SHA_BLOCK) sha_block(state, end + at);

    for (int i = 0; i < 8; i++) store_big_endian(digest + 4 * i, state[i]);
}

KERNEL(sha256) {
    size_t len = (size_t)n * 1024;
    uint8_t *bytes = allocate(len), digest[SHA_SIZE];
    fill_bytes(bytes, len);
    sha256(bytes, len, digest);
    free(bytes);
    return load_big_endian(digest);
}

// ---- Compression of n KiB of words, and decompression ----

// A packed text is a sequence of literals and matches. Literals are one byte with
// their count minus 1, then the literals. A match is one byte with 128 plus the
// length minus SHORTEST, then the distance back in two bytes, low byte first.
enum { SHORTEST = 4, LONGEST = SHORTEST + 127, MOST_LITERALS = 128, FARTHEST = 65535, HASH_BITS = 12 };

static uint32_t load(const uint8_t *b) {
    uint32_t x;
    memcpy(&x, b, sizeof x);
    return x;
}

static uint8_t *put_literals(uint8_t *out, const uint8_t *from, const uint8_t *to) {
    while (from < to) {
        size_t count = to - from < MOST_LITERALS ? to - from : MOST_LITERALS;
        *out++ = count - 1;
        memcpy(out, from, count);
        out += count;
        from += count;
    }
    return out;
}

static uint8_t *put_match(uint8_t *out, size_t length, size_t distance) {
    *out++ = 128 | (length - SHORTEST);
    *out++ = distance & 0xff;
    *out++ = distance >> 8;
    return out;
}

// Returns the packed length. out has room for the whole input as literals.
static size_t pack(const uint8_t *in, size_t len, uint8_t *out) {
    static uint32_t last[1 << HASH_BITS]; // index of the last bytes with that hash, plus 1
    memset(last, 0, sizeof last);
    uint8_t *start = out;
    size_t at = 0, literals = 0;
    while (at + SHORTEST <= len) {
        uint32_t hash = load(in + at) * 2654435769u >> (32 - HASH_BITS);
        size_t before = last[hash] - 1;
        bool seen = last[hash] > 0 && at - before <= FARTHEST && load(in + before) == load(in + at);
        last[hash] = at + 1;
        if (!seen) {
            at++;
            continue;
        }
        size_t length = SHORTEST;
        while (length < LONGEST && at + length < len && in[before + length] == in[at + length]) length++;
        out = put_literals(out, in + literals, in + at);
        out = put_match(out, length, at - before);
        at += length;
        literals = at;
    }
    return put_literals(out, in + literals, in + len) - start;
}

// Returns the unpacked length.
static size_t unpack(const uint8_t *in, size_t len, uint8_t *out) {
    const uint8_t *end = in + len, *start = out;
    while (in < end) {
        int what = *in++;
        if (what < 128) {
            memcpy(out, in, what + 1);
            in += what + 1;
            out += what + 1;
        } else {
            const uint8_t *from = out - (in[0] | in[1] << 8);
            in += 2;
            for (int i = 0; i < (what & 127) + SHORTEST; i++) *out++ = *from++;
        }
    }
    return out - start;
}

KERNEL(lz) {
    size_t len = (size_t)n * 1024, room = len + len / MOST_LITERALS + 1;
    char *text = allocate(len);
    uint8_t *packed = allocate(room), *back = allocate(len);
    fill_words(text, len);
    size_t packed_len = pack((uint8_t *)text, len, packed);
    bool same = unpack(packed, packed_len, back) == len && memcmp(text, back, len) == 0;
    int32_t hash = hash_bytes(packed, packed_len);
    free(text);
    free(packed);
    free(back);
    return same ? hash : -1;
}
