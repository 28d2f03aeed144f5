//! The standard streams, which are the host's.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    t.is("read standard input", read(0, 8), Ok(b"standard".to_vec()));
    t.is("the rest", read(0, 100), Ok(b" input\n".to_vec()));
    t.is("its end", read(0, 100), Ok(vec![]));
    t.is("write to standard error", write(2, b"to standard error\n"), Ok(18));
    t.is("write nothing", write(2, b""), Ok(0));
    for fd in 0..3 {
        t.is(&format!("{fd}: is open"), fdstat(fd).is_ok(), true);
        t.is(&format!("{fd}: has a filestat"), fstat(fd).is_ok(), true);
        t.is(&format!("{fd}: is no directory"), open(fd, "x", 0, READ, 0).err(), Some(BADF));
        t.is(&format!("{fd}: is no preopen"), prestat(fd), Err(BADF));
        t.is(&format!("{fd}: does not seek"), seek(fd, 0, CUR).is_err(), true);
    }
    // The numbers of the streams are not given to files.
    t.is("close standard input", close(0), Ok(()));
    t.is("it is closed", read(0, 1), Err(BADF));
    t.is("close it again", close(0), Err(BADF));
    t.file("f", b"contents");
    t.differs(
        "a file does not take its number",
        open(t.dir, "f", 0, READ, 0).map(|fd| fd > 2),
        Ok(false),
        Ok(true),
    );
    t.is("close standard error", close(2), Ok(()));
    t.is("it is closed too", write(2, b"x"), Err(BADF));
    t.end()
}
