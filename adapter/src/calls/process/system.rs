//! What the program runs on: uname(2), sysinfo(2), getrusage(2).

use wasm_vfs_core::Errno;

use crate::calls::answer;
use crate::calls::time::{NSEC_PER_SEC, now, store_timeval};
use crate::calls::user::range;
use crate::memory::user::program_bytes;

/// Bytes of each string of a `struct utsname`.
const NAME_BYTES: u32 = 65;
/// sysname, nodename, release, version, machine, domainname: this behaves as Linux of that release
/// does.
const NAMES: [&[u8]; 6] = [b"Linux", b"localhost", b"6.18.0", b"#1 wasm-vfs", b"wasm32", b"(none)"];

#[unsafe(export_name = "SYS_uname")]
extern "C" fn uname(buf: u32) -> i64 {
    let bytes = NAME_BYTES * 6;
    answer(range(buf, bytes).map(|mut out| {
        out.clear();
        for name in NAMES {
            out.take(NAME_BYTES).store_bytes(name);
        }
    }))
}

/// Bytes of a `struct sysinfo`, and where its fields are.
const SYSINFO_BYTES: u32 = 112;
const SYSINFO_TOTALRAM: u32 = 32;
const SYSINFO_FREERAM: u32 = 40;
const SYSINFO_PROCS: u32 = 80;
const SYSINFO_MEM_UNIT: u32 = 104;

/// How much memory a program can have.
const MAX_MEMORY_BYTES: u64 = 1 << 32;

#[unsafe(export_name = "SYS_sysinfo")]
extern "C" fn sysinfo(info: u32) -> i64 {
    let stored = || {
        let uptime = now(wasi::CLOCKID_MONOTONIC.raw())? / NSEC_PER_SEC;
        let out = range(info, SYSINFO_BYTES)?;
        out.clear();
        out.store_u64(0, uptime);
        out.store_u64(SYSINFO_TOTALRAM, MAX_MEMORY_BYTES);
        out.store_u64(SYSINFO_FREERAM, MAX_MEMORY_BYTES.saturating_sub(program_bytes()));
        out.store_u32(SYSINFO_PROCS, 1);
        out.store_u32(SYSINFO_MEM_UNIT, 1);
        Ok(())
    };
    answer(stored())
}

/// Bytes of a `struct rusage`, which begins with the time that the program itself took.
const RUSAGE_BYTES: u32 = 144;

const RUSAGE_CHILDREN: i32 = -1;
const RUSAGE_SELF: i32 = 0;
const RUSAGE_THREAD: i32 = 1;

#[unsafe(export_name = "SYS_getrusage")]
extern "C" fn getrusage(who: i32, usage: u32) -> i64 {
    let stored = || {
        let time = match who {
            RUSAGE_SELF | RUSAGE_THREAD => now(wasi::CLOCKID_PROCESS_CPUTIME_ID.raw())?,
            RUSAGE_CHILDREN => 0,
            _ => return Err(Errno::EINVAL),
        };
        let out = range(usage, RUSAGE_BYTES)?;
        out.clear();
        store_timeval(out, time);
        Ok(())
    };
    answer(stored())
}
