// Wasm3 with the WASI that comes with it, which has a part of preview1: no environment, no polling. What it lacks answers NOSYS.
#include "m3_api_wasi.h"
#include "m3_env.h"
#include "wasm3.h"

#include "driver.h"

static IM3Runtime runtime;
static IM3Module module;

static int32_t call(const char *name, unsigned count, const uint64_t *operands) {
    IM3Function function;
    M3Result error = m3_FindFunction(&function, runtime, name);
    const void *pointers[5];
    for (unsigned at = 0; at < count; at++) pointers[at] = &operands[at];
    if (!error) error = m3_Call(function, count, pointers);
    int32_t result = 0;
    if (!error) error = m3_GetResultsV(function, &result);
    if (error) fail(CANNOT_LOAD, name, error);
    return result;
}

// There is one memory.
static uint8_t *place(uint32_t address) {
    M3TaggedValue base;
    IM3Global global = m3_FindGlobal(module, "wasm_vfs_base");
    if (!global || m3_GetGlobal(global, &base)) fail(CANNOT_LOAD, "the host interface", "it is not exported");
    return m3_GetMemory(runtime, NULL, 0) + (uint32_t)(address + base.value.i32);
}

static m3ApiRawFunction(not_there) {
    m3ApiReturnType(uint32_t);
    m3ApiReturn(52); // NOSYS
}

// Links what the program imports and Wasm3's WASI has not.
static void link_the_rest(void) {
    static const char letters[] = {[c_m3Type_i32] = 'i', [c_m3Type_i64] = 'I'};
    for (uint32_t at = 0; at < module->numFunctions; at++) {
        IM3Function function = &module->functions[at];
        if (!function->import.moduleUtf8 || function->compiled) continue;
        char signature[32] = "i(";
        uint32_t count = m3_GetArgCount(function);
        for (uint32_t operand = 0; operand < count; operand++)
            signature[2 + operand] = letters[m3_GetArgType(function, operand)];
        strcat(signature, ")");
        M3Result error = m3_LinkRawFunction(module, function->import.moduleUtf8, function->import.fieldUtf8, signature, not_there);
        if (error) fail(CANNOT_LOAD, function->import.fieldUtf8, error);
    }
}

int main(int argc, char **argv) {
    bool hermetic = getenv("HERMETIC") != NULL;
    uint32_t length;
    uint8_t *bytes = read_file(argv[1], &length);
    IM3Environment environment = m3_NewEnvironment();
    runtime = m3_NewRuntime(environment, STACK_BYTES, NULL);
    M3Result error = m3_ParseModule(environment, &module, bytes, length);
    if (!error) error = m3_LoadModule(runtime, module);
    if (!error && !hermetic) error = m3_LinkWASI(module);
    if (error) fail(CANNOT_LOAD, "cannot load", error);
    m3_wasi_context_t *context = m3_GetWasiContext();
    if (!hermetic) {
        link_the_rest();
        context->argc = (u32)(argc - 2);
        context->argv = (ccstr_t *)(argv + 2);
    }
    IM3Function start;
    error = m3_RunStart(module);
    if (!error) error = m3_FindFunction(&start, runtime, "_start");
    if (error) fail(CANNOT_LOAD, "cannot load", error);
    error = m3_CallV(start);
    if (hermetic) {
        Tree tree = {call, place};
        end_hermetic(&tree);
    }
    fflush(stdout);
    if (error && error != m3Err_trapExit) fail(TRAPPED, "trap", error);
    return context->exit_code;
}
