//! An ordinary Rust program that does to `/` whatever `std::fs` can, and prints what it saw.
//!
//! Run on a host directory and packed it must print the same, so it prints no inode numbers, no times but those that
//! it or the baked tree set, and directories sorted. `/data` is as the test made it (tests/src/trees.rs).

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fmt::Debug;
use std::fs::{self, File, FileTimes, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

mod libc {
    //! What wasi-libc has and std::fs lacks on this target.
    use std::ffi::{c_char, c_int};

    unsafe extern "C" {
        pub fn symlink(target: *const c_char, path: *const c_char) -> c_int;
    }
}

fn main() {
    // Not part of the transcript, for a host directory may well need more than one.
    if std::env::args().nth(1).as_deref() == Some("passes-to-remove-while-listing") {
        return show("passes", remove_while_listing());
    }
    section("the baked tree", baked_tree);
    section("baked files change", baked_files_change);
    section("create, write, read", create_write_read);
    section("OpenOptions", open_options);
    section("append", append);
    section("seek", seek);
    section("set_len", set_len);
    section("rename", rename);
    section("hard links", hard_links);
    section("symbolic links", symbolic_links);
    section("directories", directories);
    section("remove_dir_all", remove_dir_all);
    section("metadata and times", metadata_and_times);
    section("copy", copy);
    section("a large file", large_file);
    section("a file with a hole", sparse_file);
    section("many files", many_files);
    section("unlinked while open", unlinked_while_open);
    section("errors", errors);
    section("temporary files", temporary_files);
    section("working directory", working_directory);
}

fn section(title: &str, body: fn() -> io::Result<()>) {
    println!("== {title}");
    if let Err(error) = body() {
        println!("!! stopped: {:?}: os error {:?}", error.kind(), error.raw_os_error());
    }
}

/// Prints a value, or the kind and the number of an error.
fn show<T: Debug>(what: &str, result: io::Result<T>) {
    match result {
        Ok(value) => println!("{what}: {value:?}"),
        Err(error) => println!("{what}: {:?}, os error {:?}", error.kind(), error.raw_os_error()),
    }
}

/// A directory of its own for each section.
fn fresh(name: &str) -> io::Result<PathBuf> {
    let directory = Path::new("/work").join(name);
    fs::create_dir_all(&directory)?;
    Ok(directory)
}

fn symlink(target: &str, path: &Path) -> io::Result<()> {
    let target = CString::new(target)?;
    let path = CString::new(path.to_str().expect("paths here are UTF-8"))?;
    // SAFETY: both are strings that end in NUL and outlive the call.
    if unsafe { libc::symlink(target.as_ptr(), path.as_ptr()) } == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn kind(metadata: &fs::Metadata) -> &'static str {
    let kind = metadata.file_type();
    if kind.is_dir() {
        "directory"
    } else if kind.is_symlink() {
        "symlink"
    } else if kind.is_file() {
        "file"
    } else {
        "other"
    }
}

/// The tree below `directory`: name, kind, size of files, target of links; sorted.
fn list(directory: &Path) -> io::Result<()> {
    let mut entries = BTreeMap::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        entries.insert(entry.file_name(), entry);
    }
    for (_, entry) in entries {
        let metadata = entry.metadata()?;
        let path = entry.path();
        assert_eq!(metadata.file_type(), entry.file_type()?, "read_dir and stat agree on {path:?}");
        match kind(&metadata) {
            "file" => println!("{} file {}", path.display(), metadata.len()),
            "symlink" => println!("{} -> {}", path.display(), fs::read_link(&path)?.display()),
            other => println!("{} {other}", path.display()),
        }
        if metadata.is_dir() {
            list(&path)?;
        }
    }
    Ok(())
}

/// FNV-1a: enough to see that contents are the same.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

fn since_epoch(time: SystemTime) -> String {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => format!("{}.{:09}", after.as_secs(), after.subsec_nanos()),
        Err(before) => format!("-{:?}", before.duration()),
    }
}

