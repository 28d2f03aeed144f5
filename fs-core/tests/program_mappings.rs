//! Mappings in the memory of a program: what `tests/mmap.rs` shows of addresses that are only
//! numbers, where there is real memory and no page faults.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![allow(clippy::cast_possible_truncation, reason = "a test's files are small")]
#![allow(unreachable_pub, reason = "`pub` is what a test's own modules show each other")]

mod program;

use program::Program;
use wasm_vfs_core::manifest::{Attributes, Record, RecordKind};
use wasm_vfs_core::{
    Advice, Config, Credentials, Errno, FallocateMode, Fd, Fs, MapFlags, MremapFlags, MsyncFlags,
    OFlags, Population, Process, Prot, Whence,
};

type TestFs = Fs<Program>;

const PAGE: u64 = 4096;
const RW: Prot = Prot::READ.union(Prot::WRITE);
const SHARED: MapFlags = MapFlags::SHARED;
const PRIVATE: MapFlags = MapFlags::PRIVATE;
const FIXED: MapFlags = MapFlags::FIXED;
const ANONYMOUS: MapFlags = MapFlags::PRIVATE.union(MapFlags::ANONYMOUS);
const MAYMOVE: MremapFlags = MremapFlags::MAYMOVE;

/// Descriptor 0 is a file of 5000 bytes `x`, descriptor 1 the baked one of 20,000 bytes.
fn setup() -> (TestFs, Process) {
    let mut fs = Fs::new(Program::new(1000), Config::default()).unwrap();
    let mut records = Vec::new();
    let attributes = Attributes { mode: 0o755, ..Attributes::default() };
    for (name, kind) in [
        (&b""[..], RecordKind::Directory { entries: 1 }),
        (b"baked", RecordKind::Regular { contents_offset: 7, len: 20_000 }),
    ] {
        Record { parent: 0, name, attributes, kind }.encode(&mut records);
    }
    let mut population = Population::default();
    fs.populate(&mut population, &records).unwrap();
    fs.finish_population(population);
    let mut p = fs.spawn(Credentials::ROOT).unwrap();
    assert_eq!(fs.open(&mut p, b"/f", OFlags::CREAT | OFlags::RDWR, 0o644), Ok(0));
    assert_eq!(fs.write(&p, 0, &[b'x'; 5000][..]), Ok(5000));
    assert_eq!(fs.open(&mut p, b"/baked", OFlags::RDWR, 0), Ok(1));
    (fs, p)
}

/// Maps `pages` pages from page `first` of a file on.
fn map(
    fs: &mut TestFs,
    p: &mut Process,
    pages: u64,
    flags: MapFlags,
    fd: Fd,
    first: i64,
) -> Result<u64, Errno> {
    map_at(fs, p, 0, pages, flags, fd, first)
}

fn map_at(
    fs: &mut TestFs,
    p: &mut Process,
    addr: u64,
    pages: u64,
    flags: MapFlags,
    fd: Fd,
    first: i64,
) -> Result<u64, Errno> {
    let mapped = fs.mmap(p, addr, pages * PAGE, RW, flags, fd, first * PAGE as i64);
    fs.check_invariants(&[p]).unwrap();
    mapped
}

fn unmap(fs: &mut TestFs, p: &Process, addr: u64, pages: u64) {
    fs.munmap(p, addr, pages * PAGE).unwrap();
    fs.check_invariants(&[p]).unwrap();
}

fn load(fs: &TestFs, addr: u64, len: usize) -> Vec<u8> {
    fs.platform().load(addr, len)
}

fn store(fs: &TestFs, addr: u64, bytes: &[u8]) {
    fs.platform().store(addr, bytes);
}

fn read(fs: &mut TestFs, p: &Process, fd: Fd, offset: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    let read = fs.pread64(p, fd, &mut bytes[..], offset as i64).unwrap();
    bytes.truncate(read);
    bytes
}

fn blocks(fs: &TestFs, p: &Process, fd: Fd) -> u64 {
    fs.fstat(p, fd).unwrap().st_blocks / 8
}

