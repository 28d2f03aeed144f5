//! fs-core natively against the system calls of this kernel on a tmpfs, in one run: `cargo xtask bench core`.
//!
//! First the same operations on both, then fs-core alone as directories and trees grow, then its memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::RefCell;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use rustix::fs as sys;
use wasm_vfs_benches::rounds::{Batch, Timing, interleaved};
use wasm_vfs_benches::table::{Table, mark, time, times};
use wasm_vfs_core::{
    AT_FDCWD, AtFlags, Config, Credentials, Fs, OFlags, Platform, Process, RenameFlags, Timespec,
    Whence,
};

/// Rounds of the comparison.
const ROUNDS: usize = 41;

/// Numbers of files at which costs are compared.
const SCALES: [u32; 3] = [10, 10_000, 1_000_000];

/// Counts the bytes that are allocated and not freed.
struct Counting;

static LIVE_BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to `System` as it came; the counter touches no memory of callers.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE_BYTES.fetch_add(layout.size(), Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE_BYTES.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LIVE_BYTES.fetch_add(size, Relaxed);
        LIVE_BYTES.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.realloc(block, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The clock that tmpfs uses: the time of the last tick.
struct TickClock;

impl Platform for TickClock {
    fn current_time(&self) -> Timespec {
        let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `now` is a timespec of ours that lives through the call.
        unsafe { libc::clock_gettime(libc::CLOCK_REALTIME_COARSE, &raw mut now) };
        Timespec::new(now.tv_sec, u32::try_from(now.tv_nsec).unwrap_or(0))
    }

    fn contents_to_kernel(&self, dst: &mut [u8], _offset: u64) {
        dst.fill(0);
    }
}

/// What the operations are made of, once for each side.
trait Side {
    type Fd: Copy;
    fn open(&mut self, path: &str, flags: OFlags) -> Self::Fd;
    fn close(&mut self, fd: Self::Fd);
    fn stat(&mut self, path: &str) -> u64;
    fn unlink(&mut self, path: &str);
    fn rename(&mut self, from: &str, to: &str);
    fn mkdir(&mut self, path: &str);
    fn pread(&mut self, fd: Self::Fd, buf: &mut [u8], offset: u64) -> usize;
    fn pwrite(&mut self, fd: Self::Fd, buf: &[u8], offset: u64) -> usize;
    fn truncate(&mut self, fd: Self::Fd, len: u64);
    fn rewind(&mut self, fd: Self::Fd);
    fn getdents(&mut self, fd: Self::Fd, buf: &mut [u8]) -> usize;
}

/// fs-core and a process in it.
struct Core {
    fs: Fs<TickClock>,
    process: Process,
}

impl Core {
    fn new() -> Core {
        let mut fs = Fs::new(TickClock, Config::default()).expect("memory");
        let process = fs.spawn(Credentials::ROOT).expect("memory");
        Core { fs, process }
    }
}

impl Side for Core {
    type Fd = wasm_vfs_core::Fd;

    fn open(&mut self, path: &str, flags: OFlags) -> Self::Fd {
        self.fs.openat(&mut self.process, AT_FDCWD, path.as_bytes(), flags, 0o644).expect("open")
    }
    fn close(&mut self, fd: Self::Fd) {
        self.fs.close(&mut self.process, fd).expect("close");
    }
    fn stat(&mut self, path: &str) -> u64 {
        let stat = self.fs.newfstatat(&self.process, AT_FDCWD, path.as_bytes(), AtFlags::empty());
        stat.expect("stat").st_ino
    }
    fn unlink(&mut self, path: &str) {
        self.fs
            .unlinkat(&self.process, AT_FDCWD, path.as_bytes(), AtFlags::empty())
            .expect("unlink");
    }
    fn rename(&mut self, from: &str, to: &str) {
        let (from, to) = (from.as_bytes(), to.as_bytes());
        self.fs
            .renameat2(&self.process, AT_FDCWD, from, AT_FDCWD, to, RenameFlags::empty())
            .expect("rename");
    }
    fn mkdir(&mut self, path: &str) {
        self.fs.mkdirat(&self.process, AT_FDCWD, path.as_bytes(), 0o755).expect("mkdir");
    }
    fn pread(&mut self, fd: Self::Fd, buf: &mut [u8], offset: u64) -> usize {
        self.fs.pread64(&self.process, fd, buf, offset.cast_signed()).expect("pread")
    }
    fn pwrite(&mut self, fd: Self::Fd, buf: &[u8], offset: u64) -> usize {
        self.fs.pwrite64(&self.process, fd, buf, offset.cast_signed()).expect("pwrite")
    }
    fn truncate(&mut self, fd: Self::Fd, len: u64) {
        self.fs.ftruncate(&self.process, fd, len.cast_signed()).expect("truncate");
    }
    fn rewind(&mut self, fd: Self::Fd) {
        self.fs.lseek(&self.process, fd, 0, Whence::Set).expect("lseek");
    }
    fn getdents(&mut self, fd: Self::Fd, buf: &mut [u8]) -> usize {
        self.fs.getdents64(&self.process, fd, buf).expect("getdents64")
    }
}

/// The kernel, in a directory on a tmpfs that is the current one.
struct Host;

impl Side for Host {
    type Fd = libc::c_int;

    fn open(&mut self, path: &str, flags: OFlags) -> Self::Fd {
        use std::os::fd::IntoRawFd;
        let flags = sys::OFlags::from_bits_retain(flags.bits());
        let mode = sys::Mode::from_raw_mode(0o644);
        sys::openat(sys::CWD, path, flags, mode).expect("open").into_raw_fd()
    }
    fn close(&mut self, fd: Self::Fd) {
        // SAFETY: `open` gave it away, and nobody else closes it.
        unsafe { rustix::io::close(fd) };
    }
    fn stat(&mut self, path: &str) -> u64 {
        sys::statat(sys::CWD, path, sys::AtFlags::empty()).expect("stat").st_ino
    }
    fn unlink(&mut self, path: &str) {
        sys::unlinkat(sys::CWD, path, sys::AtFlags::empty()).expect("unlink");
    }
    fn rename(&mut self, from: &str, to: &str) {
        sys::renameat(sys::CWD, from, sys::CWD, to).expect("rename");
    }
    fn mkdir(&mut self, path: &str) {
        sys::mkdirat(sys::CWD, path, sys::Mode::from_raw_mode(0o755)).expect("mkdir");
    }
    fn pread(&mut self, fd: Self::Fd, buf: &mut [u8], offset: u64) -> usize {
        rustix::io::pread(borrow(fd), buf, offset).expect("pread")
    }
    fn pwrite(&mut self, fd: Self::Fd, buf: &[u8], offset: u64) -> usize {
        rustix::io::pwrite(borrow(fd), buf, offset).expect("pwrite")
    }
    fn truncate(&mut self, fd: Self::Fd, len: u64) {
        sys::ftruncate(borrow(fd), len).expect("truncate");
    }
    fn rewind(&mut self, fd: Self::Fd) {
        sys::seek(borrow(fd), sys::SeekFrom::Start(0)).expect("lseek");
    }
    fn getdents(&mut self, fd: Self::Fd, buf: &mut [u8]) -> usize {
        // SAFETY: the kernel writes at most `buf.len()` bytes into `buf`.
        let bytes = unsafe { libc::syscall(libc::SYS_getdents64, fd, buf.as_mut_ptr(), buf.len()) };
        usize::try_from(bytes).expect("getdents64")
    }
}

fn borrow(fd: libc::c_int) -> std::os::fd::BorrowedFd<'static> {
    // SAFETY: the descriptors of this benchmark stay open until it ends with them.
    unsafe { std::os::fd::BorrowedFd::borrow_raw(fd) }
}

const MIB: usize = 1 << 20;

/// The file that is read and written sequentially.
const DATA_BYTES: usize = 4 * MIB;

/// The part of it that is read and written in small pieces all over: what the processor's caches hold, for it is the call that is
/// measured and not the memory.
const SPREAD_BYTES: usize = MIB / 4;

/// An operation of the comparison: its name, its aim (how many times faster than the kernel), how many bytes it moves.
struct Operation {
    name: &'static str,
    aim: f64,
    bytes: usize,
}

const fn small(name: &'static str) -> Operation {
    Operation { name, aim: 5.0, bytes: 0 }
}

/// The operations, in the order of [`batches`].
const OPERATIONS: &[Operation] = &[
    small("open+close"),
    small("stat, depth 1"),
    small("stat, depth 8"),
    small("create+close+unlink"),
    small("read 64 B"),
    small("read 4 KiB"),
    small("write 64 B"),
    small("write 4 KiB"),
    small("rename"),
    small("readdir of 1,000"),
    Operation { name: "sequential read, 64 KiB", aim: 1.0, bytes: 65_536 },
    Operation { name: "sequential write, 64 KiB", aim: 1.0, bytes: 65_536 },
    Operation { name: "write 1 MiB to a new file", aim: 1.0, bytes: MIB },
];

const DEEP: &str = "d/d/d/d/d/d/d/file";

fn prepare<S: Side>(side: &mut S) {
    let fd = side.open("file", OFlags::CREAT | OFlags::RDWR);
    side.close(fd);
    let mut path = String::new();
    for _ in 0..7 {
        path += if path.is_empty() { "d" } else { "/d" };
        side.mkdir(&path);
    }
    let fd = side.open(DEEP, OFlags::CREAT | OFlags::RDWR);
    side.close(fd);
    side.mkdir("thousand");
    for number in 0..1000 {
        let fd = side.open(&format!("thousand/file-{number}"), OFlags::CREAT | OFlags::RDWR);
        side.close(fd);
    }
}

/// Offsets that visit the first [`SPREAD_BYTES`] of a file in blocks of `block`, all over.
fn spread(number: u64, block: usize) -> u64 {
    let blocks = (SPREAD_BYTES / block) as u64;
    // Both are powers of two, so this costs nothing that would be measured.
    (number.wrapping_mul(0x9e37_79b9) & (blocks - 1)) * block as u64
}

/// An operation on one side; it gets the number of the turn.
type Each<'a, S> = Box<dyn FnMut(&mut S, u64) + 'a>;

fn batches<'a, S: Side + 'a>(side: &'a RefCell<S>) -> Vec<Batch<'a>>
where
    S::Fd: 'a,
{
    prepare(&mut *side.borrow_mut());
    let data = side.borrow_mut().open("data", OFlags::CREAT | OFlags::RDWR);
    let fresh = side.borrow_mut().open("fresh", OFlags::CREAT | OFlags::RDWR);
    let thousand = side.borrow_mut().open("thousand", OFlags::DIRECTORY);
    side.borrow_mut().pwrite(data, &vec![7; DATA_BYTES], 0);
    let run = move |mut each: Each<'a, S>| -> Batch<'a> {
        Box::new(move |count| {
            let mut side = side.borrow_mut();
            for number in 0..count {
                each(&mut *side, number);
            }
        })
    };
    let read = |block: usize| {
        let mut buf = vec![0; block];
        run(Box::new(move |s, n| assert_eq!(s.pread(data, &mut buf, spread(n, block)), block)))
    };
    let write = |block: usize| {
        let buf = vec![5; block];
        run(Box::new(move |s, n| assert_eq!(s.pwrite(data, &buf, spread(n, block)), block)))
    };
    let sequential = |n: u64| (n % (DATA_BYTES as u64 / 65_536)) * 65_536;
    let mut bulk = vec![0; 65_536];
    let bulk_out = vec![3; 65_536];
    let large = vec![3; MIB];
    let mut records = vec![0; 32_768];
    vec![
        run(Box::new(|s, _| {
            let fd = s.open("file", OFlags::RDONLY);
            s.close(fd);
        })),
        run(Box::new(|s, _| assert!(s.stat("file") > 0))),
        run(Box::new(|s, _| assert!(s.stat(DEEP) > 0))),
        run(Box::new(|s, _| {
            let fd = s.open("new", OFlags::CREAT | OFlags::EXCL | OFlags::RDWR);
            s.close(fd);
            s.unlink("new");
        })),
        read(64),
        read(4096),
        write(64),
        write(4096),
        run(Box::new(|s, _| {
            s.rename("file", "file2");
            s.rename("file2", "file");
        })),
        run(Box::new(move |s, _| {
            s.rewind(thousand);
            while s.getdents(thousand, &mut records) > 0 {}
        })),
        run(Box::new(move |s, n| assert!(s.pread(data, &mut bulk, sequential(n)) == 65_536))),
        run(Box::new(move |s, n| assert!(s.pwrite(data, &bulk_out, sequential(n)) == 65_536))),
        run(Box::new(move |s, _| {
            s.truncate(fresh, 0);
            assert_eq!(s.pwrite(fresh, &large, 0), MIB);
        })),
    ]
}

fn compare() {
    let directory = tempfile::tempdir_in("/dev/shm").expect("a tmpfs at /dev/shm");
    std::env::set_current_dir(directory.path()).expect("chdir");
    let (core, host) = (RefCell::new(Core::new()), RefCell::new(Host));
    let mut cases: Vec<Batch<'_>> = Vec::new();
    for (of_core, of_host) in batches(&core).into_iter().zip(batches(&host)) {
        cases.extend([of_core, of_host]);
    }
    let timings = interleaved(ROUNDS, &mut cases);
    let mut table = Table::new(&["operation", "fs-core", "tmpfs", "ratio", "aim", ""]);
    for (operation, pair) in OPERATIONS.iter().zip(timings.chunks(2)) {
        let [core, host] = pair else { continue };
        let ratio = host.median_ns / core.median_ns;
        let show = |timing: &Timing| match operation.bytes {
            0 => time(timing.median_ns),
            bytes => format!("{:.1} GB/s", bytes as f64 / timing.median_ns),
        };
        table.row([
            operation.name.to_owned(),
            show(core),
            show(host),
            times(ratio),
            format!(">= {}x", operation.aim),
            mark(ratio >= operation.aim).to_owned(),
        ]);
    }
    println!("fs-core against system calls on a tmpfs; medians of {ROUNDS} rounds\n");
    table.print();
    std::env::set_current_dir("/").expect("chdir");
}

/// How the files of a grown filesystem are laid out.
#[derive(Clone, Copy)]
enum Shape {
    OneDirectory,
    Tree,
}

impl Shape {
    fn path(self, number: u32) -> String {
        match self {
            Shape::OneDirectory => format!("file-{number}"),
            Shape::Tree => format!("{}/file-{number}", number / 1000),
        }
    }

    /// One of [`HOT_FILES`] files: spread over the one directory, or neighbours in the middle of the tree.
    fn hot_path(self, number: u32, files: u32) -> String {
        match self {
            Shape::OneDirectory => self.path(number * (files / HOT_FILES)),
            Shape::Tree => self.path(files / 2 / HOT_FILES * HOT_FILES + number),
        }
    }
}

/// How many different files an operation goes through. Few, so that the caches of the processor hold what they touch at every scale:
/// it is the work that is compared, not the memory.
const HOT_FILES: u32 = 10;

/// A filesystem with that many empty files.
fn grown(shape: Shape, files: u32) -> Core {
    let mut core = Core::new();
    for number in 0..files {
        if matches!(shape, Shape::Tree) && number % 1000 == 0 {
            core.mkdir(&format!("{}", number / 1000));
        }
        let fd = core.open(&shape.path(number), OFlags::CREAT | OFlags::RDWR);
        core.close(fd);
    }
    core
}

fn scaling(shape: Shape, title: &str) {
    let cores: Vec<RefCell<Core>> =
        SCALES.iter().map(|&files| RefCell::new(grown(shape, files))).collect();
    let mut cases: Vec<Batch<'_>> = Vec::new();
    let names = [
        "stat",
        "stat, missing",
        "open+close",
        "create+close+unlink",
        "rename",
        "stat, all at random",
    ];
    for kind in 0..names.len() {
        for (core, &files) in cores.iter().zip(&SCALES) {
            let paths: Vec<String> = (0..HOT_FILES).map(|n| shape.hot_path(n, files)).collect();
            let missing: Vec<String> = paths.iter().map(|path| format!("{path}x")).collect();
            cases.push(Box::new(move |count| {
                let core = &mut *core.borrow_mut();
                let mut state = 1u64;
                for number in 0..count {
                    let pick = usize::try_from(number % u64::from(HOT_FILES)).expect("a remainder");
                    let (path, missing) = (&paths[pick], &missing[pick]);
                    match kind {
                        0 => assert!(core.stat(path) > 0),
                        1 => assert!(core.fs.stat(&core.process, missing.as_bytes()).is_err()),
                        2 => {
                            let fd = core.open(path, OFlags::RDONLY);
                            core.close(fd);
                        }
                        3 => {
                            let fd = core.open(missing, OFlags::CREAT | OFlags::RDWR);
                            core.close(fd);
                            core.unlink(missing);
                        }
                        4 => {
                            core.rename(path, missing);
                            core.rename(missing, path);
                        }
                        _ => {
                            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                            let any = u32::try_from((state >> 33) % u64::from(files))
                                .expect("a remainder");
                            assert!(core.stat(&shape.path(any)) > 0);
                        }
                    }
                }
            }));
        }
    }
    let timings = interleaved(ROUNDS / 2, &mut cases);
    println!("\n{title}\n");
    let mut table = Table::new(&["operation", "10", "10,000", "1,000,000", "growth", "aim", ""]);
    for (name, of_scales) in names.iter().zip(timings.chunks(SCALES.len())) {
        let [first, middle, last] = of_scales else { continue };
        let growth = last.median_ns / first.median_ns;
        let judged = !name.contains("random");
        table.row([
            (*name).to_owned(),
            time(first.median_ns),
            time(middle.median_ns),
            time(last.median_ns),
            times(growth),
            if judged { "<= 2x".to_owned() } else { "-".to_owned() },
            if judged { mark(growth <= 2.0).to_owned() } else { String::new() },
        ]);
    }
    table.print();
}

fn memory() {
    let live = || LIVE_BYTES.load(Relaxed) as f64;
    println!("\nMemory for each file with its name, directory entry and inode, in bytes\n");
    let mut table = Table::new(&["files", "10,000", "100,000", "1,000,000", "aim", ""]);
    for (name, contents, aim) in [("empty", 0, 250.0), ("100 B", 100, 400.0)] {
        let mut each = Vec::new();
        for files in [10_000u32, 100_000, 1_000_000] {
            let before = live();
            let mut core = grown(Shape::OneDirectory, files);
            if contents > 0 {
                for number in 0..files {
                    let fd = core.open(&Shape::OneDirectory.path(number), OFlags::RDWR);
                    core.pwrite(fd, &vec![1; contents], 0);
                    core.close(fd);
                }
            }
            each.push((live() - before) / f64::from(files));
            drop(core);
        }
        let worst = each.iter().copied().fold(0.0, f64::max);
        let mut cells = vec![name.to_owned()];
        cells.extend(each.iter().map(|bytes| format!("{bytes:.0}")));
        cells.extend([format!("<= {aim}"), mark(worst <= aim).to_owned()]);
        table.row(cells);
    }
    table.print();
}

fn main() {
    compare();
    scaling(Shape::OneDirectory, "As one directory grows; ten files in turn");
    scaling(Shape::Tree, "As the tree grows, 1,000 files in a directory; ten files in turn");
    memory();
}
