//! `path_rename`: over files, empty and full directories, between directories.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let d = t.dir;
    t.file("f", b"f");
    let number = lstat(d, "f").need("f").ino;
    t.is("to a new name", rename(d, "f", d, "g"), Ok(()));
    t.is("the old one is gone", lfiletype(d, "f"), Err(NOENT));
    t.is("it is the same file", lstat(d, "g").map(|stat| stat.ino), Ok(number));
    t.file("f", b"new");
    t.is("over a file", rename(d, "g", d, "f"), Ok(()));
    t.is("with its contents", t.contents("f"), Ok(b"f".to_vec()));
    t.is("onto itself", rename(d, "f", d, "f"), Ok(()));
    t.is("it is still there", t.contents("f"), Ok(b"f".to_vec()));
    link(d, NOFOLLOW, "f", d, "same").need("link");
    t.is("over another name of the same file", rename(d, "f", d, "same"), Ok(()));
    t.is(
        "nothing happens",
        (lfiletype(d, "f"), lfiletype(d, "same")),
        (Ok(TYPE_REGULAR), Ok(TYPE_REGULAR)),
    );

    for dir in ["empty", "full", "full/inner", "other"] {
        mkdir(d, dir).need(dir);
    }
    t.is("a directory to a new name", rename(d, "other", d, "another"), Ok(()));
    t.is("over an empty directory", rename(d, "another", d, "empty"), Ok(()));
    t.is("over a full one", rename(d, "empty", d, "full"), Err(NOTEMPTY));
    t.is("a full one over an empty one", rename(d, "full", d, "empty"), Ok(()));
    t.is("with what is in it", filetype(d, "empty/inner"), Ok(TYPE_DIRECTORY));
    t.is("the old one is gone again", filetype(d, "full"), Err(NOENT));
    t.is("a directory over a file", rename(d, "empty", d, "f"), Err(NOTDIR));
    t.is("a file over a directory", rename(d, "f", d, "empty"), Err(ISDIR));
    t.is("a directory into itself", rename(d, "empty", d, "empty/x"), Err(INVAL));
    t.is("a directory into what is in it", rename(d, "empty", d, "empty/inner/x"), Err(INVAL));
    t.is("over its own parent", rename(d, "empty/inner", d, "empty"), Err(NOTEMPTY));
    t.is("between directories", rename(d, "f", d, "empty/f"), Ok(()));
    let empty = open(d, "empty", O_DIRECTORY, 0, 0).need("empty");
    t.is("between descriptors", rename(empty, "f", d, "f"), Ok(()));
    t.is("a directory between descriptors", rename(empty, "inner", d, "inner"), Ok(()));
    t.is(
        "its parent is another",
        fstat(d).map(|stat| stat.ino),
        stat(d, "inner/..").map(|stat| stat.ino),
    );
    t.is("an open directory moves along", rename(d, "empty", d, "inner/moved"), Ok(()));
    t.is("and still serves", open(empty, "x", O_CREAT, WRITE, 0).and_then(close), Ok(()));
    t.is("in its new place", filetype(d, "inner/moved/x"), Ok(TYPE_REGULAR));

    t.is("of what is not there", rename(d, "nope", d, "x"), Err(NOENT));
    t.is("into what is not there", rename(d, "f", d, "nope/x"), Err(NOENT));
    t.is("into a file", rename(d, "inner", d, "f/x"), Err(NOTDIR));
    t.is("of nothing", rename(d, "", d, "x"), Err(NOENT));
    t.is("to nothing", rename(d, "f", d, ""), Err(NOENT));
    t.is("of `.`", rename(d, ".", d, "x"), Err(BUSY));
    t.is("to `.`", rename(d, "inner", d, "."), Err(BUSY));
    t.is("of `..`", rename(d, "inner/..", d, "x"), Err(BUSY));
    t.is("out, from", rename(d, "../scratch", d, "x"), Err(PERM));
    t.is("out, to", rename(d, "f", d, "../x"), Err(PERM));
    t.is("absolute, from", rename(d, "/scratch/f", d, "x"), Err(PERM));
    t.is("absolute, to", rename(d, "f", d, "/x"), Err(PERM));
    let fd = t.create("f");
    t.is("through a file, from", rename(fd, "f", d, "x"), Err(BADF));
    t.is("through a file, to", rename(d, "f", fd, "x"), Err(BADF));
    t.is("through nothing, from", rename(1000, "f", d, "x"), Err(BADF));
    t.is("through nothing, to", rename(d, "f", 1000, "x"), Err(BADF));

    // With slashes: wasmtime's path_rename_dir_trailing_slashes and path_rename_file_trailing_slashes.
    mkdir(d, "s").need("s");
    t.is("a directory, slash before", rename(d, "s/", d, "s2"), Ok(()));
    t.is("a directory, slash after", rename(d, "s2", d, "s3/"), Ok(()));
    t.is("a directory, both", rename(d, "s3/", d, "s4/"), Ok(()));
    t.is("a directory, slashes", rename(d, "s4///", d, "s5///"), Ok(()));
    t.is("a file, slash before", rename(d, "f/", d, "x"), Err(NOTDIR));
    t.is("a file, slash after", rename(d, "f", d, "x/"), Err(NOTDIR));
    t.is("a file, both", rename(d, "f/", d, "x/"), Err(NOTDIR));
    t.is("a file onto itself with a slash", rename(d, "f", d, "f/"), Err(NOTDIR));
    t.is("a file over a directory with a slash", rename(d, "f", d, "s5/"), Err(NOTDIR));

    // Links are renamed, not followed.
    symlink("f", d, "l").need("l");
    symlink("inner", d, "ld").need("ld");
    t.is("a link", rename(d, "l", d, "l2"), Ok(()));
    t.is("it is one", lfiletype(d, "l2"), Ok(TYPE_SYMLINK));
    t.is("a file over a link", rename(d, "f", d, "l2"), Ok(()));
    t.is("the link is gone", lfiletype(d, "l2"), Ok(TYPE_REGULAR));
    t.is("a directory over a link to a directory", rename(d, "s5", d, "ld"), Err(NOTDIR));
    t.is("a link with a slash", rename(d, "ld/", d, "x"), Err(NOTDIR));
    t.is("through a link", rename(d, "l2", d, "ld/l2"), Ok(()));
    t.is("there it is", filetype(d, "inner/l2"), Ok(TYPE_REGULAR));
    t.is("nothing else came", lfiletype(d, "x"), Err(NOENT));
    t.end()
}
