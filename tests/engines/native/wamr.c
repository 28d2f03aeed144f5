// WAMR's interpreters with WAMR's own WASI. Built twice by `cargo xtask engines`: the fast interpreter, and the classic one, which has
// multi-memory.
#include <unistd.h>

#include "wasm_export.h"

#include "driver.h"

static wasm_module_inst_t instance;
static wasm_exec_env_t environment_of_calls;

static int32_t call(const char *name, unsigned count, const uint64_t *operands) {
    wasm_function_inst_t function = wasm_runtime_lookup_function(instance, name);
    if (!function) fail(CANNOT_LOAD, "no such export", name);
    // Two cells for the one operand of 64 bits.
    uint32_t cells[6] = {0};
    for (unsigned at = 0; at < count; at++) cells[at] = (uint32_t)operands[at];
    if (count == 5) cells[5] = (uint32_t)(operands[4] >> 32);
    wasm_runtime_clear_exception(instance);
    if (!wasm_runtime_call_wasm(environment_of_calls, function, count == 5 ? 6 : count, cells))
        fail(CANNOT_LOAD, name, wasm_runtime_get_exception(instance));
    return (int32_t)cells[0];
}

static uint8_t *place(uint32_t address) {
    wasm_memory_inst_t memory = wasm_runtime_lookup_memory(instance, "wasm_vfs_memory");
    wasm_global_inst_t base;
    if (!memory || !wasm_runtime_get_export_global_inst(instance, "wasm_vfs_base", &base))
        fail(CANNOT_LOAD, "the host interface", "it is not exported");
    uint32_t offset = *(uint32_t *)base.global_data;
    return (uint8_t *)wasm_memory_get_base_address(memory) + (uint32_t)(address + offset);
}

int main(int argc, char **argv) {
    char error[256] = "";
    bool hermetic = getenv("HERMETIC") != NULL;
    RuntimeInitArgs init = {.mem_alloc_type = Alloc_With_System_Allocator};
    if (!wasm_runtime_full_init(&init)) fail(CANNOT_LOAD, "cannot start", "the runtime");
    wasm_runtime_set_log_level(WASM_LOG_LEVEL_FATAL);
    uint32_t length, count;
    uint8_t *bytes = read_file(argv[1], &length);
    wasm_module_t module = wasm_runtime_load(bytes, length, error, sizeof error);
    if (!module) fail(CANNOT_LOAD, "cannot load", error);
    const char **variables = environment(&count);
    const char *root = getenv("HOST_ROOT");
    char mapped[4096];
    snprintf(mapped, sizeof mapped, "/::%s", root ? root : "");
    const char *directories[] = {mapped};
    if (!hermetic)
        wasm_runtime_set_wasi_args(module, NULL, 0, directories, root ? 1 : 0, variables, count, argv + 2, argc - 2);
    instance = wasm_runtime_instantiate(module, STACK_BYTES, 0, error, sizeof error);
    if (!instance) fail(CANNOT_LOAD, "cannot instantiate", error);
    environment_of_calls = wasm_runtime_create_exec_env(instance, STACK_BYTES);
    wasm_function_inst_t start = wasm_runtime_lookup_function(instance, "_start");
    if (!start) fail(CANNOT_LOAD, "no such export", "_start");
    bool returned = wasm_runtime_call_wasm(environment_of_calls, start, 0, NULL);
    if (hermetic) {
        Tree tree = {call, place};
        end_hermetic(&tree);
    }
    fflush(stdout);
    const char *exception = wasm_runtime_get_exception(instance);
    // WAMR ends a program that exits by an exception of its own.
    if (!returned && exception && !strstr(exception, "wasi proc exit")) fail(TRAPPED, "trap", exception);
    return (int)wasm_runtime_get_wasi_exit_code(instance);
}
