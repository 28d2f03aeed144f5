// A program that computes: one export for each kernel, which does it that many times. None of them calls the host or opens a file;
// the program could, since it prints its result at the end, so there is something of it for a filesystem to serve.
//
// What packing could slow: loads and stores, `memory.size` (a global of the linker in the portable form), the allocator on top of them.
// Every kernel moves on through two megabytes, so that caches are used as by a program and not as by a benchmark.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../guest.h"

#define WORDS (1u << 19)
static uint32_t *words;
static uint64_t result;

static uint32_t random_state = 1;
static uint32_t random_word(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

__attribute__((constructor)) static void begin(void) {
    words = malloc(WORDS * sizeof *words);
    CHECK(words != NULL);
    for (unsigned at = 0; at < WORDS; at++)
        words[at] = random_word();
}

EXPORT("print the result") print(unsigned count) {
    for (unsigned turn = 0; turn < count; turn++)
        printf("%llu\n", (unsigned long long)result);
}

// Four lanes, as in xxHash.
#define HASHED (WORDS / 8)
EXPORT("hash 256 KiB") hash(unsigned count) {
    uint32_t lanes[4] = {1, 2, 3, 4};
    for (unsigned turn = 0; turn < count; turn++) {
        const uint32_t *from = words + turn % (WORDS / HASHED) * HASHED;
        for (unsigned at = 0; at < HASHED; at += 4)
            for (unsigned lane = 0; lane < 4; lane++) {
                uint32_t mixed = lanes[lane] + from[at + lane] * 2246822519u;
                lanes[lane] = (mixed << 13 | mixed >> 19) * 2654435761u;
            }
    }
    result += lanes[0] ^ lanes[1] ^ lanes[2] ^ lanes[3];
}

#define SORTED 4096u
static void sift(uint32_t *heap, unsigned at, unsigned end) {
    uint32_t value = heap[at];
    for (unsigned child; (child = 2 * at + 1) < end; at = child) {
        if (child + 1 < end && heap[child] < heap[child + 1])
            child++;
        if (heap[child] <= value)
            break;
        heap[at] = heap[child];
    }
    heap[at] = value;
}
EXPORT("sort 4,096 numbers") sort(unsigned count) {
    for (unsigned turn = 0; turn < count; turn++) {
        uint32_t *heap = words + turn % (WORDS / SORTED) * SORTED;
        for (unsigned at = 0; at < SORTED; at++)
            heap[at] = random_word();
        for (unsigned at = SORTED / 2; at-- > 0;)
            sift(heap, at, SORTED);
        for (unsigned end = SORTED; --end > 0;) {
            uint32_t greatest = heap[0];
            heap[0] = heap[end];
            heap[end] = greatest;
            sift(heap, 0, end);
        }
        CHECK(heap[0] <= heap[SORTED / 2] && heap[SORTED / 2] <= heap[SORTED - 1]);
        result += heap[SORTED / 2];
    }
}

#define SIDE 48u
EXPORT("multiply 48x48 matrices") multiply(unsigned count) {
    const unsigned each = SIDE * SIDE, places = WORDS / 2 / each - 2;
    for (unsigned turn = 0; turn < count; turn++) {
        // Of what the words happen to be: small whole numbers, so that nothing slow (denormal) comes of it.
        double *a = (double *)words + turn % places * each, *b = a + each, *c = b + each;
        for (unsigned at = 0; at < 2 * each; at++)
            a[at] = (double)(at * 7 % 31);
        for (unsigned row = 0; row < SIDE; row++)
            for (unsigned column = 0; column < SIDE; column++) {
                double sum = 0;
                for (unsigned at = 0; at < SIDE; at++)
                    sum += a[row * SIDE + at] * b[at * SIDE + column];
                c[row * SIDE + column] = sum;
            }
        result += (uint64_t)c[turn % each];
    }
}

struct node {
    struct node *left, *right;
    uint32_t key;
};
static void free_tree(struct node *node) {
    if (node == NULL)
        return;
    free_tree(node->left);
    free_tree(node->right);
    result += node->key;
    free(node);
}
EXPORT("build and free a tree of 2,048 nodes") tree(unsigned count) {
    for (unsigned turn = 0; turn < count; turn++) {
        struct node *root = NULL;
        for (unsigned made = 0; made < 2048; made++) {
            struct node *node = malloc(sizeof *node), **place = &root;
            CHECK(node != NULL);
            *node = (struct node){NULL, NULL, random_word()};
            while (*place != NULL)
                place = node->key < (*place)->key ? &(*place)->left : &(*place)->right;
            *place = node;
        }
        free_tree(root);
    }
}

// An allocator of the simplest kind: each time it looks whether memory is large enough.
EXPORT("allocate 4,096 times, asking memory.size") allocate(unsigned count) {
    for (unsigned turn = 0; turn < count; turn++) {
        uintptr_t top = (uintptr_t)words, last = 0;
        for (unsigned made = 0; made < 4096; made++) {
            unsigned bytes = 16 + (made * 2654435761u >> 26) * 4;
            if ((uint64_t)top + bytes > (uint64_t)__builtin_wasm_memory_size(0) << 16)
                CHECK(__builtin_wasm_memory_grow(0, 1) != (size_t)-1);
            ((uintptr_t *)top)[0] = last;
            ((uintptr_t *)top)[1] = bytes;
            last = top;
            top += bytes;
        }
        for (; last != 0; last = *(uintptr_t *)last)
            result += ((uintptr_t *)last)[1];
    }
}
