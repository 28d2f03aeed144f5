//! Preopens: their names, closing them, and putting something else in their place.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let root = t.root;
    t.is("the first is 3", root, 3);
    t.is("its name's length", prestat(root), Ok(1));
    t.is("its name", prestat_dir_name(root, 1), Ok(b"/".to_vec()));
    t.is("its name, with more room", prestat_dir_name(root, 3), Ok(b"/\xa5\xa5".to_vec()));
    t.is("its name, with no room", prestat_dir_name(root, 0), Err(NAMETOOLONG));
    t.is("what is no preopen", prestat(t.dir), Err(BADF));
    t.is("the name of what is no preopen", prestat_dir_name(t.dir, 10), Err(NOTDIR));
    t.is("standard input is none", prestat(0), Err(BADF));
    t.is("its name, which it has not", prestat_dir_name(0, 10), Err(NOTDIR));
    t.is("nothing is none", prestat(1000), Err(BADF));
    t.is("the name of nothing", prestat_dir_name(1000, 10), Err(BADF));
    t.is(
        "the preopen opened again is none",
        open(root, ".", O_DIRECTORY, 0, 0).and_then(prestat),
        Err(BADF),
    );

    // Wasmtime's overwrite_preopen, and close_preopen.
    let spare = open(root, "scratch", O_DIRECTORY, 0, 0).need("spare");
    t.is("a directory over it", renumber(spare, root), Ok(()));
    t.is("it was moved", fdstat(spare), Err(BADF));
    t.is("it is no preopen", prestat(root), Err(BADF));
    t.is("it is the directory", open(root, "f", O_CREAT, WRITE, 0).and_then(close), Ok(()));
    t.is("which had been there before", filetype(t.dir, "f"), Ok(TYPE_REGULAR));
    t.is("close it", close(root), Ok(()));
    t.is("close it twice", close(root), Err(BADF));
    t.is("what was opened through it stays", filetype(t.dir, "f"), Ok(TYPE_REGULAR));
    t.is("over what is closed", renumber(t.dir, root), Err(BADF));
    t.is("from what is closed", renumber(root, t.dir), Err(BADF));
    t.is(
        "the directory is still open",
        fdstat(t.dir).map(|stat| stat.filetype),
        Ok(TYPE_DIRECTORY),
    );
    // POSIX has the lowest free number next, wasmtime the highest.
    t.differs("the number that is given next", open(t.dir, "f", 0, READ, 0), Ok(spare), Ok(root));
    t.is("to what is no preopen", prestat(root), Err(BADF));
    t.differs("a path through it", open(root, "f", 0, READ, 0).err(), Some(BADF), Some(NOTDIR));
    t.end()
}
