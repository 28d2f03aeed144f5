//! `path_symlink` and `path_readlink`.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let d = t.dir;
    t.file("f", b"contents");
    mkdir(d, "dir").need("dir");
    t.is("to a file", symlink("f", d, "l"), Ok(()));
    t.is("its type", lfiletype(d, "l"), Ok(TYPE_SYMLINK));
    t.is("its size is its text's", lstat(d, "l").map(|stat| stat.size), Ok(1));
    t.is("followed", filetype(d, "l"), Ok(TYPE_REGULAR));
    t.is("opened", t.contents("l"), Ok(b"contents".to_vec()));
    t.is("to a directory", symlink("dir", d, "ld"), Ok(()));
    t.is("a path through it", open(d, "ld/x", O_CREAT, WRITE, 0).and_then(close), Ok(()));
    t.is("there it is", filetype(d, "dir/x"), Ok(TYPE_REGULAR));
    t.is("to nothing that is", symlink("nope/nor here", d, "dangling"), Ok(()));
    t.is("any text", symlink("a//b/../c/.", d, "text"), Ok(()));
    t.is("text that leads out", symlink("../../..", d, "out"), Ok(()));
    t.is("within a directory", symlink("../f", d, "dir/up"), Ok(()));
    t.is("up and over", t.contents("dir/up"), Ok(b"contents".to_vec()));

    t.is("read", readlink(d, "text", 100), Ok(b"a//b/../c/.".to_vec()));
    t.is("read, as much room as it has", readlink(d, "text", 11), Ok(b"a//b/../c/.".to_vec()));
    t.is("read, one byte too few", readlink(d, "text", 10), Ok(b"a//b/../c/".to_vec()));
    t.is("read, room for one", readlink(d, "text", 1), Ok(b"a".to_vec()));
    t.is("read, no room", readlink(d, "text", 0), Ok(vec![]));
    t.is("read, out", readlink(d, "out", 100), Ok(b"../../..".to_vec()));
    t.is("read through a link", readlink(d, "ld/up", 100), Ok(b"../f".to_vec()));
    t.is("read a file", readlink(d, "f", 100), Err(INVAL));
    t.is("read a directory", readlink(d, "dir", 100), Err(INVAL));
    t.is("read `.`", readlink(d, ".", 100), Err(INVAL));
    t.is("read what is not there", readlink(d, "nope", 100), Err(NOENT));
    t.is("read beneath a file", readlink(d, "f/x", 100), Err(NOTDIR));
    t.is("read nothing", readlink(d, "", 100), Err(NOENT));
    t.is("read, out of here", readlink(d, "../scratch/l", 100), Err(PERM));
    let fd = t.create("f");
    t.is("read through a file", readlink(fd, "l", 100), Err(BADF));
    t.is("read through nothing", readlink(1000, "l", 100), Err(BADF));

    t.is("over a file", symlink("x", d, "f"), Err(EXIST));
    t.is("over a directory", symlink("x", d, "dir"), Err(EXIST));
    t.is("over a link", symlink("x", d, "l"), Err(EXIST));
    t.is("over a dangling link", symlink("x", d, "dangling"), Err(EXIST));
    t.is("into what is not there", symlink("x", d, "nope/l"), Err(NOENT));
    t.is("into a file", symlink("x", d, "f/l"), Err(NOTDIR));
    t.is("of no name", symlink("x", d, ""), Err(NOENT));
    t.is("to no text", symlink("", d, "empty"), Err(NOENT));
    t.is("to an absolute text", symlink("/f", d, "absolute"), Err(PERM));
    t.is("to the root", symlink("/", d, "absolute"), Err(PERM));
    t.is("out of here", symlink("x", d, "../l"), Err(PERM));
    t.is("absolute", symlink("x", d, "/l"), Err(PERM));
    t.is("through a file", symlink("x", fd, "l"), Err(BADF));
    t.is("through nothing", symlink("x", 1000, "l"), Err(BADF));
    let long = "x".repeat(4095);
    t.is("to a text of 4095 bytes", symlink(&long, d, "long"), Ok(()));
    t.is("which is read whole", readlink(d, "long", 8192).map(|text| text.len()), Ok(4095));
    t.is("to a text of 4096 bytes", symlink("x".repeat(4096), d, "longer"), Err(NAMETOOLONG));

    // What other calls do with one.
    t.is("remove it as a directory", rmdir(d, "ld"), Err(NOTDIR));
    t.is("make a directory over it", mkdir(d, "ld"), Err(EXIST));
    t.is("open it, not followed", open_at(d, NOFOLLOW, "l", 0, READ, 0).err(), Some(LOOP));
    t.is(
        "open it, not followed, as a directory",
        open_at(d, NOFOLLOW, "ld", O_DIRECTORY, 0, 0).err(),
        Some(LOOP),
    );
    t.is("open it, followed, as a directory", open(d, "ld", O_DIRECTORY, 0, 0).err(), None);
    t.is(
        "open one to a file, followed, as a directory",
        open(d, "l", O_DIRECTORY, 0, 0).err(),
        Some(NOTDIR),
    );
    t.is("create it, not followed", open_at(d, NOFOLLOW, "l", O_CREAT, WRITE, 0).err(), Some(LOOP));
    t.is("create it, followed", open(d, "l", O_CREAT, WRITE, 0).err(), None);
    t.is("create it only", open(d, "l", O_CREAT | O_EXCL, WRITE, 0).err(), Some(EXIST));
    t.is("remove it", unlink(d, "ld"), Ok(()));
    t.is("what it led to stays", filetype(d, "dir"), Ok(TYPE_DIRECTORY));
    t.end()
}
