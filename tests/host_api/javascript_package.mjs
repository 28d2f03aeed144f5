// What the JavaScript package says of itself, and whether its types declare what it exports: nothing less, nothing more.
//
//     node javascript_package.mjs VERSION TYPESCRIPT       VERSION of the workspace; TYPESCRIPT is where npm's package is
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { fileURLToPath } from "node:url";
import * as exported from "wasm-vfs";

const [version, typescript] = process.argv.slice(2);
const file = (name) => fileURLToPath(new URL(name, import.meta.resolve("wasm-vfs")));

const description = JSON.parse(readFileSync(file("package.json"), "utf8"));
const { dependencies, peerDependencies, optionalDependencies, scripts, ...rest } = description;
assert.deepEqual([dependencies, peerDependencies, optionalDependencies, scripts], Array(4).fill(undefined), "it needs nothing");
assert.equal(rest.name, "wasm-vfs");
assert.equal(rest.version, version, "js/package.json has the workspace's version");
assert.equal(rest.license, "Apache-2.0");
assert.equal(rest.type, "module");
assert.equal(rest.sideEffects, false);
assert.deepEqual(rest.engines, { node: ">=20.16" });

const ts = createRequire(import.meta.url)(typescript);
const declarations = file(rest.types);
assert.equal(file(rest.exports["."].types), declarations);
const program = ts.createProgram([declarations], { target: ts.ScriptTarget.ES2022, lib: ["lib.es2022.d.ts", "lib.dom.d.ts"], types: [] });
const checker = program.getTypeChecker();
const sorted = (names) => [...new Set(names)].sort();
const declared = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(declarations)));
const values = declared.filter(({ flags }) => flags & ts.SymbolFlags.Value);
assert.deepEqual(sorted(values.map(({ name }) => name)), sorted(Object.keys(exported)));

/** How many arguments a function must be given, as JavaScript counts them and as they are declared. */
function checkArguments(name, call, [signature]) {
  const required = signature.parameters.filter(({ valueDeclaration }) => !valueDeclaration.questionToken);
  assert.equal(call.length, required.length, `the arguments that ${name} needs`);
}

/** The members of a class, against those of an instance. */
function checkClass(symbol, instance) {
  const { prototype } = exported[symbol.name];
  const own = Object.keys(instance), methods = Object.getOwnPropertyNames(prototype);
  const ofErrors = ["name", "message", "stack", "cause"], hidden = ["constructor", ...(instance instanceof Error ? ofErrors : [])];
  const members = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol));
  const names = (all) => sorted(all).filter((name) => !hidden.includes(name));
  assert.deepEqual(names(members.map(({ name }) => name)), names([...own, ...methods]), symbol.name);
  for (const member of members.filter(({ flags }) => flags & ts.SymbolFlags.Method)) {
    checkArguments(`${symbol.name}.${member.name}`, prototype[member.name], checker.getTypeOfSymbol(member).getCallSignatures());
  }
  checkArguments(symbol.name, exported[symbol.name], checker.getTypeOfSymbol(symbol).getConstructSignatures());
}

const instances = {
  Program: new exported.Program({ exports: { wasm_vfs_version: () => 1 } }),
  VfsError: new exported.VfsError(2, "get /none"),
};
for (const symbol of values) {
  if (symbol.flags & ts.SymbolFlags.Class) checkClass(symbol, instances[symbol.name]);
  else checkArguments(symbol.name, exported[symbol.name], checker.getTypeOfSymbol(symbol).getCallSignatures());
}

const { name, message, code, errno } = instances.VfsError;
assert.deepEqual([name, message, code, errno], ["VfsError", "get /none: ENOENT", "ENOENT", 2]);
console.log("all of it holds");
