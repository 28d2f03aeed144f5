//! The rules. Each returns what is wrong, a line for each, with the names of the files.
//!
//! A list of exceptions is held to its word too: one that nothing needs is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use crate::graph::Graph;
use crate::source::Source;

/// A file or folder that a rule does not hold for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exception {
    /// From the workspace's root.
    pub(crate) path: &'static str,
    pub(crate) why: &'static str,
}

/// Two files of one folder that may use each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    /// From the workspace's root.
    pub(crate) files: [&'static str; 2],
    pub(crate) why: &'static str,
}

/// Uses of a room that stands below the user's in the crate's order, and rooms without a place in
/// it.
pub(crate) fn uses_of_rooms_below(graph: &Graph, order: &[&str]) -> Vec<String> {
    let name = |room: &&str| room.trim_end_matches('/').trim_end_matches(".rs").to_owned();
    let position: BTreeMap<String, usize> = order.iter().map(name).zip(0..).collect();
    let mut wrong = Vec::new();
    let mut rooms = BTreeSet::new();
    for file in &graph.files {
        let Some(room) = file.module.first() else { continue };
        rooms.insert(room);
        if !position.contains_key(room) {
            wrong.push(format!("{}: the order of {} has no `{room}`", file.path, graph.root));
        }
    }
    for room in position.keys().filter(|room| !rooms.contains(room)) {
        wrong.push(format!("{} has no `{room}`, which stands in its order", graph.root));
    }
    for (&(from, to), path) in &graph.uses {
        let (from, to) = (&graph.files[from], &graph.files[to]);
        // lib.rs and main.rs are above all.
        let Some(user) = from.module.first() else { continue };
        let (from, to_file) = (&from.path, &to.path);
        let Some(used) = to.module.first() else {
            wrong.push(format!("{from} uses {to_file} (`{path}`), which is made of the others"));
            continue;
        };
        if let (Some(user_is), Some(used_is)) = (position.get(user), position.get(used))
            && user_is < used_is
        {
            wrong.push(format!(
                "{from} uses {to_file} (`{path}`), but `{used}` comes after `{user}`"
            ));
        }
    }
    wrong
}

/// Files or folders of one folder that use each other in a circle. The crate's own folder is left
/// to its order.
pub(crate) fn circles(graph: &Graph, allowed: &[Pair]) -> Vec<String> {
    let mut wrong = needless_pairs(graph, allowed);
    let half_of = |path: &str| {
        let pair = allowed.iter().find(|pair| pair.files[1] == path);
        pair.map_or_else(|| path.to_owned(), |pair| pair.files[0].to_owned())
    };
    // folder -> member -> the members that it uses; a member is a file, or a folder ending in a
    // slash
    let mut folders: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    let mut shown: BTreeMap<(String, String), String> = BTreeMap::new();
    for (&(from, to), path) in &graph.uses {
        let (from, to) = (&graph.files[from], &graph.files[to]);
        let common =
            from.place.iter().zip(&to.place).take_while(|(one, other)| one == other).count();
        if common == 0 {
            continue;
        }
        let member = |file: &crate::graph::File| {
            if file.place.len() == common + 1 {
                half_of(&file.path)
            } else {
                format!("{}/{}/", graph.root, file.place[..=common].join("/"))
            }
        };
        let (user, used) = (member(from), member(to));
        if user == used {
            continue;
        }
        let folder = from.place[..common].join("/");
        shown
            .entry((user.clone(), used.clone()))
            .or_insert_with(|| format!("{} uses {} (`{path}`)", from.path, to.path));
        folders.entry(folder).or_default().entry(user).or_default().insert(used);
    }
    for uses in folders.values() {
        for circle in circles_of(uses) {
            let inside = |(user, used): &(&String, &String)| {
                circle.contains(*user) && circle.contains(*used)
            };
            let edges = shown.iter().filter(|((user, used), _)| inside(&(user, used)));
            let lines: Vec<&str> = edges.map(|(_, line)| line.as_str()).collect();
            wrong.push(format!("a circle of {}:\n    {}", circle.len(), lines.join("\n    ")));
        }
    }
    wrong
}