fn baked_tree() -> io::Result<()> {
    list(Path::new("/data"))?;
    println!("{:?}", fs::read_to_string("/data/hello.txt")?);
    println!("{:?}", fs::read_to_string("/data/sub/link-to-hello")?);
    for line in BufReader::new(File::open("/data/sub/lines.txt")?).lines() {
        println!("line {:?}", line?);
    }
    let blob = fs::read("/data/blob.bin")?;
    println!("blob: {} bytes, {:016x}", blob.len(), checksum(&blob));
    println!("mtime of hello.txt: {}", since_epoch(fs::metadata("/data/hello.txt")?.modified()?));
    println!("mtime of the link: {}", since_epoch(fs::symlink_metadata("/data/sub/lines.txt")?.modified()?));
    println!("empty: {:?}", fs::read("/data/empty")?);
    println!("empty directory has {} entries", fs::read_dir("/data/void")?.count());
    println!("name: {:?}", fs::read_to_string("/data/naïve ☃.txt")?);
    show("deep", fs::read_to_string("/data/a/b/c/d/e/deep.txt"));
    show("dot dot", fs::read_to_string("/data/a/b/../../sub/../hello.txt"));
    Ok(())
}

fn baked_files_change() -> io::Result<()> {
    let blob = "/data/blob.bin";
    let before = fs::read(blob)?;
    let mut file = OpenOptions::new().read(true).write(true).open(blob)?;
    file.seek(SeekFrom::Start(4090))?;
    file.write_all(b"crosses a page")?;
    drop(file);
    let after = fs::read(blob)?;
    println!("same length: {}", before.len() == after.len());
    println!("{:?}", String::from_utf8_lossy(&after[4090..4104]));
    println!("rest is untouched: {}", before[..4090] == after[..4090] && before[4104..] == after[4104..]);
    // `twin.bin` has the contents that blob.bin had, stored once in the contents: it must not change.
    println!("the twin is untouched: {}", fs::read("/data/twin.bin")? == before);
    // `hard.txt` and `hello.txt` are one file.
    fs::write("/data/hard.txt", "changed through the other name\n")?;
    println!("{:?}", fs::read_to_string("/data/hello.txt")?);
    fs::remove_file("/data/hello.txt")?;
    println!("{:?}", fs::read_to_string("/data/hard.txt")?);
    show("the symlink dangles", fs::read("/data/sub/link-to-hello"));
    fs::rename("/data/hard.txt", "/data/hello.txt")?;
    show("and no more", fs::read_to_string("/data/sub/link-to-hello"));
    let file = OpenOptions::new().write(true).open("/data/sub/lines.txt")?;
    file.set_len(5)?;
    file.set_len(8)?;
    println!("{:?}", fs::read("/data/sub/lines.txt")?);
    fs::remove_dir("/data/void")?;
    show("void is gone", fs::metadata("/data/void").map(|_| ()));
    Ok(())
}

fn create_write_read() -> io::Result<()> {
    let directory = fresh("create")?;
    let path = directory.join("new.txt");
    fs::write(&path, b"first\n")?;
    println!("{:?}", fs::read_to_string(&path)?);
    fs::write(&path, b"2nd\n")?;
    println!("{:?}, {} bytes", fs::read_to_string(&path)?, fs::metadata(&path)?.len());
    let mut writer = BufWriter::new(File::create(directory.join("buffered.txt"))?);
    for number in 0..1000 {
        writeln!(writer, "line {number}")?;
    }
    writer.into_inner()?.sync_all()?;
    let text = fs::read_to_string(directory.join("buffered.txt"))?;
    println!("{} lines, {} bytes", text.lines().count(), text.len());
    let mut file = File::open(&path)?;
    // A host may fill the first part only.
    let (mut one, mut two) = ([0; 2], [0; 8]);
    let read = file.read_vectored(&mut [io::IoSliceMut::new(&mut one), io::IoSliceMut::new(&mut two)])?;
    println!("vectored: {}, {one:?}", read == 2 || (read == 4 && two.starts_with(b"d\n")));
    io::copy(&mut file, &mut io::sink())?;
    println!("at the end: {}", file.read(&mut two)?);
    Ok(())
}

