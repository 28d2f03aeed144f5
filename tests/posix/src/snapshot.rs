//! A whole tree at a moment, in a form in which two worlds must be equal.
//!
//! What differs by nature is made comparable: inode numbers become the order in which a sorted walk
//! meets them, so hard links still show; a time that the clock set becomes the number of the step
//! at which it changed.

use std::collections::{BTreeMap, HashMap};

use crate::outcome::{CLOCK_END, CLOCK_START, Meta, Outcome, Value, outcome_text};
use crate::world::{Contents, World};

/// A tree: a line of text for each path, and one for each descriptor.
pub type Snapshot = BTreeMap<String, String>;

/// A time as it was, and the step at which it became so.
type Stamp = ((i64, u32), u32);

/// What of the pages of files is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pages {
    /// Which ones there are, too.
    #[default]
    Exact,
    /// Only what can be read. DEVIATIONS.md: on Linux a load through a mapping fills a hole.
    Contents,
}

impl Pages {
    /// An outcome as it is compared.
    pub fn comparable(self, outcome: &Outcome) -> String {
        let text = outcome_text(outcome);
        match (self, outcome) {
            (Pages::Contents, Ok(Value::Stat(_) | Value::Text(_))) => text
                .split(' ')
                .filter(|word| !word.starts_with("blocks="))
                .collect::<Vec<_>>()
                .join(" "),
            _ => text,
        }
    }

    fn contents_text(self, extents: &[(u64, Vec<u8>)]) -> String {
        match self {
            Pages::Exact => extents
                .iter()
                .map(|(at, bytes)| format!(" {at}+{}#{:x}", bytes.len(), hash(bytes)))
                .collect(),
            Pages::Contents => extents
                .iter()
                .flat_map(|(at, bytes)| (*at..).step_by(4096).zip(bytes.chunks(4096)))
                .filter(|(_, page)| page.iter().any(|&byte| byte != 0))
                .map(|(at, page)| format!(" {at}#{:x}", hash(page)))
                .collect(),
        }
    }
}

/// Takes snapshots of one world, and remembers between them when each time changed.
#[derive(Debug, Default)]
pub struct Recorder {
    pages: Pages,
    /// By inode number: atime, mtime, ctime.
    times: HashMap<u64, [Stamp; 3]>,
}

impl Recorder {
    /// One that has seen nothing yet.
    pub fn new(pages: Pages) -> Recorder {
        Recorder { pages, times: HashMap::new() }
    }

    /// The world after step number `step`.
    pub fn take(&mut self, world: &mut impl World, step: u32) -> Snapshot {
        let mut snapshot = Snapshot::new();
        let pages = self.pages;
        let mut visit = Visit { recorder: self, numbers: HashMap::new(), step };
        let mut todo = vec![Vec::new()];
        while let Some(path) = todo.pop() {
            let Some(seen) = world.look(if path.is_empty() { b"/" } else { &path }) else {
                continue;
            };
            let line = visit.line(&seen.meta);
            let contents = match seen.contents {
                Contents::Extents(extents) => pages.contents_text(&extents),
                Contents::Names(names) => {
                    for name in names.iter().rev() {
                        todo.push([&path, &b"/"[..], name].concat());
                    }
                    String::new()
                }
                Contents::Target(target) => format!(" -> {}", String::from_utf8_lossy(&target)),
                Contents::Other => String::new(),
            };
            snapshot.insert(String::from_utf8_lossy(&path).into_owned(), line + &contents);
        }
        for (process, descriptors) in world.descriptors() {
            for (fd, meta, text) in descriptors {
                let line = format!("{} {text}", visit.line(&meta));
                snapshot.insert(format!("process {process} fd {fd:2}"), line);
            }
        }
        let Visit { numbers, .. } = visit;
        self.times.retain(|ino, _| numbers.contains_key(ino));
        snapshot
    }
}

/// One walk through a tree.
struct Visit<'a> {
    recorder: &'a mut Recorder,
    /// By inode number: how many were met before it.
    numbers: HashMap<u64, usize>,
    step: u32,
}

impl Visit<'_> {
    fn line(&mut self, meta: &Meta) -> String {
        let next = self.numbers.len();
        let number = *self.numbers.entry(meta.ino).or_insert(next);
        let known = self.recorder.times.entry(meta.ino);
        let known = known.or_insert_with(|| meta.times.map(|time| (time, self.step)));
        let times = [0, 1, 2].map(|which| {
            let time = meta.times[which];
            if known[which].0 != time {
                known[which] = (time, self.step);
            }
            if (CLOCK_START..CLOCK_END).contains(&time.0) {
                format!("@{}", known[which].1)
            } else {
                format!("{}.{}", time.0, time.1)
            }
        });
        let Meta { mode, nlink, uid, gid, rdev, size, blocks, .. } = meta;
        let blocks = match self.recorder.pages {
            Pages::Exact => format!(" blocks={blocks}"),
            Pages::Contents => String::new(),
        };
        format!(
            "#{number} {mode:o} nlink={nlink} {uid}:{gid} rdev={rdev} size={size}{blocks} times={}",
            times.join(",")
        )
    }
}

/// FNV-1a: enough to tell contents apart.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// How times are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// They must have changed at the same steps: there was a clock tick between any two.
    Exact,
    /// Linux may have missed that the clock moved on. Most changes give a directory the time that
    /// the file in it got, which is not a fine one (`simple_unlink`).
    WithinTick,
    /// Not at all.
    Ignored,
}

/// Whether two lines say the same.
fn same(linux: &str, core: &str, times: Times) -> bool {
    if linux == core || times == Times::Exact {
        return linux == core;
    }
    if times == Times::Ignored {
        let others = |line: &str| {
            line.split(' ').filter(|word| !word.starts_with("times=")).collect::<Vec<_>>().join(" ")
        };
        return others(linux) == others(core);
    }
    let step = |word: &str| word.strip_prefix('@').and_then(|step| step.parse::<u32>().ok());
    let words = |line: &str| line.split([' ', ',', '=']).map(str::to_owned).collect::<Vec<_>>();
    let (linux, core) = (words(linux), words(core));
    linux.len() == core.len()
        && linux.iter().zip(&core).all(|(linux, core)| match (step(linux), step(core)) {
            (Some(linux), Some(core)) => linux <= core,
            _ => linux == core,
        })
}

/// Where two snapshots differ: that of the kernel, and that of the world of this name.
pub fn differences(linux: &Snapshot, core: &Snapshot, times: Times, name: &str) -> Vec<String> {
    let paths: std::collections::BTreeSet<&String> = linux.keys().chain(core.keys()).collect();
    let none = "not there".to_owned();
    paths
        .into_iter()
        .filter(|path| {
            let (linux, core) = (linux.get(*path), core.get(*path));
            !linux.zip(core).is_some_and(|(linux, core)| same(linux, core, times))
        })
        .map(|path| {
            let (linux, core) = (linux.get(path).unwrap_or(&none), core.get(path).unwrap_or(&none));
            format!("{path:?}\n    Linux   {linux}\n    {name:7} {core}")
        })
        .collect()
}