/// The pairs that are none: files of different folders, or that do not use each other.
fn needless_pairs(graph: &Graph, allowed: &[Pair]) -> Vec<String> {
    let find = |path: &str| graph.files.iter().position(|file| file.path == path);
    let is_pair = |[one, other]: [&str; 2]| {
        let (one, other) = (find(one)?, find(other)?);
        let folder = |index: usize| graph.files[index].place.split_last().map(|(_, folder)| folder);
        let mutual =
            graph.uses.contains_key(&(one, other)) && graph.uses.contains_key(&(other, one));
        (mutual && folder(one) == folder(other)).then_some(())
    };
    let needless = allowed.iter().filter(|pair| is_pair(pair.files).is_none());
    needless
        .map(|Pair { files: [one, other], why }| {
            format!("{one} and {other} are no two files of one folder that use each other ({why})")
        })
        .collect()
}

/// The sets of members that reach each other.
fn circles_of(uses: &BTreeMap<String, BTreeSet<String>>) -> Vec<BTreeSet<String>> {
    let reached = |from: &String| {
        let mut reached = BTreeSet::new();
        let mut next: Vec<&String> = uses.get(from).into_iter().flatten().collect();
        while let Some(member) = next.pop() {
            if reached.insert(member.clone()) {
                next.extend(uses.get(member).into_iter().flatten());
            }
        }
        reached
    };
    let reach: BTreeMap<&String, BTreeSet<String>> =
        uses.keys().map(|member| (member, reached(member))).collect();
    let mut circles: Vec<BTreeSet<String>> = Vec::new();
    for (member, reached) in &reach {
        if reached.contains(*member) && !circles.iter().any(|circle| circle.contains(*member)) {
            let back =
                |other: &&String| reach.get(*other).is_some_and(|reach| reach.contains(*member));
            circles.push(reached.iter().filter(back).cloned().collect());
        }
    }
    circles
}

/// Folders of a crate with more than `max` source files.
pub(crate) fn full_folders(graph: &Graph, max: usize, allowed: &[Exception]) -> Vec<String> {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for file in &graph.files {
        if let Some((folder, _)) = file.path.rsplit_once('/') {
            *count.entry(folder.to_owned()).or_default() += 1;
        }
    }
    let full = count.into_iter().filter(|(_, files)| *files > max);
    judge(full.collect(), allowed, |files| format!("{files} source files, at most {max}"))
}

/// Files of more than `max` lines.
pub(crate) fn long_files(sources: &[Source], max: usize, allowed: &[Exception]) -> Vec<String> {
    let long = sources.iter().filter(|source| source.lines > max);
    let long = long.map(|source| (source.path.clone(), source.lines)).collect();
    judge(long, allowed, |lines| format!("{lines} lines, at most {max}"))
}

/// Files that do not open by saying what they are for.
pub(crate) fn without_opening(sources: &[Source]) -> Vec<String> {
    let silent = sources.iter().filter(|source| !source.says_what_it_is_for);
    silent.map(|source| format!("{}: it does not open with `//!`", source.path)).collect()
}

/// Files that take a module from another package; `package` tells whose a file is.
pub(crate) fn foreign_modules(
    sources: &[Source],
    package: impl Fn(&Path) -> Option<PathBuf>,
    allowed: &[Exception],
) -> Vec<String> {
    let mut foreign = BTreeMap::new();
    for source in sources {
        let file = Path::new(&source.path);
        for module in &source.module_paths {
            let module = normal(&file.with_file_name("").join(module));
            if package(&module) != package(file) {
                let modules: &mut Vec<String> = foreign.entry(source.path.clone()).or_default();
                modules.push(module.display().to_string());
            }
        }
    }
    judge(foreign, allowed, |modules| {
        format!("`#[path]` takes {} from another package", modules.join(", "))
    })
}

/// A path without `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(normal.pop()),
            other => normal.push(other),
        }
    }
    normal
}

/// What is found and not allowed, and what is allowed and not found.
fn judge<T>(
    found: BTreeMap<String, T>,
    allowed: &[Exception],
    what: impl Fn(&T) -> String,
) -> Vec<String> {
    let is_allowed = |path: &str| allowed.iter().any(|exception| exception.path == path);
    let mut wrong: Vec<String> = found
        .iter()
        .filter(|(path, _)| !is_allowed(path))
        .map(|(path, found)| format!("{path}: {}", what(found)))
        .collect();
    let needless = allowed.iter().filter(|exception| !found.contains_key(exception.path));
    wrong.extend(
        needless
            .map(|Exception { path, why }| format!("{path} needs no exception any more ({why})")),
    );
    wrong
}
