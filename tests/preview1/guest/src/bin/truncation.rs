//! `fd_filestat_set_size` and `O_TRUNC`: shorter, longer, holes, large sizes.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let fd = t.create("f");
    write(fd, &[1; 10_000]).need("write");
    let size = |fd| fstat(fd).map(|stat| stat.size);
    t.is("shorter", truncate(fd, 5000), Ok(()));
    t.is("it is", size(fd), Ok(5000));
    t.is("the offset stays", tell(fd), Ok(10_000));
    t.is("longer again", truncate(fd, 8000), Ok(()));
    t.is("it is that long", size(fd), Ok(8000));
    t.is(
        "what was cut does not come back",
        pread(fd, 4096, 4998),
        Ok([vec![1; 2], vec![0; 3000]].concat()),
    );
    t.is("the same size", truncate(fd, 8000), Ok(()));
    t.is("to nothing", truncate(fd, 0), Ok(()));
    t.is("there is nothing", pread(fd, 10, 0), Ok(vec![]));
    t.is("a mere hole", truncate(fd, 100_000), Ok(()));
    t.is("reads as zeros", pread(fd, 10, 99_995), Ok(vec![0; 5]));
    t.is("a large one", truncate(fd, 1 << 40), Ok(()));
    t.is("has that size", size(fd), Ok(1 << 40));
    t.is("zeros far away", pread(fd, 4, (1 << 40) - 4), Ok(vec![0; 4]));
    t.is("a byte far away", pwrite(fd, &[7], (1 << 40) - 1), Ok(1));
    t.is("is there", pread(fd, 2, (1 << 40) - 2), Ok(vec![0, 7]));
    t.is("short again", truncate(fd, 3), Ok(()));
    t.is("short it is", pread(fd, 10, 0), Ok(vec![0; 3]));
    t.is("too large for a number with a sign", truncate(fd, u64::MAX), Err(INVAL));
    t.is("the size stays", size(fd), Ok(3));
    seek(fd, 2, SET).need("seek");
    t.is("writing after cutting", truncate(fd, 0).and_then(|()| write(fd, &[9])), Ok(1));
    t.is("leaves a hole before it", pread(fd, 9, 0), Ok(vec![0, 0, 9]));

    let reader = open(t.dir, "f", 0, READ, 0).need("reader");
    t.is("what is open for reading", truncate(reader, 0), Err(INVAL));
    t.is("a directory", truncate(t.dir, 0), Err(BADF));
    t.is("nothing", truncate(1000, 0), Err(BADF));
    let cut = open(t.dir, "f", O_TRUNC, WRITE, 0).need("cut");
    t.is("cut by opening", size(cut), Ok(0));
    t.is("a reader sees that", read(reader, 5), Ok(vec![]));
    write(cut, b"more").need("more");
    t.is("and what comes then", read(reader, 5), Ok(b"more".to_vec()));
    t.is(
        "another name, another size",
        {
            t.file("g", b"12345");
            stat(t.dir, "g").map(|stat| stat.size)
        },
        Ok(5),
    );

    // A file of the tree that is written to: the rest of it stays.
    let tree = open(t.root, "tree/file", 0, READ | WRITE, 0).need("tree");
    t.is("of the tree", pread(tree, 100, 0), Ok(b"from the tree\n".to_vec()));
    t.is("written in the middle", pwrite(tree, b"THE", 5), Ok(3));
    t.is("the rest stays", pread(tree, 100, 0), Ok(b"from THE tree\n".to_vec()));
    t.is("shortened", truncate(tree, 8), Ok(()));
    t.is("lengthened", truncate(tree, 12), Ok(()));
    t.is("with zeros", pread(tree, 100, 4), Ok(b" THE\0\0\0\0".to_vec()));
    t.end()
}
