//! `path_link`.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let d = t.dir;
    t.file("f", b"contents");
    mkdir(d, "sub").need("sub");
    let sub = open(d, "sub", O_DIRECTORY, 0, 0).need("sub");
    t.is("a second name", link(d, NOFOLLOW, "f", d, "g"), Ok(()));
    t.is("one file", lstat(d, "g"), lstat(d, "f"));
    t.is("two names", lstat(d, "f").map(|stat| stat.nlink), Ok(2));
    t.is("in another directory", link(d, NOFOLLOW, "g", sub, "h"), Ok(()));
    t.is("three names", lstat(d, "f").map(|stat| stat.nlink), Ok(3));
    let fd = open(d, "sub/h", 0, WRITE, 0).need("h");
    write(fd, b"CONTENTS").need("write");
    t.is("written through one", t.contents("f"), Ok(b"CONTENTS".to_vec()));
    t.is("one name goes", unlink(d, "f"), Ok(()));
    t.is("the file stays", t.contents("g"), Ok(b"CONTENTS".to_vec()));
    t.is("two are left", fstat(fd).map(|stat| stat.nlink), Ok(2));
    t.is("up and over", link(sub, NOFOLLOW, "h", d, "sub/../f"), Ok(()));

    t.is("over a file", link(d, NOFOLLOW, "f", d, "g"), Err(EXIST));
    t.is("over itself", link(d, NOFOLLOW, "f", d, "f"), Err(EXIST));
    t.is("over a directory", link(d, NOFOLLOW, "f", d, "sub"), Err(EXIST));
    t.is("of a directory", link(d, NOFOLLOW, "sub", d, "sub2"), Err(PERM));
    t.is("of `.`", link(d, NOFOLLOW, ".", d, "dot"), Err(PERM));
    t.is("of what is not there", link(d, NOFOLLOW, "nope", d, "x"), Err(NOENT));
    t.is("into what is not there", link(d, NOFOLLOW, "f", d, "nope/x"), Err(NOENT));
    t.is("into a file", link(d, NOFOLLOW, "f", d, "g/x"), Err(NOTDIR));
    t.is("from a file with a slash", link(d, NOFOLLOW, "f/", d, "x"), Err(NOTDIR));
    t.is("to a name with a slash", link(d, NOFOLLOW, "f", d, "x/"), Err(NOENT));
    t.is("of nothing", link(d, NOFOLLOW, "", d, "x"), Err(NOENT));
    t.is("to nothing", link(d, NOFOLLOW, "f", d, ""), Err(NOENT));
    t.is("out, from", link(d, NOFOLLOW, "../scratch/f", d, "x"), Err(PERM));
    t.is("out, to", link(d, NOFOLLOW, "f", d, "../x"), Err(PERM));
    t.is("absolute, from", link(d, NOFOLLOW, "/scratch/f", d, "x"), Err(PERM));
    t.is("absolute, to", link(d, NOFOLLOW, "f", d, "/x"), Err(PERM));
    t.is("through a file, from", link(fd, NOFOLLOW, "f", d, "x"), Err(BADF));
    t.is("through a file, to", link(d, NOFOLLOW, "f", fd, "x"), Err(BADF));
    t.is("through nothing", link(1000, NOFOLLOW, "f", d, "x"), Err(BADF));

    symlink("f", d, "to-f").need("to-f");
    symlink("sub", d, "to-sub").need("to-sub");
    symlink("nope", d, "dangling").need("dangling");
    t.is("of a symbolic link", link(d, NOFOLLOW, "to-f", d, "also-to-f"), Ok(()));
    t.is("it is one", lfiletype(d, "also-to-f"), Ok(TYPE_SYMLINK));
    t.is("of a symbolic link, followed", link(d, FOLLOW, "to-f", d, "x"), Err(INVAL));
    t.is("of a file, followed", link(d, FOLLOW, "f", d, "x"), Err(INVAL));
    t.is("of a dangling link", link(d, NOFOLLOW, "dangling", d, "dangling2"), Ok(()));
    t.is("of a dangling link, followed", link(d, FOLLOW, "dangling", d, "x"), Err(INVAL));
    t.is("over a dangling link", link(d, NOFOLLOW, "f", d, "dangling"), Err(EXIST));
    t.is("over a symbolic link", link(d, NOFOLLOW, "f", d, "to-f"), Err(EXIST));
    t.is(
        "through a symbolic link to a directory",
        link(d, NOFOLLOW, "to-sub/h", d, "to-sub/i"),
        Ok(()),
    );
    t.is("there it is", filetype(sub, "i"), Ok(TYPE_REGULAR));
    t.is("nothing else came", filetype(d, "x"), Err(NOENT));
    t.end()
}
