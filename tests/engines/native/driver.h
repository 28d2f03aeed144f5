// What the drivers of engines in C have in common: how a test starts them and what they answer (native.rs).
//
//     DRIVER PROGRAM.wasm ARGS...
//
// ARGS begin with the program's name; its environment is in GUEST_ENVIRONMENT, a line each. With HERMETIC set the module gets nothing,
// and its streams are read from its tree.
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The statuses of `Command::run` in script.rs.
enum { CANNOT_LOAD = 111, TRAPPED = 134 };

// What C programs that are interpreters themselves need.
enum { STACK_BYTES = 64 << 20 };

// The room that is asked for in a hermetic program's tree, and what of it is for a path.
enum { ROOM_BYTES = 65536, PATH_BYTES = 4096 };

static void fail(int status, const char *what, const char *why) {
    fflush(stdout);
    fprintf(stderr, "%s: %s\n", what, why ? why : "no reason is given");
    exit(status);
}

static uint8_t *read_file(const char *path, uint32_t *length) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) fail(CANNOT_LOAD, "cannot read the program", path);
    *length = (uint32_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*length);
    if (!bytes || fread(bytes, 1, *length, file) != *length) fail(CANNOT_LOAD, "cannot read the program", path);
    fclose(file);
    return bytes;
}

// The program's environment, its lines as strings.
static const char **environment(uint32_t *count) {
    const char *text = getenv("GUEST_ENVIRONMENT");
    char *lines = strdup(text ? text : "");
    const char **list = calloc(strlen(lines) + 1, sizeof *list);
    *count = 0;
    for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n")) list[(*count)++] = line;
    return list;
}

// What a driver's engine can do with an instance.
typedef struct {
    // Calls an exported function of up to five operands; the last one may have 64 bits.
    int32_t (*call)(const char *function, unsigned count, const uint64_t *operands);
    // Where the filesystem's memory has this address.
    uint8_t *(*place)(uint32_t address);
} Tree;

static void show_file(const Tree *tree, const char *path, FILE *stream) {
    uint32_t at = (uint32_t)tree->call("wasm_vfs_allocate", 1, (uint64_t[]){ROOM_BYTES});
    uint32_t length = (uint32_t)strlen(path), data = at + PATH_BYTES;
    memcpy(tree->place(at), path, length);
    for (uint64_t offset = 0;;) {
        uint64_t operands[] = {at, length, data, ROOM_BYTES - PATH_BYTES, offset};
        int32_t got = tree->call("wasm_vfs_get", 5, operands);
        if (got < 0) fail(CANNOT_LOAD, "cannot read of the tree", path);
        if (got == 0) return;
        fwrite(tree->place(data), 1, (size_t)got, stream);
        offset += (uint64_t)got;
    }
}

// Ends the driver as the hermetic program has ended: with its streams and its status.
static void end_hermetic(const Tree *tree) {
    show_file(tree, "/run/stdout", stdout);
    show_file(tree, "/run/stderr", stderr);
    fflush(stdout);
    int32_t status = tree->call("wasm_vfs_exit_status", 0, NULL);
    exit(status < 0 ? 0 : status);
}
