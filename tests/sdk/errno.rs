//! Error numbers: every one of Linux has wasi-libc's number of the same name.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Result;
use wasm_vfs::Errno;

use crate::compile::sdk;

/// Linux's names that wasi-libc has too, beyond those that the filesystem answers.
const OTHERS: &[(&str, u16)] = &[
    ("ESRCH", 3),
    ("ENOEXEC", 8),
    ("ECHILD", 10),
    ("EDOM", 33),
    ("ENOLCK", 37),
    ("ENOMSG", 42),
    ("EIDRM", 43),
    ("ENOLINK", 67),
    ("EPROTO", 71),
    ("EMULTIHOP", 72),
    ("EBADMSG", 74),
    ("EDESTADDRREQ", 89),
    ("EMSGSIZE", 90),
    ("EPROTOTYPE", 91),
    ("ENOPROTOOPT", 92),
    ("EPROTONOSUPPORT", 93),
    ("EAFNOSUPPORT", 97),
    ("EADDRINUSE", 98),
    ("EADDRNOTAVAIL", 99),
    ("ENETDOWN", 100),
    ("ENETUNREACH", 101),
    ("ENETRESET", 102),
    ("ECONNABORTED", 103),
    ("ECONNRESET", 104),
    ("ENOBUFS", 105),
    ("EISCONN", 106),
    ("ENOTCONN", 107),
    ("ETIMEDOUT", 110),
    ("ECONNREFUSED", 111),
    ("EHOSTUNREACH", 113),
    ("EALREADY", 114),
    ("EINPROGRESS", 115),
    ("ECANCELED", 125),
    ("EOWNERDEAD", 130),
    ("ENOTRECOVERABLE", 131),
];

/// The names in the library's table, by Linux's number: `[1] = EPERM`.
fn table() -> Result<BTreeMap<u16, String>> {
    let source = fs::read_to_string(sdk().join("src/errno.c"))?;
    let mut names = BTreeMap::new();
    for entry in source.split('[').skip(1) {
        let Some((number, rest)) = entry.split_once("] = ") else { continue };
        let name = rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap();
        if let Ok(number) = number.parse() {
            assert!(names.insert(number, name.to_owned()).is_none(), "{number} is there twice");
        }
    }
    Ok(names)
}

/// The compiler puts wasi-libc's numbers for the names, so the names are what can be wrong.
#[test]
fn each_number_has_its_name() -> Result<()> {
    let header = fs::read_to_string(sdk().join("include/errno.h"))?;
    let mut table = table()?;
    let of_filesystem = Errno::ALL.iter().map(|errno| (errno.name(), errno.number()));
    for (name, number) in of_filesystem.chain(OTHERS.iter().copied()) {
        match table.remove(&number) {
            Some(known) => assert_eq!(known, name, "{number}"),
            // What wasi-libc has no name for.
            None => {
                let line = format!("#define {name} {}\n", 1000 + number);
                assert!(header.contains(&line), "{name}");
            }
        }
    }
    assert!(table.is_empty(), "{table:?}");
    Ok(())
}