#[test]
fn a_shared_mapping_is_the_file_both_ways() {
    let (mut fs, mut p) = setup();
    let a = map(&mut fs, &mut p, 2, SHARED, 0, 0).unwrap();
    assert_eq!(load(&fs, a, 5001), [&[b'x'; 5000][..], b"\0"].concat());
    store(&fs, a + 4095, b"ST");
    assert_eq!(read(&mut fs, &p, 0, 4094, 4), b"xSTx");
    assert_eq!(fs.pwrite64(&p, 0, &b"WRITE"[..], 4093), Ok(5));
    assert_eq!(load(&fs, a + 4092, 7), b"xWRITEx");
    // A second one is the same memory; the file goes home with the last.
    let b = map(&mut fs, &mut p, 2, SHARED, 0, 0).unwrap();
    assert_eq!(a, b);
    unmap(&mut fs, &p, a, 2);
    store(&fs, b, b"B");
    assert_eq!(read(&mut fs, &p, 0, 0, 2), b"Bx");
    // It outlives descriptor and name.
    fs.link(&p, b"/f", b"/g").unwrap();
    fs.close(&mut p, 0).unwrap();
    fs.unlink(&p, b"/f").unwrap();
    store(&fs, b + 1, b"C");
    assert_eq!(fs.open(&mut p, b"/g", OFlags::RDWR, 0), Ok(0));
    assert_eq!(read(&mut fs, &p, 0, 0, 3), b"BCx");
    unmap(&mut fs, &p, b, 2);
    store(&fs, b, b"nobody's");
    assert_eq!(read(&mut fs, &p, 0, 0, 3), b"BCx");
    assert_eq!(read(&mut fs, &p, 0, 4092, 7), b"xWRITEx");
    // And without any name.
    let b = map(&mut fs, &mut p, 2, SHARED, 0, 0).unwrap();
    fs.unlink(&p, b"/g").unwrap();
    fs.close(&mut p, 0).unwrap();
    assert_eq!(load(&fs, b, 3), b"BCx");
    let before = fs.usage();
    unmap(&mut fs, &p, b, 2);
    assert_eq!(fs.usage().inodes, before.inodes - 1);
}

#[test]
fn a_file_grows_and_shrinks_under_its_mapping() {
    let (mut fs, mut p) = setup();
    let a = map(&mut fs, &mut p, 8, SHARED, 0, 0).unwrap();
    // LMDB: more is mapped than there is; then the file grows by a write, and by ftruncate.
    assert_eq!(fs.pwrite64(&p, 0, &b"far"[..], 3 * PAGE as i64), Ok(3));
    assert_eq!(load(&fs, a + 3 * PAGE, 4), b"far\0");
    fs.ftruncate(&p, 0, 6 * PAGE as i64).unwrap();
    store(&fs, a + 5 * PAGE, b"stored");
    assert_eq!(read(&mut fs, &p, 0, 5 * PAGE, 8), b"stored\0\0");
    // Cut: what is gone reads as zero when the file grows again.
    fs.ftruncate(&p, 0, 100).unwrap();
    assert_eq!(load(&fs, a + 98, 4), b"xx\0\0");
    assert_eq!(load(&fs, a + 5 * PAGE, 6), [0; 6]);
    fs.ftruncate(&p, 0, 6 * PAGE as i64).unwrap();
    assert_eq!(read(&mut fs, &p, 0, 98, 4), b"xx\0\0");
    assert_eq!(read(&mut fs, &p, 0, 5 * PAGE, 6), [0; 6]);
    store(&fs, a + 4 * PAGE, b"again");
    unmap(&mut fs, &p, a, 8);
    assert_eq!(read(&mut fs, &p, 0, 4 * PAGE, 6), b"again\0");
    // What was not stored to is a hole again.
    assert_eq!(blocks(&fs, &p, 0), 2);
    assert_eq!(fs.lseek(&p, 0, PAGE as i64, Whence::Data), Ok(4 * PAGE));
    assert_eq!(fs.lseek(&p, 0, 4 * PAGE as i64, Whence::Hole), Ok(5 * PAGE));
}

