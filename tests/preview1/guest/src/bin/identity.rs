//! Device, inode number and link count: what tells files apart.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let d = t.dir;
    t.file("f", b"f");
    t.file("g", b"f");
    mkdir(d, "dir").need("dir");
    symlink("f", d, "l").need("l");
    let who = |stat: Filestat| (stat.dev, stat.ino);
    let f = lstat(d, "f").map(who);
    t.is("a file is itself", lstat(d, "f").map(who), f);
    t.is("by another path", lstat(d, "dir/../f").map(who), f);
    t.is("through a link", stat(d, "l").map(who), f);
    t.is("open", fstat(t.create("f")).map(who), f);
    t.is("another file is another", lstat(d, "g").map(who) != f, true);
    t.is("a link is another", lstat(d, "l").map(who) != f, true);
    t.is("a directory is another", lstat(d, "dir").map(who) != f, true);
    t.is("`.` is the directory", stat(d, ".").map(who), fstat(d).map(who));
    t.is("and `..` of what is in it", stat(d, "dir/..").map(who), fstat(d).map(who));
    t.is("and its name", stat(t.root, "scratch").map(who), fstat(d).map(who));
    t.is("one device", lstat(d, "g").map(|stat| stat.dev), fstat(t.root).map(|stat| stat.dev));
    t.is(
        "of the tree too",
        lstat(t.root, "tree/file").map(|stat| stat.dev),
        fstat(t.root).map(|stat| stat.dev),
    );
    t.is("a file of the tree is another", lstat(t.root, "tree/file").map(who) != f, true);
    t.is(
        "a file of the tree: its time",
        lstat(t.root, "tree/file").map(|stat| stat.mtim),
        Ok(1_234_567_890_123_456_789),
    );
    t.is("a file of the tree: its size", lstat(t.root, "tree/file").map(|stat| stat.size), Ok(14));

    t.is("one link", lstat(d, "f").map(|stat| stat.nlink), Ok(1));
    link(d, NOFOLLOW, "f", d, "dir/f").need("link");
    t.is("two links", lstat(d, "f").map(|stat| stat.nlink), Ok(2));
    t.is("both are the file", lstat(d, "dir/f").map(who), f);
    rename(d, "f", d, "h").need("rename");
    t.is("renamed it is the same", lstat(d, "h").map(who), f);
    unlink(d, "h").need("unlink");
    t.is("one link again", lstat(d, "dir/f").map(|stat| stat.nlink), Ok(1));
    t.is("a symbolic link has one", lstat(d, "l").map(|stat| stat.nlink), Ok(1));
    t.is("an empty directory has two", lstat(d, "dir").map(|stat| stat.nlink), Ok(2));
    mkdir(d, "dir/sub").need("sub");
    t.is("and one for each in it", lstat(d, "dir").map(|stat| stat.nlink), Ok(3));
    rmdir(d, "dir/sub").need("sub");
    t.is("two again", lstat(d, "dir").map(|stat| stat.nlink), Ok(2));
    t.is(
        "numbers are not zero",
        (lstat(d, "g").map(|stat| stat.ino != 0), fstat(t.root).map(|stat| stat.ino != 0)),
        (Ok(true), Ok(true)),
    );
    t.is(
        "types",
        ["g", "dir", "l"].map(|name| lfiletype(d, name)),
        [Ok(TYPE_REGULAR), Ok(TYPE_DIRECTORY), Ok(TYPE_SYMLINK)],
    );
    t.end()
}
