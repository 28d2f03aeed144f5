//! Writes the README's table of engines from the tests' record (`tests/src/matrix.rs`), and
//! compares it with a later record.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use crate::left_out::LeftOut;
use crate::workspace;

/// Between these lines of the README the table stands.
const BEGIN: &str = "<!-- Written by `cargo xtask engines`. -->";
const END: &str = "<!-- The end of what `cargo xtask engines` writes. -->";

const HEAD: &str = "| engine | version | portable | isolated | hermetic |\n|---|---|---|---|---|\n";

/// What stands in a cell where nothing is known.
const NOTHING: &str = "-";

/// What the registry says of an engine that no registry of packages has.
const NOT_TO_BE_HAD: &str = "not to be had";

/// A line of the registry, in its order there.
struct Engine {
    id: String,
    title: String,
    /// How it is had; for what cannot be had, why.
    how: String,
    /// Whether its version is whatever the machine has.
    of_the_machine: bool,
    version: String,
    /// `here`, `missing`, or `not to be had`.
    presence: String,
    /// The programs that do not count, with the reasons.
    except: String,
}

/// What the tests recorded.
struct Record {
    engines: Vec<Engine>,
    /// By engine and column: each verdict, with how many programs came to it.
    verdicts: BTreeMap<(String, String), BTreeMap<String, usize>>,
}

/// A row of the table: its first cell, version, and what follows.
type Row = (String, String, Vec<String>);

fn readme() -> PathBuf {
    workspace::root().join("README.md")
}

/// Removes the record: what an earlier run has shown is no claim of the next.
pub(crate) fn clear_record() -> Result<()> {
    workspace::clear(&workspace::engine_record())
}

impl Record {
    fn read() -> Result<Self> {
        let read = |name: &str| {
            let path = workspace::engine_record().join(name);
            fs::read_to_string(&path)
                .with_context(|| format!("no record of the tests: cannot read {}", path.display()))
        };
        let mut engines = Vec::new();
        for line in read("registry.tsv")?.lines() {
            let [id, title, how, origin, version, presence, except] =
                fields(line).with_context(|| format!("a line of registry.tsv: {line}"))?;
            let of_the_machine = origin == "Machine";
            engines.push(Engine { id, title, how, of_the_machine, version, presence, except });
        }
        let mut verdicts: BTreeMap<_, BTreeMap<String, usize>> = BTreeMap::new();
        for line in read("results.tsv")?.lines() {
            let [id, column, _program, verdict, _milliseconds, _detail] =
                fields(line).with_context(|| format!("a line of results.tsv: {line}"))?;
            *verdicts.entry((id, column)).or_default().entry(verdict).or_default() += 1;
        }
        Ok(Self { engines, verdicts })
    }

    /// A cell: what all programs of a column came to.
    fn cell(&self, engine: &Engine, column: &str) -> String {
        let key = (engine.id.clone(), column.to_owned());
        let verdicts: Vec<&str> = self
            .verdicts
            .get(&key)
            .into_iter()
            .flatten()
            .map(|(verdict, _)| verdict.as_str())
            .filter(|verdict| *verdict != "excepted")
            .collect();
        match verdicts.as_slice() {
            [] => NOTHING.to_owned(),
            ["runs"] => "yes".to_owned(),
            [refusal] if refusal.starts_with("refuse") => format!("no ({refusal})"),
            _ => "**no**".to_owned(),
        }
    }

    /// The cells of an engine. It runs hermetic programs if it does so in each form that it runs.
    fn cells(&self, engine: &Engine) -> Vec<String> {
        let [portable, isolated] = ["portable", "isolated"].map(|form| self.cell(engine, form));
        let [one, two] =
            ["hermetic portable", "hermetic isolated"].map(|form| self.cell(engine, form));
        let hermetic = if isolated == "yes" && one == "yes" { two } else { one };
        vec![portable, isolated, hermetic]
    }

    fn rows(&self) -> Vec<Row> {
        let row = |engine: &Engine| {
            if engine.presence == NOT_TO_BE_HAD {
                let nothing = vec![NOT_TO_BE_HAD.to_owned(); 3];
                return (engine.title.clone(), NOTHING.to_owned(), nothing);
            }
            let name = format!("{} ({})", engine.title, engine.how);
            (name, engine.version.clone(), self.cells(engine))
        };
        self.engines.iter().map(row).collect()
    }

    /// The whole of what stands between the marks.
    fn text(&self) -> Result<String> {
        let mut text = format!("{BEGIN}\n{HEAD}");
        let mut notes = String::new();
        let mut number = 0;
        for (engine, (name, version, cells)) in self.engines.iter().zip(self.rows()) {
            let mut mark = String::new();
            let note = match engine.presence.as_str() {
                NOT_TO_BE_HAD => &engine.how,
                _ => &engine.except,
            };
            if !note.is_empty() {
                number += 1;
                mark = format!(" [{number}]");
                writeln!(notes, "{number}. {name}: {note}.")?;
            }
            writeln!(text, "| {name}{mark} | {version} | {} |", cells.join(" | "))?;
        }
        if !notes.is_empty() {
            write!(
                text,
                "\nPrograms that do not come to the same there, for a reason that is not ours to mend or not yet mended; and what is not to be had:\n\n{notes}"
            )?;
        }
        write!(text, "{END}")?;
        Ok(text)
    }
}

/// The fields of a line, if it has so many.
fn fields<const N: usize>(line: &str) -> Option<[String; N]> {
    let fields: Vec<String> = line.split('\t').map(str::to_owned).collect();
    fields.try_into().ok()
}

