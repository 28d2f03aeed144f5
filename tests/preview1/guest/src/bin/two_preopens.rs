//! Two preopens: `/`, and beside it `second`, which is a directory of the first. Moving and linking between them.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let root = t.root;
    let second = preopen("second").ok_or(NOENT).need("second");
    t.is("they follow each other", (root, second), (3, 4));
    t.is("the length of its name", prestat(second), Ok(6));
    t.is("its name", prestat_dir_name(second, 6), Ok(b"second".to_vec()));
    t.is("its name, with too little room", prestat_dir_name(second, 5), Err(NAMETOOLONG));
    t.is("no other", prestat(5), Err(BADF));
    t.is(
        "both are the same directory",
        fstat(second).map(|stat| stat.ino),
        stat(root, "second").map(|stat| stat.ino),
    );
    t.is("its rights are those of the first", fdstat(second), fdstat(root));
    t.is("it is empty", names(second), Ok([".", ".."].map(str::to_owned).to_vec()));

    // What is made through one is there through the other.
    t.is(
        "create",
        open(second, "f", O_CREAT, WRITE, 0).and_then(|fd| write(fd, b"contents")),
        Ok(8),
    );
    t.is("seen through the first", stat(root, "second/f").map(|stat| stat.size), Ok(8));
    t.is("rename to the first", rename(second, "f", root, "scratch/f"), Ok(()));
    t.is("it has come", t.contents("f"), Ok(b"contents".to_vec()));
    t.is("it has gone", filetype(second, "f"), Err(NOENT));
    t.is("rename back", rename(root, "scratch/f", second, "g"), Ok(()));
    t.is("rename within, by different ways", rename(second, "g", root, "second/h"), Ok(()));
    t.is("rename onto itself, by different ways", rename(second, "h", root, "second/h"), Ok(()));
    t.is("it is there", filetype(second, "h"), Ok(TYPE_REGULAR));
    t.is("link to the first", link(second, NOFOLLOW, "h", root, "scratch/f"), Ok(()));
    t.is("two links", lstat(second, "h").map(|stat| stat.nlink), Ok(2));
    t.is("link from the first", link(root, NOFOLLOW, "scratch/f", second, "i"), Ok(()));
    t.is("three links", lstat(second, "i").map(|stat| stat.nlink), Ok(3));
    t.is("link over what is there", link(root, NOFOLLOW, "scratch/f", second, "h"), Err(EXIST));
    mkdir(second, "dir").need("dir");
    mkdir(second, "dir/inner").need("inner");
    mkdir(t.dir, "empty").need("empty");
    mkdir(t.dir, "full").need("full");
    t.file("full/f", b"");
    t.is("a directory over a full one", rename(second, "dir", t.dir, "full"), Err(NOTEMPTY));
    t.is("a directory over an empty one", rename(second, "dir", t.dir, "empty"), Ok(()));
    t.is("with what is in it", filetype(t.dir, "empty/inner"), Ok(TYPE_DIRECTORY));
    t.is("a file over a directory", rename(second, "h", t.dir, "full"), Err(ISDIR));
    t.is("a directory over a file", rename(t.dir, "full", second, "h"), Err(NOTDIR));
    t.is("a directory into itself", rename(root, "second", second, "x"), Err(INVAL));
    t.is("a file over a file", rename(t.dir, "full/f", second, "h"), Ok(()));
    t.is("its contents", stat(second, "h").map(|stat| stat.size), Ok(0));

    // Each confines its own paths.
    t.is("up from the second", filetype(second, ".."), Err(PERM));
    t.is("up and over", filetype(second, "../tree/file"), Err(PERM));
    t.is("absolute", filetype(second, "/tree/file"), Err(PERM));
    t.is("up, to rename", rename(second, "h", second, "../x"), Err(PERM));
    symlink("../tree/file", second, "out").need("out");
    t.is("a link out", filetype(second, "out"), Err(PERM));
    t.is("through the first it is none", filetype(root, "second/out"), Ok(TYPE_REGULAR));
    t.is(
        "an absolute link of the tree, moved",
        rename(root, "tree/absolute", second, "absolute"),
        Ok(()),
    );
    t.is("leads nowhere from there", filetype(second, "absolute"), Err(PERM));

    // One goes, the other stays.
    t.is("the first is closed", close(root), Ok(()));
    t.is("the second stays", prestat(second), Ok(6));
    t.is("and serves", filetype(second, "h"), Ok(TYPE_REGULAR));
    t.is("a C library stops at the gap", prestat(root), Err(BADF));
    // POSIX has the lowest free number next, which wasmtime has not.
    let dir = open(second, ".", O_DIRECTORY, 0, 0).need("dir");
    t.differs("its number is given next", dir == root, false, true);
    t.is("moved into another place", renumber(second, dir), Ok(()));
    t.is("it is a preopen there", prestat(dir), Ok(6));
    t.is("and not where it was", prestat(second), Err(BADF));
    t.is("there it serves", filetype(dir, "h"), Ok(TYPE_REGULAR));
    t.end()
}