fn open_options() -> io::Result<()> {
    let directory = fresh("options")?;
    let path = directory.join("file");
    show("write, not there", OpenOptions::new().write(true).open(&path).map(drop));
    show("create_new", OpenOptions::new().write(true).create_new(true).open(&path).map(drop));
    show("create_new again", OpenOptions::new().write(true).create_new(true).open(&path).map(drop));
    fs::write(&path, "content")?;
    show("create keeps", OpenOptions::new().write(true).create(true).truncate(false).open(&path).map(drop));
    println!("{:?}", fs::read_to_string(&path)?);
    show("truncate", OpenOptions::new().write(true).truncate(true).open(&path).map(drop));
    println!("{:?}", fs::read_to_string(&path)?);
    let mut read_only = File::open(&path)?;
    show("write to a read-only descriptor", read_only.write(b"x"));
    show("set_len of a read-only descriptor", read_only.set_len(1));
    let mut write_only = OpenOptions::new().write(true).open(&path)?;
    show("read of a write-only descriptor", write_only.read(&mut [0; 4]));
    show("open a directory for writing", OpenOptions::new().write(true).open(&directory).map(drop));
    show("trailing slash on a file", File::open("/work/options/file/").map(drop));
    show("through a file", File::open("/work/options/file/below").map(drop));
    show("no options", OpenOptions::new().open(&path).map(drop));
    Ok(())
}

fn append() -> io::Result<()> {
    let path = fresh("append")?.join("log");
    for number in 0..3 {
        let mut file = OpenOptions::new().append(true).create(true).open(&path)?;
        writeln!(file, "entry {number}")?;
    }
    print!("{}", fs::read_to_string(&path)?);
    let mut one = OpenOptions::new().append(true).open(&path)?;
    let mut two = OpenOptions::new().append(true).open(&path)?;
    one.write_all(b"one\n")?;
    two.write_all(b"two\n")?;
    one.seek(SeekFrom::Start(0))?;
    one.write_all(b"three\n")?;
    println!("position after an append: {}", one.stream_position()?);
    print!("{}", fs::read_to_string(&path)?);
    Ok(())
}

fn seek() -> io::Result<()> {
    let path = fresh("seek")?.join("file");
    fs::write(&path, (0..=255).collect::<Vec<u8>>())?;
    let mut file = OpenOptions::new().read(true).write(true).open(&path)?;
    let mut byte = [0];
    for target in [SeekFrom::Start(200), SeekFrom::Current(-10), SeekFrom::End(-1), SeekFrom::Current(0)] {
        let position = file.seek(target)?;
        let read = file.read(&mut byte)?;
        println!("{target:?}: {position}, then {read} byte {}", byte[0]);
    }
    show("before the start", file.seek(SeekFrom::Current(-1000)));
    show("position is kept", file.stream_position());
    show("past the end", file.seek(SeekFrom::End(1000)));
    show("nothing there", file.read(&mut byte));
    file.write_all(b"!")?;
    println!("{} bytes now", file.metadata()?.len());
    file.seek(SeekFrom::Start(256))?;
    let mut gap = Vec::new();
    file.read_to_end(&mut gap)?;
    println!("the gap reads as zero: {}", gap[..gap.len() - 1].iter().all(|&byte| byte == 0));
    file.rewind()?;
    let mut second = file.try_clone();
    if let Ok(second) = &mut second {
        println!("a clone shares the position: {}", second.stream_position()?);
    } else {
        println!("try_clone: {:?}", second.map(drop).map_err(|error| error.kind()));
    }
    Ok(())
}

fn set_len() -> io::Result<()> {
    let path = fresh("set_len")?.join("file");
    fs::write(&path, vec![b'x'; 10_000])?;
    let file = OpenOptions::new().write(true).open(&path)?;
    for length in [4097, 4096, 4095, 10, 0, 3, 5000, 100_000] {
        file.set_len(length)?;
        let bytes = fs::read(&path)?;
        let kept = bytes.iter().filter(|&&byte| byte == b'x').count();
        println!("{length}: {} bytes, {kept} kept", bytes.len());
    }
    Ok(())
}

