//! Spellings of one path lead to one file, whatever symbolic links are in its way.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wasm_vfs_core::{
    AT_FDCWD, AtFlags, Config, Credentials, Errno, Fd, Fs, NoContents, OFlags, PATH_MAX, Process,
    ResolveFlags,
};

/// The names of the links, whose targets the input gives.
const LINKS: [&[u8]; 4] = [b"l", b"d/m", b"d/e/n", b"d/o"];

/// The inode that a path leads to.
fn walk(fs: &Fs<NoContents>, process: &Process, dirfd: Fd, path: &[u8]) -> Result<u64, Errno> {
    fs.newfstatat(process, dirfd, path, AtFlags::empty()).map(|stat| stat.st_ino)
}

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.split(|&byte| byte == 0);
    let path = parts.next().unwrap_or_default();
    let mut fs = Fs::new(NoContents::default(), Config::default()).expect("there is memory");
    let mut root = fs.spawn(Credentials::ROOT).expect("there is memory");
    for directory in [&b"d"[..], b"d/e", b"d/e/f"] {
        fs.mkdir(&root, directory, 0o755).expect("it is new");
    }
    fs.creat(&mut root, b"d/a", 0o644).expect("it is new");
    for (name, target) in LINKS.into_iter().zip(parts) {
        let _ = fs.symlink(&root, target, name);
    }
    let directory = fs.open(&mut root, b"d/e", OFlags::PATH, 0).expect("it is there");
    for dirfd in [AT_FDCWD, directory] {
        let answer = walk(&fs, &root, dirfd, path);
        let doubled: Vec<u8> =
            path.iter().flat_map(|&b| if b == b'/' { vec![b, b] } else { vec![b] }).collect();
        if doubled.len() < PATH_MAX {
            assert_eq!(walk(&fs, &root, dirfd, &doubled), answer, "slashes do not count");
        }
        let dotted = [path, b"/."].concat();
        if let Ok(ino) = walk(&fs, &root, dirfd, &dotted)
            && !path.is_empty()
        {
            assert_eq!(answer, Ok(ino), "a dot stays");
        }
        if let Ok(fd) = fs.openat(&mut root, dirfd, path, OFlags::PATH, 0) {
            assert_eq!(fs.fstat(&root, fd).map(|stat| stat.st_ino), answer, "open and stat agree");
            fs.close(&mut root, fd).expect("it is open");
        }
        // Whoever is confined gets as far or is refused; he gets nowhere else.
        root.confine(ResolveFlags::BENEATH);
        match walk(&fs, &root, dirfd, path) {
            Ok(ino) => assert_eq!(answer, Ok(ino), "confined"),
            Err(error) => assert!(error == Errno::EXDEV || answer.is_err(), "{error:?}"),
        }
        root.confine(ResolveFlags::empty());
    }
    fs.check_invariants(&[&root]).expect("a walk changes nothing");
});
