//! Record locks on both worlds: what the calls are given and what they answer, as text.
//!
//! An answer of `getlk` is `TYPE whence=W start=S len=L pid=P`. `P` is 0, -1, or `pN` for the process
//! with the number N.

use wasm_vfs_core::{Flock, Fs, Platform, Process};

use crate::call::{Call, lock_type_text};
use crate::outcome::{Outcome, Value};
use crate::raw::{Raw, Word};

/// Bytes of `struct flock`.
const LOCK_BYTES: usize = 32;

/// What a call asks for.
fn flock(call: &Call) -> Flock {
    Flock {
        l_type: call.number(1) as i16,
        l_whence: call.number(2) as i16,
        l_start: call.number(3),
        l_len: call.number(4),
        l_pid: if call.name.starts_with("ofd") { call.number(5) as i32 } else { 0 },
    }
}

fn text(lock: Flock) -> String {
    let Flock { l_type, l_whence, l_start, l_len, l_pid } = lock;
    let l_type = lock_type_text(l_type.into());
    format!("{l_type} whence={l_whence} start={l_start} len={l_len} pid={l_pid}")
}

/// An answer with the number that a process has here in place of its id.
pub fn with_slot(text: &str, pids: &[i32]) -> String {
    let Some((before, pid)) = text.rsplit_once("pid=") else { return text.to_owned() };
    match pid.parse() {
        Ok(0 | -1) | Err(_) => text.to_owned(),
        Ok(pid) => match pids.iter().position(|&known| known == pid) {
            Some(slot) => format!("{before}pid=p{slot}"),
            None => format!("{before}pid={pid} (nobody)"),
        },
    }
}

/// Makes the call on fs-core. `pids` are those of all processes.
pub(crate) fn on_core<P: Platform>(
    fs: &mut Fs<P>,
    process: &Process,
    call: &Call,
    pids: &[i32],
) -> Outcome {
    let (fd, lock) = (call.fd(0), flock(call));
    let told = |lock| Value::Text(with_slot(&text(lock), pids));
    match call.name {
        "getlk" => fs.fcntl_getlk(process, fd, lock).map(told),
        "ofd_getlk" => fs.fcntl_ofd_getlk(process, fd, lock).map(told),
        "setlk" => fs.fcntl_setlk(process, fd, lock).map(|()| Value::Number(0)),
        _ => fs.fcntl_ofd_setlk(process, fd, lock).map(|()| Value::Number(0)),
    }
}

/// Makes the call by raw calls.
pub(crate) fn on_raw(raw: &mut impl Raw, call: &Call) -> Outcome {
    let Flock { l_type, l_whence, l_start, l_len, l_pid } = flock(call);
    let mut lock = vec![0; LOCK_BYTES];
    lock[..2].copy_from_slice(&l_type.to_le_bytes());
    lock[2..4].copy_from_slice(&l_whence.to_le_bytes());
    lock[8..16].copy_from_slice(&l_start.to_le_bytes());
    lock[16..24].copy_from_slice(&l_len.to_le_bytes());
    lock[24..28].copy_from_slice(&l_pid.to_le_bytes());
    let command = match call.name {
        "getlk" => libc::F_GETLK,
        "ofd_getlk" => libc::F_OFD_GETLK,
        "setlk" => libc::F_SETLK,
        _ => libc::F_OFD_SETLK,
    };
    let mut args = [call.number(0), command.into()].map(Word::Number).to_vec();
    args.push(Word::Out(lock));
    let done = raw.raw("fcntl", &mut args)?;
    let lock = args[2].filled();
    let short = |at: usize| i16::from_le_bytes(lock[at..at + 2].try_into().unwrap());
    let long = |at: usize| i64::from_le_bytes(lock[at..at + 8].try_into().unwrap());
    let told = Flock {
        l_type: short(0),
        l_whence: short(2),
        l_start: long(8),
        l_len: long(16),
        l_pid: long(24) as i32,
    };
    Ok(if call.name.ends_with("getlk") { Value::Text(text(told)) } else { Value::Number(done) })
}
