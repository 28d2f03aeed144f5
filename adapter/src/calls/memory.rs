//! mmap(2) and its kin: the mappings are in the program's own memory.
//!
//! The filesystem takes memory for them as the program itself would, by `memory.grow`
//! ([`Platform::USER_MEMORY`](wasm_vfs_core::Platform::USER_MEMORY)). No address is a pointer to be
//! checked here: what is mapped at it is the filesystem's to know.

use wasm_vfs_core::{Advice, MapFlags, MremapFlags, MsyncFlags, Prot};

use super::call;

#[unsafe(export_name = "SYS_mmap")]
extern "C" fn mmap(addr: u32, length: u32, prot: u32, flags: u32, fd: i32, offset: i64) -> i64 {
    let (prot, flags) = (Prot::from_bits_retain(prot), MapFlags::from_bits_retain(flags));
    call(|kernel, _| {
        let (addr, length) = (addr.into(), length.into());
        kernel.fs.mmap(&mut kernel.process, addr, length, prot, flags, fd, offset)
    })
}

#[unsafe(export_name = "SYS_munmap")]
extern "C" fn munmap(addr: u32, length: u32) -> i64 {
    call(|kernel, _| kernel.fs.munmap(&kernel.process, addr.into(), length.into()))
}

#[unsafe(export_name = "SYS_mprotect")]
extern "C" fn mprotect(addr: u32, len: u32, prot: u32) -> i64 {
    let prot = Prot::from_bits_retain(prot);
    call(|kernel, _| kernel.fs.mprotect(&kernel.process, addr.into(), len.into(), prot))
}

#[unsafe(export_name = "SYS_mremap")]
extern "C" fn mremap(old: u32, old_size: u32, new_size: u32, flags: u32, new: u32) -> i64 {
    let flags = MremapFlags::from_bits_retain(flags);
    call(|kernel, _| {
        let (old, old_size, new_size) = (old.into(), old_size.into(), new_size.into());
        kernel.fs.mremap(&kernel.process, old, old_size, new_size, flags, new.into())
    })
}

#[unsafe(export_name = "SYS_msync")]
extern "C" fn msync(addr: u32, length: u32, flags: u32) -> i64 {
    let flags = MsyncFlags::from_bits_retain(flags);
    call(|kernel, _| kernel.fs.msync(&kernel.process, addr.into(), length.into(), flags))
}

#[unsafe(export_name = "SYS_madvise")]
extern "C" fn madvise(addr: u32, length: u32, advice: u32) -> i64 {
    call(|kernel, _| kernel.fs.madvise(&kernel.process, addr.into(), length.into(), Advice(advice)))
}

#[unsafe(export_name = "SYS_mlock")]
extern "C" fn mlock(addr: u32, len: u32) -> i64 {
    call(|kernel, _| kernel.fs.mlock(&kernel.process, addr.into(), len.into()))
}

#[unsafe(export_name = "SYS_munlock")]
extern "C" fn munlock(addr: u32, len: u32) -> i64 {
    call(|kernel, _| kernel.fs.munlock(&kernel.process, addr.into(), len.into()))
}

#[unsafe(export_name = "SYS_brk")]
extern "C" fn brk(addr: u32) -> i64 {
    call(|kernel, _| kernel.fs.brk(&mut kernel.process, addr.into()))
}
