//! What the library has: every function of C that the table of calls promises, and imports of the
//! table's types only.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};
use wasm_vfs_calls::{CALLS, WASM_VFS, Wasm, find};
use wasmparser::{Parser, Payload, TypeRef, ValType};

use crate::compile::{Zig, run, sdk};

/// Functions of the table's that wasi-libc serves by preview1.
const OF_LIBC: &[&str] = &[
    "close",
    "write",
    "writev",
    "pwrite",
    "pwritev",
    "select",
    "pselect",
    "accept",
    "accept4",
    "recv",
    "send",
    "shutdown",
    "getsockopt",
];

/// Functions that would only ever be ENOSYS. A program that looks for them should not find them.
const OF_NOBODY: &[&str] = &[
    "socket",
    "connect",
    "bind",
    "listen",
    "sendto",
    "recvfrom",
    "sendmsg",
    "recvmsg",
    "getsockname",
    "getpeername",
    "setsockopt",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
];

/// All functions of C that the table names.
fn promised() -> BTreeSet<&'static str> {
    let mut names: BTreeSet<&str> =
        CALLS.iter().flat_map(|call| call.c.split_whitespace()).collect();
    for name in OF_LIBC.iter().chain(OF_NOBODY) {
        assert!(names.remove(name), "the table no longer names {name}");
    }
    names
}

/// A program that takes the address of every function. Headers declare all of them, or it does not compile.
fn everything() -> String {
    let mut source = String::from("#define _GNU_SOURCE\n");
    for header in [
        "dirent.h",
        "fcntl.h",
        "ftw.h",
        "poll.h",
        "signal.h",
        "stdio.h",
        "stdlib.h",
        "sys/eventfd.h",
        "sys/file.h",
        "sys/inotify.h",
        "sys/ioctl.h",
        "sys/mman.h",
        "sys/mount.h",
        "sys/random.h",
        "sys/resource.h",
        "sys/sendfile.h",
        "sys/socket.h",
        "sys/stat.h",
        "sys/statfs.h",
        "sys/statvfs.h",
        "sys/sysinfo.h",
        "sys/time.h",
        "sys/uio.h",
        "sys/utsname.h",
        "sys/xattr.h",
        "unistd.h",
        "utime.h",
        "wasm_vfs.h",
    ] {
        let _ = writeln!(source, "#include <{header}>");
    }
    source.push_str("typedef void function(void);\nfunction *volatile functions[] = {\n");
    let of_c = promised().into_iter().map(str::to_owned);
    // What no call is the sole ground of.
    let beside = [
        "mkstemp",
        "mkostemp",
        "mkdtemp",
        "tmpfile",
        "tmpnam",
        "nftw",
        "ftw",
        "fopen",
        "opendir",
        "remove",
        "sysconf",
        "getpagesize",
        "signal",
        "raise",
        "sigaction",
        "sigemptyset",
        "sigfillset",
        "sigaddset",
        "sigdelset",
        "sigismember",
        "sigprocmask",
        "pthread_sigmask",
        "sigpending",
        "sigsuspend",
        "sigwait",
        "sigwaitinfo",
        "sigtimedwait",
    ];
    let calls = CALLS.iter().map(|call| format!("wasm_vfs_{}", call.name));
    for name in of_c.chain(beside.map(str::to_owned)).chain(calls) {
        let _ = writeln!(source, "    (function *){name},");
    }
    source.push_str("};\nint main(void) { return functions[0] == 0; }\n");
    source
}

