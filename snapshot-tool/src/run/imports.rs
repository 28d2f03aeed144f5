//! What a program imports and nobody provides: an error that names all of it, or functions that
//! trap and name themselves.

use crate::error::{Error, ErrorKind, InnerResult, Marked as _};
use anyhow::bail;
use std::fmt;
use std::str::FromStr;
use wasmtime::{ExternType, Linker, Module, Store};

/// What becomes of the functions that a program imports and nobody provides.
///
/// ```
/// use wasm_vfs::UnknownImports;
///
/// assert_eq!("trap".parse::<UnknownImports>()?, UnknownImports::Trap);
/// # Ok::<(), wasm_vfs::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownImports {
    /// The program is not run; the error names each of them.
    #[default]
    Error,
    /// The program runs until it calls one, which traps; the reason names it.
    Trap,
}

impl FromStr for UnknownImports {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "error" => Ok(Self::Error),
            "trap" => Ok(Self::Trap),
            _ => {
                let error = anyhow::anyhow!("`{text}` is neither `trap` nor `error`");
                Ok(Err(error).of_kind(ErrorKind::Policy)?)
            }
        }
    }
}

/// A function that nobody provides was called.
#[derive(Debug)]
pub(crate) struct UnknownImport {
    module: String,
    name: String,
}

impl fmt::Display for UnknownImport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it called `{}.{}`, which nobody provides", self.module, self.name)
    }
}

impl std::error::Error for UnknownImport {}

/// Sees to the imports of `module` that `linker` does not have.
///
/// # Errors
///
/// When there are some and they shall not trap, or cannot, for they are no functions; the message
/// names each.
pub(crate) fn provide_unknown<T: 'static>(
    linker: &mut Linker<T>,
    store: &mut Store<T>,
    module: &Module,
    unknown: UnknownImports,
) -> InnerResult<()> {
    let mut functions = Vec::new();
    let mut others = Vec::new();
    for import in module.imports() {
        if linker.get_by_import(&mut *store, &import).is_some() {
            continue;
        }
        match import.ty() {
            ExternType::Func(ty) => functions.push((import, ty)),
            ty => others.push(format!("the {} `{}.{}`", kind(&ty), import.module(), import.name())),
        }
    }
    if unknown == UnknownImports::Error && !functions.is_empty() {
        let named = functions.iter().map(|(it, _)| format!("`{}.{}`", it.module(), it.name()));
        let named: Vec<String> = named.chain(others).collect();
        bail!(
            "it imports {}, which nobody provides here: run it under its own embedder, or with \
             --unknown-imports trap, until it calls a function that is missing",
            named.join(", ")
        );
    }
    if !others.is_empty() {
        bail!(
            "it imports {}, which nobody provides here: run it under its own embedder",
            others.join(", ")
        );
    }
    for (import, ty) in functions {
        let (module, name) = (import.module().to_owned(), import.name().to_owned());
        linker.func_new(import.module(), import.name(), ty, move |_, _, _| {
            Err(UnknownImport { module: module.clone(), name: name.clone() }.into())
        })?;
    }
    Ok(())
}

/// The word for what is no function.
fn kind(ty: &ExternType) -> &'static str {
    match ty {
        ExternType::Func(_) => "function",
        ExternType::Global(_) => "global",
        ExternType::Table(_) => "table",
        ExternType::Memory(_) => "memory",
        ExternType::Tag(_) => "tag",
    }
}
