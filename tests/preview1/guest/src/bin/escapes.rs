//! Paths that would leave the directory that their descriptor names: `..`, absolute paths, links that do so.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let d = t.dir;
    mkdir(d, "dir").need("dir");
    mkdir(d, "dir/nested").need("nested");
    t.file("dir/nested/file", b"contents");
    for path in [
        "dir/nested/file",
        "dir/.//nested/../../dir/nested/../nested///./file",
        "./dir/nested/file",
        "dir/../dir/nested/file",
        "dir/nested/../../dir/nested/file",
    ] {
        t.is(&format!("open {path}"), t.contents(path), Ok(b"contents".to_vec()));
    }
    for path in [
        "/dir/nested/file",
        "/scratch/dir/nested/file",
        "/",
        "//",
        "/.",
        "..",
        "../",
        "../scratch",
        "../scratch/dir",
        "dir/../..",
        "dir/../../scratch/dir",
        "dir/nested/../../../scratch/dir/nested/file",
        "./..",
        "../../../../../..",
    ] {
        t.is(&format!("open {path}"), open(d, path, 0, READ, 0).err(), Some(PERM));
        t.is(&format!("stat {path}"), filetype(d, path), Err(PERM));
        t.is(&format!("make {path}"), mkdir(d, path), Err(PERM));
        t.is(&format!("remove {path}"), rmdir(d, path), Err(PERM));
        t.is(&format!("unlink {path}"), unlink(d, path), Err(PERM));
    }
    for (name, path) in [("absolute", "/x"), ("up", "../x"), ("up and up", "dir/../../x")] {
        t.is(&format!("{name}: create"), open(d, path, O_CREAT, WRITE, 0).err(), Some(PERM));
        t.is(&format!("{name}: make a directory"), mkdir(d, path), Err(PERM));
        t.is(&format!("{name}: remove a directory"), rmdir(d, path), Err(PERM));
        t.is(&format!("{name}: unlink"), unlink(d, path), Err(PERM));
        t.is(&format!("{name}: symbolic link"), symlink("x", d, path), Err(PERM));
        t.is(&format!("{name}: read a link"), readlink(d, path, 10), Err(PERM));
        t.is(&format!("{name}: times"), set_times_at(d, FOLLOW, path, 0, 0, MTIM), Err(PERM));
    }
    t.is("beyond what is not there", filetype(d, "nope/../../x"), Err(NOENT));
    t.is("beyond a file", filetype(d, "dir/nested/file/../../../../x"), Err(NOTDIR));

    // Links that do so.
    symlink("../scratch/dir", d, "out").need("out");
    symlink("dir/../..", d, "up").need("up");
    symlink("..", d, "dir/within").need("within");
    t.is("through a link: open", open(d, "out", 0, READ, 0).err(), Some(PERM));
    t.is("through a link: stat", filetype(d, "out"), Err(PERM));
    t.is("through a link: not followed", lfiletype(d, "out"), Ok(TYPE_SYMLINK));
    t.is("through a link: beneath", filetype(d, "out/nested"), Err(PERM));
    t.is("through a link: create beneath", open(d, "out/x", O_CREAT, WRITE, 0).err(), Some(PERM));
    t.is("through a link: up", filetype(d, "up"), Err(PERM));
    t.is("through a link: make a directory", mkdir(d, "up/x"), Err(PERM));
    t.is("through a link: rename into", rename(d, "dir", d, "up/x"), Err(PERM));
    t.is("a link that stays within", filetype(d, "dir/within"), Ok(TYPE_DIRECTORY));
    t.is("beneath it", filetype(d, "dir/within/dir"), Ok(TYPE_DIRECTORY));
    let dir = open(d, "dir", O_DIRECTORY, 0, 0).need("dir");
    t.is("it leads out of what is below", filetype(dir, "within"), Err(PERM));
    t.is("from the root it does not", filetype(t.root, "scratch/out"), Ok(TYPE_DIRECTORY));

    // Above the root there is nothing either.
    t.is("above the root", filetype(t.root, ".."), Err(PERM));
    t.is("above the root and back", filetype(t.root, "../scratch"), Err(PERM));
    t.is("the root by an absolute path", filetype(t.root, "/scratch"), Err(PERM));
    t.is("down and up", filetype(t.root, "scratch/.."), Ok(TYPE_DIRECTORY));

    // Absolute links, which the tree came with.
    t.differs(
        "an absolute link in the tree",
        filetype(t.root, "tree/absolute"),
        Err(PERM),
        Ok(TYPE_REGULAR),
    );
    t.is("not followed", lfiletype(t.root, "tree/absolute"), Ok(TYPE_SYMLINK));
    t.differs(
        "its text",
        readlink(t.root, "tree/absolute", 100),
        Err(PERM),
        Ok(b"/tree/file".to_vec()),
    );
    let tree = open(t.root, "tree", O_DIRECTORY, 0, 0).need("tree");
    t.is("from below the root", filetype(tree, "absolute"), Err(PERM));
    t.is("a link in the tree that leads out", filetype(t.root, "tree/out"), Err(PERM));
    t.is("a link in the tree that stays", filetype(t.root, "tree/up"), Ok(TYPE_DIRECTORY));
    t.end()
}
