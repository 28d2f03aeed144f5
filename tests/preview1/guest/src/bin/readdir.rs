//! `fd_readdir`: cookies, entries that are cut off, `.` and `..`, inode numbers, and entries that come and go.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let empty = readdir(t.dir, 4096).need("readdir");
    t.is(
        "an empty directory",
        empty.iter().map(|entry| entry.name.as_str()).collect(),
        vec![".", ".."],
    );
    t.is("both are directories", empty.iter().all(|entry| entry.filetype == TYPE_DIRECTORY), true);
    t.is("the number of `.`", Ok(empty[0].ino), fstat(t.dir).map(|stat| stat.ino));
    t.differs(
        "the number of `..`",
        Ok(empty[1].ino),
        fstat(t.dir).map(|stat| stat.ino),
        fstat(t.root).map(|stat| stat.ino),
    );

    t.file("file", b"");
    mkdir(t.dir, "dir").need("dir");
    symlink("file", t.dir, "link").need("link");
    let all = readdir(t.dir, 4096).need("readdir");
    t.is(
        "five entries",
        names(t.dir),
        Ok([".", "..", "dir", "file", "link"].map(str::to_owned).to_vec()),
    );
    for (name, filetype) in
        [("file", TYPE_REGULAR), ("dir", TYPE_DIRECTORY), ("link", TYPE_SYMLINK)]
    {
        let entry = all.iter().find(|entry| entry.name == name);
        t.is(&format!("{name}: type"), entry.map(|entry| entry.filetype), Some(filetype));
        t.is(
            &format!("{name}: number"),
            entry.map(|entry| entry.ino),
            lstat(t.dir, name).ok().map(|stat| stat.ino),
        );
    }

    // Cookies: each entry's leads to the one after it.
    let after: Vec<_> = all
        .iter()
        .map(|entry| readdir_bytes(t.dir, 4096, entry.next).map(|bytes| dirents(&bytes)))
        .collect();
    for (number, rest) in after.iter().enumerate() {
        t.is(&format!("from cookie {number} on"), rest.clone(), Ok(all[number + 1..].to_vec()));
    }
    t.is(
        "from the first cookie again",
        readdir_bytes(t.dir, 4096, 0).map(|bytes| dirents(&bytes)),
        Ok(all.clone()),
    );
    t.is("beyond the end", readdir_bytes(t.dir, 4096, 1000), Ok(vec![]));

    // Short buffers: what fits, with the last entry cut off anywhere.
    let whole = readdir_bytes(t.dir, 4096, 0).need("whole");
    t.is("no room", readdir_bytes(t.dir, 0, 0), Ok(vec![]));
    for room in [1, 8, 23, 24, 25, 26, 49, 60, whole.len() - 1, whole.len()] {
        t.is(
            &format!("room for {room}"),
            readdir_bytes(t.dir, room, 0),
            Ok(whole[..room].to_vec()),
        );
    }
    t.is("room for one more", readdir_bytes(t.dir, whole.len() + 1, 0), Ok(whole.clone()));
    for room in [32, 33, 60, 100] {
        t.is(&format!("in calls of {room}"), readdir(t.dir, room), Ok(all.clone()));
    }

    // Many, and some of them go while they are listed.
    mkdir(t.dir, "many").need("many");
    let many = open(t.dir, "many", O_DIRECTORY, 0, 0).need("many");
    for number in 0..100 {
        close(open(many, format!("f{number:03}"), O_CREAT, WRITE, 0).need("create")).need("close");
    }
    t.is("a hundred and two", readdir(many, 256).map(|all| all.len()), Ok(102));
    let mut unique = names(many).need("names");
    unique.dedup();
    t.is("each once", unique.len(), 102);
    let (mut passes, mut listed) = (0, 0);
    loop {
        // As `rm -r` does it: list, remove what was listed, go on where it was.
        let (mut cookie, mut removed) = (0, 0);
        passes += 1;
        loop {
            let some = dirents(&readdir_bytes(many, 256, cookie).need("readdir"));
            let Some(last) = some.last() else { break };
            cookie = last.next;
            for entry in some.iter().filter(|entry| !entry.name.starts_with('.')) {
                unlink(many, &entry.name).need("unlink");
                removed += 1;
            }
        }
        listed += removed;
        if removed == 0 {
            break;
        }
    }
    t.is("all were listed in the end", listed, 100);
    t.differs("passes that it took are two", passes == 2, false, true);
    t.is("it is empty", names(many).map(|names| names.len()), Ok(2));

    // What comes while a listing is under way.
    let first = dirents(&readdir_bytes(t.dir, 60, 0).need("first"));
    let cookie = first[1].next;
    t.file("late", b"");
    let rest = readdir_bytes(t.dir, 4096, cookie).map(|bytes| dirents(&bytes)).need("rest");
    for name in ["file", "dir", "link", "many"] {
        let count = rest.iter().filter(|entry| entry.name == name).count();
        t.is(&format!("{name} is listed once, with another that comes"), count, 1);
    }

    let fd = t.create("file");
    t.is("of a file", readdir_bytes(fd, 100, 0), Err(BADF));
    t.is("of nothing", readdir_bytes(1000, 100, 0), Err(BADF));
    t.is("of standard output", readdir_bytes(1, 100, 0), Err(BADF));
    t.is(
        "of the preopen",
        names(t.root).map(|names| names.contains(&"scratch".to_owned())),
        Ok(true),
    );
    t.end()
}
