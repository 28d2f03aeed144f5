// A program in AssemblyScript: its WASI shim has no files, so it calls preview1 by itself. It prints what it saw.
import {
  dirent,
  errno,
  fd_close,
  fd_filestat_get,
  fd_read,
  fd_readdir,
  fd_write,
  filestat,
  oflags,
  path_open,
  path_rename,
  path_unlink_file,
  rights,
} from "bindings/wasi_snapshot_preview1";

const ROOT: u32 = 3;

function vector(data: StaticArray<u8>): StaticArray<usize> {
  return [changetype<usize>(data), <usize>data.length];
}

function open(path: string, flags: u16, want: u64): i32 {
  const name = String.UTF8.encode(path);
  const fd = new StaticArray<u32>(1);
  const error = path_open(
    ROOT, 1, changetype<usize>(name), name.byteLength, flags, want, 0, 0, changetype<usize>(fd));
  if (error != errno.SUCCESS) {
    console.log("open " + path + ": errno " + error.toString());
    return -1;
  }
  return <i32>fd[0];
}

function read(path: string): string {
  const fd = open(path, 0, rights.FD_READ | rights.FD_FILESTAT_GET);
  if (fd < 0) return "";
  const stat = memory.data(64, 8);
  fd_filestat_get(fd, changetype<filestat>(stat));
  const bytes = new StaticArray<u8>(<i32>changetype<filestat>(stat).size);
  const iovec = vector(bytes);
  const count = new StaticArray<usize>(1);
  fd_read(fd, changetype<usize>(iovec), 1, changetype<usize>(count));
  fd_close(fd);
  return String.UTF8.decodeUnsafe(changetype<usize>(bytes), count[0]);
}

function write(path: string, text: string): void {
  const fd = open(path, oflags.CREAT | oflags.TRUNC, rights.FD_WRITE);
  if (fd < 0) return;
  const bytes = String.UTF8.encode(text);
  const iovec: StaticArray<usize> = [changetype<usize>(bytes), <usize>bytes.byteLength];
  const count = new StaticArray<usize>(1);
  fd_write(fd, changetype<usize>(iovec), 1, changetype<usize>(count));
  fd_close(fd);
}

function list(path: string): string[] {
  const names: string[] = [];
  const fd = open(path, oflags.DIRECTORY, rights.FD_READDIR);
  if (fd < 0) return names;
  const buffer = new StaticArray<u8>(4096);
  const used = new StaticArray<usize>(1);
  fd_readdir(fd, changetype<usize>(buffer), 4096, 0, changetype<usize>(used));
  let at = changetype<usize>(buffer);
  const end = at + used[0];
  while (at + 24 <= end) {
    const entry = changetype<dirent>(at);
    const name = String.UTF8.decodeUnsafe(at + 24, entry.namlen);
    if (name != "." && name != "..") names.push(name);
    at += 24 + entry.namlen;
  }
  fd_close(fd);
  return names.sort();
}

console.log(read("data/hello.txt"));
console.log(read("data/sub/link-to-hello"));
console.log(read("data/nothing"));
write("work/one", "written by AssemblyScript");
const from = String.UTF8.encode("work/one");
const to = String.UTF8.encode("work/two");
console.log("rename: " + path_rename(
  ROOT, changetype<usize>(from), from.byteLength, ROOT, changetype<usize>(to), to.byteLength).toString());
console.log(read("work/two"));
// Enough garbage that its memory grows.
let kept: string[] = [];
for (let i = 0; i < 20000; i++) kept.push("line " + i.toString());
write("work/long", kept.join("\n"));
console.log("long: " + read("work/long").length.toString());
console.log(list("data").join(" "));
console.log(list("work").join(" "));
console.log("unlink: " + path_unlink_file(ROOT, changetype<usize>(to), to.byteLength).toString());
