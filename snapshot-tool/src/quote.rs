//! Names as people see them. A name may hold anything but a slash and NUL, and comes from whoever
//! made the tree or the module: on a terminal its control characters would be commands.
//!
//! * [`escaped`] is for text with names in it: messages, notes, listings that people read.
//! * [`shell_quoted`] is for a name that stands alone, as GNU ls writes it to a terminal.
//!
//! What goes to a file or a pipe as data (`ls | while read`, `cat`, archives) is not quoted.

use std::fmt::Write as _;

/// Whether a character changes how the text around it looks, rather than being seen itself: a
/// control character (`Cc` of Unicode), a line or paragraph separator (`Zl`, `Zp`), or one that
/// turns the direction of writing (the property `Bidi_Control`), with which a name can look like
/// another. GNU ls shows the last as they are; in all else its `iswprint` agrees.
fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{2028}'
                | '\u{2029}'
                | '\u{061c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
        )
}

/// Adds what C and the shell's `$'...'` write for an unprintable character or byte.
fn push_escape(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        match byte {
            0x07 => out.push_str("\\a"),
            0x08 => out.push_str("\\b"),
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            0x0b => out.push_str("\\v"),
            0x0c => out.push_str("\\f"),
            b'\r' => out.push_str("\\r"),
            // Writing to a string does not fail.
            byte => {
                let _ = write!(out, "\\{byte:03o}");
            }
        }
    }
}

/// The parts of a text that are printable, and those that are not: unprintable characters, and
/// bytes that are no UTF-8.
fn parts(bytes: &[u8]) -> impl Iterator<Item = Result<char, &[u8]>> {
    bytes.utf8_chunks().flat_map(|chunk| {
        let (valid, invalid) = (chunk.valid(), chunk.invalid());
        let characters = valid.char_indices().map(|(at, character)| {
            if is_unprintable(character) {
                Err(&valid.as_bytes()[at..at + character.len_utf8()])
            } else {
                Ok(character)
            }
        });
        characters.chain((!invalid.is_empty()).then_some(Err(invalid)))
    })
}

/// A text in which C's escapes take the place of everything that is not printable: `\n`, `\033`.
/// Other text stays, backslashes too: this is to be read, not to be read back.
pub(crate) fn escaped(text: impl AsRef<[u8]>) -> String {
    let mut out = String::new();
    for part in parts(text.as_ref()) {
        match part {
            Ok(character) => out.push(character),
            Err(bytes) => push_escape(&mut out, bytes),
        }
    }
    out
}

/// A name as `ls --quoting-style=shell-escape` writes it, which is how GNU ls writes to a terminal:
/// as it is if a shell would take it so, else in quotes, with `$'...'` for what is not printable.
/// A shell reads the name back.
#[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "only the command line lists names"))]
pub(crate) fn shell_quoted(name: &[u8]) -> String {
    let Some(quote) = needed_quote(name) else { return escaped(name) };
    let mut out = String::new();
    out.push(quote);
    let mut in_escape = false;
    for part in parts(name) {
        match part {
            // Ends what is quoted, whichever way.
            Ok('\'') if quote == '\'' => {
                out.push_str("'\\''");
                in_escape = false;
            }
            Ok(character) => {
                if in_escape {
                    out.push_str("''");
                    in_escape = false;
                }
                out.push(character);
            }
            Err(bytes) => {
                if !in_escape {
                    out.push_str("'$'");
                    in_escape = true;
                }
                push_escape(&mut out, bytes);
            }
        }
    }
    out.push(quote);
    out
}

