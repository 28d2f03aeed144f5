//! Opening directories, with and without `O_DIRECTORY`, and what cannot be done with them.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let d = t.dir;
    mkdir(d, "dir").need("dir");
    t.file("dir/f", b"contents");
    t.file("f", b"contents");
    let with = open(d, "dir", O_DIRECTORY, 0, 0).need("with");
    let without = open(d, "dir", 0, 0, 0).need("without");
    for (name, fd) in [("with", with), ("without", without)] {
        t.is(&format!("{name}: type"), fdstat(fd).map(|stat| stat.filetype), Ok(TYPE_DIRECTORY));
        t.is(&format!("{name}: serves paths"), filetype(fd, "f"), Ok(TYPE_REGULAR));
        t.is(&format!("{name}: lists"), names(fd).map(|names| names.len()), Ok(3));
        t.is(&format!("{name}: read"), read(fd, 8), Err(BADF));
        t.is(&format!("{name}: pread"), pread(fd, 8, 0), Err(BADF));
        t.is(&format!("{name}: write"), write(fd, b"x"), Err(BADF));
        t.is(&format!("{name}: pwrite"), pwrite(fd, b"x", 0), Err(BADF));
        t.is(&format!("{name}: seek"), seek(fd, 0, SET), Err(BADF));
        t.is(&format!("{name}: seek from here"), seek(fd, 0, CUR), Err(BADF));
        t.is(&format!("{name}: tell"), tell(fd), Err(BADF));
        t.is(&format!("{name}: size"), truncate(fd, 0), Err(BADF));
        t.is(&format!("{name}: flags"), fdflags(fd), Ok(0));
        t.is(&format!("{name}: no preopen"), prestat(fd), Err(BADF));
        t.is(&format!("{name}: stat"), fstat(fd).map(|stat| stat.filetype), Ok(TYPE_DIRECTORY));
    }
    t.is("for reading", open(d, "dir", 0, READ, 0).err(), None);
    t.is("for writing", open(d, "dir", 0, WRITE, 0).err(), Some(ISDIR));
    t.is("for both", open(d, "dir", 0, READ | WRITE, 0).err(), Some(ISDIR));
    t.is("as a directory, for writing", open(d, "dir", O_DIRECTORY, WRITE, 0).err(), Some(ISDIR));
    t.is(
        "as a directory, for both",
        open(d, "dir", O_DIRECTORY, READ | WRITE, 0).err(),
        Some(ISDIR),
    );
    t.is("create", open(d, "dir", O_CREAT, READ, 0).err(), Some(ISDIR));
    t.is("create, for writing", open(d, "dir", O_CREAT, WRITE, 0).err(), Some(ISDIR));
    t.is("exclusively", open(d, "dir", O_CREAT | O_EXCL, WRITE, 0).err(), Some(EXIST));
    t.is("cut", open(d, "dir", O_TRUNC, WRITE, 0).err(), Some(ISDIR));
    t.is("cut, for reading", open(d, "dir", O_TRUNC, READ, 0).err(), Some(ISDIR));
    t.is("as a directory, create", open(d, "new", O_DIRECTORY | O_CREAT, 0, 0).err(), Some(INVAL));
    t.is(
        "as a directory, create what is there",
        open(d, "dir", O_DIRECTORY | O_CREAT, 0, 0).err(),
        Some(INVAL),
    );
    t.is(
        "as a directory, exclusively",
        open(d, "new", O_DIRECTORY | O_CREAT | O_EXCL, 0, 0).err(),
        Some(INVAL),
    );
    t.is("as a directory, cut", open(d, "dir", O_DIRECTORY | O_TRUNC, 0, 0).err(), Some(INVAL));
    t.is("nothing came of it", filetype(d, "new"), Err(NOENT));
    t.is("a file as a directory", open(d, "f", O_DIRECTORY, 0, 0).err(), Some(NOTDIR));
    t.is(
        "a file as a directory, for writing",
        open(d, "f", O_DIRECTORY, WRITE, 0).err(),
        Some(NOTDIR),
    );
    t.is("nothing as a directory", open(d, "nope", O_DIRECTORY, 0, 0).err(), Some(NOENT));
    t.is(
        "the directory itself",
        open(d, ".", O_DIRECTORY, 0, 0).and_then(|fd| filetype(fd, "f")),
        Ok(TYPE_REGULAR),
    );
    t.is("the directory itself, for writing", open(d, ".", 0, WRITE, 0).err(), Some(ISDIR));
    t.is("the directory itself, create", open(d, ".", O_CREAT, WRITE, 0).err(), Some(ISDIR));
    t.is(
        "back up within",
        open(d, "dir/..", O_DIRECTORY, 0, 0).and_then(|fd| filetype(fd, "f")),
        Ok(TYPE_REGULAR),
    );

    // One that is removed while it is open.
    mkdir(d, "gone").need("gone");
    let gone = open(d, "gone", O_DIRECTORY, 0, 0).need("gone");
    t.is("removed while it is open", rmdir(d, "gone"), Ok(()));
    t.is("create in it", open(gone, "x", O_CREAT, WRITE, 0).err(), Some(NOENT));
    t.is("make a directory in it", mkdir(gone, "x"), Err(NOENT));
    t.is("stat of it", fstat(gone).map(|stat| stat.filetype), Ok(TYPE_DIRECTORY));
    t.is("open what was in it", open(gone, "x", 0, READ, 0).err(), Some(NOENT));
    t.differs("list it", names(gone), Ok([".", ".."].map(str::to_owned).to_vec()), Err(NOENT));
    t.is("close it", close(gone), Ok(()));
    t.end()
}
