//! The generated files of the crate `wasm-vfs-guest`: the imports, a function around each, and the
//! constants.

use std::fmt::Write as _;

use anyhow::Result;
use wasm_vfs_calls::{Answer, Arg, CALLS, Call, Kind, Layout, MORE_NAMES, NAMES, Wasm};

/// What the generated files begin with.
const WRITTEN: &str = "// Written by `cargo xtask calls` from the table of calls.\n\n";

/// Calls whose arguments can break a program: they are given addresses of its memory to change.
const UNSAFE: &[&str] = &[
    "mmap",
    "munmap",
    "mremap",
    "madvise",
    "brk",
    "ioctl",
    "fcntl",
    "prctl",
    "vmsplice",
    "execve",
    "wait4",
    "futex",
    "socketpair",
    "connect",
    "accept",
    "accept4",
    "bind",
    "sendto",
    "recvfrom",
    "sendmsg",
    "recvmsg",
    "getsockname",
    "getpeername",
    "setsockopt",
    "getsockopt",
    "epoll_ctl",
    "epoll_pwait",
    "set_tid_address",
    "sched_getaffinity",
    "getgroups",
    "setgroups",
    "rt_sigaction",
];

/// `raw.rs`: the imports as they are.
pub(super) fn raw() -> Result<String> {
    let mut text = format!(
        "//! The imports as they are: numbers and addresses, and a value or minus an error number.\n\n{WRITTEN}\
         use super::imports;\n\nimports! {{\n"
    );
    for call in CALLS {
        let args: Vec<String> = call.args.iter().map(raw_argument).collect();
        writeln!(text, "    /// {}", call.doc)?;
        writeln!(text, "    fn {}({});", call.name, args.join(", "))?;
    }
    text += "}\n";
    Ok(text)
}

fn raw_argument(arg: &Arg) -> String {
    let ty = match arg.kind.wasm() {
        Wasm::I32 => "i32",
        Wasm::I64 => "i64",
    };
    format!("{}: {ty}", ident(arg.name))
}

/// A name that is no word of Rust's.
fn ident(name: &str) -> String {
    if name == "type" { "type_".to_owned() } else { name.to_owned() }
}

/// `calls.rs`: a function around each import.
pub(super) fn calls() -> Result<String> {
    let mut text = format!(
        "//! Linux's calls: each with the arguments of its manual page. A path is a [`CStr`], a buffer is a\n\
         //! slice, a structure a reference; what is null if it is not given is an [`Option`].\n\n{WRITTEN}\
         #![allow(clippy::too_many_arguments, reason = \"Linux's calls have so many\")]\n\n\
         use core::ffi::CStr;\n\n\
         use crate::errno::{{Result, answer}};\n\
         use crate::raw;\n\
         use crate::structures::*;\n"
    );
    for call in CALLS {
        text += "\n";
        function(call, &mut text)?;
    }
    Ok(text)
}

/// A function around an import.
fn function(call: &Call, text: &mut String) -> Result<()> {
    let (mut params, mut given) = (Vec::new(), Vec::new());
    let mut args = call.args.iter();
    while let Some(arg) = args.next() {
        let name = ident(arg.name);
        let (ty, value) = wrapped(arg.kind, &name);
        params.push(format!("{name}: {ty}"));
        given.push(value);
        if matches!(arg.kind, Kind::In | Kind::Out | Kind::InVec | Kind::OutVec | Kind::Changes(_))
        {
            let length = args.next().map(|length| length.kind.wasm());
            let cast = if length == Some(Wasm::I64) { "i64" } else { "i32" };
            given.push(format!("{name}.len() as {cast}"));
        }
    }
    let (result, convert) = match call.answer {
        Answer::Nothing | Answer::Never => ("()", "answer(result).map(|_| ())"),
        Answer::Fd | Answer::Number => ("i32", "answer(result).map(|value| value as i32)"),
        Answer::Bytes | Answer::Address => ("usize", "answer(result).map(|value| value as usize)"),
        Answer::Offset => ("u64", "answer(result).map(i64::cast_unsigned)"),
    };
    let is_unsafe = UNSAFE.contains(&call.name);
    writeln!(text, "/// {}", call.doc)?;
    writeln!(
        text,
        "///\n/// # Errors\n///\n/// What Linux's manual page says, and `docs/calls.md`."
    )?;
    if is_unsafe {
        writeln!(
            text,
            "///\n/// # Safety\n///\n/// Addresses among the arguments are of memory that nothing else in the program uses, or that\n\
             /// the call may read and change."
        )?;
    }
    let keyword = if is_unsafe { "unsafe fn" } else { "fn" };
    let params = params.join(", ");
    let given = given.join(", ");
    writeln!(text, "pub {keyword} {}({params}) -> Result<{result}> {{", call.name)?;
    let why = if is_unsafe {
        "the caller's promise"
    } else {
        "what the arguments point to outlives the call, which changes no more than what is borrowed mutably"
    };
    writeln!(text, "    // SAFETY: {why}.")?;
    writeln!(text, "    let result = unsafe {{ raw::{}({given}) }};", call.name)?;
    writeln!(text, "    {convert}")?;
    text.push_str("}\n");
    Ok(())
}

