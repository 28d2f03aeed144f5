//! Rights: what a descriptor shows, and what becomes of those that are taken away.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let preopen = fdstat(t.root).need("fdstat of the preopen");
    t.is("preopen: type", preopen.filetype, TYPE_DIRECTORY);
    t.is("preopen: flags", preopen.flags, 0);
    t.is("preopen: opens paths", preopen.base & wasi::RIGHTS_PATH_OPEN != 0, true);
    t.is("preopen: lists", preopen.base & wasi::RIGHTS_FD_READDIR != 0, true);
    t.is("preopen: does not read", preopen.base & READ, 0);
    t.is("preopen: does not seek", preopen.base & wasi::RIGHTS_FD_SEEK, 0);
    t.is("preopen: has no size", preopen.base & wasi::RIGHTS_FD_FILESTAT_SET_SIZE, 0);
    t.is(
        "preopen: files through it read and write",
        preopen.inheriting & (READ | WRITE),
        READ | WRITE,
    );
    t.is(
        "preopen: files through it are polled",
        preopen.inheriting & wasi::RIGHTS_POLL_FD_READWRITE != 0,
        true,
    );
    t.is("preopen: base is inherited", preopen.inheriting & preopen.base, preopen.base);

    let dir = fdstat(t.dir).need("fdstat of a directory");
    t.is("directory: no seek", dir.base & wasi::RIGHTS_FD_SEEK, 0);
    t.is(
        "directory: no size",
        dir.base & (wasi::RIGHTS_FD_FILESTAT_SET_SIZE | wasi::RIGHTS_PATH_FILESTAT_SET_SIZE),
        0,
    );
    t.is("directory: lists", dir.base & wasi::RIGHTS_FD_READDIR != 0, true);
    t.is("directory: no write", dir.base & WRITE, 0);
    t.is("directory: inheriting equals base", dir.inheriting, dir.base);

    t.file("f", b"contents");
    for (name, rights, has) in [
        ("read", READ, READ),
        ("write", WRITE, WRITE),
        ("read and write", READ | WRITE, READ | WRITE),
        ("nothing is reading", 0, READ),
        ("all", ALL, READ | WRITE),
    ] {
        let fd = open(t.dir, "f", 0, rights, 0).need(name);
        let stat = fdstat(fd).need(name);
        t.is(&format!("opened for {name}"), stat.base & (READ | WRITE), has);
        t.is(&format!("opened for {name}: seek"), stat.base & wasi::RIGHTS_FD_SEEK != 0, true);
        close(fd).need(name);
    }

    let fd = open(t.dir, "f", 0, wasi::RIGHTS_FD_SEEK, 0).need("seek alone");
    let base = fdstat(fd).need("seek alone").base;
    t.differs("opened for seek alone: reading", base & (READ | WRITE), READ, 0);
    t.is("opened for seek alone: seek", base & wasi::RIGHTS_FD_SEEK != 0, true);
    close(fd).need("seek alone");

    // What is asked for is what there is; wasmtime gives everything. Creating is not writing there, either.
    let asked = READ | wasi::RIGHTS_FD_SEEK;
    let fd = open_for(t.dir, "f", 0, (asked, 0)).need("two rights");
    let stat = fdstat(fd).need("two rights");
    t.differs("two rights", stat.base, ALL & !WRITE, asked | wasi::RIGHTS_FD_TELL);
    t.differs("and none that is inherited", stat.inheriting, ALL & !WRITE, 0);
    t.is("they serve", seek(fd, 3, SET), Ok(3));
    t.is("seeking implies telling", tell(fd), Ok(3));
    t.is("read", read(fd, 3), Ok(b"ten".to_vec()));
    t.differs(
        "stat, which was not asked for",
        fstat(fd).map(|stat| stat.size),
        Ok(8),
        Err(NOTCAPABLE),
    );
    t.is("write, which it is not open for", write(fd, b"x"), Err(BADF));
    t.is("cut, which it is not open for", truncate(fd, 0), Err(INVAL));
    close(fd).need("two rights");
    let fd = open_for(t.dir, "f", 0, (wasi::RIGHTS_FD_SYNC, 0)).need("sync");
    t.is("synchronizing implies synchronizing data", datasync(fd), Ok(()));
    t.differs("no reading by the way", read(fd, 1).err(), None, Some(NOTCAPABLE));
    close(fd).need("sync");
    for (name, oflags) in [("created", O_CREAT), ("cut", O_CREAT | O_TRUNC)] {
        let fd = open(t.dir, name, oflags, READ, 0).need(name);
        let stat = fdstat(fd).need(name);
        t.differs(&format!("{name} for reading: write"), stat.base & WRITE, WRITE, 0);
        t.differs(
            &format!("write to what was {name} for reading"),
            write(fd, b"x"),
            Ok(1),
            Err(BADF),
        );
        close(fd).need(name);
    }
    // Through a hard link, without creating: the same.
    let asked = READ | wasi::RIGHTS_FD_FILESTAT_GET | wasi::RIGHTS_PATH_OPEN;
    let created = open_for(t.dir, "new", O_CREAT, (asked, asked)).and_then(fdstat);
    link(t.dir, NOFOLLOW, "new", t.dir, "link").need("link");
    let linked = open_for(t.dir, "link", 0, (asked, asked)).and_then(fdstat);
    t.differs("created and opened, they show the same", created == linked, false, true);
    mkdir(t.dir, "sub").need("sub");
    let base = wasi::RIGHTS_PATH_OPEN | wasi::RIGHTS_FD_READDIR;
    let sub = open_for(t.dir, "sub", O_DIRECTORY, (base, READ)).need("sub");
    let stat = fdstat(sub).need("sub");
    t.differs("of a directory", stat.base, dir.base, base);
    t.differs("inherited", stat.inheriting, dir.inheriting, READ);
    t.is("it lists", readdir_bytes(sub, 100, 0).is_ok(), true);
    t.differs("create in it", mkdir(sub, "x"), Ok(()), Err(NOTCAPABLE));
    t.differs("for writing in it", open(sub, "f", O_CREAT, WRITE, 0).err(), None, Some(NOTCAPABLE));
    t.differs(
        "what does not exist, for all rights",
        open_for(sub, "nope", 0, (ALL, ALL)).err(),
        Some(NOENT),
        Some(NOTCAPABLE),
    );
    let up = open_for(sub, ".", 0, (ALL & !WRITE, ALL)).need("itself");
    t.differs("no more than it inherits", fdstat(up).map(|stat| stat.base), Ok(dir.base), Ok(READ));
    close(up).need("itself");
    close(sub).need("sub");
    t.is(
        "no right at all is every right",
        open_for(t.dir, "sub", O_DIRECTORY, (0, 0)).and_then(fdstat),
        Ok(dir),
    );

    // A program that reads only what it may and tries the other all the same.
    let reader = open(t.dir, "f", 0, READ, 0).need("f");
    t.is("write to what is open for reading", write(reader, b"x"), Err(BADF));
    t.is("pwrite to what is open for reading", pwrite(reader, b"x", 0), Err(BADF));
    t.differs("cut what is open for reading", truncate(reader, 0), Err(INVAL), Err(INVAL));
    let writer = open(t.dir, "f", 0, WRITE, 0).need("f");
    t.is("read from what is open for writing", read(writer, 8), Err(BADF));
    t.is("pread from what is open for writing", pread(writer, 8, 0), Err(BADF));
    t.is("empty write to what is open for reading", write(reader, b""), Err(BADF));
    t.is("stat of what is open for writing", fstat(writer).map(|stat| stat.size), Ok(8));

    // fd_fdstat_set_rights, which wasmtime does not have.
    let stat = fdstat(reader).need("f");
    t.differs(
        "the same rights again",
        set_rights(reader, stat.base, stat.inheriting),
        Err(NOTSUP),
        Ok(()),
    );
    t.is("they are the same", fdstat(reader), Ok(stat));
    t.differs(
        "rights that it has not",
        set_rights(reader, stat.base | WRITE, stat.inheriting),
        Err(NOTSUP),
        Err(NOTCAPABLE),
    );
    t.differs(
        "take seek away",
        set_rights(reader, stat.base & !wasi::RIGHTS_FD_SEEK, stat.inheriting),
        Err(NOTSUP),
        Ok(()),
    );
    t.differs("seek then", seek(reader, 1, SET), Ok(1), Err(NOTCAPABLE));
    t.is("tell then", tell(reader).is_ok(), true);
    let left = fdstat(reader).need("f");
    t.differs("it is shown", left.base & wasi::RIGHTS_FD_SEEK != 0, true, false);
    t.differs(
        "it does not come back",
        set_rights(reader, stat.base, stat.inheriting),
        Err(NOTSUP),
        Err(NOTCAPABLE),
    );
    t.differs("take all away", set_rights(reader, 0, 0), Err(NOTSUP), Ok(()));
    t.is("read without the right", read(reader, 1).is_ok(), !t.is_packed());
    t.differs(
        "stat without the right",
        fstat(reader).map(|stat| stat.size),
        Ok(8),
        Err(NOTCAPABLE),
    );
    t.is("a descriptor is closed without any right", close(reader), Ok(()));

    let narrow = open(t.root, "scratch", O_DIRECTORY, 0, 0).need("scratch");
    let stat = fdstat(narrow).need("scratch");
    let inheriting = stat.inheriting & !READ;
    t.differs(
        "what is opened may not read",
        set_rights(narrow, stat.base, inheriting),
        Err(NOTSUP),
        Ok(()),
    );
    t.differs("open for reading then", open(narrow, "f", 0, READ, 0).err(), None, Some(NOTCAPABLE));
    t.is("open for writing then", open(narrow, "f", 0, WRITE, 0).err(), None);
    t.differs(
        "and not stat paths",
        set_rights(narrow, stat.base & !wasi::RIGHTS_PATH_FILESTAT_GET, inheriting),
        Err(NOTSUP),
        Ok(()),
    );
    t.differs("stat of a path then", filetype(narrow, "f"), Ok(TYPE_REGULAR), Err(NOTCAPABLE));
    t.differs("and not open", set_rights(narrow, 0, 0), Err(NOTSUP), Ok(()));
    t.differs("open then", open(narrow, "f", 0, READ, 0).err(), None, Some(NOTCAPABLE));

    t.differs(
        "what the preopen opens may not write",
        set_rights(t.root, preopen.base, preopen.inheriting & !WRITE),
        Err(NOTSUP),
        Ok(()),
    );
    t.differs(
        "for writing through the preopen",
        open(t.root, "scratch/f", 0, WRITE, 0).err(),
        None,
        Some(NOTCAPABLE),
    );
    t.differs(
        "cut through the preopen",
        open(t.root, "scratch/f", O_TRUNC, READ, 0).err(),
        None,
        Some(NOTCAPABLE),
    );
    t.differs(
        "create through the preopen",
        open(t.root, "scratch/g", O_CREAT, READ, 0).err(),
        None,
        Some(NOTCAPABLE),
    );
    t.is("for reading through the preopen", open(t.root, "scratch/f", 0, READ, 0).err(), None);
    let below = open(t.root, "scratch", O_DIRECTORY, 0, 0).need("below");
    t.differs(
        "and through what it opens",
        open(below, "f", 0, WRITE, 0).err(),
        None,
        Some(NOTCAPABLE),
    );
    t.is("it is a preopen still", prestat(t.root), Ok(1));
    t.is("rights of a descriptor that is not open", set_rights(1000, 0, 0), Err(BADF));
    t.end()
}
