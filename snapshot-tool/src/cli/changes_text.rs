//! Changes as they are listed: a line for each, or an object of JSON for each.

use super::packed_file::Names;
use crate::state::change::{Aspect, Change, ChangeKind};
use anyhow::Result;
use serde::Serialize;
use std::io::Write;

/// How changes are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listing {
    /// `A path`, `D path`, `M path  what`; `A path  from old`.
    Lines,
    /// A line with an object: `{"change":"M","path":"/a","what":["contents"]}`.
    Json,
}

/// What an object has.
#[derive(Serialize)]
struct Row<'a> {
    change: char,
    /// What is not UTF-8 in it is U+FFFD; `path_hex` has the bytes then.
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_hex: Option<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    what: &'a [&'static str],
}

/// Lists a change.
///
/// # Errors
///
/// When `out` cannot be written.
pub(super) fn list(change: &Change, listing: Listing, out: &mut dyn Write) -> Result<()> {
    let (from, aspects): (_, &[Aspect]) = match &change.kind {
        ChangeKind::Added { from } => (from.as_deref(), &[]),
        ChangeKind::Removed => (None, &[]),
        ChangeKind::Modified(aspects) => (None, aspects),
    };
    let what: Vec<&'static str> = aspects.iter().map(|aspect| aspect.name()).collect();
    match listing {
        Listing::Lines => {
            let names = Names::on_stdout();
            write!(out, "{} ", change.kind.letter())?;
            out.write_all(&names.shown(&change.path))?;
            if let Some(from) = from {
                out.write_all(b"  from ")?;
                out.write_all(&names.shown(from))?;
            }
            if !what.is_empty() {
                write!(out, "  {}", what.join(","))?;
            }
        }
        Listing::Json => {
            let hex = |path: &[u8]| std::str::from_utf8(path).is_err().then(|| hex::encode(path));
            let path = String::from_utf8_lossy(&change.path);
            let shown_from = from.map(String::from_utf8_lossy);
            let row = Row {
                change: change.kind.letter(),
                path: &path,
                path_hex: hex(&change.path),
                from: shown_from.as_deref(),
                from_hex: from.and_then(hex),
                what: &what,
            };
            serde_json::to_writer(&mut *out, &row)?;
        }
    }
    Ok(out.write_all(b"\n")?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn lines_and_objects() {
        let change = |path: &[u8], kind| Change { path: path.to_vec(), kind };
        let renamed = ChangeKind::Added { from: Some(b"/old\xff".to_vec()) };
        let what = ChangeKind::Modified(vec![Aspect::Contents, Aspect::Times]);
        let rows = [
            (
                change(b"/a b", ChangeKind::Added { from: None }),
                "A /a b\n",
                r#"{"change":"A","path":"/a b"}"#,
            ),
            (
                change(b"/d\"\n", ChangeKind::Removed),
                "D /d\"\n\n",
                r#"{"change":"D","path":"/d\"\n"}"#,
            ),
            (
                change(b"/m", what),
                "M /m  contents,times\n",
                r#"{"change":"M","path":"/m","what":["contents","times"]}"#,
            ),
            (
                change(b"/new", renamed),
                "A /new  from /old\u{fffd}\n",
                "{\"change\":\"A\",\"path\":\"/new\",\"from\":\"/old\u{fffd}\",\"from_hex\":\"2f6f6c64ff\"}",
            ),
        ];
        for (change, line, object) in rows {
            for (listing, expected) in
                [(Listing::Lines, line.to_owned()), (Listing::Json, format!("{object}\n"))]
            {
                let mut out = Vec::new();
                list(&change, listing, &mut out).unwrap();
                assert_eq!(String::from_utf8_lossy(&out), expected);
            }
        }
    }
}
