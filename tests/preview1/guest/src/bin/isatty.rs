//! Whether a descriptor is a terminal, as C libraries find out: its type, and that it cannot seek.

use preview1_themes::*;

fn is_terminal(fd: Fd) -> Answer<bool> {
    let stat = fdstat(fd)?;
    let seeks = wasi::RIGHTS_FD_SEEK | wasi::RIGHTS_FD_TELL;
    Ok(stat.filetype == TYPE_CHARACTER && stat.base & seeks == 0)
}

fn main() {
    let mut t = Theme::start();
    t.file("f", b"");
    mkdir(t.dir, "dir").need("dir");
    symlink("f", t.dir, "l").need("l");
    let open = |path| open(t.dir, path, 0, READ, 0).need(path);
    let (file, dir, link) = (open("f"), open("dir"), open("l"));
    t.is("a file", is_terminal(file), Ok(false));
    t.is("a file: type", fdstat(file).map(|stat| stat.filetype), Ok(TYPE_REGULAR));
    t.is("a directory", is_terminal(dir), Ok(false));
    t.is("a file through a link", is_terminal(link), Ok(false));
    t.is("a file through a link: type", fdstat(link).map(|stat| stat.filetype), Ok(TYPE_REGULAR));
    t.is("the preopen", is_terminal(t.root), Ok(false));
    t.is("a file for writing", is_terminal(t.create("f")), Ok(false));
    // In these tests none of the streams is one.
    t.is("standard input", is_terminal(0), Ok(false));
    t.is("standard error", is_terminal(2), Ok(false));
    t.is("nothing", is_terminal(1000), Err(BADF));
    t.end()
}
