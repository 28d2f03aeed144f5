//! Numbers of descriptors: closing, giving them again, and every call on one that is not open.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let d = t.dir;
    t.file("f", b"contents");
    let fds: Vec<Fd> = (0..8).map(|_| open(d, "f", 0, READ, 0).need("f")).collect();
    let first = fds[0];
    t.is("one after the other", fds.clone(), (first..first + 8).collect());
    t.is("close one in the middle", close(fds[3]), Ok(()));
    t.is("its number comes next", open(d, "f", 0, READ, 0), Ok(fds[3]));
    t.is("then one that is new", open(d, "f", 0, READ, 0), Ok(first + 8));
    for &number in &[2, 5, 4] {
        close(fds[number]).need("close");
    }
    // POSIX has the lowest, wasmtime the highest that is free.
    t.differs("of three free, the", open(d, "f", 0, READ, 0), Ok(fds[5]), Ok(fds[2]));
    t.is("the second", open(d, "f", 0, READ, 0), Ok(fds[4]));
    t.differs("the third", open(d, "f", 0, READ, 0), Ok(fds[2]), Ok(fds[5]));
    t.is("and a new one", open(d, "f", 0, READ, 0), Ok(first + 9));
    t.is(
        "a failed opening takes none",
        (open(d, "nope", 0, READ, 0).err(), open(d, "f", 0, READ, 0)),
        (Some(NOENT), Ok(first + 10)),
    );
    t.is(
        "the offset is not that of the last one with the number",
        {
            read(fds[0], 4).need("read");
            close(fds[0]).need("close");
            open(d, "f", 0, READ, 0).and_then(tell)
        },
        Ok(0),
    );

    let closed = first + 10;
    close(closed).need("close");
    for (name, fd) in [
        ("closed", closed),
        ("never open", 9999),
        ("2^31 - 1", 0x7fff_ffff),
        ("2^31", 0x8000_0000),
        ("2^32 - 1", u32::MAX),
    ] {
        let mut bytes = [0; 4];
        let answers = [
            ("close", close(fd)),
            ("read", read(fd, 1).map(|_| ())),
            ("pread", pread(fd, 1, 0).map(|_| ())),
            ("write", write(fd, b"x").map(|_| ())),
            ("pwrite", pwrite(fd, b"x", 0).map(|_| ())),
            ("seek", seek(fd, 0, SET).map(|_| ())),
            ("tell", tell(fd).map(|_| ())),
            ("fdstat", fdstat(fd).map(|_| ())),
            ("set flags", set_fdflags(fd, 0)),
            ("set rights", set_rights(fd, 0, 0)),
            ("filestat", fstat(fd).map(|_| ())),
            ("set size", truncate(fd, 0)),
            ("set times", set_times(fd, 0, 0, MTIM)),
            ("sync", sync(fd)),
            ("datasync", datasync(fd)),
            ("advise", advise(fd, 0, 1, 0)),
            ("allocate", allocate(fd, 0, 1)),
            ("prestat", prestat(fd).map(|_| ())),
            ("readdir", readdir_bytes(fd, 1, 0).map(|_| ())),
            ("renumber", renumber(fd, d)),
            ("renumber to", renumber(d, fd)),
            ("open", open(fd, "f", 0, READ, 0).map(|_| ())),
            ("stat", filetype(fd, "f").map(|_| ())),
            ("mkdir", mkdir(fd, "x")),
            ("rmdir", rmdir(fd, "x")),
            ("unlink", unlink(fd, "f")),
            ("rename", rename(fd, "f", d, "g")),
            ("rename to", rename(d, "f", fd, "g")),
            ("link", link(fd, NOFOLLOW, "f", d, "g")),
            ("link to", link(d, NOFOLLOW, "f", fd, "g")),
            ("symlink", symlink("f", fd, "g")),
            ("readlink", readlink(fd, "f", 1).map(|_| ())),
            ("times at", set_times_at(fd, FOLLOW, "f", 0, 0, MTIM)),
            ("poll for reading", poll(&[on_fd(1, TAG_READ, fd)]).map(|_| ())),
            ("poll for writing", poll(&[on_fd(1, TAG_WRITE, fd)]).map(|_| ())),
            ("accept", sock_accept(fd).map(|_| ())),
            ("recv", sock_recv(fd, &mut bytes).map(|_| ())),
            ("send", sock_send(fd, &mut bytes).map(|_| ())),
            ("shutdown", sock_shutdown(fd, 1)),
        ];
        for (call, answer) in answers {
            t.is(&format!("{name}: {call}"), answer, Err(BADF));
        }
    }
    t.is("the file is unharmed", t.contents("f"), Ok(b"contents".to_vec()));
    t.end()
}
