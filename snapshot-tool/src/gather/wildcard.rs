//! Git's wildcards: `*`, `?`, `**`, classes and backslashes, on the bytes of a path.
//!
//! What they mean is git's, and not the shell's: braces are letters, a class has POSIX names
//! (`[[:digit:]]`), nothing but `**` matches a slash, and a pattern that git cannot read matches
//! nothing. [`ignore_pattern`](crate::gather::ignore_pattern) reads what stands around them in a
//! line. `against_git` compares both with git itself.

/// A pattern with wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wildcard {
    steps: Vec<Step>,
    /// How many bytes a text must have at least.
    min_bytes: usize,
}

/// One thing that a pattern asks of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// This byte.
    Byte(u8),
    /// `?` or a class: one of these bytes.
    OneOf(ByteSet),
    /// `*`: any bytes but slashes, or none.
    WithinName,
    /// `**` at the end: any bytes, or none.
    Anything,
    /// `**/`: nothing, or any bytes and a slash.
    Directories,
}

impl Step {
    /// Whether a text can pass it without a byte.
    fn may_be_empty(&self) -> bool {
        matches!(self, Self::WithinName | Self::Anything | Self::Directories)
    }
}

impl Wildcard {
    /// Reads a pattern. `None` if git has it match nothing: a class that does not end or that names
    /// an unknown POSIX class, or a backslash at the end.
    pub(crate) fn parse(pattern: &[u8]) -> Option<Self> {
        let mut steps = Vec::new();
        let mut rest = pattern;
        // The start counts as the start of a name.
        let mut previous = b'/';
        while let Some((&byte, after)) = rest.split_first() {
            let before = rest;
            rest = after;
            match byte {
                b'*' => {
                    let stars = before.iter().take_while(|&&byte| byte == b'*').count();
                    rest = &before[stars..];
                    let whole_name = previous == b'/'
                        && (rest.is_empty() || rest.starts_with(b"/") || rest.starts_with(b"\\/"));
                    let step = match rest.strip_prefix(b"/") {
                        _ if stars == 1 || !whole_name => Step::WithinName,
                        Some(after) => {
                            rest = after;
                            Step::Directories
                        }
                        None => Step::Anything,
                    };
                    // Directories of directories are directories: the steps that may be empty stay
                    // few between two that may not.
                    if step != Step::Directories || steps.last() != Some(&step) {
                        steps.push(step);
                    }
                }
                b'?' => steps.push(Step::OneOf(ByteSet::all_but_slash())),
                b'[' => {
                    let (set, after) = class(rest)?;
                    rest = after;
                    steps.push(Step::OneOf(set));
                }
                b'\\' => {
                    let (&escaped, after) = rest.split_first()?;
                    rest = after;
                    steps.push(Step::Byte(escaped));
                }
                _ => steps.push(Step::Byte(byte)),
            }
            previous = before[before.len() - rest.len() - 1];
        }
        let min_bytes = steps.iter().filter(|step| !step.may_be_empty()).count();
        Some(Self { steps, min_bytes })
    }

    /// Whether it matches the whole text.
    ///
    /// All ways to match are followed at once, a byte of the text at a time, so that no pattern
    /// takes longer than its length times the text's.
    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        if text.len() < self.min_bytes {
            return false;
        }
        let mut at = vec![false; self.steps.len() + 1];
        let mut next = at.clone();
        self.arrive(&mut at, 0);
        for &byte in text {
            next.fill(false);
            for (index, step) in self.steps.iter().enumerate() {
                if !at[index] {
                    continue;
                }
                match step {
                    Step::Byte(wanted) if *wanted == byte => self.arrive(&mut next, index + 1),
                    Step::OneOf(set) if set.contains(byte) => self.arrive(&mut next, index + 1),
                    Step::WithinName if byte != b'/' => self.arrive(&mut next, index),
                    Step::Anything => self.arrive(&mut next, index),
                    Step::Directories => {
                        // Within a name: only a slash leads on from here.
                        next[index] = true;
                        if byte == b'/' {
                            self.arrive(&mut next, index + 1);
                        }
                    }
                    Step::Byte(_) | Step::OneOf(_) | Step::WithinName => {}
                }
            }
            std::mem::swap(&mut at, &mut next);
        }
        at[self.steps.len()]
    }

    /// Notes that the steps before this one are done, and with it those that may be empty.
    fn arrive(&self, at: &mut [bool], mut index: usize) {
        at[index] = true;
        while self.steps.get(index).is_some_and(Step::may_be_empty) {
            index += 1;
            at[index] = true;
        }
    }
}

/// A set of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct ByteSet([u64; 4]);

impl ByteSet {
    fn all_but_slash() -> Self {
        Self::default().negated().without(b'/')
    }

    fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte / 64)] >> (byte % 64) & 1 == 1
    }

    fn add(&mut self, wanted: impl Fn(u8) -> bool) {
        for byte in (0..=u8::MAX).filter(|&byte| wanted(byte)) {
            self.0[usize::from(byte / 64)] |= 1 << (byte % 64);
        }
    }

    fn without(mut self, byte: u8) -> Self {
        self.0[usize::from(byte / 64)] &= !(1 << (byte % 64));
        self
    }

    /// Those that are not in it.
    fn negated(self) -> Self {
        Self(self.0.map(|word| !word))
    }
}

