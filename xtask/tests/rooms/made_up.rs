//! Each rule, on small sources that break it.

use std::path::{Path, PathBuf};

use crate::graph::Graph;
use crate::rules::{self, Exception, Pair};
use crate::source::Source;

fn sources(files: &[(&str, &str)]) -> Vec<Source> {
    files.iter().map(|(path, text)| Source::parse(&format!("made/src/{path}"), text)).collect()
}

/// Who uses whom, without `made/src/`.
fn uses(files: &[(&str, &str)]) -> Vec<String> {
    let graph = Graph::of_crate("made/src", &sources(files));
    let path = |index: usize| graph.files[index].path.trim_start_matches("made/src/").to_owned();
    graph.uses.keys().map(|&(from, to)| format!("{} -> {}", path(from), path(to))).collect()
}

/// What breaks the order a, b, c.
fn order(files: &[(&str, &str)]) -> Vec<String> {
    let graph = Graph::of_crate("made/src", &sources(files));
    rules::uses_of_rooms_below(&graph, &["a.rs", "b/", "c.rs"])
}

fn circles(files: &[(&str, &str)], allowed: &[Pair]) -> Vec<String> {
    rules::circles(&Graph::of_crate("made/src", &sources(files)), allowed)
}

/// A crate whose `text` stands in a.rs.
fn with_a(text: &str) -> Vec<String> {
    uses(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", text),
        ("b/mod.rs", "pub mod d; pub use d::Handed; pub use crate::c::*; pub struct B;"),
        ("b/d.rs", "pub struct Handed;"),
        ("c.rs", "pub struct C; pub fn c() {}"),
    ])
    .into_iter()
    .filter(|line| line.starts_with("a.rs"))
    .collect()
}

#[test]
fn paths_are_found_wherever_they_stand() {
    let c = ["a.rs -> c.rs"];
    assert_eq!(with_a("use crate::c::C;"), c);
    assert_eq!(with_a("use super::c;"), c);
    assert_eq!(with_a("fn f() { crate::c::c() }"), c);
    assert_eq!(with_a("fn f() -> Vec<crate::c::C> { todo!() }"), c);
    assert_eq!(with_a("fn f() { { use crate::c::c as other; other() } }"), c);
    assert_eq!(with_a("fn f() { println!(\"{}\", [crate::c::c()]) }"), c);
    assert_eq!(with_a("macro_rules! m { () => { $crate::c::c() } }"), c);
    assert_eq!(with_a("mod inline { use super::super::c; }"), c);
    assert_eq!(with_a("impl crate::c::C { fn f() {} }"), c);
}

#[test]
fn nested_braces_and_renames_are_followed() {
    assert_eq!(
        with_a("use crate::{b::{self, d::{Handed as H}}, c::C};"),
        ["a.rs -> b/mod.rs", "a.rs -> b/d.rs", "a.rs -> c.rs"]
    );
    assert_eq!(
        with_a("use crate::b as room; fn f(_: room::d::Handed) {}"),
        ["a.rs -> b/mod.rs", "a.rs -> b/d.rs"]
    );
}

#[test]
fn all_of_the_root_is_an_item_of_it() {
    assert_eq!(with_a("use crate::*; fn f() { c::c() }"), ["a.rs -> lib.rs"]);
}

#[test]
fn a_name_leads_to_the_file_that_has_it() {
    assert_eq!(with_a("use crate::b::Handed;"), ["a.rs -> b/d.rs"]);
    assert_eq!(with_a("use crate::b::C;"), ["a.rs -> c.rs"]);
    assert_eq!(with_a("use crate::b::B;"), ["a.rs -> b/mod.rs"]);
}

