//! `fd_renumber`: over files, from and over preopens and the standard streams.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    t.file("a", b"aaaa");
    t.file("b", b"bbbb");
    let a = open(t.dir, "a", 0, READ, 0).need("a");
    let b = open(t.dir, "b", 0, READ | WRITE, 0).need("b");
    read(a, 1).need("read");
    let before = fdstat(a).need("a");
    t.is("over a file", renumber(a, b), Ok(()));
    t.is("the old number is closed", fdstat(a), Err(BADF));
    t.is("the new one is as the old one was", fdstat(b), Ok(before));
    t.is("with its offset", read(b, 8), Ok(b"aaa".to_vec()));
    t.is("onto itself", renumber(b, b), Ok(()));
    t.is("it is still open", tell(b), Ok(4));
    t.is("from what is not open", renumber(a, b), Err(BADF));
    t.is("to what is not open", renumber(b, a), Err(BADF));
    t.is("onto itself, not open", renumber(a, a), Err(BADF));
    t.is("to a number beyond all", renumber(b, u32::MAX), Err(BADF));
    t.is("from a number beyond all", renumber(u32::MAX, b), Err(BADF));
    t.is("the freed number comes next", open(t.dir, "b", 0, READ, 0), Ok(a));

    // Directories.
    mkdir(t.dir, "d").need("d");
    t.is(
        "a directory over a file",
        open(t.dir, "d", O_DIRECTORY, 0, 0).and_then(|d| renumber(d, a)),
        Ok(()),
    );
    t.is("paths start at it", open(a, "new", O_CREAT, WRITE, 0).and_then(close), Ok(()));
    t.is("there it is", filetype(t.dir, "d/new"), Ok(TYPE_REGULAR));

    // The standard streams.
    let spare = open(t.dir, "b", 0, WRITE, 0).need("spare");
    t.is("stderr over a file", renumber(2, spare), Ok(()));
    t.is("stderr has gone", fdstat(2), Err(BADF));
    t.is("and writes from its new place", write(spare, b""), Ok(0));
    t.is("it cannot be seeked", seek(spare, 0, CUR).is_err(), true);
    t.is("the stream is no file any more", fstat(spare).map(|stat| stat.size), Ok(0));
    t.is("a number that is closed is not renumbered to", renumber(spare, 2), Err(BADF));

    // Preopens.
    let copy = open(t.root, ".", O_DIRECTORY, 0, 0).need("copy");
    t.is("a preopen over a directory", renumber(t.root, copy), Ok(()));
    t.is("it has left its number", prestat(t.root), Err(BADF));
    t.is("and is a preopen in its new place", prestat(copy), Ok(1));
    t.is("with its name", prestat_dir_name(copy, 1), Ok(b"/".to_vec()));
    t.is("and serves paths", filetype(copy, "scratch"), Ok(TYPE_DIRECTORY));
    let plain = open(copy, "scratch", O_DIRECTORY, 0, 0).need("plain");
    t.is("a directory over a preopen", renumber(plain, copy), Ok(()));
    t.is("that is none then", prestat(copy), Err(BADF));
    t.is("its paths start at the directory", filetype(copy, "d"), Ok(TYPE_DIRECTORY));
    t.is("the name of what is no preopen", prestat_dir_name(copy, 1), Err(NOTDIR));
    t.end()
}
