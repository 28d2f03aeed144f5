// What the JavaScript package promises, checked in whatever engine runs this. `instantiate` and `VfsError` are the package's; `bytes` are a
// packed `transform`; `assert` takes a condition and a text. Returns a text when all holds.
async function check(instantiate, VfsError, bytes, assert) {
  const equal = (got, expected, what) => {
    const [left, right] = [got, expected].map((value) => JSON.stringify(value, (_, it) => (typeof it === "bigint" ? `${it}` : it)));
    assert(left === right, `${what}: ${left} is not ${right}`);
  };
  const text = (bytes) => new TextDecoder().decode(bytes);
  const fails = (body, code, what) => {
    try {
      body();
    } catch (error) {
      assert(error instanceof VfsError, `${what}: ${error}`);
      equal(error.code, code, what);
      return;
    }
    assert(false, `${what}: no error`);
  };
  const module = await WebAssembly.compile(bytes);
  const run = async (args, options = {}) => {
    const printed = { stdout: "", stderr: "" };
    const sink = (stream) => (bytes) => void (printed[stream] += text(bytes));
    const all = { args, env: { GREETING: "hello" }, stdin: "typed\n", stdout: sink("stdout"), stderr: sink("stderr"), ...options };
    const program = await instantiate(module, all);
    return { program, printed };
  };

  // Input in, program, output out.
  for (const [end, status, exitStatus] of [["return", 0, undefined], ["exit=0", 0, 0], ["exit=3", 3, 3]]) {
    const { program, printed } = await run(["transform", end]);
    program.put("/input/a.txt", "from JavaScript, ümläut");
    const large = new Uint8Array(1_000_003).map((_, at) => (at * 7) >> 3);
    program.put("/input/large", large, 0o600);
    equal(program.stat("/input/large").mode, 0o600, "mode");
    equal(program.start(), status, end);
    equal(program.exitStatus, exitStatus, end);
    equal(text(program.get("/output/a.txt")), "FROM JAVASCRIPT, üMLäUT", end);
    const upper = large.map((byte) => (byte >= 97 && byte <= 122 ? byte - 32 : byte));
    const got = program.get("/output/large");
    assert(got.length === upper.length && got.every((byte, at) => byte === upper[at]), "a large file");
    equal(printed.stderr, "an error, not really\n", "stderr");
    equal(printed.stdout.split("\n"), [
      `arguments: ["transform", "${end}"]`, 'greeting: Some("hello")', 'input: "typed\\n"', "the clock is set: true", "slept: true",
      "random numbers: 81", "no line feed",
    ], "stdout");
  }

  // A trap is thrown, and the tree is there.
  {
    const { program } = await run(["transform", "trap"]);
    program.put("/input/a", "kept");
    let thrown;
    try { program.start(); } catch (error) { thrown = error; }
    assert(thrown instanceof WebAssembly.RuntimeError, `a trap, not ${thrown}`);
    equal(text(program.get("/output/a")), "KEPT", "after a trap");
    equal(program.exitStatus, undefined, "after a trap");
  }

  // Input by a function, in small pieces.
  {
    const pieces = ["one ", new TextEncoder().encode("two "), "three", null];
    const { program, printed } = await run(["transform"], { stdin: () => pieces.shift() });
    program.mkdir("/input");
    equal(program.start(), 0, "a function for stdin");
    assert(printed.stdout.includes('input: "one two three"'), printed.stdout);
  }

  // What the function returns beyond what was asked for is not lost.
  {
    const pieces = ["a long line, longer than what the program asks for. ".repeat(2000), "end"];
    const { program, printed } = await run(["transform"], { stdin: () => pieces.shift() });
    program.mkdir("/input");
    program.start();
    assert(printed.stdout.includes(`asks for. end"`) && printed.stdout.length > 100_000, "input in large pieces");
  }

  // Strings that C cannot have.
  for (const options of [{ args: ["a\0b"] }, { env: { A: "b\0c" } }, { env: { "A\0": "b" } }]) {
    let thrown;
    await instantiate(module, options).catch((error) => (thrown = error));
    assert(thrown instanceof TypeError && /contains NUL$/.test(thrown.message), `${JSON.stringify(options)}: ${thrown}`);
  }

  // Files and directories.
  const { program } = await run(["transform"]);
  equal(program.list("/").map(({ name, type }) => [name, type]), [["packed.txt", "file"], ["tmp", "directory"]], "list");
  equal(text(program.get("packed.txt")), "packed\n", "a packed file");
  program.put("/d/e/empty", "");
  equal(program.get("/d/e/empty").length, 0, "an empty file");
  const { size, type, nlink, mtime } = program.stat("/packed.txt");
  equal([size, type, nlink, mtime instanceof Date], [7, "file", 1, true], "stat");
  const many = Array.from({ length: 9000 }, (_, at) => `a-rather-long-name-${at}`);
  many.forEach((name) => program.put(`/many/${name}`, name));
  equal(program.list("/many").map(({ name }) => name), many, "a listing in pieces");
  program.remove("/many");

  // Contents of all kinds. Of a view all bytes are meant, whatever its elements are, and no others.
  const some = Uint8Array.from({ length: 16 }, (_, at) => 200 + at);
  const kinds = {
    ArrayBuffer: [some.buffer, some], Uint8Array: [some.subarray(3, 9), some.subarray(3, 9)],
    Uint16Array: [new Uint16Array(some.buffer, 2, 4), some.subarray(2, 10)], Float64Array: [new Float64Array(some.buffer, 8), some.subarray(8)],
    DataView: [new DataView(some.buffer, 1, 5), some.subarray(1, 6)], string: ["é", [0xc3, 0xa9]],
  };
  for (const [kind, [contents, expected]] of Object.entries(kinds)) {
    program.put("/kind", contents);
    equal([...program.get("/kind")], [...expected], kind);
  }
  for (const contents of [undefined, null, 7, 7n, true, [1, 2], {}, { length: 2 }, new Date(0), () => "x"]) {
    let thrown;
    try { program.put("/kind", contents); } catch (error) { thrown = error; }
    assert(thrown instanceof TypeError && thrown.message.startsWith("contents of /kind: expected a string"), `${contents}: ${thrown}`);
  }
  equal(text(program.get("/kind")), "é", "what is refused changes nothing");

  // Archives.
  const archive = program.exportTar("/d");
  equal(archive.length % 512, 0, "an archive has blocks");
  program.importTar("/again", archive);
  equal(program.list("/again/e").map(({ name }) => name), ["empty"], "an archive");
  assert(program.exportTar("/again").every((byte, at) => byte === archive[at]), "the same archive");

  // Errors.
  fails(() => program.get("/none"), "ENOENT", "get");
  fails(() => program.get("/d"), "EISDIR", "get of a directory");
  fails(() => program.put("/packed.txt/x", ""), "ENOTDIR", "put");
  fails(() => program.list("/packed.txt"), "ENOTDIR", "list");
  fails(() => program.mkdir("/packed.txt"), "EEXIST", "mkdir");
  fails(() => program.remove("/"), "EBUSY", "remove");
  fails(() => program.importTar("/x", "no archive".repeat(100)), "EINVAL", "importTar");
  fails(() => program.importTar("/x", archive.subarray(0, 700)), "EINVAL", "importTar of a part");
  return "all of it holds";
}