#[test]
fn comments_strings_and_tests_are_no_uses() {
    let nothing: [&str; 0] = [];
    assert_eq!(
        with_a("//! [`crate::c`]\n// crate::c::C\nconst A: &str = \"crate::c::C\";"),
        nothing
    );
    assert_eq!(with_a("#[cfg(test)] mod tests { use crate::c::C; }"), nothing);
    assert_eq!(with_a("#[cfg(all(test, unix))] mod tests { use crate::c::C; }"), nothing);
    assert_eq!(with_a("#[cfg(test)] use crate::c::C;"), nothing);
    assert_eq!(with_a("struct A; impl A { #[cfg(test)] fn f() { crate::c::c() } }"), nothing);
    assert_eq!(with_a("use std::fs; use other::c::C; fn f(c: u8) -> u8 { c }"), nothing);
    assert_eq!(with_a("#[cfg(not(test))] use crate::c::C;"), ["a.rs -> c.rs"]);
    let in_a_file = uses(&[
        ("lib.rs", "mod a; mod c;"),
        ("a.rs", "#[cfg(test)] mod tests;"),
        ("a/tests.rs", "use crate::c::C;"),
        ("c.rs", "pub struct C;"),
    ]);
    assert_eq!(in_a_file, nothing);
}

#[test]
fn handing_on_is_no_use_but_needing_is() {
    let files = |body: &str| {
        let text = format!("mod d; pub(crate) use d::D; {body}");
        uses(&[("lib.rs", "mod b;"), ("b/mod.rs", &text), ("b/d.rs", "pub struct D;")])
    };
    assert!(files("").is_empty());
    assert_eq!(files("struct B(D);"), ["b/mod.rs -> b/d.rs"]);
    assert_eq!(files("fn b() { d::f() }"), ["b/mod.rs -> b/d.rs"]);
}

#[test]
fn a_room_uses_only_rooms_above_it() {
    let good = [
        ("lib.rs", "mod a; mod b; mod c; pub use c::C;"),
        ("a.rs", ""),
        ("b/mod.rs", "use crate::a;"),
        ("c.rs", "use crate::{a, b};"),
    ];
    assert!(order(&good).is_empty(), "{:?}", order(&good));
    let mut upward = good;
    upward[2].1 = "use crate::c;";
    assert_eq!(
        order(&upward),
        ["made/src/b/mod.rs uses made/src/c.rs (`crate::c`), but `c` comes after `b`"]
    );
    let mut of_the_root = good;
    of_the_root[0].1 = "mod a; mod b; mod c; pub struct Root;";
    of_the_root[1].1 = "use crate::Root;";
    assert_eq!(
        order(&of_the_root),
        ["made/src/a.rs uses made/src/lib.rs (`crate::Root`), which is made of the others"]
    );
    // What lib.rs hands on is where it is.
    let mut handed_on = good;
    handed_on[1].1 = "use crate::C;";
    assert_eq!(
        order(&handed_on),
        ["made/src/a.rs uses made/src/c.rs (`crate::C`), but `c` comes after `a`"]
    );
}

#[test]
fn the_order_names_the_rooms_that_there_are() {
    let files = [("lib.rs", ""), ("a.rs", ""), ("b/mod.rs", ""), ("b/e.rs", ""), ("d/f.rs", "")];
    assert_eq!(
        order(&files),
        [
            "made/src/d/f.rs: the order of made/src has no `d`",
            "made/src has no `c`, which stands in its order"
        ]
    );
}

/// A folder `b` with these two files.
fn folder(one: &'static str, other: &'static str) -> [(&'static str, &'static str); 4] {
    [
        ("lib.rs", "mod b;"),
        ("b/mod.rs", "mod one; mod other;"),
        ("b/one.rs", one),
        ("b/other.rs", other),
    ]
}

