//! What the table of `pack --trace` says of Linux's calls: a line for each, after preview1's, in the
//! same layout (`trace_table`), and the names of their flags.
//!
//! Letters of arguments that preview1 has not are documented in `adapter/src/trace/linux.rs`. Lists
//! of names have the characters that are neither letters nor digits.

use wasm_vfs_calls::{Answer, CALLS, Kind, Layout, NAMES, Of, SYS};
use wasm_vfs_core::Errno;

/// The letters of the lists of [`NAMES`], in their order. None is a letter or a digit, which preview1's
/// are, nor what separates.
const LETTERS: &str = r##"!#$%&'()*+,-./:;<>?@[\]^_`{}~"##;

/// The letter of open(2)'s flags, which the adapter knows, too.
#[cfg(test)]
const OPEN_LETTER: char = '!';

/// What a file is, of the `st_mode` of a `struct stat`: a list for the adapter.
const TYPES: &str = "1=- S_IFIFO S_IFCHR - S_IFDIR - S_IFBLK - S_IFREG - S_IFLNK - S_IFSOCK";

/// More than the highest error number that has a name.
const ERRNOS: u16 = 134;

/// The numbers of the calls in the table follow preview1's.
pub(crate) fn number(export: &str) -> Option<u32> {
    let name = export.strip_prefix(SYS)?;
    let position = CALLS.iter().position(|call| call.name == name)?;
    u32::try_from(crate::preview1::FUNCTIONS.len() + position).ok()
}

/// Whether a call of this export comes back.
pub(crate) fn returns(export: &str) -> bool {
    let call = export.strip_prefix(SYS).and_then(|name| CALLS.iter().find(|it| it.name == name));
    call.is_none_or(|call| call.answer != Answer::Never)
}

/// The lines of the calls, and those of the lists, for the two parts of the table.
pub(crate) fn lines() -> (String, String) {
    let (mut calls, mut lists) = (String::new(), String::new());
    for call in CALLS {
        let letters: String = call.args.iter().scan(false, letter).flatten().collect();
        let result = if call.answer == Answer::Address { "a" } else { "" };
        calls += &format!("{} {letters} {result}\n", call.name);
    }
    for (letter, list) in LETTERS.chars().zip(NAMES) {
        let of = match list.of {
            Of::Bits => '|',
            Of::Numbers => '=',
        };
        lists += &format!("{letter}{of}{}\n", list.names);
    }
    lists += &format!("{TYPES}\n0={}\n", errnos());
    (calls, lists)
}

/// The list of error numbers.
fn errnos() -> String {
    let name = |number| Errno::from_number(number).map_or("-", Errno::name);
    let names: Vec<&str> = (0..ERRNOS).map(name).collect();
    names.join(" ")
}

/// The letter of an argument; `None` in the place of one that the letter before stands for, too.
/// `is_taken` says whether it does.
fn letter(is_taken: &mut bool, arg: &wasm_vfs_calls::Arg) -> Option<Option<char>> {
    if std::mem::take(is_taken) {
        return Some(None);
    }
    *is_taken = matches!(arg.kind, Kind::In | Kind::Out | Kind::InVec | Kind::OutVec);
    Some(Some(match arg.kind {
        Kind::Fd => 'h',
        Kind::Int | Kind::Id => 'd',
        Kind::Uint | Kind::Size => 'u',
        Kind::Flags(list) => {
            let position = NAMES.iter().position(|names| names.list == list);
            position.and_then(|position| LETTERS.chars().nth(position)).unwrap_or('d')
        }
        Kind::Mode => 'm',
        Kind::Offset => 'i',
        Kind::Ulong | Kind::DependsLong => 'n',
        Kind::Path | Kind::PathIfAny => 's',
        Kind::In => 'f',
        Kind::Out => 'g',
        Kind::InVec => 'w',
        Kind::OutVec => 'r',
        Kind::Fills(Layout::Stat) => 't',
        Kind::Fills(Layout::Fds) => 'j',
        Kind::Reads(Layout::Timespec) | Kind::ReadsIfAny(Layout::Timespec) => 'k',
        _ => 'a',
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_has_a_letter_of_its_own() {
        assert_eq!(LETTERS.len(), NAMES.len());
        for (index, letter) in LETTERS.char_indices() {
            assert!(!LETTERS[..index].contains(letter), "{letter}");
            assert!(letter.is_ascii_punctuation() && !"|=".contains(letter), "{letter}");
        }
        let open = NAMES.iter().position(|names| names.list == "open");
        assert_eq!(open.and_then(|open| LETTERS.chars().nth(open)), Some(OPEN_LETTER));
    }

    #[test]
    fn lines_have_a_letter_for_each_argument_that_is_shown() {
        let (calls, lists) = lines();
        let line = |name: &str| calls.lines().find(|line| line.split(' ').next() == Some(name));
        assert_eq!(line("openat"), Some("openat hs!m "));
        assert_eq!(line("read"), Some("read hg "));
        assert_eq!(line("mmap"), Some("mmap au[\\hi a"));
        assert_eq!(line("fstat"), Some("fstat ht "));
        let errnos = lists.lines().find_map(|line| line.strip_prefix("0=")).unwrap_or_default();
        assert_eq!(errnos.split(' ').nth(2), Some("ENOENT"));
        assert_eq!(errnos.split(' ').nth(95), Some("EOPNOTSUPP"));
    }
}
