//! `fd_filestat_set_times` and `path_filestat_set_times`.

use preview1_themes::*;

const SECOND: u64 = 1_000_000_000;

fn main() {
    let mut t = Theme::start();
    let fd = t.create("f");
    let at = |fd| fstat(fd).map(|stat| (stat.atim, stat.mtim));
    let (a, m) = (1_234_567_890 * SECOND + 123_456_789, 987_654_321 * SECOND + 1);

    t.is("both", set_times(fd, a, m, ATIM | MTIM), Ok(()));
    t.is("both are there", at(fd), Ok((a, m)));
    t.is("by path too", stat(t.dir, "f").map(|stat| (stat.atim, stat.mtim)), Ok((a, m)));
    t.is("access only", set_times(fd, 5, 6, ATIM), Ok(()));
    t.is("the other stays", at(fd), Ok((5, m)));
    t.is("modification only", set_times(fd, 7, 8, MTIM), Ok(()));
    t.is("the first stays", at(fd), Ok((5, 8)));
    t.is("neither", set_times(fd, 9, 9, 0), Ok(()));
    t.is("both stay", at(fd), Ok((5, 8)));
    t.is("the beginning of time", set_times(fd, 0, 0, ATIM | MTIM), Ok(()));
    t.is("is kept", at(fd), Ok((0, 0)));
    let before = clock_time(CLOCK_REALTIME).need("clock");
    t.is("both now", set_times(fd, 1, 1, ATIM_NOW | MTIM_NOW), Ok(()));
    let after = clock_time(CLOCK_REALTIME).need("clock");
    let now = at(fd).need("stat");
    // A host's filesystem rounds down to its own ticks.
    let sane = |time: u64| time + SECOND >= before && time <= after;
    t.is("it is now", (sane(now.0), sane(now.1)), (true, true));
    t.is("modification now, access then", set_times(fd, 3 * SECOND, 0, ATIM | MTIM_NOW), Ok(()));
    t.is("both as told", at(fd).map(|(a, m)| (a, sane(m) || m >= now.1)), Ok((3 * SECOND, true)));
    t.is("access now, modification then", set_times(fd, 0, 4 * SECOND, ATIM_NOW | MTIM), Ok(()));
    t.is("both as told again", at(fd).map(|(a, m)| (a >= now.0, m)), Ok((true, 4 * SECOND)));

    for (name, flags) in [
        ("access twice", ATIM | ATIM_NOW),
        ("modification twice", MTIM | MTIM_NOW),
        ("all four", ATIM | ATIM_NOW | MTIM | MTIM_NOW),
        ("access twice, modification once", ATIM | ATIM_NOW | MTIM),
    ] {
        t.is(name, set_times(fd, a, m, flags), Err(INVAL));
        t.is(
            &format!("{name}, by path"),
            set_times_at(t.dir, FOLLOW, "f", a, m, flags),
            Err(INVAL),
        );
    }
    t.is("nothing has changed", at(fd).map(|(_, m)| m), Ok(4 * SECOND));
    t.is(
        "invalid flags come before a bad descriptor",
        set_times(1000, 0, 0, ATIM | ATIM_NOW),
        Err(INVAL),
    );
    t.is("of nothing", set_times(1000, 0, 0, ATIM), Err(BADF));
    let reader = open(t.dir, "f", 0, READ, 0).need("reader");
    t.is("through what is open for reading", set_times(reader, a, m, ATIM | MTIM), Ok(()));
    t.is("of a directory", set_times(t.dir, a, m, ATIM | MTIM), Ok(()));
    t.is("it is there", at(t.dir), Ok((a, m)));
    t.is(
        "the status time is not set",
        fstat(t.dir).map(|stat| stat.ctim + 3600 * SECOND > before),
        Ok(true),
    );

    // By path.
    t.is("by path", set_times_at(t.dir, FOLLOW, "f", 10, 11, ATIM | MTIM), Ok(()));
    t.is("by path, there", at(fd), Ok((10, 11)));
    symlink("f", t.dir, "l").need("l");
    t.is("through a link", set_times_at(t.dir, FOLLOW, "l", 12, 13, ATIM | MTIM), Ok(()));
    t.is("through a link: the file", at(fd), Ok((12, 13)));
    t.is("of a link", set_times_at(t.dir, NOFOLLOW, "l", 14, 15, ATIM | MTIM), Ok(()));
    t.is("of a link: the file stays", at(fd), Ok((12, 13)));
    t.is("of a link: the link has it", lstat(t.dir, "l").map(|stat| stat.mtim), Ok(15));
    t.is("of what is not there", set_times_at(t.dir, FOLLOW, "nope", 0, 0, ATIM), Err(NOENT));
    t.is("nothing, of what is not there", set_times_at(t.dir, FOLLOW, "nope", 0, 0, 0), Err(NOENT));
    t.is("of a directory, by path", set_times_at(t.root, FOLLOW, "scratch", 1, 2, MTIM), Ok(()));
    t.is("through a file", set_times_at(fd, FOLLOW, "f", 1, 2, MTIM), Err(BADF));
    t.is("with a slash", set_times_at(t.dir, FOLLOW, "f/", 1, 2, MTIM), Err(NOTDIR));

    // Changes set times.
    set_times(fd, 1, 1, ATIM | MTIM).need("set");
    write(fd, b"x").need("write");
    t.is("writing sets the modification time", at(fd).map(|(_, m)| m > 1), Ok(true));
    set_times(fd, 1, 1, ATIM | MTIM).need("set");
    truncate(fd, 0).need("cut");
    t.is("cutting sets the modification time", at(fd).map(|(_, m)| m > 1), Ok(true));
    set_times(t.dir, 1, 1, ATIM | MTIM).need("set");
    t.file("another", b"");
    t.is("a new entry sets the directory's", at(t.dir).map(|(_, m)| m > 1), Ok(true));
    t.end()
}
