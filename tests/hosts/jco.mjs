// What `jco` does, by the package that it does it with. Run in a directory whose node_modules has
// @bytecodealliance/jco-transpile and @bytecodealliance/preview2-shim:
//
//     node jco.mjs new MODULE ADAPTER COMPONENT       as `jco new --adapt`
//     node jco.mjs transpile COMPONENT DIRECTORY [multi-memory]
//     node jco.mjs run DIRECTORY ARGS...              the environment is in GUEST_ENVIRONMENT, a line each
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const SHIM = "@bytecodealliance/preview2-shim";
const commands = {
  async new(module, adapter, component) {
    const { $init, tools } = await import("./node_modules/@bytecodealliance/jco-transpile/vendor/wasm-tools.js");
    await $init;
    const adapters = [["wasi_snapshot_preview1", readFileSync(adapter)]];
    writeFileSync(component, tools.componentNew(readFileSync(module), adapters));
  },

  async transpile(component, directory, multiMemory) {
    const { $init, generate } = await import("@bytecodealliance/jco-transpile/component");
    await $init;
    const interfaces = ["cli", "clocks", "filesystem", "http", "io", "random", "sockets"];
    const { files } = generate(readFileSync(component), {
      name: "component",
      map: interfaces.map((name) => [`wasi:${name}/*`, `${SHIM}/${name}#*`]),
      base64Cutoff: 0,
      multiMemory: multiMemory === "multi-memory",
      noComponentErrorWrapping: true,
      noNamespacedExports: false,
      noNodejsCompat: false,
      noTypescript: true,
      tlaCompat: false,
    });
    for (const [name, bytes] of files) {
      const path = join(directory, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
    }
  },

  async run(directory, ...args) {
    const { _setArgs, _setEnv, _setTerminalStdin, _setTerminalStdout, _setTerminalStderr } = await import(`${SHIM}/cli`);
    const { _setPreopens } = await import(`${SHIM}/filesystem`);
    const lines = process.env.GUEST_ENVIRONMENT.split("\n").filter((line) => line !== "");
    _setArgs(args);
    _setEnv(Object.fromEntries(lines.map((line) => line.split(/=(.*)/s, 2))));
    // Nothing is a terminal, and no directory is open.
    for (const set of [_setTerminalStdin, _setTerminalStdout, _setTerminalStderr]) {
      set(undefined);
    }
    _setPreopens({});
    const component = await import(resolve(directory, "component.js"));
    try {
      component.run?.run();
    } catch (error) {
      // What `run` returns as an error is thrown; whatever else is a trap.
      if (error?.constructor?.name === "ComponentError" || error?.payload !== undefined) {
        process.exit(1);
      }
      console.error(error);
      process.exit(134);
    }
  },
};

const [name, ...args] = process.argv.slice(2);
await commands[name](...args);
