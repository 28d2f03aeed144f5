//! One source file, parsed: what it declares, what it imports, and the paths in its code.
//!
//! Comments and strings are no code. Of items under `#[cfg(test)]` only one thing is kept: which
//! modules they are. The arguments of macros are tokens, of which everything that looks like a path
//! is taken for one.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ImplItem, Item, Lit, Meta, UseTree, Visibility};

/// A path or a module, in segments.
pub(crate) type Segments = Vec<String>;

/// A parsed file.
#[derive(Debug)]
pub(crate) struct Source {
    /// Where it is, from the workspace's root.
    pub(crate) path: String,
    pub(crate) lines: usize,
    /// Whether it begins with `//!`.
    pub(crate) says_what_it_is_for: bool,
    /// The values of `#[path = ".."]`.
    pub(crate) module_paths: Vec<String>,
    /// Modules in other files that exist in tests only, relative to this one.
    pub(crate) test_modules: Vec<Segments>,
    /// The names of items.
    pub(crate) items: BTreeSet<String>,
    /// What `use` makes of a name, by the inline module (usually none) and the name.
    pub(crate) imports: BTreeMap<(Segments, String), Segments>,
    /// The modules of `use MODULE::*`, with the inline modules that have them.
    pub(crate) globs: Vec<(Segments, Segments)>,
    /// All paths of more than one segment, and all that `use` names.
    pub(crate) uses: Vec<Use>,
    /// Paths of one segment: what a `use` may have brought in.
    pub(crate) names: BTreeSet<String>,
}

/// A path in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Use {
    /// The inline module that it is in, relative to the file.
    pub(crate) within: Segments,
    pub(crate) path: Segments,
    /// Whether it is a `pub use`, which hands a name on.
    pub(crate) hands_on: bool,
}

impl Source {
    /// Parses a file.
    ///
    /// # Panics
    ///
    /// When it is not Rust.
    pub(crate) fn parse(path: &str, text: &str) -> Self {
        let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut reader = Reader {
            within: Vec::new(),
            source: Self {
                path: path.to_owned(),
                lines: text.lines().count(),
                says_what_it_is_for: text.starts_with("//!"),
                module_paths: Vec::new(),
                test_modules: Vec::new(),
                items: BTreeSet::new(),
                imports: BTreeMap::new(),
                globs: Vec::new(),
                uses: Vec::new(),
                names: BTreeSet::new(),
            },
        };
        reader.visit_file(&file);
        reader.source
    }
}

/// Walks over a file's syntax.
struct Reader {
    within: Segments,
    source: Source,
}

impl Reader {
    fn note(&mut self, path: Segments, hands_on: bool) {
        if let [name] = path.as_slice()
            && !hands_on
        {
            self.source.names.insert(name.clone());
        }
        self.source.uses.push(Use { within: self.within.clone(), path, hands_on });
    }

    /// Notes all names of a `use`; `above` is the path so far.
    fn import(&mut self, tree: &UseTree, above: &Segments, hands_on: bool) {
        let with = |name: String| {
            let mut path = above.clone();
            path.push(name);
            path
        };
        let (path, name) = match tree {
            UseTree::Path(tree) => {
                return self.import(&tree.tree, &with(tree.ident.to_string()), hands_on);
            }
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.import(tree, above, hands_on));
            }
            UseTree::Glob(_) => {
                self.source.globs.push((self.within.clone(), above.clone()));
                // Of the root it hides what is used: that counts as an item of lib.rs, which nobody may use.
                let is_root = above.as_slice() == ["crate"];
                self.note(if is_root { with("*".into()) } else { above.clone() }, hands_on);
                return;
            }
            UseTree::Name(name) if name.ident == "self" => (above.clone(), above.last().cloned()),
            UseTree::Name(name) => (with(name.ident.to_string()), Some(name.ident.to_string())),
            UseTree::Rename(tree) if tree.ident == "self" => {
                (above.clone(), Some(tree.rename.to_string()))
            }
            UseTree::Rename(tree) => (with(tree.ident.to_string()), Some(tree.rename.to_string())),
        };
        if let Some(name) = name {
            self.source.imports.insert((self.within.clone(), name), path.clone());
        }
        self.note(path, hands_on);
    }

    /// Notes whatever looks like a path in a macro's arguments.
    fn read_tokens(&mut self, tokens: TokenStream) {
        let mut path = Segments::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Punct(mark) if mark.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.end_of_path(&mut path);
                    }
                    path.push(name.to_string());
                }
                TokenTree::Group(group) => {
                    self.end_of_path(&mut path);
                    debug_assert!(
                        group.delimiter() != Delimiter::None || !group.stream().is_empty()
                    );
                    self.read_tokens(group.stream());
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => self.end_of_path(&mut path),
            }
            colons = 0;
        }
        self.end_of_path(&mut path);
    }

    fn end_of_path(&mut self, path: &mut Segments) {
        if !path.is_empty() {
            self.note(std::mem::take(path), false);
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        if let Item::Mod(module) = item {
            self.source.module_paths.extend(module.attrs.iter().filter_map(path_of_module));
            if module.content.is_none() && is_test(&module.attrs) {
                let mut path = self.within.clone();
                path.push(module.ident.to_string());
                self.source.test_modules.push(path);
            }
        }
        if is_test(attributes(item)) {
            return;
        }
        if let Some(name) = name(item)
            && self.within.is_empty()
        {
            self.source.items.insert(name);
        }
        match item {
            Item::Mod(module) => {
                self.within.push(module.ident.to_string());
                visit::visit_item_mod(self, module);
                self.within.pop();
            }
            Item::Use(import) if import.leading_colon.is_none() => {
                let hands_on = !matches!(import.vis, Visibility::Inherited);
                self.import(&import.tree, &Segments::new(), hands_on);
            }
            Item::Use(_) => {}
            _ => visit::visit_item(self, item),
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        match item {
            ImplItem::Fn(function) if is_test(&function.attrs) => {}
            _ => visit::visit_impl_item(self, item),
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let segments = path.segments.iter().map(|segment| segment.ident.to_string());
            self.note(segments.collect(), false);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        visit::visit_macro(self, call);
        self.read_tokens(call.tokens.clone());
    }

    /// Says who may use an item, and uses nothing.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    /// Documentation, lints, derives: nothing of ours.
    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

/// Whether an item is there in tests only.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            let text = list.tokens.to_string();
            text == "test" || (text.starts_with("all") && words(&text).any(|word| word == "test"))
        }
        _ => false,
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric())
}

/// The value of `#[path = ".."]`.
fn path_of_module(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(value) => match &value.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn name(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}
