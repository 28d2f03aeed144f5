//! Files that are open and have no name any more.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let d = t.dir;
    let fd = t.create("f");
    write(fd, b"contents").need("write");
    t.is("unlink", unlink(d, "f"), Ok(()));
    t.is("the name is gone", filetype(d, "f"), Err(NOENT));
    t.is("the file is not", pread(fd, 8, 0), Ok(b"contents".to_vec()));
    t.is("no link", fstat(fd).map(|stat| stat.nlink), Ok(0));
    t.is("the size", fstat(fd).map(|stat| stat.size), Ok(8));
    t.is("write", write(fd, b"!"), Ok(1));
    t.is("read what was written", pread(fd, 9, 0), Ok(b"contents!".to_vec()));
    t.is("cut", truncate(fd, 4), Ok(()));
    t.is("set times", set_times(fd, 1, 2, ATIM | MTIM), Ok(()));
    t.is("sync", sync(fd), Ok(()));
    t.is(
        "its name can be given again",
        open(d, "f", O_CREAT | O_EXCL, WRITE, 0).and_then(close),
        Ok(()),
    );
    t.is(
        "to another file",
        lstat(d, "f").map(|stat| stat.ino) != fstat(fd).map(|stat| stat.ino),
        true,
    );
    t.is("that is empty", t.contents("f"), Ok(vec![]));
    t.is("the first is still there", pread(fd, 9, 0), Ok(b"cont".to_vec()));
    t.is("close", close(fd), Ok(()));

    let fd = t.create("g");
    write(fd, b"old").need("write");
    t.file("h", b"new");
    t.is("replaced by renaming", rename(d, "h", d, "g"), Ok(()));
    t.is("the open one is the old one", pread(fd, 9, 0), Ok(b"old".to_vec()));
    t.is("the name is the new one's", t.contents("g"), Ok(b"new".to_vec()));
    t.is("with no link left", fstat(fd).map(|stat| stat.nlink), Ok(0));

    // Of the tree.
    let fd = open(t.root, "tree/file", 0, READ, 0).need("tree");
    t.is("unlink in the tree", unlink(t.root, "tree/file"), Ok(()));
    t.is("it can be read", read(fd, 100), Ok(b"from the tree\n".to_vec()));
    t.is("a link to it dangles", filetype(t.root, "tree/file"), Err(NOENT));

    // Temporary files: a thousand of them leave nothing.
    let mut fine = 0;
    for _ in 0..1000 {
        let fd = t.create("tmp");
        let done =
            unlink(d, "tmp").is_ok() && write(fd, &[7; 5000]) == Ok(5000) && close(fd).is_ok();
        fine += u32::from(done);
    }
    t.is("a thousand temporary files", fine, 1000);
    t.is(
        "nothing is left of them",
        names(d),
        Ok([".", "..", "f", "g"].map(str::to_owned).to_vec()),
    );
    t.end()
}
