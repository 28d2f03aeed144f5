"""Runs a packed program under Python's wasmtime: `python3 python.py PROGRAM.wasm ARGS...` (process.rs says the rest)."""

import os
import sys
import threading

# The statuses of process.rs.
CANNOT_LOAD, TRAPPED = 111, 134
try:
    from wasmtime import Config, Engine, ExitTrap, Instance, Linker, Module, Store, WasiConfig, WasmtimeError
    from wasmtime import _ffi
except ImportError as error:
    print("cannot load:", error, file=sys.stderr)
    sys.exit(CANNOT_LOAD)
# All that the wheel lets a program have.
STACK_BYTES = 2 << 20
# Room for a path and a piece of a file.
PATH_BYTES, ROOM_BYTES = 4096, 65536
# Of the C interface; the wheel's own setter does not know this one.
WINCH_STRATEGY = 2

path, *args = sys.argv[1:]
# None until it has run.
status = None


def engine():
    config = Config()
    directory = os.environ["WASMTIME_CACHE"]
    os.makedirs(directory, exist_ok=True)
    settings = os.path.join(directory, f"python-{os.getpid()}.toml")
    with open(settings, "w") as file:
        file.write(f"[cache]\ndirectory = '{directory}'\n")
    config.cache = settings
    os.remove(settings)
    compiler = os.environ.get("WASMTIME_COMPILER", "cranelift")
    if compiler == "winch":
        _ffi.wasmtime_config_strategy_set(config.ptr(), WINCH_STRATEGY)
    elif compiler == "pulley":
        config.target = "pulley64"
    else:
        config.cranelift_opt_level = "none"
    config.max_wasm_stack = STACK_BYTES
    return Engine(config)


def wasi():
    config = WasiConfig()
    config.argv = args
    lines = [line for line in os.environ.get("GUEST_ENVIRONMENT", "").split("\n") if line]
    config.env = [line.split("=", 1) for line in lines]
    config.inherit_stdin()
    config.inherit_stdout()
    config.inherit_stderr()
    if "HOST_ROOT" in os.environ:
        config.preopen_dir(os.environ["HOST_ROOT"], "/")
    return config


def read(exports, store, path):
    """A file of the tree, through the host interface."""
    contents = b""
    at = exports["wasm_vfs_allocate"](store, ROOM_BYTES)
    memory, name = exports["wasm_vfs_memory"], path.encode()
    place = lambda address: (address + exports["wasm_vfs_base"].value(store)) & 0xFFFFFFFF
    while True:
        memory.write(store, name, place(at))
        data = at + PATH_BYTES
        got = exports["wasm_vfs_get"](store, at, len(name), data, ROOM_BYTES - PATH_BYTES, len(contents))
        assert got >= 0, f"{path}: {got}"
        if got == 0:
            return contents
        contents += bytes(memory.read(store, place(data), place(data) + got))


def main():
    global status
    hermetic = "HERMETIC" in os.environ
    try:
        store = Store(engine())
        module = Module.from_file(store.engine, path)
        if hermetic:
            exports = Instance(store, module, []).exports(store)
        else:
            store.set_wasi(wasi())
            linker = Linker(store.engine)
            linker.define_wasi()
            exports = linker.instantiate(store, module).exports(store)
    except WasmtimeError as error:
        print("cannot load:", error, file=sys.stderr)
        status = CANNOT_LOAD
        return
    try:
        exports["_start"](store)
        status = 0
    except ExitTrap as exit:
        status = exit.code
    except Exception as trap:
        if not hermetic:
            print("trap:", trap, file=sys.stderr)
        status = TRAPPED
    if hermetic:
        sys.stdout.buffer.write(read(exports, store, "/run/stdout"))
        sys.stderr.buffer.write(read(exports, store, "/run/stderr"))
        stored = exports["wasm_vfs_exit_status"](store)
        status = status if stored == -1 else stored


threading.stack_size(STACK_BYTES + (8 << 20))
thread = threading.Thread(target=main)
thread.start()
thread.join()
sys.stdout.flush()
sys.stderr.flush()
# A thread that died has left no status: an error of this script.
os._exit(CANNOT_LOAD if status is None else status)
