//! Which file of a crate uses which: the paths of its sources, resolved as the compiler would.
//!
//! A name that a module hands on (`pub use`) leads to the file that has the item. A file that
//! re-exports what lies in its own folder does not use it by that.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Segments, Source, Use};

/// How many `use` may stand between a name and its item. More is a circle of names.
const MAX_STEPS: usize = 16;

/// The files of a crate and their uses of each other.
#[derive(Debug)]
pub(crate) struct Graph {
    /// Where the crate's sources are, from the workspace's root.
    pub(crate) root: String,
    pub(crate) files: Vec<File>,
    /// Who uses whom (indices into `files`), and by which path, as it is written.
    pub(crate) uses: BTreeMap<(usize, usize), String>,
}

/// A file in its folders.
#[derive(Debug)]
pub(crate) struct File {
    /// From the workspace's root.
    pub(crate) path: String,
    /// Its module; empty for lib.rs.
    pub(crate) module: Segments,
    /// Its module, with one segment more for a file that has modules below it, which stands in its
    /// own folder: `mod`.
    pub(crate) place: Segments,
    /// Whether it is there in tests only: it is counted, and may use what it likes.
    pub(crate) is_test: bool,
}

impl Graph {
    /// Resolves the sources below `root`. A library's main.rs is another crate, and left out.
    pub(crate) fn of_crate(root: &str, sources: &[Source]) -> Self {
        let prefix = format!("{root}/");
        let has_lib = sources.iter().any(|source| source.path == format!("{prefix}lib.rs"));
        let sources: BTreeMap<Segments, &Source> = sources
            .iter()
            .filter_map(|source| {
                let below = source.path.strip_prefix(&prefix)?;
                (!has_lib || below != "main.rs").then(|| (module(below), source))
            })
            .collect();
        let modules = Modules { sources };
        let tests = modules.test_modules();
        let files: Vec<File> = modules
            .sources
            .iter()
            .map(|(module, source)| {
                let mut place = module.clone();
                if modules.has_children(module) {
                    place.push("mod".to_owned());
                }
                let is_test = tests.iter().any(|test| module.starts_with(test));
                File { path: source.path.clone(), module: module.clone(), place, is_test }
            })
            .collect();
        let index: BTreeMap<&Segments, usize> =
            files.iter().enumerate().map(|(index, file)| (&file.module, index)).collect();
        let mut uses = BTreeMap::new();
        for (from, file) in files.iter().enumerate().filter(|(_, file)| !file.is_test) {
            for (module, path) in modules.used_by(&file.module) {
                if let Some(&to) = index.get(&module)
                    && to != from
                {
                    uses.entry((from, to)).or_insert(path);
                }
            }
        }
        Self { root: root.to_owned(), files, uses }
    }
}

/// The module of a file below a crate's root.
fn module(path: &str) -> Segments {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let mut module: Segments = path.split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod")
        || module.as_slice() == ["lib"]
        || module.as_slice() == ["main"]
    {
        module.pop();
    }
    module
}

/// The modules that are files.
struct Modules<'a> {
    sources: BTreeMap<Segments, &'a Source>,
}

impl Modules<'_> {
    fn has_children(&self, module: &Segments) -> bool {
        self.sources.keys().any(|other| other.len() > module.len() && other.starts_with(module))
    }

    fn test_modules(&self) -> BTreeSet<Segments> {
        let tests = self.sources.iter().flat_map(|(module, source)| {
            source.test_modules.iter().map(|test| [module.as_slice(), test].concat())
        });
        tests.collect()
    }

    /// The modules whose files this one uses, each with the path by which it does.
    fn used_by(&self, module: &Segments) -> Vec<(Segments, String)> {
        let Some(source) = self.sources.get(module) else { return Vec::new() };
        let mut used = Vec::new();
        let mut handed_on: BTreeMap<&str, (Segments, String)> = BTreeMap::new();
        for each in &source.uses {
            let Use { within, path, hands_on } = each;
            // A word by itself may be a variable. If it is an import, its `use` is here too.
            let is_import = source.imports.values().any(|import| import == path);
            if path.len() == 1 && !is_import {
                continue;
            }
            let Some(target) = self.resolve(module, within, path, 0) else { continue };
            let shown = path.join("::");
            if *hands_on && target.starts_with(module) {
                if let Some(name) = path.last() {
                    handed_on.insert(name, (target, shown));
                }
            } else {
                used.push((target, shown));
            }
        }
        // What a file re-exports and needs itself, it uses.
        used.extend(
            handed_on
                .into_iter()
                .filter(|(name, _)| source.names.contains(*name))
                .map(|(_, use_)| use_),
        );
        used
    }

    /// The module of the file that has what `path` names, seen from a module (and an inline module
    /// within it). `None`: it is not of this crate, or of this very place.
    fn resolve(
        &self,
        module: &Segments,
        within: &Segments,
        path: &[String],
        steps: usize,
    ) -> Option<Segments> {
        if steps > MAX_STEPS {
            return None;
        }
        let (first, rest) = path.split_first()?;
        let here = [module.as_slice(), within].concat();
        match first.as_str() {
            "crate" => self.descend(rest, steps),
            "self" => self.descend(&[here.as_slice(), rest].concat(), steps),
            "super" => {
                let supers = path.iter().take_while(|segment| *segment == "super").count();
                let above = here.get(..here.len().checked_sub(supers)?)?;
                self.descend(&[above, &path[supers..]].concat(), steps)
            }
            _ => {
                let source = self.sources.get(module)?;
                let import = source.imports.get(&(within.clone(), first.clone()));
                if let Some(import) = import.filter(|import| import.as_slice() != [first.clone()]) {
                    return self.resolve(module, within, &[import, rest].concat(), steps + 1);
                }
                let child = [here.as_slice(), std::slice::from_ref(first)].concat();
                self.sources.contains_key(&child).then_some(())?;
                self.descend(&[child.as_slice(), rest].concat(), steps)
            }
        }
    }

    /// Follows a path from the crate's root: through modules that are files, then through a name
    /// that is handed on.
    fn descend(&self, path: &[String], steps: usize) -> Option<Segments> {
        let depth =
            (0..=path.len()).rev().find(|&depth| self.sources.contains_key(&path[..depth]))?;
        let (module, rest) = path.split_at(depth);
        let module = module.to_vec();
        let source = self.sources.get(&module)?;
        let Some(name) = rest.first() else { return Some(module) };
        if source.items.contains(name) {
            return Some(module);
        }
        let top = Segments::new();
        if let Some(import) = source.imports.get(&(top.clone(), name.clone())) {
            let path = [import, &rest[1..]].concat();
            let is_itself = import.as_slice() == [name.clone()];
            let target =
                if is_itself { None } else { self.resolve(&module, &top, &path, steps + 1) };
            return target.or(Some(module));
        }
        let globs = source.globs.iter().filter(|(within, _)| within.is_empty());
        let mut found = globs.filter_map(|(_, glob)| {
            let target = self.resolve(&module, &top, &[glob, rest].concat(), steps + 1)?;
            self.sources.get(&target)?.items.contains(name).then_some(target)
        });
        found.next().or(Some(module))
    }
}
