//! Links that lead nowhere, and links that lead to themselves.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let d = t.dir;
    symlink("nowhere", d, "dangling").need("dangling");
    symlink("loop", d, "loop").need("loop");
    symlink("b", d, "a").need("a");
    symlink("a", d, "b").need("b");
    symlink("a/x", d, "through").need("through");

    t.is("dangling: stat", filetype(d, "dangling"), Err(NOENT));
    t.is("dangling: stat, not followed", lfiletype(d, "dangling"), Ok(TYPE_SYMLINK));
    t.is("dangling: open", open(d, "dangling", 0, READ, 0).err(), Some(NOENT));
    t.is(
        "dangling: open, not followed",
        open_at(d, NOFOLLOW, "dangling", 0, READ, 0).err(),
        Some(LOOP),
    );
    t.is(
        "dangling: open as a directory",
        open(d, "dangling", O_DIRECTORY, 0, 0).err(),
        Some(NOENT),
    );
    t.is(
        "dangling: open as a directory, not followed",
        open_at(d, NOFOLLOW, "dangling", O_DIRECTORY, 0, 0).err(),
        Some(LOOP),
    );
    t.is(
        "dangling: create only",
        open(d, "dangling", O_CREAT | O_EXCL, WRITE, 0).err(),
        Some(EXIST),
    );
    t.is(
        "dangling: create, not followed",
        open_at(d, NOFOLLOW, "dangling", O_CREAT, WRITE, 0).err(),
        Some(LOOP),
    );
    t.is("dangling: beneath", filetype(d, "dangling/x"), Err(NOENT));
    t.is("dangling: make a directory", mkdir(d, "dangling"), Err(EXIST));
    t.is("dangling: remove a directory", rmdir(d, "dangling"), Err(NOTDIR));
    t.is("dangling: times", set_times_at(d, FOLLOW, "dangling", 0, 0, MTIM), Err(NOENT));
    t.is(
        "dangling: times, not followed",
        set_times_at(d, NOFOLLOW, "dangling", 0, 0, MTIM),
        Ok(()),
    );
    t.is("dangling: create", open(d, "dangling", O_CREAT, WRITE, 0).err(), None);
    t.is("dangling: what it led to is there", filetype(d, "nowhere"), Ok(TYPE_REGULAR));
    t.is("dangling: it is still a link", lfiletype(d, "dangling"), Ok(TYPE_SYMLINK));
    t.is("dangling: unlink", unlink(d, "dangling"), Ok(()));

    for name in ["loop", "a", "b", "through"] {
        t.is(&format!("{name}: stat"), filetype(d, name), Err(LOOP));
        t.is(&format!("{name}: stat, not followed"), lfiletype(d, name), Ok(TYPE_SYMLINK));
        t.is(&format!("{name}: open"), open(d, name, 0, READ, 0).err(), Some(LOOP));
        t.is(&format!("{name}: create"), open(d, name, O_CREAT, WRITE, 0).err(), Some(LOOP));
        t.is(
            &format!("{name}: open as a directory"),
            open(d, name, O_DIRECTORY, 0, 0).err(),
            Some(LOOP),
        );
        t.is(&format!("{name}: beneath"), filetype(d, format!("{name}/x")), Err(LOOP));
        t.is(&format!("{name}: with a slash"), filetype(d, format!("{name}/")), Err(LOOP));
    }
    t.is("loop: make a directory beneath", mkdir(d, "loop/x"), Err(LOOP));
    t.is("loop: unlink beneath", unlink(d, "loop/x"), Err(LOOP));
    t.is("loop: read", readlink(d, "loop", 100), Ok(b"loop".to_vec()));
    t.is("loop: read beneath", readlink(d, "loop/x", 100), Err(LOOP));
    t.is("loop: rename", rename(d, "loop", d, "loop2"), Ok(()));
    t.is("loop: it dangles now", filetype(d, "loop2"), Err(NOENT));
    t.is("loop: hard link beneath", link(d, NOFOLLOW, "a/x", d, "y"), Err(LOOP));
    t.is("loop: times", set_times_at(d, FOLLOW, "a", 0, 0, MTIM), Err(LOOP));

    // Forty links are followed, and no more.
    t.file("end", b"the end");
    symlink("end", d, "chain1").need("chain");
    for number in 2..=41 {
        symlink(format!("chain{}", number - 1), d, format!("chain{number}")).need("chain");
    }
    t.is("a chain of one", filetype(d, "chain1"), Ok(TYPE_REGULAR));
    t.is("a chain of thirty", filetype(d, "chain30"), Ok(TYPE_REGULAR));
    t.is("a chain of forty", filetype(d, "chain40"), Ok(TYPE_REGULAR));
    t.is("a chain of forty-one", filetype(d, "chain41"), Err(LOOP));
    t.is("a chain of forty-one, not followed", lfiletype(d, "chain41"), Ok(TYPE_SYMLINK));
    t.end()
}
