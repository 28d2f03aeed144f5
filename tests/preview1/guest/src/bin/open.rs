//! `path_open`: creating, exclusively, cutting; what it refuses; many files at once.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let d = t.dir;
    t.is("what is not there", open(d, "f", 0, READ, 0).err(), Some(NOENT));
    t.is("what is not there, for writing", open(d, "f", 0, WRITE, 0).err(), Some(NOENT));
    t.is("what is not there, cut", open(d, "f", O_TRUNC, WRITE, 0).err(), Some(NOENT));
    t.is("what is not there, exclusively", open(d, "f", O_EXCL, READ, 0).err(), Some(NOENT));
    t.is("beneath what is not there", open(d, "nope/f", O_CREAT, WRITE, 0).err(), Some(NOENT));
    t.is(
        "create",
        open(d, "f", O_CREAT, READ | WRITE, 0).and_then(|fd| write(fd, b"contents")),
        Ok(8),
    );
    t.is("create what is there", t.contents("f"), Ok(b"contents".to_vec()));
    t.is(
        "create what is there, again",
        open(d, "f", O_CREAT, READ, 0).and_then(|fd| read(fd, 9)),
        Ok(b"contents".to_vec()),
    );
    t.is("exclusively", open(d, "f", O_CREAT | O_EXCL, WRITE, 0).err(), Some(EXIST));
    t.is("exclusively, cut", open(d, "f", O_CREAT | O_EXCL | O_TRUNC, WRITE, 0).err(), Some(EXIST));
    t.is("it was not cut", t.contents("f"), Ok(b"contents".to_vec()));
    t.is("exclusively, new", open(d, "g", O_CREAT | O_EXCL, WRITE, 0).err(), None);
    t.is("exclusively alone means nothing", open(d, "f", O_EXCL, READ, 0).err(), None);
    t.is("beneath a file", open(d, "f/g", 0, READ, 0).err(), Some(NOTDIR));
    t.is("create beneath a file", open(d, "f/g", O_CREAT, WRITE, 0).err(), Some(NOTDIR));

    let writer = open(d, "f", O_TRUNC, WRITE, 0).need("cut");
    t.is("cut", fstat(writer).map(|stat| stat.size), Ok(0));
    write(writer, b"new").need("write");
    t.is("a reader sees it", t.contents("f"), Ok(b"new".to_vec()));
    t.is("cut, opened for reading", open(d, "f", O_TRUNC, READ, 0).err(), None);
    t.is("that cuts too", t.contents("f"), Ok(vec![]));
    t.is("cut, new", open(d, "h", O_CREAT | O_TRUNC, READ | WRITE, 0).err(), None);
    t.is(
        "for writing only, new",
        open(d, "i", O_CREAT, WRITE, 0).and_then(|fd| read(fd, 1)),
        Err(BADF),
    );
    // Creating opens for writing, whatever was asked for; what may be done with it is another matter.
    let created = open(d, "j", O_CREAT, READ, 0).need("created");
    t.is("for reading only, new", read(created, 1), Ok(vec![]));
    t.is("for no rights, new", open(d, "k", O_CREAT, 0, 0).and_then(|fd| read(fd, 1)), Ok(vec![]));

    t.is(
        "unknown lookup flags are no flags of open",
        open_at(d, FOLLOW, "f", 0, READ, 0).err(),
        None,
    );
    t.is("through a file", open(writer, "f", 0, READ, 0).err(), Some(NOTDIR));
    t.is("through a file, create", open(writer, "f", O_CREAT, WRITE, 0).err(), Some(NOTDIR));
    t.is("through standard input", open(0, "f", 0, READ, 0).err(), Some(BADF));
    t.is("through nothing", open(1000, "f", 0, READ, 0).err(), Some(BADF));
    t.is(
        "through a closed descriptor",
        close(created).and_then(|()| open(created, "f", 0, READ, 0)).err(),
        Some(BADF),
    );

    // Each opening has an offset of its own.
    t.file("f", b"abcdef");
    let (one, two) = (open(d, "f", 0, READ, 0).need("one"), open(d, "f", 0, READ, 0).need("two"));
    t.is("first", read(one, 2), Ok(b"ab".to_vec()));
    t.is("second", read(two, 3), Ok(b"abc".to_vec()));
    t.is("first again", read(one, 2), Ok(b"cd".to_vec()));

    // Many.
    let mut fds = Vec::new();
    for number in 0..500 {
        match open(d, format!("many{number}"), O_CREAT, READ | WRITE, 0) {
            Ok(fd) => fds.push(fd),
            Err(_) => break,
        }
    }
    t.is("five hundred at once", fds.len(), 500);
    let mut unique = fds.clone();
    unique.sort_unstable();
    unique.dedup();
    t.is("each with its number", unique.len(), 500);
    t.is(
        "each writes",
        fds.iter().filter(|&&fd| write(fd, &fd.to_le_bytes()) == Ok(4)).count(),
        500,
    );
    t.is(
        "each reads",
        fds.iter().filter(|&&fd| pread(fd, 4, 0) == Ok(fd.to_le_bytes().to_vec())).count(),
        500,
    );
    t.is("each closes", fds.iter().filter(|&&fd| close(fd).is_ok()).count(), 500);
    // Wasmtime's path_open_lots.
    let mut opened = 0;
    for _ in 0..2000 {
        let Ok(fd) = open(d, "f", 0, READ, 0) else { break };
        opened += u32::from(close(fd).is_ok());
    }
    t.is("two thousand, one after another", opened, 2000);
    t.end()
}