#[test]
fn a_baked_file_is_copied_in_one_piece_and_goes_home_baked() {
    let (mut fs, mut p) = setup();
    let baked = fs.platform().baked[7..20_007].to_vec();
    let a = map(&mut fs, &mut p, 6, SHARED, 1, 0).unwrap();
    assert_eq!(fs.platform().runs.get(), 1);
    assert_eq!(load(&fs, a, 6 * 4096), [&baked[..], &[0; 4576]].concat());
    let used = fs.usage().bytes;
    unmap(&mut fs, &p, a, 6);
    // Baked as before: what is read comes from there.
    fs.platform_mut().baked[7] = b'?';
    assert_eq!(read(&mut fs, &p, 1, 0, 1), b"?");
    let a = map(&mut fs, &mut p, 6, SHARED, 1, 0).unwrap();
    store(&fs, a + PAGE, b"!");
    assert_eq!(read(&mut fs, &p, 1, PAGE - 1, 2), [baked[4095], b'!']);
    unmap(&mut fs, &p, a, 6);
    fs.platform_mut().baked[7 + 4097] = b'?';
    assert_eq!(read(&mut fs, &p, 1, PAGE, 2), [b'!', baked[4097]]);
    assert_eq!(fs.usage().bytes, used);
    // Cut within the last page, and grown again.
    let a = map(&mut fs, &mut p, 6, SHARED, 1, 0).unwrap();
    fs.ftruncate(&p, 1, 17_000).unwrap();
    fs.ftruncate(&p, 1, 19_000).unwrap();
    assert_eq!(load(&fs, a + 16_999, 3), [baked[16_999], 0, 0]);
    unmap(&mut fs, &p, a, 6);
    assert_eq!(read(&mut fs, &p, 1, 16_999, 3), [baked[16_999], 0, 0]);
}

#[test]
fn holes_are_punched_and_allocated_under_a_mapping() {
    let (mut fs, mut p) = setup();
    let punch = FallocateMode::PUNCH_HOLE | FallocateMode::KEEP_SIZE;
    for fd in [0, 1] {
        let a = map(&mut fs, &mut p, 4, SHARED, fd, 0).unwrap();
        store(&fs, a, &[b's'; 4096]);
        fs.fallocate(&p, fd, punch, 100, 4000).unwrap();
        assert_eq!(load(&fs, a + 99, 2), b"s\0");
        assert_eq!(load(&fs, a + 4095, 5), [0; 5]);
        assert_ne!(load(&fs, a + 4100, 1), [0]);
        fs.fallocate(&p, fd, FallocateMode::empty(), 0, 3 * PAGE as i64).unwrap();
        store(&fs, a + 2 * PAGE + 9, b"third");
        assert_eq!(read(&mut fs, &p, fd, 2 * PAGE + 8, 5)[1..], *b"thir");
        unmap(&mut fs, &p, a, 4);
        assert_eq!(read(&mut fs, &p, fd, 98, 4), b"ss\0\0");
        assert_eq!(read(&mut fs, &p, fd, 2 * PAGE + 8, 5)[1..], *b"thir");
    }
}

#[test]
fn bytes_move_between_mapped_files() {
    let (mut fs, mut p) = setup();
    let a = map(&mut fs, &mut p, 4, SHARED, 0, 0).unwrap();
    let b = map(&mut fs, &mut p, 2, SHARED, 1, 1).unwrap();
    store(&fs, a + 10, b"mapped");
    store(&fs, b, b"BAKED");
    let (mut from, mut to) = (8, PAGE as i64 + 2);
    let copied = fs.copy_file_range(&p, 0, Some(&mut from), 1, Some(&mut to), 10, 0);
    assert_eq!(copied, Ok(10));
    assert_eq!(load(&fs, b, 13)[..12], *b"BAxxmappedxx");
    let [r, w] = fs.pipe(&mut p).unwrap();
    let none = wasm_vfs_core::SpliceFlags::empty();
    let mut from = PAGE as i64;
    assert_eq!(fs.splice(&p, 1, Some(&mut from), w, None, 6, none), Ok(6));
    let mut to = 3 * PAGE as i64 - 3;
    assert_eq!(fs.splice(&p, r, None, 0, Some(&mut to), 6, none), Ok(6));
    assert_eq!(load(&fs, a + 3 * PAGE - 4, 8), b"\0BAxxma\0");
    let mut from = 10;
    assert_eq!(fs.sendfile(&p, w, 0, Some(&mut from), 6), Ok(6));
    let mut bytes = [0; 6];
    assert_eq!((fs.read(&p, r, &mut bytes[..]), &bytes), (Ok(6), b"mapped"));
    fs.check_invariants(&[&p]).unwrap();
}

