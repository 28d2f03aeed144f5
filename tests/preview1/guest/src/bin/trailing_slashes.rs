//! Slashes at the end of a path, for each call that takes one.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let d = t.dir;
    t.file("f", b"contents");
    mkdir(d, "dir").need("dir");
    symlink("f", d, "to-f").need("to-f");
    symlink("dir", d, "to-dir").need("to-dir");
    symlink("nope", d, "dangling").need("dangling");

    t.is("make a directory", mkdir(d, "a/"), Ok(()));
    t.is("make a directory, three", mkdir(d, "b///"), Ok(()));
    t.is("make one that is there", mkdir(d, "a/"), Err(EXIST));
    t.is("make one that is a file", mkdir(d, "f/"), Err(EXIST));
    t.is("make one that is a link", mkdir(d, "to-dir/"), Err(EXIST));
    t.is("make one that is a dangling link", mkdir(d, "dangling/"), Err(EXIST));
    // Wasmtime takes a slash here for `/.`.
    t.differs("remove a directory", rmdir(d, "a/"), Err(INVAL), Ok(()));
    t.differs("remove a directory, three", rmdir(d, "b///"), Err(INVAL), Ok(()));
    t.is("remove a directory that is a file", rmdir(d, "f/"), Err(NOTDIR));
    t.differs("remove a directory that is a link", rmdir(d, "to-dir/"), Err(INVAL), Err(NOTDIR));
    t.is("remove a directory that is not there", rmdir(d, "nope/"), Err(NOENT));
    t.is("remove a file", unlink(d, "f/"), Err(NOTDIR));
    t.is("remove a file, two", unlink(d, "f//"), Err(NOTDIR));
    t.is("remove a file that is a directory", unlink(d, "dir/"), Err(ISDIR));
    t.is("remove a file that is a directory, no slash", unlink(d, "dir"), Err(ISDIR));
    t.is("remove a file that is a link", unlink(d, "to-f/"), Err(NOTDIR));
    t.differs(
        "remove a file that is a link to a directory",
        unlink(d, "to-dir/"),
        Err(ISDIR),
        Err(NOTDIR),
    );
    t.is("remove a file that is not there", unlink(d, "nope/"), Err(NOENT));

    t.is("stat of a file", filetype(d, "f/"), Err(NOTDIR));
    t.is("stat of a directory", filetype(d, "dir/"), Ok(TYPE_DIRECTORY));
    t.is("stat of a link to a directory", filetype(d, "to-dir/"), Ok(TYPE_DIRECTORY));
    // On Linux a slash follows the link before it; wasmtime looks at the link.
    t.differs(
        "stat of a link to a directory, not followed",
        lfiletype(d, "to-dir/"),
        Ok(TYPE_SYMLINK),
        Ok(TYPE_DIRECTORY),
    );
    t.is("stat of a link to a file", filetype(d, "to-f/"), Err(NOTDIR));
    t.differs(
        "stat of a link to a file, not followed",
        lfiletype(d, "to-f/"),
        Ok(TYPE_SYMLINK),
        Err(NOTDIR),
    );
    t.differs(
        "stat of a dangling link, not followed",
        lfiletype(d, "dangling/"),
        Ok(TYPE_SYMLINK),
        Err(NOENT),
    );
    t.is("stat of a file with `.`", filetype(d, "f/."), Err(NOTDIR));
    t.is("stat of a directory with `.`", filetype(d, "dir/./"), Ok(TYPE_DIRECTORY));

    t.is("open a file", open(d, "f/", 0, READ, 0).err(), Some(NOTDIR));
    t.is("open a file, two", open(d, "f//", 0, READ, 0).err(), Some(NOTDIR));
    t.is("open a directory", open(d, "dir/", 0, READ, 0).err(), None);
    t.is("open a directory as one", open(d, "dir///", O_DIRECTORY, 0, 0).err(), None);
    t.is("open a link to a directory", open(d, "to-dir/", O_DIRECTORY, 0, 0).err(), None);
    t.is(
        "open a link to a directory, not followed",
        open_at(d, NOFOLLOW, "to-dir/", O_DIRECTORY, 0, 0).err(),
        None,
    );
    t.is("open a link to a file", open(d, "to-f/", 0, READ, 0).err(), Some(NOTDIR));
    t.is("create", open(d, "new/", O_CREAT, WRITE, 0).err(), Some(ISDIR));
    t.is("create only", open(d, "new/", O_CREAT | O_EXCL, WRITE, 0).err(), Some(ISDIR));
    t.is("nothing came of it", filetype(d, "new"), Err(NOENT));

    t.is("symbolic link", symlink("f", d, "l/"), Err(NOENT));
    t.is("symbolic link over a file", symlink("f", d, "f/"), Err(NOTDIR));
    t.is("symbolic link over a directory", symlink("f", d, "dir/"), Err(EXIST));
    t.is("symbolic link whose text has one", symlink("dir/", d, "slash"), Ok(()));
    t.is("the text keeps it", readlink(d, "slash", 9), Ok(b"dir/".to_vec()));
    t.is("it leads there", filetype(d, "slash"), Ok(TYPE_DIRECTORY));
    t.is("read a link", readlink(d, "to-f/", 100), Err(NOTDIR));
    t.is("read a link to a directory", readlink(d, "to-dir/", 100), Err(INVAL));
    t.is("hard link from a file", link(d, NOFOLLOW, "f/", d, "g"), Err(NOTDIR));
    t.is("hard link to a name", link(d, NOFOLLOW, "f", d, "g/"), Err(NOENT));
    t.is("hard link over a file", link(d, NOFOLLOW, "f", d, "f/"), Err(NOTDIR));
    t.is("symbolic link over a link to a file", symlink("f", d, "to-f/"), Err(NOTDIR));
    t.is("symbolic link over a link to a directory", symlink("f", d, "to-dir/"), Err(EXIST));
    t.is("symbolic link over a dangling link", symlink("f", d, "dangling/"), Err(NOENT));
    t.is("hard link over a directory", link(d, NOFOLLOW, "f", d, "dir/"), Err(EXIST));
    t.is("hard link over a link to a file", link(d, NOFOLLOW, "f", d, "to-f/"), Err(NOTDIR));
    t.is("hard link over a link to a directory", link(d, NOFOLLOW, "f", d, "to-dir/"), Err(EXIST));
    t.is("hard link over a dangling link", link(d, NOFOLLOW, "f", d, "dangling/"), Err(NOENT));
    t.is("create a link to a file", open(d, "to-f/", O_CREAT, WRITE, 0).err(), Some(ISDIR));
    t.is("create a link to a directory", open(d, "to-dir/", O_CREAT, WRITE, 0).err(), Some(ISDIR));
    t.is("create a dangling link", open(d, "dangling/", O_CREAT, WRITE, 0).err(), Some(ISDIR));
    t.is("create what is a file", open(d, "f/", O_CREAT, WRITE, 0).err(), Some(ISDIR));
    t.is("cut a file", open(d, "f/", O_TRUNC, WRITE, 0).err(), Some(NOTDIR));
    t.is(
        "open a link to a file, not followed",
        open_at(d, NOFOLLOW, "to-f/", 0, READ, 0).err(),
        Some(NOTDIR),
    );
    t.is(
        "open a dangling link, not followed",
        open_at(d, NOFOLLOW, "dangling/", 0, READ, 0).err(),
        Some(NOENT),
    );
    t.is(
        "times of a link to a file, not followed",
        set_times_at(d, NOFOLLOW, "to-f/", 1, 2, MTIM),
        Err(NOTDIR),
    );
    t.is(
        "times of a link to a directory, not followed",
        set_times_at(d, NOFOLLOW, "to-dir/", 1, 2, MTIM),
        Ok(()),
    );
    t.is(
        "times of a dangling link, not followed",
        set_times_at(d, NOFOLLOW, "dangling/", 1, 2, MTIM),
        Err(NOENT),
    );
    t.is("read a dangling link", readlink(d, "dangling/", 100), Err(NOENT));
    t.is("hard link of a link to a file", link(d, NOFOLLOW, "to-f/", d, "h"), Err(NOTDIR));
    t.is("hard link of a link to a directory", link(d, NOFOLLOW, "to-dir/", d, "h"), Err(PERM));
    t.is("hard link of a directory", link(d, NOFOLLOW, "dir/", d, "h"), Err(PERM));
    t.is("times of a directory", set_times_at(d, FOLLOW, "dir/", 1, 2, ATIM | MTIM), Ok(()));
    t.is("times of a file", set_times_at(d, FOLLOW, "f/", 1, 2, ATIM | MTIM), Err(NOTDIR));
    t.end()
}