/// Which quotes a name must be put in; none if it can stand alone.
fn needed_quote(name: &[u8]) -> Option<char> {
    let (mut needed, mut has_quote) = (name.is_empty(), false);
    // Whether double quotes would do: nothing in it is special to the shell within them.
    let mut plain_in_double = true;
    for (at, part) in parts(name).enumerate() {
        match part {
            Err(_) => (needed, plain_in_double) = (true, false),
            Ok('\'') => (needed, has_quote) = (true, true),
            Ok(' ') => needed = true,
            // A comment and a home directory only at the start; braces only alone.
            Ok('#' | '~') if at == 0 => needed = true,
            Ok('{' | '}') if name.len() == 1 => needed = true,
            Ok(
                '!' | '"' | '$' | '&' | '(' | ')' | '*' | ';' | '<' | '=' | '>' | '?' | '[' | '\\'
                | '^' | '`' | '|',
            ) => (needed, plain_in_double) = (true, false),
            // Elsewhere in a name; but a shell's double quotes are not for them.
            Ok('#' | '~' | '{' | '}') => plain_in_double = false,
            Ok(_) => {}
        }
    }
    match (needed, has_quote && plain_in_double) {
        (false, _) => None,
        (true, true) => Some('"'),
        (true, false) => Some('\''),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    use std::process::Command;

    #[test]
    fn messages_hold_no_control_characters() {
        let rows: [(&[u8], &str); 6] = [
            (b"plain 'text' \\ here", "plain 'text' \\ here"),
            (b"a\x1b[2Jb\x07", "a\\033[2Jb\\a"),
            (b"two\r\nlines\t", "two\\r\\nlines\\t"),
            ("caf\u{e9} \u{202e}txt.exe".as_bytes(), "caf\u{e9} \\342\\200\\256txt.exe"),
            ("\u{9b}2J".as_bytes(), "\\302\\2332J"),
            (b"\xff\xc3", "\\377\\303"),
        ];
        for (text, expected) in rows {
            assert_eq!(escaped(text), expected);
        }
    }

    #[test]
    fn names_that_a_shell_takes_stay() {
        let rows: [(&[u8], &str); 10] = [
            (b"", "''"),
            (b"a-b_c.d", "a-b_c.d"),
            (b"two words", "'two words'"),
            (b"it's", "\"it's\""),
            (b"it's $1", "'it'\\''s $1'"),
            (b"clear\x1b[2J", "'clear'$'\\033''[2J'"),
            (b"\nfirst", "''$'\\n''first'"),
            (b"last\n", "'last'$'\\n'"),
            (b"\xff", "''$'\\377'"),
            ("\u{202e}x".as_bytes(), "''$'\\342\\200\\256''x'"),
        ];
        for (name, expected) in rows {
            assert_eq!(shell_quoted(name), expected);
        }
    }

    /// Names of characters that mean something to a shell or to this file, and of those beside
    /// them.
    fn names() -> impl Iterator<Item = Vec<u8>> {
        let pieces: Vec<Vec<u8>> = (1..=255u8)
            .filter(|byte| *byte != b'/')
            .map(|byte| vec![byte])
            .chain(["\u{e9}", "\u{85}", "\u{2028}", "\u{1f600}"].map(|text| text.into()))
            .collect();
        let special: &[&[u8]] = &[b"'", b"\"", b" ", b"\\", b"\n", b"\x1b", b"{", b"#", b"~", b"="];
        let alone = pieces.clone().into_iter();
        let pairs = pieces.into_iter().flat_map(move |piece| {
            special.iter().flat_map(move |other| {
                [
                    [&piece, *other].concat(),
                    [*other, &piece].concat(),
                    [b"a", &piece[..], other].concat(),
                ]
            })
        });
        alone.chain(pairs).filter(|name| name != b"." && name != b"..")
    }

    #[test]
    fn gnu_ls_quotes_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let mut expected = Vec::new();
        for name in names() {
            std::fs::write(directory.path().join(OsStr::from_bytes(&name)), "").unwrap();
            expected.push(name);
        }
        expected.sort();
        expected.dedup();
        let ran = Command::new("ls")
            .args(["-1", "-A", "--quoting-style=shell-escape"])
            .current_dir(directory.path())
            .envs([("LC_ALL", "C.UTF-8")])
            .output();
        let Some(ran) = ran.ok().filter(|ran| ran.status.success()) else {
            println!("no GNU ls on this system, left out");
            return;
        };
        // Sorted as the bytes are.
        let listed = String::from_utf8(ran.stdout).unwrap();
        let listed: Vec<&str> = listed.lines().collect();
        assert_eq!(listed.len(), expected.len());
        for (name, listed) in expected.iter().zip(listed) {
            // It writes a needless `''` in front where a name with a quote ends in an escape.
            let ends_in_escape = parts(name).last().is_some_and(|part| part.is_err());
            let listed = match listed.strip_prefix("''").filter(|_| ends_in_escape) {
                Some(rest) if name.contains(&b'\'') && rest.starts_with('\'') => rest,
                _ => listed,
            };
            assert_eq!(shell_quoted(name), listed, "{name:?}");
        }
    }
}