#[test]
fn parts_are_mapped_and_unmapped_and_have_one_address() {
    let (mut fs, mut p) = setup();
    fs.ftruncate(&p, 0, 8 * PAGE as i64).unwrap();
    let a = map(&mut fs, &mut p, 4, SHARED, 0, 0).unwrap();
    // Within it, and from within it to beyond its end: what follows is free.
    assert_eq!(map(&mut fs, &mut p, 1, SHARED, 0, 2), Ok(a + 2 * PAGE));
    assert_eq!(map(&mut fs, &mut p, 6, SHARED, 0, 2), Ok(a + 2 * PAGE));
    store(&fs, a + 7 * PAGE, b"end");
    assert_eq!(read(&mut fs, &p, 0, 7 * PAGE, 3), b"end");
    // Not if it is taken.
    let next = map(&mut fs, &mut p, 1, ANONYMOUS, -1, 0).unwrap();
    assert_eq!(next, a + 8 * PAGE);
    assert_eq!(map(&mut fs, &mut p, 9, SHARED, 0, 0), Err(Errno::ENOMEM));
    // Pages 0 and 1 once, 2 three times, 3 twice, 4 to 7 once.
    unmap(&mut fs, &p, a, 8);
    store(&fs, a + 2 * PAGE, b"two");
    assert_eq!(read(&mut fs, &p, 0, 2 * PAGE, 3), b"two");
    assert_eq!(read(&mut fs, &p, 0, 7 * PAGE, 3), b"end");
    // Page 0 may be elsewhere now, but not together with page 2.
    let zero = map_at(&mut fs, &mut p, next + PAGE, 1, SHARED, 0, 0).unwrap();
    assert_eq!(zero, next + PAGE);
    assert_eq!(map(&mut fs, &mut p, 3, SHARED, 0, 0), Err(Errno::ENOMEM));
    unmap(&mut fs, &p, zero, 1);
    assert_eq!(map(&mut fs, &mut p, 3, SHARED, 0, 0), Ok(a));
    unmap(&mut fs, &p, a, 4);
    unmap(&mut fs, &p, a + 2 * PAGE, 1);
    unmap(&mut fs, &p, a + 2 * PAGE, 1);
    let copy = map(&mut fs, &mut p, 3, PRIVATE, 0, 5).unwrap();
    assert_eq!(load(&fs, copy + 2 * PAGE, 3), b"end");
}

#[test]
fn private_mappings_are_copies() {
    let (mut fs, mut p) = setup();
    let s = map(&mut fs, &mut p, 1, SHARED, 0, 1).unwrap();
    store(&fs, s, b"shared");
    let a = map(&mut fs, &mut p, 3, PRIVATE, 0, 0).unwrap();
    assert_eq!(load(&fs, a + PAGE - 1, 8), b"xsharedx");
    store(&fs, a, b"mine");
    assert_eq!(read(&mut fs, &p, 0, 0, 4), b"xxxx");
    fs.pwrite64(&p, 0, &b"file"[..], 0).unwrap();
    assert_eq!(load(&fs, a, 4), b"mine");
    // Memory that was somebody's is cleared.
    store(&fs, a + 2 * PAGE, &[7; 4096]);
    assert_eq!(fs.madvise(&p, a, 3 * PAGE, Advice::DONTNEED), Ok(()));
    assert_eq!(load(&fs, a, 6), b"filexx");
    assert_eq!(load(&fs, a + 2 * PAGE, 4096), [0; 4096]);
    store(&fs, a, &[7; 3 * 4096]);
    unmap(&mut fs, &p, a, 3);
    let b = map(&mut fs, &mut p, 3, ANONYMOUS, -1, 0).unwrap();
    assert_eq!((b, load(&fs, b, 3 * 4096)), (a, vec![0; 3 * 4096]));
    // Truncation takes whole pages from copies, too.
    let c = map(&mut fs, &mut p, 2, PRIVATE, 0, 0).unwrap();
    fs.ftruncate(&p, 0, 50).unwrap();
    assert_eq!(load(&fs, c + 48, 4), b"xxxx");
    assert_eq!(load(&fs, c + PAGE, 4096), [0; 4096]);
}

