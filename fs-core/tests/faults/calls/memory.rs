//! Calls that map files, and the processor's stores and loads.

use wasm_vfs_core::{Advice, MremapFlags, MsyncFlags};

use super::{Make, size, unit};

pub(super) const CALLS: &[(&str, Make)] = &[
    ("mmap", |c| {
        let (addr, len) = (c.args.address(0), c.args.length(1) as u64);
        let (prot, flags) = (c.args.prot(2), c.args.map_flags(3));
        c.fs.mmap(c.p, addr, len, prot, flags, c.args.fd(4), c.args.offset(5))
    }),
    ("munmap", |c| c.fs.munmap(c.p, c.args.address(0), c.args.length(1) as u64).map(unit)),
    ("mprotect", |c| {
        let (addr, len) = (c.args.address(0), c.args.length(1) as u64);
        c.fs.mprotect(c.p, addr, len, c.args.prot(2)).map(unit)
    }),
    ("mlock", |c| c.fs.mlock(c.p, c.args.address(0), c.args.length(1) as u64).map(unit)),
    ("munlock", |c| c.fs.munlock(c.p, c.args.address(0), c.args.length(1) as u64).map(unit)),
    ("msync", |c| {
        let (addr, len) = (c.args.address(0), c.args.length(1) as u64);
        c.fs.msync(c.p, addr, len, MsyncFlags::SYNC).map(unit)
    }),
    // Only of memory that a program has: see `tests/program_mappings.rs`.
    ("brk", |c| c.fs.brk(c.p, c.args.address(0))),
    ("madvise", |c| {
        let (addr, len) = (c.args.address(0), c.args.length(1) as u64);
        c.fs.madvise(c.p, addr, len, Advice::DONTNEED).map(unit)
    }),
    ("mremap", |c| {
        let (addr, len) = (c.args.address(0), c.args.length(1) as u64);
        c.fs.mremap(c.p, addr, len, 2 * len, MremapFlags::MAYMOVE, 0)
    }),
    ("store", |c| {
        let addr = c.args.address(0).saturating_add(c.args.number(2).into());
        c.fs.store(c.p, addr, c.args.data(1)).map(size)
    }),
    ("load", |c| {
        let addr = c.args.address(0).saturating_add(c.args.number(2).into());
        c.fs.load(c.p, addr, &mut c.buffer[..c.args.length(1)]).map(size)
    }),
];