#[test]
fn files_form_no_circle() {
    assert!(circles(&folder("use super::other;", ""), &[]).is_empty());
    assert_eq!(
        circles(&folder("use super::other;", "use crate::b::one::f;"), &[]),
        ["a circle of 2:\n    \
          made/src/b/one.rs uses made/src/b/other.rs (`super::other`)\n    \
          made/src/b/other.rs uses made/src/b/one.rs (`crate::b::one::f`)"]
    );
    let three = [
        ("lib.rs", "mod b;"),
        ("b/mod.rs", "mod one; mod two; mod three; fn f() { one::g() }"),
        ("b/one.rs", "use super::two;"),
        ("b/two.rs", "use super::three;"),
        ("b/three.rs", "use super::f;"),
    ];
    let found = circles(&three, &[]);
    assert!(found.len() == 1 && found[0].starts_with("a circle of 4:"), "{found:?}");
}

#[test]
fn folders_form_no_circle() {
    let files = [
        ("lib.rs", "mod b;"),
        ("b/mod.rs", "mod one; mod other;"),
        ("b/one/mod.rs", "mod x; mod y;"),
        ("b/one/x.rs", "use crate::b::other::z;"),
        ("b/one/y.rs", ""),
        ("b/other/mod.rs", "mod z;"),
        ("b/other/z.rs", "use crate::b::one::y;"),
    ];
    assert_eq!(
        circles(&files, &[]),
        ["a circle of 2:\n    \
          made/src/b/one/x.rs uses made/src/b/other/z.rs (`crate::b::other::z`)\n    \
          made/src/b/other/z.rs uses made/src/b/one/y.rs (`crate::b::one::y`)"]
    );
}

#[test]
fn two_halves_may_use_each_other_while_they_do() {
    let pair = Pair { files: ["made/src/b/one.rs", "made/src/b/other.rs"], why: "it is a test" };
    let mutual = folder("use super::other;", "use super::one;");
    assert!(circles(&mutual, &[pair]).is_empty());
    let needless =
        ["made/src/b/one.rs and made/src/b/other.rs are no two files of one folder that use \
                     each other (it is a test)"];
    assert_eq!(circles(&folder("use super::other;", ""), &[pair]), needless);
    // Two halves are one thing in a circle with a third.
    let mut with_a_third = mutual;
    with_a_third[1].1 = "mod one; mod other; fn f() { one::g() }";
    with_a_third[3].1 = "use super::{f, one};";
    let found = circles(&with_a_third, &[pair]);
    assert!(found.len() == 1 && found[0].starts_with("a circle of 2:"), "{found:?}");
}

#[test]
fn folders_are_not_crowded_and_files_not_long() {
    let files = folder("//! One.\nfn f() {}\n", "//! Other.\n");
    let sources = sources(&files);
    let graph = Graph::of_crate("made/src", &sources);
    assert!(rules::full_folders(&graph, 3, &[]).is_empty());
    assert_eq!(rules::full_folders(&graph, 2, &[]), ["made/src/b: 3 source files, at most 2"]);
    let b = Exception { path: "made/src/b", why: "it is a test" };
    assert!(rules::full_folders(&graph, 2, &[b]).is_empty());
    let needless = ["made/src/b needs no exception any more (it is a test)"];
    assert_eq!(rules::full_folders(&graph, 3, &[b]), needless);
    assert!(rules::long_files(&sources, 2, &[]).is_empty());
    assert_eq!(rules::long_files(&sources, 1, &[]), ["made/src/b/one.rs: 2 lines, at most 1"]);
}

#[test]
fn files_open_with_what_they_are_for() {
    let found = rules::without_opening(&sources(&[("one.rs", "//! One."), ("two.rs", "// Two.")]));
    assert_eq!(found, ["made/src/two.rs: it does not open with `//!`"]);
}

#[test]
fn modules_are_not_taken_from_another_package() {
    let package = |path: &Path| path.iter().next().map(PathBuf::from);
    let found = |text: &str| rules::foreign_modules(&sources(&[("one.rs", text)]), package, &[]);
    assert!(found("#[path = \"../tests/two.rs\"] mod two;").is_empty());
    assert_eq!(
        found("#[cfg(test)] #[path = \"../../other/two.rs\"] mod two;"),
        ["made/src/one.rs: `#[path]` takes other/two.rs from another package"]
    );
}
