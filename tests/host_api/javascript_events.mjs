// An embedder that is told what the program's calls did, by the package's options. `instantiate` and `VfsError` are the package's; `bytes` are
// a packed program; `assert` takes a condition and a text. Returns a text when all holds.
async function check(instantiate, VfsError, bytes, assert) {
  const told = [];
  let failure;
  const names = (program) => program.changes().map(({ path }) => path).filter((path) => path !== "").join();
  const onChange = (program) => told.push(`changed ${names(program)}`);
  const onSync = (program) => {
    told.push(`sync ${program.snapshot().length > 1024}`);
    if (failure) throw failure;
  };
  const program = await instantiate(bytes, { onChange, onSync });
  const { make, write, mkdir, stat, sync } = program.instance.exports;
  const call = (what, call, answer, expected) => {
    const got = call();
    const all = told.splice(0).join("; ");
    assert(got === answer && all === expected, `${what}: ${got}, ${all}`);
  };
  call("stat", () => stat(), 0, "");
  call("make", () => make(0), 0, "changed file");
  call("write", () => write(), 0, "changed file");
  call("mkdir", () => mkdir(), 0, "changed directory,file");
  call("sync", () => sync(), 0, "sync true");
  program.put("/other", "of the embedder");
  call("stat", () => stat(), 0, "");
  // preview1's numbers.
  for (const [code, errno] of [["ENOSPC", 51], ["EIO", 29], ["EDQUOT", 19]]) {
    failure = Object.assign(new Error("no"), { code });
    call(code, () => sync(), errno, "sync true");
  }
  failure = new VfsError(5, "its own");
  call("EIO", () => sync(), 29, "sync true");
  failure = new Error("of the embedder's");
  let thrown;
  try { sync(); } catch (error) { thrown = error; }
  assert(thrown === failure, `${thrown}`);
  told.length = 0;
  failure = undefined;
  call("after that", () => sync(), 0, "sync true");
  // Nobody wants to know.
  const quiet = await instantiate(bytes);
  assert(quiet.instance.exports.mkdir() === 0 && quiet.instance.exports.make(0) === 0, "quiet");
  assert(quiet.instance.exports.sync() === 0, "quiet sync");
  return "all of it holds";
}
