// Kernels that compute with integers.
#include "kernels.h"

// ---- The recursive Fibonacci number ----

static int32_t fib(int32_t n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

KERNEL(fib) { return fib(n); }

// ---- Pancakes: counts the flips that bring 0 to the front, over all permutations of n numbers ----

enum { MOST_PANCAKES = 16 };

struct permutation {
    int n, at[MOST_PANCAKES], turns[MOST_PANCAKES];
};

// Moves to the next permutation. Returns false if there is none.
static bool permute(struct permutation *p) {
    for (int i = 1; i < p->n; i++) {
        int first = p->at[0];
        memmove(p->at, p->at + 1, i * sizeof *p->at);
        p->at[i] = first;
        if (++p->turns[i] <= i) return true;
        p->turns[i] = 0;
    }
    return false;
}

static int flips(const struct permutation *p) {
    int at[MOST_PANCAKES], count = 0;
    memcpy(at, p->at, p->n * sizeof *at);
    for (; at[0] != 0; count++) {
        for (int low = 0, high = at[0]; low < high; low++, high--) {
            int swapped = at[low];
            at[low] = at[high];
            at[high] = swapped;
        }
    }
    return count;
}

KERNEL(fannkuch) {
    if (n > MOST_PANCAKES) return -1;
    struct permutation p = {.n = n};
    for (int i = 0; i < n; i++) p.at[i] = i;
    int most = 0, checksum = 0, sign = 1;
    do {
        int count = flips(&p);
        if (count > most) most = count;
        checksum += sign * count;
        sign = -sign;
    } while (permute(&p));
    return checksum * 100 + most;
}

// ---- The game of life: n generations on a torus ----

enum { WIDTH = 128, HEIGHT = 64 };

static void generation(uint8_t from[HEIGHT][WIDTH], uint8_t to[HEIGHT][WIDTH]) {
    for (int y = 0; y < HEIGHT; y++) {
        const uint8_t *above = from[(y - 1) & (HEIGHT - 1)], *here = from[y], *below = from[(y + 1) & (HEIGHT - 1)];
        for (int x = 0; x < WIDTH; x++) {
            int left = (x - 1) & (WIDTH - 1), right = (x + 1) & (WIDTH - 1);
            int neighbours = above[left] + above[x] + above[right] + here[left] + here[right] +
                             below[left] + below[x] + below[right];
            to[y][x] = neighbours == 3 || (neighbours == 2 && here[x]);
        }
    }
}

KERNEL(life) {
    static uint8_t worlds[2][HEIGHT][WIDTH];
    uint32_t random = 1;
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) worlds[0][y][x] = next_random(&random) & 1;
    }
    for (int i = 0; i < n; i++) generation(worlds[i & 1], worlds[~i & 1]);
    int32_t alive = 0;
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) alive += worlds[n & 1][y][x];
    }
    return alive;
}

// ---- An interpreter, running a program that counts the primes below n ----

enum op { SET, ADD, MULTIPLY, MODULO, LESS, JUMP, JUMP_IF, JUMP_UNLESS, HALT };

// The result goes to register a. A jump goes to instruction b, and tests a if it is conditional.
struct instruction {
    uint8_t op, a, b, c;
};

enum { REGISTERS = 8 };

static int32_t interpret(const struct instruction *code, int32_t r[REGISTERS]) {
    for (const struct instruction *at = code;; at++) {
        switch ((enum op)at->op) {
        case SET: r[at->a] = at->b; break;
        case ADD: r[at->a] = r[at->b] + r[at->c]; break;
        case MULTIPLY: r[at->a] = r[at->b] * r[at->c]; break;
        case MODULO: r[at->a] = r[at->b] % r[at->c]; break;
        case LESS: r[at->a] = r[at->b] < r[at->c]; break;
        case JUMP: at = code + at->b - 1; break;
        case JUMP_IF: if (r[at->a] != 0) at = code + at->b - 1; break;
        case JUMP_UNLESS: if (r[at->a] == 0) at = code + at->b - 1; break;
        case HALT: return r[at->a];
        }
    }
}

enum { LIMIT, CANDIDATE, DIVISOR, PRIMES, ONE, SCRATCH };

static const struct instruction count_primes[] = {
    {SET, PRIMES, 0, 0},
    {SET, ONE, 1, 0},
    {SET, CANDIDATE, 2, 0},
    // 3: each candidate
    {LESS, SCRATCH, CANDIDATE, LIMIT},
    {JUMP_UNLESS, SCRATCH, 16, 0},
    {SET, DIVISOR, 2, 0},
    // 6: each divisor
    {MULTIPLY, SCRATCH, DIVISOR, DIVISOR},
    {LESS, SCRATCH, CANDIDATE, SCRATCH},
    {JUMP_IF, SCRATCH, 13, 0},
    {MODULO, SCRATCH, CANDIDATE, DIVISOR},
    {JUMP_UNLESS, SCRATCH, 14, 0},
    {ADD, DIVISOR, DIVISOR, ONE},
    {JUMP, 0, 6, 0},
    // 13: it is prime
    {ADD, PRIMES, PRIMES, ONE},
    // 14: it is not
    {ADD, CANDIDATE, CANDIDATE, ONE},
    {JUMP, 0, 3, 0},
    // 16: all done
    {HALT, PRIMES, 0, 0},
};

KERNEL(interp) {
    int32_t registers[REGISTERS] = {[LIMIT] = n};
    return interpret(count_primes, registers);
}