/// Reads a class behind its `[`; returns what is behind its `]`, too.
fn class(inside: &[u8]) -> Option<(ByteSet, &[u8])> {
    let (negated, mut rest) = match inside {
        [b'!' | b'^', rest @ ..] => (true, rest),
        _ => (false, inside),
    };
    let mut set = ByteSet::default();
    // What a `-` would be a range from.
    let mut low = None;
    let mut first = true;
    loop {
        let (&byte, after) = rest.split_first()?;
        match (byte, low, after) {
            // As the first byte it is itself.
            (b']', ..) if !first => break,
            (b'-', Some(from), [next, ..]) if *next != b']' => {
                let (to, after) = literal(after)?;
                set.add(|byte| from <= byte && byte <= to);
                (low, rest) = (None, after);
            }
            (b'[', _, [b':', named @ ..]) => {
                let end = named.iter().position(|&byte| byte == b']')?;
                match named[..end].split_last() {
                    Some((b':', name)) => {
                        set.add(posix_class(name)?);
                        (low, rest) = (None, &named[end + 1..]);
                    }
                    // No `:]`: an ordinary bracket.
                    _ => {
                        set.add(|byte| byte == b'[');
                        (low, rest) = (Some(b'['), after);
                    }
                }
            }
            _ => {
                let (byte, after) = literal(rest)?;
                set.add(|other| other == byte);
                (low, rest) = (Some(byte), after);
            }
        }
        first = false;
    }
    let set = if negated { set.negated() } else { set };
    Some((set.without(b'/'), &rest[1..]))
}

/// A byte, perhaps behind a backslash.
fn literal(rest: &[u8]) -> Option<(u8, &[u8])> {
    match rest {
        [b'\\', byte, after @ ..] => Some((*byte, after)),
        [b'\\'] | [] => None,
        [byte, after @ ..] => Some((*byte, after)),
    }
}

/// The bytes of a POSIX class in git's own locale, in which nothing beyond ASCII is in any.
fn posix_class(name: &[u8]) -> Option<fn(u8) -> bool> {
    Some(match name {
        b"alnum" => |byte| byte.is_ascii_alphanumeric(),
        b"alpha" => |byte| byte.is_ascii_alphabetic(),
        b"blank" => |byte| matches!(byte, b' ' | b'\t'),
        b"cntrl" => |byte| byte.is_ascii_control(),
        b"digit" => |byte| byte.is_ascii_digit(),
        b"graph" => |byte| byte.is_ascii_graphic(),
        b"lower" => |byte| byte.is_ascii_lowercase(),
        b"print" => |byte| byte.is_ascii_graphic() || byte == b' ',
        b"punct" => |byte| byte.is_ascii_punctuation(),
        // Git's has neither the vertical tab nor the form feed.
        b"space" => |byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'),
        b"upper" => |byte| byte.is_ascii_uppercase(),
        b"xdigit" => |byte| byte.is_ascii_hexdigit(),
        _ => return None,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_matches() {
        let rows: [(&str, &str, bool); 24] = [
            ("{a,b}", "{a,b}", true),
            ("{a,b}", "a", false),
            ("a*c", "abbc", true),
            ("a*c", "ab/c", false),
            ("a?c", "a/c", false),
            ("a[^x]c", "a/c", false),
            ("a[^x]c", "abc", true),
            ("[[:digit:]]*", "1.log", true),
            ("[[:digit:]]*", "a.log", false),
            ("[]-]", "-", true),
            ("[!]a]", "]", false),
            ("[a-\\c]", "b", true),
            ("[\\a-c]", "b", true),
            ("[c-a]", "b", false),
            ("[[:]", ":", true),
            ("**/b", "b", true),
            ("**/b", "a/a/b", true),
            ("**/b", "ab", false),
            ("a/**", "a/b/c", true),
            ("a/**/b", "a/b", true),
            ("a/**\\/b", "a/b", false),
            ("a**/b", "a/a/b", false),
            ("a/**/**/**/b", "a/x/b", true),
            ("\\*", "*", true),
        ];
        for (pattern, text, expected) in rows {
            let wildcard = Wildcard::parse(pattern.as_bytes()).unwrap();
            assert_eq!(wildcard.matches(text.as_bytes()), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_git_cannot_read() {
        for pattern in
            ["x[", "x[a", "[]", "[[:nothing:]]", "[[::]]", "a\\", "[a\\", "[a-\\", "[[:a"]
        {
            assert_eq!(Wildcard::parse(pattern.as_bytes()), None, "{pattern}");
        }
    }

    #[test]
    fn many_stars_take_no_longer_than_their_number() {
        let pattern = "*a".repeat(2000) + "b";
        let wildcard = Wildcard::parse(pattern.as_bytes()).unwrap();
        assert!(!wildcard.matches("a".repeat(4000).as_bytes()));
        let pattern = "**/".repeat(1 << 20) + "b";
        let wildcard = Wildcard::parse(pattern.as_bytes()).unwrap();
        assert!(!wildcard.matches("a/".repeat(2000).as_bytes()));
        assert!(wildcard.matches(("a/".repeat(2000) + "b").as_bytes()));
    }
}
