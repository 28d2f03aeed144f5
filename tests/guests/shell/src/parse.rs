//! The language: lists of pipelines of commands and groups, with redirections, for the machine in `machine.rs`.
//!
//! There are no variables but `$?`, no patterns, no functions, no here-documents and no background.

use std::iter::Peekable;
use std::vec::IntoIter;

/// What the machine does.
#[derive(Clone, Debug)]
pub enum Step {
    /// Redirects, until the matching `Restore`; if that fails, goes there.
    Redirect { to: Vec<Redirection>, restore: usize, line: usize },
    /// Undoes the last `Redirect`.
    Restore,
    /// Runs a builtin or a utility.
    Run { words: Vec<String>, line: usize },
    /// Sends standard output to the next command.
    Output,
    /// Takes standard input from the last `Output`, whose standard output is restored.
    Input,
    /// Restores the standard input that the last `Input` has replaced.
    EndOfInput,
    /// Goes on elsewhere if the last status was good, or was not.
    SkipIf { good: bool, to: usize },
    /// Makes a good status bad, and a bad one good: `!`.
    Negate,
}

/// One of `<`, `>`, `>>`, `>&`.
#[derive(Clone, Debug)]
pub struct Redirection {
    pub fd: i32,
    pub kind: Kind,
    pub target: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Read,
    Write,
    Append,
    Duplicate,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    /// An operator, or a line's end.
    Operator(&'static str),
    Redirection(i32, Kind),
}

/// Reads a script.
pub fn script(text: &str) -> Result<Vec<Step>, String> {
    let tokens = tokens(text)?.into_iter().peekable();
    let mut parser = Parser { tokens, steps: Vec::new() };
    parser.list(None)?;
    Ok(parser.steps)
}

/// Splits a script into tokens, each with its line.
fn tokens(text: &str) -> Result<Vec<(Token, usize)>, String> {
    const OPERATORS: [&str; 8] = ["&&", "||", ";", "|", "\n", "{", "}", "!"];
    let (mut tokens, mut rest, mut line) = (Vec::new(), text, 1);
    while let Some(first) = rest.chars().next() {
        let at = line;
        if first == ' ' || first == '\t' {
            rest = &rest[1..];
        } else if first == '#' {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
        } else if let Some(after) = rest.strip_prefix("\\\n") {
            (rest, line) = (after, line + 1);
        } else if let Some((fd, kind, after)) = redirection(rest) {
            tokens.push((Token::Redirection(fd, kind), at));
            rest = after;
        } else if let Some(operator) =
            OPERATORS.into_iter().find(|operator| is_next(rest, operator))
        {
            tokens.push((Token::Operator(operator), at));
            line += usize::from(operator == "\n");
            rest = &rest[operator.len()..];
        } else {
            let (word, after) = word(rest).map_err(|error| format!("{at}: {error}"))?;
            line += rest[..rest.len() - after.len()].matches('\n').count();
            tokens.push((Token::Word(word), at));
            rest = after;
        }
    }
    Ok(tokens)
}

/// Whether an operator is next. Braces and `!` are words of their own.
fn is_next(rest: &str, operator: &str) -> bool {
    let word = matches!(operator, "{" | "}" | "!");
    rest.strip_prefix(operator).is_some_and(|after| {
        !word || after.is_empty() || after.starts_with([' ', '\n', ';', '|', '>'])
    })
}

/// A redirection with its descriptor, if one is next.
fn redirection(rest: &str) -> Option<(i32, Kind, &str)> {
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let after = &rest[digits..];
    let (kind, operator, default) = [
        (Kind::Append, ">>", 1),
        (Kind::Duplicate, ">&", 1),
        (Kind::Duplicate, "<&", 0),
        (Kind::Write, ">", 1),
        (Kind::Read, "<", 0),
    ]
    .into_iter()
    .find(|(_, operator, _)| after.starts_with(operator))?;
    let fd = if digits == 0 { default } else { rest[..digits].parse().ok()? };
    Some((fd, kind, &after[operator.len()..]))
}

/// A word without its quotes, and what follows it. `$?` becomes a mark that [`expand`] knows.
fn word(rest: &str) -> Result<(String, &str), &'static str> {
    let (mut word, mut rest) = (String::new(), rest);
    while let Some(c) = rest.chars().next() {
        match c {
            ' ' | '\t' | '\n' | ';' | '|' | '&' | '<' | '>' => break,
            '\'' => {
                let (quoted, after) =
                    rest[1..].split_once('\'').ok_or("Syntax error: Unterminated quoted string")?;
                word.push_str(quoted);
                rest = after;
            }
            '"' => {
                rest = &rest[1..];
                loop {
                    let c =
                        rest.chars().next().ok_or("Syntax error: Unterminated quoted string")?;
                    if c == '"' {
                        break;
                    }
                    rest = double_quoted(rest, &mut word);
                }
                rest = &rest[1..];
            }
            '\\' => {
                word.extend(rest[1..].chars().next());
                rest = rest[1..].get(1..).unwrap_or("");
            }
            '$' => rest = double_quoted(rest, &mut word),
            c => {
                word.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    Ok((word, rest))
}

/// The next character as within double quotes.
fn double_quoted<'a>(rest: &'a str, word: &mut String) -> &'a str {
    if let Some(after) = rest.strip_prefix("$?") {
        word.push(STATUS);
        return after;
    }
    for escaped in ["\\\\", "\\\"", "\\$", "\\`"] {
        if let Some(after) = rest.strip_prefix(escaped) {
            word.push_str(&escaped[1..]);
            return after;
        }
    }
    let c = rest.chars().next().unwrap_or_default();
    word.push(c);
    &rest[c.len_utf8()..]
}

/// The mark of `$?` in words: no script has it.
const STATUS: char = '\u{10ffff}';

/// Replaces `$?` in a word.
pub fn expand(word: &str, status: i32) -> String {
    word.replace(STATUS, &status.to_string())
}

struct Parser {
    tokens: Peekable<IntoIter<(Token, usize)>>,
    steps: Vec<Step>,
}

impl Parser {
    fn next_is(&mut self, operator: &'static str) -> bool {
        self.tokens.next_if(|(token, _)| *token == Token::Operator(operator)).is_some()
    }