/// Cuts the README at the marks: what comes before, the table with both, and what follows.
fn cut(readme: &str) -> Result<(&str, &str, &str)> {
    let begin = readme.find(BEGIN).context("the README has no mark where the table begins")?;
    let end = readme.find(END).context("the README has no mark where the table ends")? + END.len();
    ensure!(begin < end, "the README's table ends before it begins");
    Ok((&readme[..begin], &readme[begin..end], &readme[end..]))
}

/// Notes the engines that the table names and that cannot be had: no chore could install them.
pub(crate) fn note_what_cannot_be_had(left_out: &mut LeftOut) -> Result<()> {
    for engine in Record::read()?.engines {
        if engine.presence == NOT_TO_BE_HAD {
            left_out.note_of_this_machine(engine.title, engine.how);
        }
    }
    Ok(())
}

/// Writes the table into the README.
pub(crate) fn write() -> Result<()> {
    let record = Record::read()?;
    let missing: Vec<&str> = record
        .engines
        .iter()
        .filter(|engine| engine.presence == "missing")
        .map(|engine| engine.id.as_str())
        .collect();
    ensure!(missing.is_empty(), "the README is as it was: not here are {}", missing.join(", "));
    let readme = fs::read_to_string(readme())?;
    let (before, old, after) = cut(&readme)?;
    let new = record.text()?;
    if old != new {
        fs::write(self::readme(), format!("{before}{new}{after}"))?;
        println!("the README's table of engines is new");
    }
    Ok(())
}

/// Compares the README's table with what the tests have just shown. A pinned engine's version
/// counts, the machine's own are told only; an engine that is not here cannot be compared, which is
/// told.
pub(crate) fn check() -> Result<()> {
    let record = Record::read()?;
    let readme = fs::read_to_string(readme())?;
    let (_, table, _) = cut(&readme)?;
    let mut claims = rows_of(table);
    let mut wrong = Vec::new();
    for (engine, (name, version, cells)) in record.engines.iter().zip(record.rows()) {
        let Some((claimed_version, claimed)) = claims.remove(&name) else {
            wrong.push(format!("{name}: it has no row"));
            continue;
        };
        if engine.presence == "missing" {
            println!("README: {name} is not here, so its row is not compared");
            continue;
        }
        if claimed_version != version {
            let line = format!("{name}: version {claimed_version}, here it is {version}");
            if engine.of_the_machine {
                println!("README: {line} (the machine's own, so no error)");
            } else {
                wrong.push(line);
            }
        }
        for (column, (claim, shown)) in
            ["portable", "isolated", "hermetic"].iter().zip(claimed.iter().zip(&cells))
        {
            if claim != shown {
                wrong.push(format!("{name}, {column}: `{claim}`, the run has shown `{shown}`"));
            }
        }
    }
    wrong.extend(claims.into_keys().map(|name| format!("{name}: there is no such engine")));
    if !wrong.is_empty() {
        bail!(
            "the README's table of engines is not what the tests have shown (`cargo xtask engines` writes it):\n  {}",
            wrong.join("\n  ")
        );
    }
    Ok(())
}

/// The rows of a table by their first cells, without the marks of notes.
fn rows_of(table: &str) -> BTreeMap<String, (String, Vec<String>)> {
    let mut rows = BTreeMap::new();
    let lines = table.lines().filter(|line| line.starts_with("| ")).skip(1);
    for line in lines {
        let cells: Vec<String> =
            line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
        let [name, version, rest @ ..] = cells.as_slice() else { continue };
        let name = name.rsplit_once(" [").map_or(name.as_str(), |(name, _)| name);
        rows.insert(name.to_owned(), (version.clone(), rest.to_vec()));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(results: &[(&str, &str, &str)], except: &str) -> Record {
        let mut verdicts: BTreeMap<_, BTreeMap<String, usize>> = BTreeMap::new();
        for (id, column, verdict) in results {
            let verdicts = verdicts.entry(((*id).to_owned(), (*column).to_owned())).or_default();
            *verdicts.entry((*verdict).to_owned()).or_default() += 1;
        }
        let engine = |id: &str, except: &str, presence: &str| Engine {
            id: id.to_owned(),
            title: id.to_uppercase(),
            how: "a crate".to_owned(),
            of_the_machine: false,
            version: "1.2".to_owned(),
            presence: presence.to_owned(),
            except: except.to_owned(),
        };
        let engines = vec![engine("a", except, "here"), engine("b", "", "not to be had")];
        Record { engines, verdicts }
    }

    #[test]
    fn cells_say_what_all_programs_came_to() {
        let record = record(
            &[
                ("a", "portable", "runs"),
                ("a", "portable", "runs"),
                ("a", "portable", "excepted"),
                ("a", "isolated", "refuses"),
                ("a", "hermetic portable", "runs"),
                ("a", "hermetic isolated", "refuses"),
            ],
            "poll: it cannot",
        );
        let text = record.text().expect("a table");
        assert!(text.contains("| A (a crate) [1] | 1.2 | yes | no (refuses) | yes |\n"), "{text}");
        assert!(text.contains("1. A (a crate): poll: it cannot.\n"), "{text}");
        assert!(
            text.contains("| B [2] | - | not to be had | not to be had | not to be had |"),
            "{text}"
        );
        let rows = rows_of(&text);
        assert_eq!(rows.len(), 2);
        assert_eq!(rows["A (a crate)"].1, ["yes", "no (refuses)", "yes"]);
    }

    #[test]
    fn one_program_that_differs_is_a_no() {
        let record = record(&[("a", "portable", "runs"), ("a", "portable", "differs")], "");
        let engine = &record.engines[0];
        assert_eq!(record.cell(engine, "portable"), "**no**");
        assert_eq!(record.cell(engine, "isolated"), NOTHING);
    }
}