fn rename() -> io::Result<()> {
    let directory = fresh("rename")?;
    let at = |name: &str| directory.join(name);
    fs::write(at("a"), "a")?;
    fs::write(at("b"), "b")?;
    show("over a file", fs::rename(at("a"), at("b")));
    list(&directory)?;
    println!("{:?}", fs::read_to_string(at("b"))?);
    fs::create_dir(at("empty"))?;
    fs::create_dir_all(at("full/inner"))?;
    show("a file over a directory", fs::rename(at("b"), at("empty")));
    show("a directory over a file", fs::rename(at("empty"), at("b")));
    show("over a full directory", fs::rename(at("empty"), at("full")));
    show("over an empty directory", fs::rename(at("full"), at("empty")));
    show("into itself", fs::rename(at("empty"), at("empty/inner/below")));
    show("to itself", fs::rename(at("b"), at("b")));
    show("what is not there", fs::rename(at("nothing"), at("c")));
    show("to where nothing is", fs::rename(at("b"), at("nowhere/b")));
    fs::hard_link(at("b"), at("twin"))?;
    show("onto its other name", fs::rename(at("b"), at("twin")));
    list(&directory)
}

fn hard_links() -> io::Result<()> {
    let directory = fresh("links")?;
    let at = |name: &str| directory.join(name);
    fs::write(at("one"), "shared")?;
    fs::hard_link(at("one"), at("two"))?;
    fs::write(at("two"), "changed")?;
    println!("{:?}", fs::read_to_string(at("one"))?);
    fs::remove_file(at("one"))?;
    println!("{:?}", fs::read_to_string(at("two"))?);
    show("over a file", fs::hard_link(at("two"), at("two")));
    show("of a directory", fs::hard_link(&directory, at("loop")));
    show("of nothing", fs::hard_link(at("none"), at("three")));
    list(&directory)
}

fn symbolic_links() -> io::Result<()> {
    let directory = fresh("symlinks")?;
    let at = |name: &str| directory.join(name);
    fs::create_dir(at("real"))?;
    fs::write(at("real/file"), "through")?;
    symlink("real", &at("link"))?;
    symlink("link/file", &at("far"))?;
    symlink("nowhere", &at("dangling"))?;
    symlink("loop", &at("loop"))?;
    symlink("../real/file", &at("real/up"))?;
    list(&directory)?;
    for name in ["link/file", "far", "dangling", "loop", "real/up", "link/up"] {
        show(name, fs::read_to_string(at(name)));
    }
    show("metadata follows", fs::metadata(at("link")).map(|metadata| kind(&metadata)));
    show("symlink_metadata does not", fs::symlink_metadata(at("link")).map(|metadata| kind(&metadata)));
    show("a dangling link's metadata", fs::metadata(at("dangling")).map(|metadata| kind(&metadata)));
    show("exists already", symlink("x", &at("link")));
    show("read_link of a file", fs::read_link(at("real/file")));
    show("create through a dangling link", fs::write(at("dangling"), "made"));
    show("nowhere", fs::read_to_string(at("nowhere")));
    show("canonicalize", fs::canonicalize(at("far")).map(drop).map_err(|error| ErrorKind::from(error.kind()).into()));
    fs::remove_file(at("link"))?;
    show("the target stays", fs::read_to_string(at("real/file")));
    show("out of the root", symlink("../../../../../../data/hello.txt", &at("up")));
    Ok(())
}

fn directories() -> io::Result<()> {
    let directory = fresh("directories")?;
    let at = |name: &str| directory.join(name);
    show("create_dir", fs::create_dir(at("one")));
    show("again", fs::create_dir(at("one")));
    show("no parent", fs::create_dir(at("two/three")));
    show("create_dir_all", fs::create_dir_all(at("two/three/four")));
    show("create_dir_all again", fs::create_dir_all(at("two/three/four")));
    show("trailing slash", fs::create_dir("/work/directories/slash/"));
    show("remove_dir of a full one", fs::remove_dir(at("two")));
    show("remove_file of one", fs::remove_file(at("one")));
    show("remove_dir", fs::remove_dir(at("one")));
    fs::write(at("file"), "")?;
    show("remove_dir of a file", fs::remove_dir(at("file")));
    show("read_dir of a file", fs::read_dir(at("file")).map(drop));
    show("read_dir of nothing", fs::read_dir(at("nothing")).map(drop));
    show("longest name", fs::write(at(&"n".repeat(255)), "").map(drop));
    show("too long a name", fs::write(at(&"n".repeat(256)), "").map(drop));
    fs::remove_file(at(&"n".repeat(255)))?;
    println!("removed while listing, in at least {} pass", 1.min(remove_while_listing()?));
    list(&directory)
}