#[test]
fn fixed_mappings_where_they_can_be_had() {
    let (mut fs, mut p) = setup();
    let a = map(&mut fs, &mut p, 8, ANONYMOUS, -1, 0).unwrap();
    store(&fs, a, &[9; 8 * 4096]);
    assert_eq!(map_at(&mut fs, &mut p, a + PAGE, 2, SHARED | FIXED, 0, 0), Ok(a + PAGE));
    assert_eq!(load(&fs, a + PAGE - 1, 3), [9, b'x', b'x']);
    assert_eq!(load(&fs, a + 3 * PAGE - 1, 2), [0, 9]);
    // A page has one address.
    assert_eq!(map_at(&mut fs, &mut p, a + 4 * PAGE, 1, SHARED | FIXED, 0, 1), Err(Errno::ENOMEM));
    assert_eq!(map_at(&mut fs, &mut p, a + 2 * PAGE, 1, SHARED | FIXED, 0, 1), Ok(a + 2 * PAGE));
    // Over itself, one page on: it goes home first.
    assert_eq!(map_at(&mut fs, &mut p, a + PAGE, 2, SHARED | FIXED, 0, 1), Ok(a + PAGE));
    assert_eq!(load(&fs, a + PAGE, 905)[903..], [b'x', 0]);
    // Others show it: it stays.
    assert_eq!(map(&mut fs, &mut p, 1, SHARED, 0, 1), Ok(a + PAGE));
    assert_eq!(map_at(&mut fs, &mut p, a + PAGE, 1, ANONYMOUS | FIXED, -1, 0), Err(Errno::ENOMEM));
    unmap(&mut fs, &p, a + PAGE, 1);
    assert_eq!(map_at(&mut fs, &mut p, a + PAGE, 1, ANONYMOUS | FIXED, -1, 0), Ok(a + PAGE));
    // The program's own memory, and what nobody has.
    for addr in [PAGE, 0, 1 << 31, 1 << 40] {
        let mapped = map_at(&mut fs, &mut p, addr, 1, ANONYMOUS | FIXED, -1, 0);
        assert_eq!(mapped, Err(Errno::ENOMEM), "{addr:x}");
    }
    let taken = MapFlags::FIXED_NOREPLACE | ANONYMOUS;
    assert_eq!(map_at(&mut fs, &mut p, a, 1, taken, -1, 0), Err(Errno::EEXIST));
    unmap(&mut fs, &p, a, 8);
    assert_eq!(map_at(&mut fs, &mut p, a, 1, taken, -1, 0), Ok(a));
    assert_eq!(load(&fs, PAGE, 4), [0xee; 4]);
}

