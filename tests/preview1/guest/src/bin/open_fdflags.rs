//! The flags of a descriptor, given to `path_open`.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    t.file("f", b"begin");
    let fd = open(t.dir, "f", 0, READ | WRITE, APPEND).need("append");
    t.is("append is shown", fdflags(fd), Ok(APPEND));
    t.is("the offset is at the start", tell(fd), Ok(0));
    t.is("reading begins there", read(fd, 2), Ok(b"be".to_vec()));
    t.is("writing goes to the end", write(fd, b"end"), Ok(3));
    t.is("and takes the offset along", tell(fd), Ok(8));
    t.is("the contents", t.contents("f"), Ok(b"beginend".to_vec()));
    // Somebody else makes it longer.
    let other = open(t.dir, "f", 0, WRITE, 0).need("other");
    seek(other, 0, END).need("seek");
    write(other, b"!").need("write");
    t.is("the end is where it is now", write(fd, b"?"), Ok(1));
    t.is("the contents then", t.contents("f"), Ok(b"beginend!?".to_vec()));
    t.is("not append", fdflags(other), Ok(0));

    let fd = open(t.dir, "f", 0, READ, NONBLOCK).need("nonblock");
    t.is("nonblock is shown", fdflags(fd), Ok(NONBLOCK));
    t.is("nonblock reads", read(fd, 5), Ok(b"begin".to_vec()));
    t.is(
        "append and nonblock",
        open(t.dir, "f", 0, READ, APPEND | NONBLOCK).and_then(fdflags),
        Ok(APPEND | NONBLOCK),
    );
    t.is(
        "append, created",
        open(t.dir, "new", O_CREAT, WRITE, APPEND).and_then(fdflags),
        Ok(APPEND),
    );
    t.is("append, cut", open(t.dir, "f", O_TRUNC, WRITE, APPEND).and_then(fdflags), Ok(APPEND));
    t.is("it is cut", stat(t.dir, "f").map(|stat| stat.size), Ok(0));

    // Wasmtime cannot open so; here memory is always in step.
    for (name, flags, shown) in [
        ("dsync", DSYNC, DSYNC),
        ("sync", SYNC, SYNC | DSYNC),
        ("rsync", RSYNC, SYNC | DSYNC),
        ("sync and append", SYNC | APPEND, SYNC | DSYNC | APPEND),
    ] {
        t.differs(
            &format!("open with {name}"),
            open(t.dir, "f", 0, READ | WRITE, flags).and_then(fdflags),
            Err(NOTSUP),
            Ok(shown),
        );
    }
    t.is(
        "append, of a directory",
        open(t.dir, ".", O_DIRECTORY, 0, APPEND).and_then(fdflags),
        Ok(0),
    );
    t.is(
        "nonblock, of a directory",
        open(t.dir, ".", O_DIRECTORY, 0, NONBLOCK).and_then(fdflags),
        Ok(0),
    );
    t.end()
}
