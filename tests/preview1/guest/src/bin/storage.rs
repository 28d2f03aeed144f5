//! `fd_advise`, `fd_allocate`, `fd_sync` and `fd_datasync`.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let fd = t.create("f");
    write(fd, b"contents").need("write");
    let reader = open(t.dir, "f", 0, READ, 0).need("reader");

    for advice in 0..=5 {
        t.is(&format!("advice {advice}"), advise(fd, 0, 4, advice), Ok(()));
    }
    t.is("advice on a length of zero", advise(fd, 0, 0, 0), Ok(()));
    t.is("advice beyond the end", advise(fd, 1 << 40, 1 << 20, 3), Ok(()));
    t.is("advice on what is open for reading", advise(reader, 0, 8, 1), Ok(()));
    t.is("advice on a length that is too large", advise(fd, 0, u64::MAX, 0), Err(INVAL));
    // Newer kernels check it.
    let answers = [Ok(()), Err(INVAL)];
    t.is_one_of("advice at an offset that is too large", advise(fd, u64::MAX, 1, 0), answers);
    t.is("advice on a directory", advise(t.dir, 0, 0, 0), Err(BADF));
    t.is("advice on nothing", advise(1000, 0, 0, 0), Err(BADF));
    t.is("nothing has changed", fstat(fd).map(|stat| stat.size), Ok(8));
    t.is("nor the offset", tell(fd), Ok(8));

    // Wasmtime does not allocate.
    t.differs("allocate within", allocate(fd, 0, 4), Err(NOTSUP), Ok(()));
    t.is("the size stays", fstat(fd).map(|stat| stat.size), Ok(8));
    t.differs("allocate beyond", allocate(fd, 10, 90), Err(NOTSUP), Ok(()));
    t.differs("the size grows", fstat(fd).map(|stat| stat.size), Ok(8), Ok(100));
    t.is("what was there stays", pread(fd, 8, 0), Ok(b"contents".to_vec()));
    t.differs("what is new is zero", pread(fd, 100, 8), Ok(vec![]), Ok(vec![0; 92]));
    t.differs("allocate nothing", allocate(fd, 0, 0), Err(NOTSUP), Err(INVAL));
    t.differs("allocate beyond all", allocate(fd, i64::MAX as u64, 1), Err(NOTSUP), Err(FBIG));
    t.differs(
        "allocate at an offset that is too large",
        allocate(fd, u64::MAX, 1),
        Err(NOTSUP),
        Err(INVAL),
    );
    t.differs(
        "allocate a length that is too large",
        allocate(fd, 0, u64::MAX),
        Err(NOTSUP),
        Err(INVAL),
    );
    t.differs("allocate what is open for reading", allocate(reader, 0, 1), Err(NOTSUP), Err(BADF));
    t.is("allocate a directory", allocate(t.dir, 0, 1), Err(BADF));
    t.is("allocate nothing at all", allocate(1000, 0, 1), Err(BADF));
    t.is("it is still usable", write(fd, b"!"), Ok(1));

    t.is("sync", sync(fd), Ok(()));
    t.is("datasync", datasync(fd), Ok(()));
    t.is("sync of what is open for reading", sync(reader), Ok(()));
    t.is("datasync of what is open for reading", datasync(reader), Ok(()));
    t.is("sync of a directory", sync(t.dir), Err(BADF));
    t.is("datasync of a directory", datasync(t.dir), Err(BADF));
    t.is("sync of nothing", sync(1000), Err(BADF));
    t.is("datasync of nothing", datasync(1000), Err(BADF));
    t.end()
}
