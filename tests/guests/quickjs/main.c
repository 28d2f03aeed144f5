// Runs JavaScript modules with QuickJS:
//
//     quickjs SCRIPT.js
//
// Where it is packed with `--preinit init`, the interpreter is started then, and the module /app/init.js evaluated with all that
// it imports: each start finds that done, the files open that it opened. Scripts have print(...), readFile(path),
// openFile(path), readLine(file), and arguments, a list.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quickjs.h"

#define INIT "/app/init.js"
#define MOST_FILES 16

static JSRuntime *runtime;
static JSContext *context;
static FILE *files[MOST_FILES];
static int open_files;

// The contents of a file, with a zero behind; NULL if it cannot be read.
static char *read_file(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *text = NULL;
    size_t room = 0;
    *length = 0;
    do {
        if (*length + 1 >= room) {
            room = room ? 2 * room : 4096;
            text = realloc(text, room);
            if (!text)
                abort();
        }
        *length += fread(text + *length, 1, room - 1 - *length, file);
    } while (!feof(file) && !ferror(file));
    fclose(file);
    text[*length] = 0;
    return text;
}

static JSValue js_print(JSContext *ctx, JSValueConst self, int count, JSValueConst *values) {
    (void)self;
    for (int i = 0; i < count; i++) {
        const char *text = JS_ToCString(ctx, values[i]);
        if (!text)
            return JS_EXCEPTION;
        printf("%s%s", i ? " " : "", text);
        JS_FreeCString(ctx, text);
    }
    putchar('\n');
    return JS_UNDEFINED;
}

static JSValue js_read_file(JSContext *ctx, JSValueConst self, int count, JSValueConst *values) {
    (void)self, (void)count;
    const char *path = JS_ToCString(ctx, values[0]);
    if (!path)
        return JS_EXCEPTION;
    size_t length;
    char *text = read_file(path, &length);
    JSValue value = text ? JS_NewStringLen(ctx, text, length)
                         : JS_ThrowReferenceError(ctx, "cannot read %s", path);
    JS_FreeCString(ctx, path);
    free(text);
    return value;
}

static JSValue js_open_file(JSContext *ctx, JSValueConst self, int count, JSValueConst *values) {
    (void)self, (void)count;
    const char *path = JS_ToCString(ctx, values[0]);
    if (!path)
        return JS_EXCEPTION;
    FILE *file = open_files < MOST_FILES ? fopen(path, "rb") : NULL;
    JSValue value = file ? JS_NewInt32(ctx, open_files) : JS_ThrowReferenceError(ctx, "cannot open %s", path);
    if (file)
        files[open_files++] = file;
    JS_FreeCString(ctx, path);
    return value;
}

static JSValue js_read_line(JSContext *ctx, JSValueConst self, int count, JSValueConst *values) {
    (void)self, (void)count;
    int32_t index;
    if (JS_ToInt32(ctx, &index, values[0]))
        return JS_EXCEPTION;
    char line[1024];
    if (index < 0 || index >= open_files || !fgets(line, sizeof line, files[index]))
        return JS_NULL;
    line[strcspn(line, "\n")] = 0;
    return JS_NewString(ctx, line);
}

// Ends the program with the exception that is pending.
static void fail(JSContext *ctx) {
    JSValue exception = JS_GetException(ctx);
    JSValue stack = JS_GetPropertyStr(ctx, exception, "stack");
    const char *text = JS_ToCString(ctx, exception), *where = JS_ToCString(ctx, stack);
    fprintf(stderr, "%s\n%s", text ? text : "?", where ? where : "");
    exit(1);
}

static JSModuleDef *load_module(JSContext *ctx, const char *name, void *opaque) {
    (void)opaque;
    size_t length;
    char *text = read_file(name, &length);
    if (!text) {
        JS_ThrowReferenceError(ctx, "cannot load the module %s", name);
        return NULL;
    }
    JSValue compiled = JS_Eval(ctx, text, length, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
    free(text);
    if (JS_IsException(compiled))
        return NULL;
    JSModuleDef *module = JS_VALUE_GET_PTR(compiled);
    JS_FreeValue(ctx, compiled);
    return module;
}

static void evaluate(const char *path) {
    size_t length;
    char *text = read_file(path, &length);
    if (!text) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(2);
    }
    JSValue value = JS_Eval(context, text, length, path, JS_EVAL_TYPE_MODULE);
    free(text);
    if (JS_IsException(value))
        fail(context);
    JSContext *job;
    int ran;
    while ((ran = JS_ExecutePendingJob(runtime, &job)) > 0) {
    }
    if (ran < 0)
        fail(job);
    // The promise of a module that threw.
    if (JS_PromiseState(context, value) == JS_PROMISE_REJECTED) {
        JS_Throw(context, JS_PromiseResult(context, value));
        fail(context);
    }
    JS_FreeValue(context, value);
}

static void function(JSValue global, const char *name, JSCFunction *function, int parameters) {
    JS_SetPropertyStr(context, global, name, JS_NewCFunction(context, function, name, parameters));
}

__attribute__((export_name("init"))) void init(void) {
    runtime = JS_NewRuntime();
    context = runtime ? JS_NewContext(runtime) : NULL;
    if (!context)
        abort();
    JS_SetModuleLoaderFunc(runtime, NULL, load_module, NULL);
    JSValue global = JS_GetGlobalObject(context);
    function(global, "print", js_print, 1);
    function(global, "readFile", js_read_file, 1);
    function(global, "openFile", js_open_file, 1);
    function(global, "readLine", js_read_line, 1);
    JS_FreeValue(context, global);
    evaluate(INIT);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "quickjs: name a script\n");
        return 2;
    }
    if (!context)
        init();
    // The stack is another one than when `init` ran.
    JS_UpdateStackTop(runtime);
    JSValue arguments = JS_NewArray(context);
    for (int i = 2; i < argc; i++)
        JS_SetPropertyUint32(context, arguments, i - 2, JS_NewString(context, argv[i]));
    JSValue global = JS_GetGlobalObject(context);
    JS_SetPropertyStr(context, global, "arguments", arguments);
    JS_FreeValue(context, global);
    evaluate(argv[1]);
    return 0;
}