#[test]
fn a_mapping_of_which_others_show_a_part_grows_where_it_is() {
    let (mut fs, mut p) = setup();
    let a = map(&mut fs, &mut p, 3, SHARED, 0, 0).unwrap();
    assert_eq!(map(&mut fs, &mut p, 1, SHARED, 0, 1), Ok(a + PAGE));
    let none = MremapFlags::empty();
    assert_eq!(fs.mremap(&p, a, 3 * PAGE, 5 * PAGE, none, 0), Ok(a));
    fs.check_invariants(&[&p]).unwrap();
    store(&fs, a + 4095, b"23");
    assert_eq!(read(&mut fs, &p, 0, 4095, 2), b"23");
    map_at(&mut fs, &mut p, a + 5 * PAGE, 1, ANONYMOUS, -1, 0).unwrap();
    assert_eq!(fs.mremap(&p, a, 5 * PAGE, 6 * PAGE, MAYMOVE, 0), Err(Errno::ENOMEM));
    // What lies behind it is none of it.
    assert_eq!(fs.mremap(&p, a, 6 * PAGE, 7 * PAGE, MAYMOVE, 0), Err(Errno::EFAULT));
    fs.check_invariants(&[&p]).unwrap();
}

#[test]
fn munmap_ends_where_addresses_do() {
    let (mut fs, p) = setup();
    assert_eq!(fs.munmap(&p, 0xffff_f000, PAGE), Ok(()));
    assert_eq!(fs.munmap(&p, 0xffff_f000, PAGE + 1), Err(Errno::EINVAL));
    assert_eq!(fs.munmap(&p, PAGE, 0xffff_f001), Err(Errno::EINVAL));
}

#[test]
fn mremap_grows_in_place_or_moves() {
    let (mut fs, mut p) = setup();
    let none = MremapFlags::empty();
    let remap = |fs: &mut TestFs, p: &Process, at: u64, old: u64, new: u64, flags, to: u64| {
        let moved = fs.mremap(p, at, old * PAGE, new * PAGE, flags, to);
        fs.check_invariants(&[p]).unwrap();
        moved
    };
    for (at, new, flags, error) in [
        (16 * PAGE, 1, MremapFlags::FIXED, Errno::EINVAL),
        (16 * PAGE, 1, MremapFlags::from_bits_retain(8), Errno::EINVAL),
        (16 * PAGE, 1, MremapFlags::DONTUNMAP | MAYMOVE, Errno::EINVAL),
        (16 * PAGE, 0, none, Errno::EINVAL),
        (1, 1, none, Errno::EINVAL),
        (16 * PAGE, 2, none, Errno::EFAULT),
    ] {
        assert_eq!(remap(&mut fs, &p, at, 1, new, flags, 0), Err(error), "{at} {flags:?}");
    }
    // SQLite: shared, larger and larger.
    let a = map(&mut fs, &mut p, 1, SHARED, 0, 0).unwrap();
    assert_eq!(remap(&mut fs, &p, a, 1, 2, none, 0), Ok(a));
    assert_eq!(remap(&mut fs, &p, a, 2, 20, none, 0), Ok(a));
    store(&fs, a + PAGE, b"S");
    assert_eq!(read(&mut fs, &p, 0, 4095, 3), b"xSx");
    let wall = map_at(&mut fs, &mut p, a + 20 * PAGE, 1, ANONYMOUS, -1, 0).unwrap();
    assert_eq!(wall, a + 20 * PAGE);
    assert_eq!(remap(&mut fs, &p, a, 20, 21, none, 0), Err(Errno::ENOMEM));
    let b = remap(&mut fs, &p, a, 20, 21, MAYMOVE, 0).unwrap();
    assert_ne!(a, b);
    store(&fs, a + PAGE, b"nobody's");
    assert_eq!(load(&fs, b + 4095, 3), b"xSx");
    store(&fs, b + 1, b"moved");
    assert_eq!(read(&mut fs, &p, 0, 0, 7), b"xmovedx");
    // Not while it is shown twice; shrinking ends one of the two there.
    assert_eq!(remap(&mut fs, &p, b, 0, 21, MAYMOVE, 0), Ok(b));
    let far = map(&mut fs, &mut p, 30, ANONYMOUS, -1, 0).unwrap();
    let fixed = MAYMOVE | MremapFlags::FIXED;
    assert_eq!(remap(&mut fs, &p, b, 21, 22, fixed, far), Err(Errno::ENOMEM));
    unmap(&mut fs, &p, b, 21);
    assert_eq!(remap(&mut fs, &p, b, 21, 1, none, 0), Ok(b));
    assert_eq!(remap(&mut fs, &p, b, 1, 3, fixed, b), Err(Errno::EINVAL));
    assert_eq!(remap(&mut fs, &p, b, 1, 3, fixed, far + PAGE), Ok(far + PAGE));
    assert_eq!(load(&fs, far + PAGE, 7), b"xmovedx");
    assert_eq!(load(&fs, far + 2 * PAGE, 2), b"Sx");
    assert_eq!(remap(&mut fs, &p, far, 2, 3, MAYMOVE, 0), Err(Errno::EFAULT));
    // Memory of one's own moves with what it holds; a copy of a file goes on with the file.
    store(&fs, far, b"own");
    let own = remap(&mut fs, &p, far, 1, 9, MAYMOVE, 0).unwrap();
    assert_eq!(load(&fs, own, 4), b"own\0");
    assert_eq!(load(&fs, own + PAGE, 8 * 4096), [0; 8 * 4096]);
    assert_eq!(remap(&mut fs, &p, own, 0, 1, MAYMOVE, 0), Err(Errno::EINVAL));
    let copy = map(&mut fs, &mut p, 1, PRIVATE, 0, 0).unwrap();
    store(&fs, copy, b"mine");
    let longer = remap(&mut fs, &p, copy, 1, 2, fixed, own).unwrap();
    assert_eq!(load(&fs, longer, 5), b"minee");
    assert_eq!(load(&fs, longer + PAGE, 2), b"Sx");
    fs.exit(p);
    fs.check_invariants(&[]).unwrap();
}

