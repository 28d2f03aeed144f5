//! What was packed, for people and for programs: [`Report`].

use crate::format::human_bytes;
use crate::link::Summary;
use crate::link::limits::note_of_length;
use crate::tree::TreeTotals;
use std::fmt;

/// What was packed. Its text is the summary that the command line prints, without the place and the
/// time.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// What the tree holds.
    pub totals: TreeTotals,
    /// How long the result is, in bytes.
    pub output_bytes: u64,
    /// What linking did; `None` for a rootfs module that is not linked.
    pub link: Option<Summary>,
    /// The interfaces that the result imports, such as `wasi:io/streams@0.2.6`, if it is a
    /// component; `None` if it is a module.
    pub component_imports: Option<Vec<String>>,
    /// What a function of the program printed that ran while the program was packed.
    pub printed: Printed,
    /// What was left out of archives, or taken otherwise than they say, one line each.
    pub tree_notes: Vec<String>,
}

/// What a program wrote to its standard streams while it was packed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Printed {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl Report {
    /// What a person should know, one line each: what was left out of archives, what linking dropped and
    /// why, and what engines do not take the result.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let link = self.link.iter().flat_map(|link| link.notes.iter().cloned());
        let tree = self.tree_notes.iter().cloned();
        tree.chain(link).chain(note_of_length(self.output_bytes)).collect()
    }

    /// What went in, as text: `packed 3 files, 12.3 kB`.
    pub(crate) fn packed(&self) -> String {
        let TreeTotals { files, file_bytes, shared_bytes, .. } = self.totals;
        let plural = if files == 1 { "file" } else { "files" };
        let mut text = format!("packed {files} {plural}, {}", human_bytes(file_bytes));
        if shared_bytes > 0 {
            text += &format!(" ({} of it stored once for several)", human_bytes(shared_bytes));
        }
        text
    }

    /// What came out, as text: `1.2 MB, portable form, 40.3 kB of code and tables added, 5
    /// imports`.
    pub(crate) fn result(&self) -> String {
        let size = human_bytes(self.output_bytes);
        let Some(link) = &self.link else { return format!("{size}, rootfs module") };
        let added = match u64::try_from(link.added_bytes) {
            Ok(added) => format!("{} of code and tables added", human_bytes(added)),
            Err(_) => {
                format!("{} less than the program", human_bytes(link.added_bytes.unsigned_abs()))
            }
        };
        let imports = match link.imports.len() {
            0 => "no imports".to_owned(),
            1 => "1 import".to_owned(),
            more => format!("{more} imports"),
        };
        let mut text = match &self.component_imports {
            None => format!("{size}, {} form, {added}, {imports}", link.form),
            Some(interfaces) => format!(
                "{size}, component of WASI 0.2 ({} form), {added} within, {} interfaces imported",
                link.form,
                interfaces.len()
            ),
        };
        if let Some(grown) = link.initialised_bytes {
            let sign = if grown < 0 { "-" } else { "+" };
            text += &format!(", {sign}{} by running", human_bytes(grown.unsigned_abs()));
        }
        text
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.packed(), self.result())
    }
}
