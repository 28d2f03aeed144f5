//! One pattern of an ignore file, and the lines of a file of them, as git reads them.
//!
//! The wildcards within are [`wildcard`](crate::gather::wildcard)'s;
//! [`ignore_rules`](crate::gather::ignore_rules) has the order in which patterns speak.

use crate::gather::wildcard::Wildcard;

/// The bytes that make a pattern more than a name.
const SPECIAL: &[u8] = b"*?[\\";

/// UTF-8's byte order mark, which git skips at the start of a file.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IgnorePattern {
    /// Whether it starts with `!`: what it matches is not left out.
    pub(crate) is_negated: bool,
    /// Whether it ends with a slash.
    directories_only: bool,
    subject: Subject,
    test: Test,
}

/// What a pattern is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    /// The name alone: it has no slash but at its end.
    Name,
    /// The path from the directory that the pattern speaks for.
    Path,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Exact(Vec<u8>),
    /// A star and then no wildcard.
    EndsWith(Vec<u8>),
    StartsWith {
        literal: Vec<u8>,
        rest: Wildcard,
    },
    /// It matches nothing.
    Never,
}

impl IgnorePattern {
    /// Reads a pattern. Every text is one, though some match nothing.
    pub(crate) fn parse(text: &[u8]) -> Self {
        let (is_negated, text) = match text.strip_prefix(b"!") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (directories_only, text) = match text.strip_suffix(b"/") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let subject = if text.contains(&b'/') { Subject::Path } else { Subject::Name };
        let text = text.strip_prefix(b"/").unwrap_or(text);
        Self { is_negated, directories_only, subject, test: Test::parse(text, subject) }
    }

    /// Whether it matches an entry: `path` leads to it from the directory that the pattern speaks
    /// for, and `name` is the last name of that.
    pub(crate) fn matches(&self, path: &[u8], name: &[u8], is_directory: bool) -> bool {
        if self.directories_only && !is_directory {
            return false;
        }
        self.test.matches(match self.subject {
            Subject::Name => name,
            Subject::Path => path,
        })
    }
}

impl Test {
    fn parse(text: &[u8], subject: Subject) -> Self {
        let literal_bytes =
            |text: &[u8]| text.iter().position(|byte| SPECIAL.contains(byte)).unwrap_or(text.len());
        let literal = literal_bytes(text);
        if literal == text.len() {
            return Self::Exact(text.to_vec());
        }
        match text.strip_prefix(b"*") {
            Some(end) if subject == Subject::Name && literal_bytes(end) == end.len() => {
                return Self::EndsWith(end.to_vec());
            }
            _ => {}
        }
        // Git compares what is before the first wildcard apart, and then takes the wildcard for the
        // start of a name: `a**/b` matches `ab`.
        let literal = if subject == Subject::Path { literal } else { 0 };
        let (literal, rest) = text.split_at(literal);
        match Wildcard::parse(rest) {
            Some(rest) => Self::StartsWith { literal: literal.to_vec(), rest },
            None => Self::Never,
        }
    }

    fn matches(&self, text: &[u8]) -> bool {
        match self {
            Self::Exact(wanted) => text == wanted,
            Self::EndsWith(end) => text.ends_with(end),
            Self::StartsWith { literal, rest } => {
                text.strip_prefix(literal.as_slice()).is_some_and(|text| rest.matches(text))
            }
            Self::Never => false,
        }
    }
}

/// The patterns of a file, in its order.
pub(crate) fn patterns(file: &[u8]) -> Vec<IgnorePattern> {
    let file = file.strip_prefix(BYTE_ORDER_MARK).unwrap_or(file);
    file.split(|&byte| byte == b'\n').filter_map(line).collect()
}

/// The pattern of a line, unless it is empty or a comment.
fn line(line: &[u8]) -> Option<IgnorePattern> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // To git a line is a string of C.
    let line = line.split(|&byte| byte == 0).next().unwrap_or_default();
    match without_trailing_spaces(line) {
        [] | [b'#', ..] => None,
        line => Some(IgnorePattern::parse(line)),
    }
}

/// Spaces at the end mean nothing, unless a backslash is before the first of them.
fn without_trailing_spaces(line: &[u8]) -> &[u8] {
    let mut end = 0;
    let mut at = 0;
    while let Some(byte) = line.get(at) {
        at += if *byte == b'\\' { 2 } else { 1 };
        if *byte != b' ' {
            end = at;
        }
    }
    &line[..end.min(line.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_file() {
        let file = b"\xef\xbb\xbfone\r\n\n# comment\n\\#two  \nthree\\ \\  \n!\nfour\\";
        let expected = ["one", "\\#two", "three\\ \\ ", "!", "four\\"];
        let expected: Vec<_> =
            expected.iter().map(|text| IgnorePattern::parse(text.as_bytes())).collect();
        assert_eq!(patterns(file), expected);
    }

    #[test]
    fn where_a_pattern_is_looked_for() {
        let rows: [(&str, &str, bool); 12] = [
            ("a", "d/a", true),
            ("/a", "d/a", false),
            ("/a", "a", true),
            ("d/a", "d/a", true),
            ("d/a", "x/d/a", false),
            ("a/", "a", false),
            ("*.log", "d/a.log", true),
            ("/*.log", "d/a.log", false),
            ("d/*", "d/a/b", false),
            ("/{{cookiecutter.slug}}/secrets", "{{cookiecutter.slug}}/secrets", true),
            ("!", "!", false),
            ("/", "a", false),
        ];
        for (pattern, path, expected) in rows {
            let name = path.rsplit('/').next().unwrap_or_default();
            let pattern = IgnorePattern::parse(pattern.as_bytes());
            let matches = pattern.matches(path.as_bytes(), name.as_bytes(), false);
            assert_eq!(matches, expected, "{pattern:?} {path}");
        }
    }
}