#[test]
fn the_rest_of_the_family() {
    use Errno::{EACCES, EBUSY, EINVAL, ENOMEM, ENOSYS};
    let (mut fs, mut p) = setup();
    let ro = fs.open(&mut p, b"/f", OFlags::RDONLY, 0).unwrap();
    let shared = fs.mmap(&mut p, 0, 2 * PAGE, Prot::READ, SHARED, ro, 0).unwrap();
    assert_eq!(fs.mprotect(&p, shared, PAGE, RW), Err(EACCES));
    assert_eq!(fs.mlock(&p, shared, 2 * PAGE), Ok(()));
    assert_eq!(fs.msync(&p, shared, PAGE, MsyncFlags::INVALIDATE), Err(EBUSY));
    assert_eq!(fs.madvise(&p, shared, PAGE, Advice::DONTNEED), Err(EINVAL));
    assert_eq!(fs.munlock(&p, shared, 2 * PAGE), Ok(()));
    for (at, len, advice, answer) in [
        (shared, PAGE, Advice(99), Err(EINVAL)),
        (shared + 1, PAGE, Advice::NORMAL, Err(EINVAL)),
        (shared, u64::MAX, Advice::NORMAL, Err(EINVAL)),
        (shared, 0, Advice::NORMAL, Ok(())),
        (shared, PAGE, Advice::WILLNEED, Ok(())),
        (shared, PAGE, Advice::DONTNEED, Ok(())),
        (shared, PAGE, Advice::FREE, Err(EINVAL)),
        (shared, 3 * PAGE, Advice::RANDOM, Err(ENOMEM)),
    ] {
        assert_eq!(fs.madvise(&p, at, len, advice), answer, "{at:x} {len} {advice:?}");
    }
    // Reading changed no time.
    let time = |fs: &TestFs, p: &Process| fs.fstat(p, 0).unwrap().st_mtime;
    let before = time(&fs, &p);
    unmap(&mut fs, &p, shared, 2);
    assert_eq!(time(&fs, &p), before);
    // What could be written through sets it: at msync, and when it goes.
    let shared = map(&mut fs, &mut p, 2, SHARED, 0, 0).unwrap();
    assert_eq!(fs.msync(&p, shared, 2 * PAGE, MsyncFlags::SYNC), Ok(()));
    let synced = time(&fs, &p);
    unmap(&mut fs, &p, shared, 2);
    assert!(before < synced && synced < time(&fs, &p));
    // The processor is the program's.
    assert_eq!(fs.load(&p, shared, &mut [0; 1][..]), Err(ENOSYS));
    assert_eq!(fs.store(&p, shared, &b"x"[..]), Err(ENOSYS));
}

