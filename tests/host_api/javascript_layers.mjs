// What differs from the packed tree, by the package's methods. `instantiate` and `VfsError` are the package's; `bytes` are a packed program;
// `assert` takes a condition and a text. Returns a text when all holds.
async function check(instantiate, VfsError, bytes, assert) {
  const show = (value) => JSON.stringify(value, (_, it) => (typeof it === "bigint" ? "number" : it));
  const equal = (got, expected, what) => assert(show(got) === show(expected), `${what}: ${show(got)} is not ${show(expected)}`);
  const fails = (body, code, what) => {
    let thrown;
    try { body(); } catch (error) { thrown = error; }
    assert(thrown instanceof VfsError && thrown.code === code, `${what}: ${thrown}`);
    return thrown.message;
  };
  const module = await WebAssembly.compile(bytes);
  const program = await instantiate(module);
  const before = program.exportTar("/");
  equal(program.changes(), [], "nothing has changed");
  equal(program.exportLayer().length, 1024, "a layer of nothing");

  program.put("/new/f", "f", 0o600);
  program.put("/packed.txt", "changed");
  const kinds = program.changes().map(({ kind, path }) => `${kind} ${path}`);
  equal(kinds, ["modified ", "added new", "added new/f", "modified packed.txt"], "a list");
  const { differences } = program.changes().at(-1);
  assert(differences.includes("contents") && !differences.includes("owner"), `${differences}`);
  program.remove("/packed.txt");
  equal(program.changes().at(-1), { kind: "removed", path: "packed.txt", type: "file", renamed: false }, "removed");

  // Another instance of the same program.
  const state = program.snapshot();
  const other = await instantiate(module);
  other.put("/other", "gone by and by");
  other.restore(state);
  equal(other.snapshot(), state, "a state");
  equal(other.list("/new").map(({ name }) => name), ["f"], "what was new");
  fails(() => other.get("/packed.txt"), "ENOENT", "what was removed");
  fails(() => other.get("/other"), "ENOENT", "what was there before");
  fails(() => other.restore(state.subarray(0, state.length - 1024)), "EINVAL", "half a state");
  fails(() => other.restore("no archive".repeat(100)), "EINVAL", "no state");
  equal(other.snapshot(), state, "what is refused changes nothing");
  // A layer somewhere else.
  other.put("/d/packed.txt", "d");
  other.importLayer("/d", state);
  equal(other.list("/d").map(({ name }) => name), ["new"], "a layer");
  other.revert();
  equal(other.exportTar("/"), before, "back");
  other.put("/.wh.x", "");
  const message = fails(() => other.exportLayer(), "EINVAL", "a name that no layer can hold");
  assert(message.includes(".wh.x"), message);
  return "all of it holds";
}