    /// Reads a list to its end, or to the brace that closes it.
    fn list(&mut self, closed_by: Option<&'static str>) -> Result<(), String> {
        loop {
            while self.next_is(";") || self.next_is("\n") {}
            if self.tokens.peek().is_none() || closed_by.is_some_and(|brace| self.next_is(brace)) {
                return Ok(());
            }
            self.and_or()?;
        }
    }

    /// Pipelines with `&&` and `||` between them.
    fn and_or(&mut self) -> Result<(), String> {
        self.pipeline()?;
        loop {
            let good = if self.next_is("||") {
                true
            } else if self.next_is("&&") {
                false
            } else {
                return Ok(());
            };
            while self.next_is("\n") {}
            let skip = self.steps.len();
            self.steps.push(Step::SkipIf { good, to: 0 });
            self.pipeline()?;
            self.steps[skip] = Step::SkipIf { good, to: self.steps.len() };
        }
    }

    fn pipeline(&mut self) -> Result<(), String> {
        let negated = self.next_is("!");
        let mut inputs = 0;
        loop {
            // Whether a `|` follows is known only behind the command.
            let start = self.steps.len();
            self.steps.push(Step::Output);
            self.command()?;
            if !self.next_is("|") {
                self.remove(start);
                break;
            }
            while self.next_is("\n") {}
            // The command before has read its input.
            if inputs > 0 {
                self.steps.push(Step::EndOfInput);
            }
            self.steps.push(Step::Input);
            inputs += 1;
        }
        if inputs > 0 {
            self.steps.push(Step::EndOfInput);
        }
        if negated {
            self.steps.push(Step::Negate);
        }
        Ok(())
    }

    /// Takes a step out; those that go behind it go one less far.
    fn remove(&mut self, at: usize) {
        self.steps.remove(at);
        for step in &mut self.steps[at..] {
            if let Step::SkipIf { to, .. } | Step::Redirect { restore: to, .. } = step {
                *to -= 1;
            }
        }
    }

    /// A command, or a group, with its redirections around it.
    fn command(&mut self) -> Result<(), String> {
        let start = self.steps.len();
        let group = self.next_is("{");
        if group {
            self.steps.push(Step::Redirect { to: Vec::new(), restore: 0, line: 0 });
            self.list(Some("}"))?;
        }
        let (mut words, mut to, mut line) = (Vec::new(), Vec::new(), 0);
        while let Some((token, at)) =
            self.tokens.next_if(|(token, _)| !matches!(token, Token::Operator(_)))
        {
            line = at;
            match token {
                Token::Word(word) if !group => words.push(word),
                Token::Redirection(fd, kind) => match self.tokens.next() {
                    Some((Token::Word(target), _)) => to.push(Redirection { fd, kind, target }),
                    _ => return Err(format!("{at}: Syntax error: redirection unexpected")),
                },
                _ => return Err(format!("{at}: Syntax error: word unexpected")),
            }
        }
        if !group {
            if words.is_empty() && to.is_empty() {
                return Err("Syntax error: a command is missing".to_owned());
            }
            self.steps.push(Step::Redirect { to: Vec::new(), restore: 0, line });
            self.steps.push(Step::Run { words, line });
        }
        if to.is_empty() {
            self.remove(start);
        } else {
            self.steps[start] = Step::Redirect { to, restore: self.steps.len(), line };
            self.steps.push(Step::Restore);
        }
        Ok(())
    }
}