#[test]
fn a_child_has_no_mappings() {
    let (mut fs, mut p) = setup();
    let a = map(&mut fs, &mut p, 1, SHARED, 0, 0).unwrap();
    let mut child = fs.fork(&p).unwrap();
    assert_eq!(fs.msync(&child, a, PAGE, MsyncFlags::SYNC), Err(Errno::ENOMEM));
    // It may map the file, and finds it where it is.
    assert_eq!(fs.mmap(&mut child, 0, PAGE, RW, SHARED, 0, 0), Ok(a));
    fs.check_invariants(&[&p, &child]).unwrap();
    fs.exit(p);
    store(&fs, a, b"child");
    let mut bytes = [0; 6];
    assert_eq!(fs.pread64(&child, 0, &mut bytes[..], 0), Ok(6));
    assert_eq!(&bytes, b"childx");
    fs.check_invariants(&[&child]).unwrap();
    fs.exit(child);
    fs.check_invariants(&[]).unwrap();
}

#[test]
fn the_break_grows_while_it_can() {
    let (mut fs, mut p) = setup();
    let start = fs.brk(&mut p, 0).unwrap();
    assert_eq!(start, 3 << 16);
    assert_eq!(fs.brk(&mut p, start - 1), Ok(start));
    assert_eq!(fs.brk(&mut p, start + 100_000), Ok(start + 100_000));
    assert_eq!(load(&fs, start, 100_000), [0; 100_000]);
    store(&fs, start, &[5; 100_000]);
    // Shrunk and grown: zeros, but for the page in which it ends.
    assert_eq!(fs.brk(&mut p, start + PAGE), Ok(start + PAGE));
    assert_eq!(fs.brk(&mut p, start + 3 * PAGE), Ok(start + 3 * PAGE));
    assert_eq!(load(&fs, start + PAGE - 1, 2), [5, 0]);
    // Something is in the way.
    let wall = map(&mut fs, &mut p, 1, ANONYMOUS, -1, 0).unwrap();
    assert_eq!(wall, start + 3 * PAGE);
    assert_eq!(fs.brk(&mut p, start + 4 * PAGE), Ok(start + 3 * PAGE));
    assert_eq!(fs.brk(&mut p, u64::MAX), Ok(start + 3 * PAGE));
    unmap(&mut fs, &p, wall, 1);
    assert_eq!(fs.brk(&mut p, start + 200_000), Ok(start + 200_000));
    // No more memory.
    assert_eq!(fs.brk(&mut p, start + (500 << 16)), Ok(start + 200_000));
    fs.exit(p);
    fs.check_invariants(&[]).unwrap();
}

#[test]
fn without_memory_nothing_is_lost() {
    let (mut fs, mut p) = setup();
    fs.platform_mut().max_pages = 5;
    assert_eq!(map(&mut fs, &mut p, 33, SHARED, 0, 0), Err(Errno::ENOMEM));
    assert_eq!(map(&mut fs, &mut p, 1 << 30, SHARED, 0, 0), Err(Errno::ENOMEM));
    assert_eq!(map(&mut fs, &mut p, 33, ANONYMOUS, -1, 0), Err(Errno::ENOMEM));
    let a = map(&mut fs, &mut p, 32, SHARED, 0, 0).unwrap();
    assert_eq!(map(&mut fs, &mut p, 1, PRIVATE, 0, 0), Err(Errno::ENOMEM));
    let grown = fs.mremap(&p, a, 32 * PAGE, 33 * PAGE, MAYMOVE, 0);
    assert_eq!(grown, Err(Errno::ENOMEM));
    store(&fs, a, b"S");
    assert_eq!(read(&mut fs, &p, 0, 0, 2), b"Sx");
    unmap(&mut fs, &p, a, 32);
    assert_eq!(map(&mut fs, &mut p, 32, ANONYMOUS, -1, 0), Ok(a));
}