/// The type of a parameter, and what of it is passed on.
fn wrapped(kind: Kind, name: &str) -> (String, String) {
    let own = |ty: &str, value: &str| (ty.to_owned(), value.replace('$', name));
    match kind {
        Kind::Fd | Kind::Int | Kind::Flags(_) => own("i32", "$"),
        Kind::Uint | Kind::Mode | Kind::Id => own("u32", "$.cast_signed()"),
        Kind::Size | Kind::Address | Kind::Depends => own("usize", "$ as i32"),
        Kind::Offset => own("i64", "$"),
        Kind::Ulong | Kind::DependsLong => own("u64", "$.cast_signed()"),
        Kind::Path => own("&CStr", "$.as_ptr() as i32"),
        Kind::PathIfAny => own("Option<&CStr>", "$.map_or(0, |it| it.as_ptr() as i32)"),
        Kind::In => own("&[u8]", "$.as_ptr() as i32"),
        Kind::Out => own("&mut [u8]", "$.as_mut_ptr() as i32"),
        Kind::InVec => own("&[IoSlice<'_>]", "$.as_ptr() as i32"),
        Kind::OutVec => own("&mut [IoSliceMut<'_>]", "$.as_mut_ptr() as i32"),
        Kind::Reads(layout) => {
            (format!("&{}", structure(layout)), format!("core::ptr::from_ref({name}) as i32"))
        }
        Kind::Fills(layout) => {
            (format!("&mut {}", structure(layout)), format!("core::ptr::from_mut({name}) as i32"))
        }
        Kind::Changes(layout) => {
            (format!("&mut [{}]", structure(layout)), format!("{name}.as_mut_ptr() as i32"))
        }
        Kind::ReadsIfAny(layout) => (
            format!("Option<&{}>", structure(layout)),
            format!("{name}.map_or(0, |it| core::ptr::from_ref(it) as i32)"),
        ),
        Kind::FillsIfAny(layout) | Kind::ChangesIfAny(layout) => (
            format!("Option<&mut {}>", structure(layout)),
            format!("{name}.map_or(0, |it| core::ptr::from_mut(it) as i32)"),
        ),
    }
}

/// The type of a structure in the crate's `structures.rs`.
fn structure(layout: Layout) -> String {
    match layout {
        Layout::Stat => "Stat".to_owned(),
        Layout::Statx => "Statx".to_owned(),
        Layout::Statfs => "Statfs".to_owned(),
        Layout::Timespec => "Timespec".to_owned(),
        Layout::Timespecs => "[Timespec; 2]".to_owned(),
        Layout::Timeval => "Timeval".to_owned(),
        Layout::Timevals => "[Timeval; 2]".to_owned(),
        Layout::Utimbuf => "Utimbuf".to_owned(),
        Layout::Pollfd => "Pollfd".to_owned(),
        Layout::OpenHow => "OpenHow".to_owned(),
        Layout::Rlimit => "Rlimit".to_owned(),
        Layout::Utsname => "Utsname".to_owned(),
        Layout::Int => "i32".to_owned(),
        Layout::Fds => "[i32; 2]".to_owned(),
        Layout::Offset => "i64".to_owned(),
        Layout::Gid => "u32".to_owned(),
        // What few programs look at is words without names.
        other => match other.bytes() {
            bytes if bytes % 8 == 0 => format!("[u64; {}]", bytes / 8),
            bytes if bytes % 4 == 0 => format!("[u32; {}]", bytes / 4),
            bytes => format!("[u8; {bytes}]"),
        },
    }
}

/// `names.rs`: the constants.
pub(super) fn names() -> Result<String> {
    let mut text = format!(
        "//! Flags and numbers, by their names in C. Those of one call have one type.\n\n{WRITTEN}\
         #![allow(missing_docs, reason = \"they are Linux's\")]\n\n"
    );
    let mut known = std::collections::BTreeSet::new();
    let listed = NAMES.iter().flat_map(|list| list.values());
    for (name, value) in listed.chain(MORE_NAMES.iter().copied()) {
        if !known.insert(name) {
            continue;
        }
        // As `int` has it.
        let value = value.cast_signed();
        let value = if value > i64::from(i32::MAX) { value - (1 << 32) } else { value };
        writeln!(text, "pub const {name}: i32 = {value};")?;
    }
    Ok(text)
}
