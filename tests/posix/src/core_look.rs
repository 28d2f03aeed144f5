//! How the tree of fs-core is looked at: names in directories, and whole files.

use wasm_vfs_core::{FileType, Fs, OFlags, Platform, Process, Whence};

use crate::core_fs::meta;
use crate::outcome::{Outcome, Value, parse_dirents, parse_old_dirents, typed_names};
use crate::world::{Contents, Seen, from_root};

/// All names in an open directory, from its start.
pub(crate) fn names<P: Platform>(fs: &mut Fs<P>, process: &Process, fd: i32) -> Outcome {
    let mut names = Vec::new();
    let mut buffer = vec![0u8; 4096];
    fs.lseek(process, fd, 0, Whence::Set)?;
    loop {
        let read = fs.getdents64(process, fd, &mut buffer[..])?;
        if read == 0 {
            names.sort();
            return Ok(Value::Names(names));
        }
        names.extend(parse_dirents(&buffer[..read]).into_iter().map(|(name, _)| name));
    }
}

/// All names in an open directory with their types, by the older call.
pub(crate) fn names_with_types<P: Platform>(fs: &mut Fs<P>, process: &Process, fd: i32) -> Outcome {
    let mut all = Vec::new();
    let mut buffer = vec![0u8; 4096];
    fs.lseek(process, fd, 0, Whence::Set)?;
    loop {
        let read = fs.getdents(process, fd, &mut buffer[..])?;
        if read == 0 {
            return Ok(typed_names(all));
        }
        all.extend(parse_old_dirents(&buffer[..read]));
    }
}

/// What `look` does, with the observer's process.
pub(crate) fn look<P: Platform>(
    fs: &mut Fs<P>,
    observer: &mut Process,
    path: &[u8],
) -> Option<Seen> {
    let path = from_root(path);
    let stat = fs.lstat(observer, path).ok()?;
    let open = |fs: &mut Fs<P>, observer: &mut Process| {
        fs.open(observer, path, OFlags::NOFOLLOW, 0).unwrap()
    };
    let contents = match stat.file_type() {
        FileType::Regular => {
            let fd = open(fs, observer);
            let mut extents = Vec::new();
            let mut at = 0;
            while let Ok(start) = fs.lseek(observer, fd, at, Whence::Data) {
                let start = i64::try_from(start).unwrap();
                let end =
                    i64::try_from(fs.lseek(observer, fd, start, Whence::Hole).unwrap()).unwrap();
                let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
                let read = fs.pread64(observer, fd, &mut bytes[..], start).unwrap();
                assert_eq!(read, bytes.len());
                extents.push((u64::try_from(start).unwrap(), bytes));
                at = end;
            }
            fs.close(observer, fd).unwrap();
            Contents::Extents(extents)
        }
        FileType::Directory => {
            let fd = open(fs, observer);
            let names = names(fs, observer, fd);
            fs.close(observer, fd).unwrap();
            let Ok(Value::Names(names)) = names else { panic!("{names:?}") };
            Contents::Names(names)
        }
        FileType::Symlink => {
            let mut target = vec![0; 4096];
            let length = fs.readlink(observer, path, &mut target[..]).unwrap();
            target.truncate(length);
            Contents::Target(target)
        }
        _ => Contents::Other,
    };
    Some(Seen { meta: meta(&stat), contents })
}
