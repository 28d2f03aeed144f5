//! Paths of no bytes, for each call that takes one.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let d = t.dir;
    t.file("f", b"");
    t.is("open", open(d, "", 0, READ, 0).err(), Some(NOENT));
    t.is("open as a directory", open(d, "", O_DIRECTORY, 0, 0).err(), Some(NOENT));
    t.is("open, not followed", open_at(d, NOFOLLOW, "", 0, READ, 0).err(), Some(NOENT));
    t.is("create", open(d, "", O_CREAT, WRITE, 0).err(), Some(NOENT));
    t.is("create only", open(d, "", O_CREAT | O_EXCL, WRITE, 0).err(), Some(NOENT));
    t.is("stat", filetype(d, ""), Err(NOENT));
    t.is("stat, not followed", lfiletype(d, ""), Err(NOENT));
    t.is("times", set_times_at(d, FOLLOW, "", 0, 0, ATIM), Err(NOENT));
    t.is("make a directory", mkdir(d, ""), Err(NOENT));
    t.is("remove a directory", rmdir(d, ""), Err(NOENT));
    t.is("unlink", unlink(d, ""), Err(NOENT));
    t.is("symbolic link", symlink("f", d, ""), Err(NOENT));
    t.is("symbolic link to nothing", symlink("", d, "l"), Err(NOENT));
    t.is("read a link", readlink(d, "", 10), Err(NOENT));
    t.is("hard link from", link(d, NOFOLLOW, "", d, "g"), Err(NOENT));
    t.is("hard link to", link(d, NOFOLLOW, "f", d, ""), Err(NOENT));
    t.is("rename from", rename(d, "", d, "g"), Err(NOENT));
    t.is("rename to", rename(d, "f", d, ""), Err(NOENT));
    let fd = t.create("f");
    t.is("stat through a file", filetype(fd, ""), Err(BADF));
    t.is("open through a file", open(fd, "", 0, READ, 0).err(), Some(NOTDIR));
    t.is("nothing came of it", names(d), Ok([".", "..", "f"].map(str::to_owned).to_vec()));
    t.end()
}
