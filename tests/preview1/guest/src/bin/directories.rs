//! `path_create_directory`, `path_remove_directory` and `path_unlink_file`.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let d = t.dir;
    t.file("f", b"");
    symlink("f", d, "l").need("l");
    t.is("make", mkdir(d, "a"), Ok(()));
    t.is("its type", filetype(d, "a"), Ok(TYPE_DIRECTORY));
    t.is("make one that is there", mkdir(d, "a"), Err(EXIST));
    t.is("make one that is a file", mkdir(d, "f"), Err(EXIST));
    t.is("make one that is a link", mkdir(d, "l"), Err(EXIST));
    t.is("make one within", mkdir(d, "a/b"), Ok(()));
    t.is("make one far within", mkdir(d, "a/b/../b/c"), Ok(()));
    t.is("make one within what is not there", mkdir(d, "x/y"), Err(NOENT));
    t.is("make one within a file", mkdir(d, "f/y"), Err(NOTDIR));
    t.is("make `.`", mkdir(d, "."), Err(EXIST));
    t.is("make `a/.`", mkdir(d, "a/."), Err(EXIST));
    t.is("make `a/..`", mkdir(d, "a/.."), Err(EXIST));
    t.is("make through a file", open(d, "f", 0, READ, 0).and_then(|fd| mkdir(fd, "x")), Err(BADF));
    t.is("make through nothing", mkdir(1000, "x"), Err(BADF));
    t.is("make through standard output", mkdir(1, "x"), Err(BADF));

    t.is("links of a directory", stat(d, "a").map(|stat| stat.nlink > 0), Ok(true));
    t.is("remove one that is not empty", rmdir(d, "a"), Err(NOTEMPTY));
    t.is(
        "remove one with a file",
        {
            t.file("a/b/c/f", b"");
            rmdir(d, "a/b/c")
        },
        Err(NOTEMPTY),
    );
    t.is("unlink a directory", unlink(d, "a/b"), Err(ISDIR));
    t.is("remove a file", rmdir(d, "f"), Err(NOTDIR));
    t.is("remove a link", rmdir(d, "l"), Err(NOTDIR));
    t.is("remove what is not there", rmdir(d, "x"), Err(NOENT));
    t.is("remove within what is not there", rmdir(d, "x/y"), Err(NOENT));
    t.is("remove within a file", rmdir(d, "f/y"), Err(NOTDIR));
    t.is("remove `.`", rmdir(d, "."), Err(INVAL));
    t.is("remove `a/b/.`", rmdir(d, "a/b/."), Err(INVAL));
    t.differs("remove `a/b/..`", rmdir(d, "a/b/.."), Err(INVAL), Err(NOTEMPTY));
    t.is("remove through nothing", rmdir(1000, "x"), Err(BADF));
    t.is("unlink", unlink(d, "a/b/c/f"), Ok(()));
    t.is("unlink what is not there", unlink(d, "a/b/c/f"), Err(NOENT));
    t.is("unlink a link", unlink(d, "l"), Ok(()));
    t.is("what it led to stays", filetype(d, "f"), Ok(TYPE_REGULAR));
    t.is("unlink `.`", unlink(d, "."), Err(ISDIR));
    t.is("unlink within a file", unlink(d, "f/x"), Err(NOTDIR));
    t.is("unlink through nothing", unlink(1000, "x"), Err(BADF));
    t.is(
        "unlink through a file",
        open(d, "f", 0, READ, 0).and_then(|fd| unlink(fd, "x")),
        Err(BADF),
    );
    t.is("remove", rmdir(d, "a/b/c"), Ok(()));
    t.is("remove, up and over", rmdir(d, "a/b/../b"), Ok(()));
    t.is("remove the last", rmdir(d, "a"), Ok(()));
    t.is("it is gone", filetype(d, "a"), Err(NOENT));
    t.is("the file alone is left", names(d), Ok([".", "..", "f"].map(str::to_owned).to_vec()));

    // Deep.
    let mut path = String::from("deep");
    for _ in 0..50 {
        mkdir(d, &path).need("deep");
        path += "/deep";
    }
    mkdir(d, &path).need("deepest");
    t.is("fifty deep", filetype(d, &path), Ok(TYPE_DIRECTORY));
    while let Some((up, _)) = path.rsplit_once('/') {
        rmdir(d, &path).need("undo");
        path = up.to_owned();
    }
    t.is("and back", rmdir(d, "deep"), Ok(()));
    t.end()
}