/// Removes each entry of a directory of 300 as it is listed, until none is left; returns how often it had to list. A
/// listing that is not disturbed by what goes on needs one pass; some hosts' need more.
fn remove_while_listing() -> io::Result<u32> {
    let directory = fresh("busy")?;
    for number in 0..300 {
        fs::write(directory.join(format!("file-{number:03}")), "")?;
    }
    let mut passes = 0;
    while fs::read_dir(&directory)?.next().is_some() {
        passes += 1;
        for entry in fs::read_dir(&directory)? {
            fs::remove_file(entry?.path())?;
        }
    }
    fs::remove_dir(&directory)?;
    Ok(passes)
}

fn remove_dir_all() -> io::Result<()> {
    let directory = fresh("remove")?;
    for branch in 0..4 {
        let mut path = directory.join(format!("branch-{branch}"));
        for level in 0..6 {
            path.push(format!("level-{level}"));
            fs::create_dir_all(&path)?;
            fs::write(path.join("leaf"), vec![0; 100 * level])?;
        }
    }
    symlink("../../data", &directory.join("branch-0/data"))?;
    show("remove_dir_all", fs::remove_dir_all(&directory));
    show("gone", fs::metadata(&directory).map(drop));
    show("what a link in it named stays", fs::metadata("/data/blob.bin").map(|metadata| metadata.len()));
    show("remove_dir_all of nothing", fs::remove_dir_all(&directory));
    Ok(())
}

fn metadata_and_times() -> io::Result<()> {
    let path = fresh("metadata")?.join("file");
    let started = SystemTime::now();
    fs::write(&path, "12345")?;
    let metadata = fs::metadata(&path)?;
    println!("{} of {} bytes", kind(&metadata), metadata.len());
    // The kernel's clock ticks more coarsely than the program's: allow a second.
    let age = metadata.modified()?.duration_since(started - Duration::from_secs(1)).map(|age| age < Duration::from_secs(60));
    println!("modified just now: {age:?}");
    let file = OpenOptions::new().write(true).open(&path)?;
    let time = |seconds, nanoseconds| UNIX_EPOCH + Duration::new(seconds, nanoseconds);
    file.set_times(FileTimes::new().set_accessed(time(1_000_000_000, 1)).set_modified(time(1_500_000_000, 123_456_789)))?;
    let metadata = file.metadata()?;
    println!("accessed {}, modified {}", since_epoch(metadata.accessed()?), since_epoch(metadata.modified()?));
    file.set_modified(time(7, 8))?;
    let metadata = fs::metadata(&path)?;
    println!("accessed {}, modified {}", since_epoch(metadata.accessed()?), since_epoch(metadata.modified()?));
    drop(file);
    fs::rename(&path, path.with_extension("moved"))?;
    println!("after a rename {}", since_epoch(fs::metadata(path.with_extension("moved"))?.modified()?));
    let mut file = OpenOptions::new().append(true).open(path.with_extension("moved"))?;
    file.write_all(b"6")?;
    println!("a write moves it on: {}", file.metadata()?.modified()? > time(1_500_000_000, 0));
    Ok(())
}

fn copy() -> io::Result<()> {
    let directory = fresh("copy")?;
    let copied = fs::copy("/data/blob.bin", directory.join("blob"))?;
    println!("{copied} bytes");
    println!("equal: {}", fs::read("/data/blob.bin")? == fs::read(directory.join("blob"))?);
    show("of a directory", fs::copy("/data", directory.join("data")));
    Ok(())
}

