//! Paths that are not UTF-8, that have a NUL, that are too long, and names that are merely unusual.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let d = t.dir;
    t.file("f", b"");
    for (name, bytes) in [
        ("a lone byte", &b"\xff"[..]),
        ("a continuation", b"a\x80b"),
        ("cut off", b"name\xc3"),
        ("overlong", b"\xc0\xaf"),
        ("a surrogate", b"\xed\xa0\x80"),
        ("beyond Unicode", b"\xf4\x90\x80\x80"),
        ("beneath a directory", b"./\xfe"),
    ] {
        t.is(&format!("{name}: open"), open(d, bytes, O_CREAT, WRITE, 0).err(), Some(ILSEQ));
        t.is(&format!("{name}: stat"), filetype(d, bytes), Err(ILSEQ));
    }
    let bad = b"\xff";
    t.is("make a directory", mkdir(d, bad), Err(ILSEQ));
    t.is("remove a directory", rmdir(d, bad), Err(ILSEQ));
    t.is("unlink", unlink(d, bad), Err(ILSEQ));
    t.is("times", set_times_at(d, FOLLOW, bad, 0, 0, MTIM), Err(ILSEQ));
    t.is("read a link", readlink(d, bad, 10), Err(ILSEQ));
    t.is("hard link from", link(d, NOFOLLOW, bad, d, "x"), Err(ILSEQ));
    t.is("hard link to", link(d, NOFOLLOW, "f", d, bad), Err(ILSEQ));
    t.is("rename from", rename(d, bad, d, "x"), Err(ILSEQ));
    t.is("rename to", rename(d, "f", d, bad), Err(ILSEQ));
    t.is("symbolic link to", symlink(bad, d, "x"), Err(ILSEQ));
    t.is("symbolic link at", symlink("x", d, bad), Err(ILSEQ));

    for (name, bytes) in
        [("at the end", &b"f\0"[..]), ("within", b"f\0g"), ("alone", b"\0"), ("in front", b"\0f")]
    {
        t.is(&format!("NUL {name}: open"), open(d, bytes, 0, READ, 0).err(), Some(INVAL));
        t.is(&format!("NUL {name}: create"), open(d, bytes, O_CREAT, WRITE, 0).err(), Some(INVAL));
        t.is(&format!("NUL {name}: stat"), filetype(d, bytes), Err(INVAL));
        t.is(&format!("NUL {name}: make a directory"), mkdir(d, bytes), Err(INVAL));
        t.is(&format!("NUL {name}: unlink"), unlink(d, bytes), Err(INVAL));
    }
    t.is("NUL in a link's text", symlink("a\0b", d, "x"), Err(INVAL));

    for name in [
        "ä",
        "日本語",
        "🦀",
        "e\u{301}",
        "\u{e9}",
        "with blank",
        "line\nbreak",
        "\\",
        "a:b",
        "*?",
        "-",
        "...",
        "\u{7f}",
        "\u{1}",
    ] {
        t.is(&format!("create {name:?}"), open(d, name, O_CREAT, WRITE, 0).and_then(close), Ok(()));
        t.is(
            &format!("list {name:?}"),
            names(d).map(|names| names.iter().any(|listed| listed == name)),
            Ok(true),
        );
        t.is(&format!("unlink {name:?}"), unlink(d, name), Ok(()));
    }
    let name = "n".repeat(255);
    t.is("a name of 255 bytes", open(d, &name, O_CREAT, WRITE, 0).and_then(close), Ok(()));
    t.is("it is listed", names(d).map(|names| names.contains(&name)), Ok(true));
    let name = "n".repeat(256);
    t.is("a name of 256 bytes", open(d, &name, O_CREAT, WRITE, 0).err(), Some(NAMETOOLONG));
    t.is("a name of 256 bytes: stat", filetype(d, &name), Err(NAMETOOLONG));
    t.is("a name of 256 bytes: make a directory", mkdir(d, &name), Err(NAMETOOLONG));
    t.is("a name of 256 bytes on the way", filetype(d, format!("{name}/x")), Err(NAMETOOLONG));
    t.is("a path of 4095 bytes", filetype(d, "./".repeat(2047) + "f"), Ok(TYPE_REGULAR));
    t.is("a path of 4097 bytes", filetype(d, "./".repeat(2048) + "f"), Err(NAMETOOLONG));
    t.end()
}
