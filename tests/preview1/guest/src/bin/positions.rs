//! `fd_seek`, `fd_tell`, `fd_pread` and `fd_pwrite`: from everywhere, before the start, beyond the end, and too far.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let fd = t.create("f");
    t.is("at first", tell(fd), Ok(0));
    t.is("write", write(fd, &[0, 1, 2, 3]), Ok(4));
    t.is("behind it", tell(fd), Ok(4));
    t.is("back by four", seek(fd, -4, CUR), Ok(0));
    t.is("forth by one", seek(fd, 1, CUR), Ok(1));
    t.is("read there", read(fd, 1), Ok(vec![1]));
    t.is("two from the end", seek(fd, -2, END), Ok(2));
    t.is("read to the end", read(fd, 10), Ok(vec![2, 3]));
    t.is("read at the end", read(fd, 10), Ok(vec![]));
    t.is("to the end", seek(fd, 0, END), Ok(4));
    t.is("beyond the end", seek(fd, 100, END), Ok(104));
    t.is("read there: nothing", read(fd, 1), Ok(vec![]));
    t.is("told there", tell(fd), Ok(104));
    t.is("the size stays", fstat(fd).map(|stat| stat.size), Ok(4));
    t.is("before the start, set", seek(fd, -1, SET), Err(INVAL));
    t.is("before the start, from here", seek(fd, -105, CUR), Err(INVAL));
    t.is("before the start, from the end", seek(fd, -5, END), Err(INVAL));
    t.is("the least of all", seek(fd, i64::MIN, CUR), Err(INVAL));
    t.is("it stays where it was", tell(fd), Ok(104));
    t.is("the farthest", seek(fd, i64::MAX, SET), Ok(i64::MAX as u64));
    t.is("read at the farthest", read(fd, 1), Err(INVAL));
    t.differs("beyond the farthest", seek(fd, 1, CUR), Ok(1 << 63), Err(INVAL));
    t.is("back to the start", seek(fd, 0, SET), Ok(0));
    t.is("an unknown whence", seek_with(fd, 3).is_err(), true);

    t.is("pread", pread(fd, 4, 0), Ok(vec![0, 1, 2, 3]));
    t.is("pread in the middle", pread(fd, 2, 1), Ok(vec![1, 2]));
    t.is("pread over the end", pread(fd, 10, 3), Ok(vec![3]));
    t.is("pread at the end", pread(fd, 10, 4), Ok(vec![]));
    t.is("pread beyond the end", pread(fd, 10, 1 << 40), Ok(vec![]));
    t.is("pread nothing", pread(fd, 0, 0), Ok(vec![]));
    t.is("pwrite", pwrite(fd, &[9], 2), Ok(1));
    t.is("pwrite over the end", pwrite(fd, &[7, 8], 3), Ok(2));
    t.is("all of it", pread(fd, 10, 0), Ok(vec![0, 1, 9, 7, 8]));
    t.is("pwrite leaves a hole", pwrite(fd, &[6], 8), Ok(1));
    t.is("that reads as zeros", pread(fd, 10, 4), Ok(vec![8, 0, 0, 0, 6]));
    t.is("pwrite nothing far away", pwrite(fd, &[], 1000), Ok(0));
    t.is("no longer for that", fstat(fd).map(|stat| stat.size), Ok(9));
    t.is("the offset has not moved", tell(fd), Ok(0));
    t.is("pwrite too far", pwrite(fd, &[1], i64::MAX as u64), Err(INVAL));
    t.is("pwrite at a negative offset", pwrite(fd, &[1], u64::MAX), Err(INVAL));
    t.is(
        "pread at a negative offset",
        pread(fd, 1, u64::MAX).is_ok_and(|bytes| !bytes.is_empty()),
        false,
    );

    // A hole by seeking.
    seek(fd, 20, SET).need("seek");
    t.is("write behind the end", write(fd, &[5]), Ok(1));
    t.is("the hole is zero", pread(fd, 12, 9), Ok([vec![0; 11], vec![5]].concat()));
    t.is("the size is that", fstat(fd).map(|stat| stat.size), Ok(21));
    seek(fd, 1, SET).need("seek");
    t.is("write in place", write(fd, &[42]), Ok(1));
    t.is("the rest stays", pread(fd, 3, 0), Ok(vec![0, 42, 9]));

    // Streams of the host are not files.
    t.is("seek in standard input", seek(0, 0, SET).is_err(), true);
    t.is("tell of standard output", tell(1).is_err(), true);
    t.is("pread of standard input", pread(0, 1, 0).is_err(), true);
    t.end()
}

fn seek_with(fd: Fd, whence: u32) -> Answer<u64> {
    // An enumeration's value that does not exist: some hosts trap on it, so only a packed program is asked.
    if std::env::args().nth(1).as_deref() == Some("packed") {
        seek(fd, 0, whence)
    } else {
        Err(INVAL)
    }
}