fn large_file() -> io::Result<()> {
    let path = fresh("large")?.join("file");
    let chunk: Vec<u8> = (0..65_536_u32).map(|index| index.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
    let mut file = File::create(&path)?;
    for number in 0..192_u8 {
        file.write_all(&chunk[..usize::from(number)])?;
        file.write_all(&chunk)?;
    }
    println!("{} bytes", file.metadata()?.len());
    let bytes = fs::read(&path)?;
    println!("{} bytes, {:016x}", bytes.len(), checksum(&bytes));
    let mut file = File::open(&path)?;
    let (mut total, mut piece) = (0, [0; 7777]);
    let mut pieces = Vec::new();
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            break;
        }
        total += read;
        pieces.extend_from_slice(&piece[..read]);
    }
    println!("{total} bytes in pieces, the same: {}", pieces == bytes);
    fs::remove_file(&path)
}

fn sparse_file() -> io::Result<()> {
    let path = fresh("sparse")?.join("file");
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
    file.seek(SeekFrom::Start(3 << 30))?;
    file.write_all(b"far out")?;
    println!("{} bytes", file.metadata()?.len());
    file.seek(SeekFrom::Start((3 << 30) - 3))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    println!("{end:?}");
    drop(file);
    fs::remove_file(&path)
}

fn many_files() -> io::Result<()> {
    let directory = fresh("many")?;
    for number in 0..2000 {
        fs::write(directory.join(format!("{number}")), format!("contents of {number}"))?;
    }
    println!("{} entries", fs::read_dir(&directory)?.count());
    for number in (0..2000).step_by(3) {
        fs::remove_file(directory.join(format!("{number}")))?;
    }
    let mut sum = 0;
    for entry in fs::read_dir(&directory)? {
        let entry = entry?;
        let number: u64 = entry.file_name().to_string_lossy().parse().expect("names are numbers");
        assert_eq!(fs::read_to_string(entry.path())?, format!("contents of {number}"));
        sum += number;
    }
    println!("sum of the rest {sum}");
    fs::remove_dir_all(&directory)
}

fn unlinked_while_open() -> io::Result<()> {
    let path = fresh("unlinked")?.join("file");
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
    file.write_all(b"still ")?;
    fs::remove_file(&path)?;
    file.write_all(b"here")?;
    file.rewind()?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    println!("{text:?}, {} bytes", file.metadata()?.len());
    show("no name", fs::metadata(&path).map(drop));
    fs::write(&path, "another")?;
    println!("{:?}", fs::read_to_string(&path)?);
    Ok(())
}

fn errors() -> io::Result<()> {
    show("not there", File::open("/nothing").map(drop));
    show("not there, deep", File::open("/nothing/at/all").map(drop));
    // Linux says EISDIR, wasmtime EBADF.
    println!("read a directory: {}", fs::read("/data").is_err());
    show("a name with NUL", File::open("/data/nul\0byte").map(drop));
    show("an empty path", File::open("").map(drop));
    show("a path too long", File::open("/data/".to_owned() + &"./".repeat(3000)).map(drop));
    show("remove nothing", fs::remove_file("/nothing"));
    show("above the root", fs::metadata("/../data").map(|metadata| kind(&metadata)).map_err(|error| error.kind().into()));
    show("make the root", fs::create_dir("/"));
    show("remove the root", fs::remove_dir("/").map_err(|_| ErrorKind::Other.into()));
    Ok(())
}

fn temporary_files() -> io::Result<()> {
    println!("/tmp is a directory: {}", fs::metadata("/tmp")?.is_dir());
    fs::write("/tmp/scratch", "temporary")?;
    println!("{:?}", fs::read_to_string("/tmp/scratch")?);
    fs::remove_file("/tmp/scratch")
}

fn working_directory() -> io::Result<()> {
    show("relative to the root", fs::read_to_string("data/a/b/c/d/e/deep.txt"));
    show("current_dir", std::env::current_dir());
    fs::write("work/relative.txt", "relative")?;
    show("same file", fs::read_to_string("/work/relative.txt"));
    Ok(())
}