#[test]
fn every_function_links_and_imports_are_the_tables() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let source = directory.path().join("everything.c");
    fs::write(&source, everything())?;
    for zig in Zig::all() {
        let output = directory.path().join("everything.wasm");
        zig.link(&source, &output)?;
        let imported = imports(&fs::read(&output)?)?;
        let all: BTreeSet<&str> = CALLS.iter().map(|call| call.name).collect();
        let missing: Vec<&&str> = all.iter().filter(|name| !imported.contains(**name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
    Ok(())
}

/// The calls that a program imports; each must be one of the table's, with its types.
fn imports(module: &[u8]) -> Result<BTreeSet<String>> {
    let mut types = Vec::new();
    let mut found = BTreeSet::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::TypeSection(section) => {
                for ty in section.into_iter_err_on_gc_types() {
                    types.push(ty?);
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    if import.module != WASM_VFS {
                        assert_eq!(import.module, "wasi_snapshot_preview1", "{}", import.name);
                        continue;
                    }
                    let call = find(import.module, import.name);
                    let call = call.with_context(|| format!("{} is no call", import.name))?;
                    let TypeRef::Func(index) = import.ty else { panic!("{}", import.name) };
                    let ty = &types[index as usize];
                    let params: Vec<ValType> = call
                        .args
                        .iter()
                        .map(|arg| match arg.kind.wasm() {
                            Wasm::I32 => ValType::I32,
                            Wasm::I64 => ValType::I64,
                        })
                        .collect();
                    assert_eq!(ty.params(), params, "{}", call.name);
                    assert_eq!(ty.results(), [ValType::I64], "{}", call.name);
                    found.insert(call.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

/// A program that has a function of its own keeps it, and what it does not call costs nothing.
#[test]
fn a_program_may_bring_its_own() -> Result<()> {
    let Some(zig) = Zig::newest() else { return Ok(()) };
    let directory = tempfile::tempdir()?;
    let source = directory.path().join("own.c");
    fs::write(
        &source,
        "#include <stdlib.h>\n#include <unistd.h>\n\
         int mkstemp(char *template) { (void)template; return 7; }\n\
         int main(void) { char path[] = \"XXXXXX\"; return mkdtemp(path) == 0 || mkstemp(path) != 7; }\n",
    )?;
    let output = directory.path().join("own.wasm");
    zig.link(&source, &output)?;
    let calls = imports(&fs::read(&output)?)?;
    let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    assert_eq!(calls, ["getrandom", "mkdir"]);
    Ok(())
}

/// Objects of C++ that know nothing of the SDK may be linked with it too.
#[test]
fn cxx_links() -> Result<()> {
    let Some(zig) = Zig::newest() else { return Ok(()) };
    let directory = tempfile::tempdir()?;
    let source = directory.path().join("program.cc");
    fs::write(
        &source,
        "#include <cstdio>\n#include <cstdlib>\n#include <fcntl.h>\n#include <string>\n#include <sys/stat.h>\n\
         int main() { std::string path = \"/tmp\"; struct stat s; \
         return stat(path.c_str(), &s) + chmod(path.c_str(), 0700) + std::remove(\"x\") + open(\"y\", O_RDONLY); }\n",
    )?;
    let mut cc = zig.command(&["c++", "-target", "wasm32-wasi", "-O1"]);
    let include = format!("-I{}", sdk().join("include").display());
    cc.arg(include).arg(&source).arg(sdk().join("lib/libwasm_vfs.a"));
    let output = directory.path().join("program.wasm");
    run(cc.arg("-o").arg(&output))?;
    let calls = imports(&fs::read(&output)?)?;
    for name in ["stat", "chmod", "unlink", "openat"] {
        assert!(calls.contains(name), "{calls:?}");
    }
    Ok(())
}

/// The sources that travel with it make the same functions with the older zig's headers.
#[test]
fn the_sources_compile_with_every_wasi_libc() -> Result<()> {
    let directory = tempfile::tempdir()?;
    for zig in Zig::all() {
        let mut sources: Vec<_> = fs::read_dir(sdk().join("src"))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<std::io::Result<_>>()?;
        sources.retain(|path| path.extension().is_some_and(|extension| extension == "c"));
        assert!(sources.len() > 10, "{sources:?}");
        for source in sources {
            let mut cc: Command = zig.cc();
            cc.args(["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-c"])
                .arg(&source);
            run(cc.arg("-o").arg(directory.path().join("object.o")))?;
        }
    }
    Ok(())
}
