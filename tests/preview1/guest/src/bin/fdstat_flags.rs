//! `fd_fdstat_set_flags`: append, nonblock and the sync family.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let fd = t.create("f");
    t.is("at first", fdflags(fd), Ok(0));
    t.is("a line", write(fd, b"first "), Ok(6));
    t.is("set append", set_fdflags(fd, APPEND), Ok(()));
    t.is("it is shown", fdflags(fd), Ok(APPEND));
    t.is("back to the start", seek(fd, 0, SET), Ok(0));
    t.is("appended", write(fd, b"second"), Ok(6));
    t.is("the offset is behind it", tell(fd), Ok(12));
    t.is("the contents", t.contents("f"), Ok(b"first second".to_vec()));
    t.is("pwrite while appending", pwrite(fd, b"?", 0), Ok(1));
    t.is("what it did", t.contents("f"), Ok(b"first second?".to_vec()));
    t.is("clear append", set_fdflags(fd, 0), Ok(()));
    t.is("it is gone", fdflags(fd), Ok(0));
    seek(fd, 0, SET).need("seek");
    t.is("written in place", write(fd, b"FIRST"), Ok(5));
    t.is(
        "the contents then",
        t.contents("f").map(|bytes| bytes[..6].to_vec()),
        Ok(b"FIRST ".to_vec()),
    );

    t.is("set nonblock", set_fdflags(fd, NONBLOCK), Ok(()));
    t.is("nonblock is shown", fdflags(fd), Ok(NONBLOCK));
    t.is("read with nonblock", pread(fd, 5, 0), Ok(b"FIRST".to_vec()));
    t.is("append and nonblock", set_fdflags(fd, APPEND | NONBLOCK), Ok(()));
    t.is("both are shown", fdflags(fd), Ok(APPEND | NONBLOCK));
    for (name, flags) in
        [("dsync", DSYNC), ("rsync", RSYNC), ("sync", SYNC), ("dsync and append", DSYNC | APPEND)]
    {
        t.is(&format!("set {name}"), set_fdflags(fd, flags), Err(INVAL));
    }
    t.is("nothing has changed", fdflags(fd), Ok(APPEND | NONBLOCK));
    t.is("it goes for this descriptor only", fdflags(t.create("f")), Ok(0));

    t.is("of a directory", set_fdflags(t.dir, 0), Err(BADF));
    t.is("append, of a directory", set_fdflags(t.dir, APPEND), Err(BADF));
    t.is("of a preopen", set_fdflags(t.root, NONBLOCK), Err(BADF));
    t.is("of nothing", set_fdflags(1000, 0), Err(BADF));
    let reader = open(t.dir, "f", 0, READ, 0).need("f");
    t.is("append, of what is open for reading", set_fdflags(reader, APPEND), Ok(()));
    t.is("it is shown there too", fdflags(reader), Ok(APPEND));
    t.is("it reads from the start", read(reader, 5), Ok(b"FIRST".to_vec()));
    t.end()
}
