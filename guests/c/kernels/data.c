// Kernels that work with data structures.
#include "kernels.h"

// ---- Sorting: n records ----

struct record {
    uint32_t key, number;
};

// Makes records. A few have equal keys, so that the numbers decide their order.
static struct record *random_records(int32_t n) {
    struct record *records = allocate(n * sizeof *records);
    uint32_t random = 1;
    for (int32_t i = 0; i < n; i++) records[i] = (struct record){next_random(&random) % (uint32_t)n, i};
    return records;
}

// Hashes the sorted records, and frees them.
static uint32_t hash_records(struct record *records, int32_t n) {
    uint32_t hash = HASH_SEED;
    for (int32_t i = 0; i < n; i++) hash = hash_step(hash_step(hash, records[i].key), records[i].number);
    free(records);
    return hash;
}

static bool less(struct record a, struct record b) {
    return a.key != b.key ? a.key < b.key : a.number < b.number;
}

static void swap(struct record *a, struct record *b) {
    struct record swapped = *a;
    *a = *b;
    *b = swapped;
}

static void insertion_sort(struct record *records, int32_t n) {
    for (int32_t i = 1; i < n; i++) {
        struct record next = records[i];
        int32_t at = i;
        for (; at > 0 && less(next, records[at - 1]); at--) records[at] = records[at - 1];
        records[at] = next;
    }
}

// Quicksort. Recurses into the smaller part, and loops on the larger part.
static void sort(struct record *records, int32_t n) {
    while (n > 16) {
        struct record *last = records + n - 1, *middle = records + n / 2;
        if (less(*middle, *records)) swap(middle, records);
        if (less(*last, *records)) swap(last, records);
        if (less(*last, *middle)) swap(last, middle);
        struct record pivot = *middle;
        int32_t low = 0, high = n - 1;
        while (low <= high) {
            while (less(records[low], pivot)) low++;
            while (less(pivot, records[high])) high--;
            if (low <= high) swap(records + low++, records + high--);
        }
        if (high + 1 < n - low) {
            sort(records, high + 1);
            records += low;
            n -= low;
        } else {
            sort(records + low, n - low);
            n = high + 1;
        }
    }
    insertion_sort(records, n);
}

KERNEL(sort) {
    struct record *records = random_records(n);
    sort(records, n);
    return hash_records(records, n);
}

// The same with qsort of the C library, which calls a function to compare.
static int compare(const void *a, const void *b) {
    return less(*(const struct record *)a, *(const struct record *)b) ? -1 : 1;
}

KERNEL(qsort) {
    struct record *records = random_records(n);
    qsort(records, n, sizeof *records, compare);
    return hash_records(records, n);
}

// ---- A hash map: counts n keys, about n/2 of them different ----

struct entry {
    uint32_t key, count; // the slot is empty if count is 0
};

// An entry is in the slot that its key hashes to, or in the next free one.
struct map {
    struct entry *entries;
    uint32_t size, capacity; // capacity is a power of two
};

static struct map new_map(uint32_t capacity) {
    struct map m = {.entries = calloc(capacity, sizeof *m.entries), .capacity = capacity};
    if (m.entries == NULL) __builtin_trap();
    return m;
}

// Returns the slot of a key, which may be empty.
static struct entry *find(const struct map *m, uint32_t key) {
    uint32_t hash = key * 2654435769u;
    for (uint32_t i = hash ^ hash >> 16;; i++) {
        struct entry *e = &m->entries[i & (m->capacity - 1)];
        if (e->count == 0 || e->key == key) return e;
    }
}

static void grow(struct map *m) {
    struct map bigger = new_map(2 * m->capacity);
    bigger.size = m->size;
    for (uint32_t i = 0; i < m->capacity; i++) {
        if (m->entries[i].count > 0) *find(&bigger, m->entries[i].key) = m->entries[i];
    }
    free(m->entries);
    *m = bigger;
}

static void count(struct map *m, uint32_t key) {
    struct entry *e = find(m, key);
    if (e->count++ > 0) return;
    e->key = key;
    if (++m->size > m->capacity / 4 * 3) grow(m);
}

KERNEL(hashmap) {
    struct map m = new_map(8);
    uint32_t random = 1, keys = n / 2 + 1, hash = HASH_SEED;
    for (int32_t i = 0; i < n; i++) count(&m, next_random(&random) % keys);
    for (uint32_t key = 0; key < keys; key++) hash = hash_step(hash, find(&m, key)->count);
    free(m.entries);
    return hash;
}

// ---- Binary trees, of depths 0 to n ----

struct tree {
    struct tree *left, *right;
};

static struct tree *grow_tree(int depth) {
    struct tree *t = allocate(sizeof *t);
    *t = depth == 0 ? (struct tree){0} : (struct tree){grow_tree(depth - 1), grow_tree(depth - 1)};
    return t;
}

static int32_t count_nodes(const struct tree *t) {
    return t == NULL ? 0 : 1 + count_nodes(t->left) + count_nodes(t->right);
}

static void free_tree(struct tree *t) {
    if (t == NULL) return;
    free_tree(t->left);
    free_tree(t->right);
    free(t);
}

KERNEL(trees) {
    int32_t nodes = 0;
    for (int depth = 0; depth <= n; depth++) {
        struct tree *t = grow_tree(depth);
        nodes += count_nodes(t);
        free_tree(t);
    }
    return nodes;
}
