//! Watches a directory, locks a file, maps it, and splices it into another: what std::fs has no
//! functions for.
//!
//! ```sh
//! cargo build --example watch --target wasm32-wasip1
//! wasm-vfs pack target/wasm32-wasip1/debug/examples/watch.wasm -o watch-packed.wasm
//! wasm-vfs run watch-packed.wasm
//! ```

use std::ffi::CStr;
use std::fs;

use wasm_vfs_guest::structures::Stat;
use wasm_vfs_guest::{Errno, Fd, calls, names::*};

/// What maps are rounded up to.
const PAGE: usize = 4096;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Files are std's as much as Linux's.
    fs::create_dir("/work")?;
    let watches = Fd::new(calls::inotify_init1(IN_NONBLOCK)?);
    calls::inotify_add_watch(watches.number(), c"/work", IN_CREATE | IN_MODIFY | IN_ATTRIB)?;
    fs::write("/work/notes", "written by std, ")?;
    calls::chmod(c"/work/notes", 0o640)?;
    let mut stat = Stat::default();
    calls::stat(c"/work/notes", &mut stat)?;
    println!("mode {:o}, {} bytes", stat.st_mode, stat.st_size);
    for (mask, name) in events(&watches)? {
        println!("event {mask:#x} {name}");
    }

    lock()?;
    map()?;
    splice()?;
    println!("{}", fs::read_to_string("/work/copy")?);
    Ok(())
}

/// The events that wait: what happened, and to which name.
fn events(watches: &Fd) -> Result<Vec<(u32, String)>, Errno> {
    let mut buffer = [0; 1024];
    let len = calls::read(watches.number(), &mut buffer)?;
    let (mut events, mut rest) = (Vec::new(), &buffer[..len]);
    while let Some((head, after)) = rest.split_first_chunk::<16>() {
        let word = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|byte| head[at + byte]));
        let (name, after) = after.split_at(word(12) as usize);
        let name = CStr::from_bytes_until_nul(name).unwrap_or_default();
        events.push((word(4), name.to_string_lossy().into_owned()));
        rest = after;
    }
    Ok(events)
}

/// A second opening cannot have the lock while the first has it.
fn lock() -> Result<(), Errno> {
    let first = Fd::new(calls::open(c"/work/notes", O_RDWR, 0)?);
    let second = Fd::new(calls::open(c"/work/notes", O_RDWR, 0)?);
    calls::flock(first.number(), LOCK_EX)?;
    println!("locked twice: {:?}", calls::flock(second.number(), LOCK_EX | LOCK_NB));
    Ok(())
}

/// What is stored in the map is in the file, and what is written to the file is in the map.
fn map() -> Result<(), Box<dyn std::error::Error>> {
    let file = Fd::new(calls::open(c"/work/notes", O_RDWR, 0)?);
    let end = usize::try_from(calls::lseek(file.number(), 0, SEEK_END)?)?;
    let text = b"stored in a map, ";
    calls::ftruncate(file.number(), (end + text.len()) as i64)?;
    let protection = PROT_READ | PROT_WRITE;
    // SAFETY: a place that the filesystem chooses is nobody else's.
    let addr = unsafe { calls::mmap(0, PAGE, protection, MAP_SHARED, file.number(), 0)? };
    // SAFETY: the map is one page, and nothing else refers to it.
    let page = unsafe { std::slice::from_raw_parts_mut(addr as *mut u8, PAGE) };
    page[end..end + text.len()].copy_from_slice(text);
    let after = (end + text.len()) as i64;
    calls::pwrite64(file.number(), b"written by pwrite", after)?;
    println!("{}", String::from_utf8_lossy(&page[end..end + text.len() + 17]));
    // SAFETY: nothing refers to it any more.
    unsafe { calls::munmap(addr, PAGE)? };
    Ok(())
}

/// From a file into a pipe and out of it into another file.
fn splice() -> Result<(), Errno> {
    let mut ends = [0; 2];
    calls::pipe2(&mut ends, O_CLOEXEC)?;
    let [read, write] = ends.map(Fd::new);
    let from = Fd::new(calls::open(c"/work/notes", O_RDONLY, 0)?);
    let to = Fd::new(calls::open(c"/work/copy", O_WRONLY | O_CREAT, 0o600)?);
    let moved = calls::splice(from.number(), None, write.number(), None, 4096, 0)?;
    calls::splice(read.number(), None, to.number(), None, moved, 0)?;
    println!("spliced {moved} bytes");
    Ok(())
}
