// What is in a tree, and what differs between two.

// As many bytes of contents are compared at most; of what is left, times and sizes are.
const COMPARED_BYTES = 1 << 28;

/** All that a tree holds, sorted by path: `path`, `type`, `size`, `mode`, `mtime`, and `target` of a symbolic link. */
export function listing(program) {
  const all = [];
  const walk = (directory) => {
    const entries = program.list(directory || "/").sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const { name } of entries) {
      const path = `${directory}/${name}`;
      const facts = stat(program, path);
      if (!facts) continue;
      const { type, size, mode, mtime, ctime, nlink } = facts;
      all.push({ path, name, type, size, mode, mtime, ctime, nlink, ...(type === "symlink" && { target: program.readlink(path) }) });
      if (type === "directory") walk(path);
    }
  };
  walk("");
  return all;
}

/** What a path is, or undefined where a listing names what is gone: in `/dev/fd`, the descriptor that it was read through. */
function stat(program, path) {
  try {
    return program.stat(path, { follow: false });
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
}

/** What became of each path that is not as it was: "new", "changed" or "removed". */
export function changes(before, listedBefore, after, listedAfter) {
  const [was, found] = [new Map(listedBefore.map((entry) => [entry.path, entry])), new Map()];
  let left = COMPARED_BYTES;
  const sameContents = (old, entry) => {
    if (old.size !== entry.size) return false;
    if ((left -= entry.size) < 0) return +old.mtime === +entry.mtime && +old.ctime === +entry.ctime;
    const [one, other] = [before.get(entry.path), after.get(entry.path)];
    return one.every((byte, at) => byte === other[at]);
  };
  for (const entry of listedAfter) {
    const old = was.get(entry.path);
    was.delete(entry.path);
    if (!old) found.set(entry.path, "new");
    else if (old.type !== entry.type || old.target !== entry.target || old.mode !== entry.mode) found.set(entry.path, "changed");
    else if (entry.type === "file" && !sameContents(old, entry)) found.set(entry.path, "changed");
  }
  for (const path of was.keys()) found.set(path, "removed");
  return found;
}
