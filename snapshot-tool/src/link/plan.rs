//! Decides where everything of a linked module goes ([`Plan`]), before a byte of it is written.
//!
//! ```text
//! types      the program's | those of the filesystem that the program has not
//! functions  imports: the program's that stay, then the host's for the filesystem
//!            | some of the filesystem's | the program's | the rest of the filesystem's
//! globals    the program's | synthesised | the filesystem's
//! memories   the program's | the filesystem's (isolated form)
//! data       the program's, joined where there are too many | the filesystem's memory
//!            | what the form adds | the contents
//! ```
//!
//! Imports that the filesystem serves disappear. Just as many of the filesystem's functions take
//! their place before the program's functions, so that these keep their very indices: their code
//! then changes only where it refers to an import, and stack traces and profiles of the linked
//! program read like those of the original.

use anyhow::{Context, Result, bail, ensure};
use wasmparser::{CompositeInnerType, ExternalKind, FuncType, Import, TypeRef};

use crate::adapter::names::{EVENTS, HOST_API_PREFIX, UNSTABLE_SUFFIX, WASI_HOST};
use crate::link::forms::rules::{Places, SynthesisedFunction};
use crate::linux_calls;
use crate::preview1::{self, PREVIEW1, UNSTABLE};
use crate::wasm::index::{DataIdx, FuncIdx, GlobalIdx, MemIdx, TypeIdx};
use crate::wasm::module::Module;
use crate::wasm::reach::Live;
use crate::wasm::remap::IndexMap;

/// A function that linking adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddedFunction {
    /// Number of this kind, in the order that the form lists them.
    Synthesised(usize),
    /// By index of the adapter.
    Adapter(FuncIdx),
}

/// An import of the program that the filesystem serves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Served {
    pub(crate) program: FuncIdx,
    pub(crate) adapter: FuncIdx,
}

/// The imports of the program that the adapter has an export for.
///
/// # Errors
///
/// When one has another type than the export; when one is a call of Linux's that there is not, or
/// that the adapter was built without.
pub(crate) fn served(program: &Module<'_>, adapter: &Module<'_>) -> Result<Vec<Served>> {
    let mut served = Vec::new();
    for (function, import) in program.function_imports() {
        if import.name.starts_with(HOST_API_PREFIX) {
            // The host interface is not the program's to call.
            continue;
        }
        let is_linux = linux_calls::is_module(import.module);
        let export = match import.module {
            PREVIEW1 => adapter.exported_function(import.name),
            UNSTABLE => adapter
                .exported_function(&format!("{}{UNSTABLE_SUFFIX}", import.name))
                .or_else(|| adapter.exported_function(import.name)),
            _ if is_linux => Some(linux_call(import, adapter)?),
            _ => None,
        };
        let Some(export) = export else { continue };
        let (wanted, got) = (program.function_type(function)?, adapter.function_type(export)?);
        ensure!(
            wanted == got,
            "it imports `{}.{}` with type {wanted}, but {} says {got}",
            import.module,
            import.name,
            if is_linux { "the table of Linux's calls" } else { "preview1" }
        );
        served.push(Served { program: function, adapter: export });
    }
    Ok(served)
}

/// The adapter's function for one of Linux's calls.
///
/// # Errors
///
/// When there is no such call, or the adapter was built without the calls.
fn linux_call(import: &Import<'_>, adapter: &Module<'_>) -> Result<FuncIdx> {
    let Import { module, name, .. } = import;
    let Some(export) = linux_calls::export(module, name) else {
        bail!(
            "it imports `{module}.{name}`, and wasm-vfs has no such call: docs/calls.md lists those \
             that it has"
        );
    };
    adapter.exported_function(&export).with_context(|| {
        format!(
            "it imports `{module}.{name}`, and the filesystem was made without Linux's calls: make \
             it with `wasm-vfs image --calls`"
        )
    })
}

/// The adapter's functions that the host calls: their names, which the linked module exports too.
///
/// # Errors
///
/// When the program exports such a name.
pub(crate) fn host_api<'a>(
    program: &Module<'_>,
    adapter: &Module<'a>,
) -> Result<Vec<(&'a str, FuncIdx)>> {
    let mut functions = Vec::new();
    for export in &adapter.exports {
        if !export.name.starts_with(HOST_API_PREFIX) {
            continue;
        }
        ensure!(
            program.exports.iter().all(|theirs| theirs.name != export.name),
            "it exports `{}`, and so does the host interface of a packed program: rename the \
             export, or pack with --strip-host-api",
            export.name
        );
        if export.kind == ExternalKind::Func {
            functions.push((export.name, FuncIdx(export.index)));
        }
    }
    Ok(functions)
}

/// A function that the filesystem imports.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HostImport<'a> {
    pub(crate) module: &'a str,
    pub(crate) name: &'a str,
    pub(crate) ty: TypeIdx,
}

/// Where everything goes.
pub(crate) struct Plan<'a> {
    /// The program's imports that stay.
    pub(crate) kept_imports: Vec<Import<'a>>,
    /// The functions that the filesystem adds: the host's, and those that are told of events.
    pub(crate) host_imports: Vec<HostImport<'a>>,
    /// Types to append to the program's.
    pub(crate) types: Vec<FuncType>,
    /// Functions placed before the program's.
    pub(crate) before: Vec<AddedFunction>,
    /// Functions placed after the program's.
    pub(crate) after: Vec<AddedFunction>,
    pub(crate) synthesised: Vec<FuncIdx>,
    /// The functions that the host calls, by index of the adapter.
    pub(crate) host_api: Vec<(&'a str, FuncIdx)>,
    /// How many functions the linked module imports.
    pub(crate) imported_functions: u32,
    pub(crate) program_functions: IndexMap,
    pub(crate) adapter_functions: IndexMap,
    pub(crate) adapter_types: IndexMap,
    pub(crate) adapter_globals: IndexMap,
    pub(crate) first_synthesised_global: GlobalIdx,
    /// What comes behind the initial memory.
    pub(crate) passive_segment: DataIdx,
    /// The host's functions that the result imports.
    fd_write: Option<FuncIdx>,
    proc_exit: Option<FuncIdx>,
    /// The types of synthesised functions, in their order.
    pub(crate) synthesised_types: Vec<TypeIdx>,
    pub(crate) user_memory: MemIdx,
}

/// What the plan is made from.
pub(crate) struct Inputs<'a> {
    pub(crate) program: &'a Module<'a>,
    pub(crate) adapter: &'a Module<'a>,
    pub(crate) live: &'a Live,
    pub(crate) served: &'a [Served],
    /// The functions that the host calls.
    pub(crate) host_api: &'a [(&'a str, FuncIdx)],
    pub(crate) user_memory: MemIdx,
    pub(crate) synthesised_functions: &'a [SynthesisedFunction],
    pub(crate) synthesised_globals: usize,
    /// How many data segments the program's are after some were joined.
    pub(crate) program_segments: usize,
    /// How many segments of initial memory are added.
    pub(crate) kernel_segments: usize,
}

impl<'a> Plan<'a> {
    /// Makes the plan.
    ///
    /// # Errors
    ///
    /// When program and filesystem import the same host function with different types.
    pub(crate) fn new(inputs: &Inputs<'a>) -> Result<Self> {
        let &Inputs { program, adapter, live, served, .. } = inputs;
        let (types, adapter_types, synthesised_types) = plan_types(inputs)?;
        let mut indices = FunctionIndices::new(inputs);
        let kept_imports = indices.keep_imports(inputs);
        let host_imports = indices.host_imports(inputs, &adapter_types)?;
        let imported_functions = indices.next;
        let (before, after) = indices.place_defined(inputs);
        let synthesised = indices.synthesised.clone();
        // The program's uses of what is served now go to the adapter.
        for it in served {
            indices.program[it.program.index()] = indices.adapter[it.adapter.index()];
        }
        let first = GlobalIdx::from_index(program.globals.len());
        let after_synthesised =
            GlobalIdx::from_index(program.globals.len() + inputs.synthesised_globals);
        ensure!(adapter.imported_globals == 0, "the adapter imports globals");
        let mut plan = Self {
            kept_imports,
            host_imports,
            types,
            before,
            after,
            synthesised,
            host_api: inputs.host_api.to_vec(),
            imported_functions,
            program_functions: IndexMap::Table(indices.program),
            adapter_functions: IndexMap::Table(indices.adapter),
            adapter_types,
            adapter_globals: IndexMap::keep(&live.globals, after_synthesised.0),
            first_synthesised_global: first,
            synthesised_types,
            passive_segment: DataIdx::from_index(inputs.program_segments + inputs.kernel_segments),
            fd_write: None,
            proc_exit: None,
            user_memory: inputs.user_memory,
        };
        plan.fd_write = plan.host_function(program, "fd_write", &preview1::fd_write_type());
        plan.proc_exit = plan.host_function(program, "proc_exit", &preview1::proc_exit_type());
        Ok(plan)
    }

    /// All functions that linking adds, in order.
    pub(crate) fn added_functions(&self) -> impl Iterator<Item = AddedFunction> {
        self.before.iter().chain(&self.after).copied()
    }

    /// The index of the program's function in the linked module, or of what serves the import.
    ///
    /// # Errors
    ///
    /// When the program has no such function.
    pub(crate) fn moved(&self, function: FuncIdx) -> Result<FuncIdx> {
        let index = self.program_functions.get(function.0);
        index.map(FuncIdx).with_context(|| format!("there is no function {}", function.0))
    }

    /// Where things have come to lie.
    pub(crate) fn places(&self) -> Places<'_> {
        Places {
            first_global: self.first_synthesised_global,
            functions: &self.synthesised,
            passive_segment: self.passive_segment,
            program_functions: &self.program_functions,
            fd_write: self.fd_write,
            proc_exit: self.proc_exit,
        }
    }

    /// The host's function of preview1, if the result imports it with this type.
    fn host_function(&self, program: &Module<'_>, name: &str, ty: &FuncType) -> Option<FuncIdx> {
        let is_that = |at: u32| match program.types.get(at as usize) {
            Some(theirs) => {
                matches!(&theirs.composite_type.inner, CompositeInnerType::Func(it) if it == ty)
            }
            None => self.types.get(at as usize - program.types.len()) == Some(ty),
        };
        let kept = self.kept_imports.iter().filter_map(|import| match import.ty {
            TypeRef::Func(at) | TypeRef::FuncExact(at) => Some((import.module, import.name, at)),
            _ => None,
        });
        let added = self.host_imports.iter().map(|it| (it.module, it.name, it.ty.0));
        kept.chain(added)
            .position(|(module, it, at)| module == PREVIEW1 && it == name && is_that(at))
            .map(FuncIdx::from_index)
    }
}

/// Appended types, new indices of the adapter's types, and the synthesised functions' types.
fn plan_types(inputs: &Inputs<'_>) -> Result<(Vec<FuncType>, IndexMap, Vec<TypeIdx>)> {
    let &Inputs { program, adapter, live, .. } = inputs;
    let mut added: Vec<FuncType> = Vec::new();
    let mut place = |wanted: &FuncType| {
        program.equal_function_type(wanted).unwrap_or_else(|| {
            let at = added.iter().position(|ty| ty == wanted).unwrap_or_else(|| {
                added.push(wanted.clone());
                added.len() - 1
            });
            TypeIdx::from_index(program.types.len() + at)
        })
    };
    let mut table = vec![None; adapter.types.len()];
    for (index, ty) in adapter.types.iter().enumerate() {
        if live.types[index] {
            let wasmparser::CompositeInnerType::Func(ty) = &ty.composite_type.inner else {
                anyhow::bail!("the adapter uses type {index}, which is of no function");
            };
            table[index] = Some(place(ty).0);
        }
    }
    let synthesised = inputs.synthesised_functions.iter().map(|it| place(&it.ty)).collect();
    Ok((added, IndexMap::Table(table), synthesised))
}

/// New function indices while they are handed out.
struct FunctionIndices {
    next: u32,
    program: Vec<Option<u32>>,
    adapter: Vec<Option<u32>>,
    synthesised: Vec<FuncIdx>,
}

impl FunctionIndices {
    fn new(inputs: &Inputs<'_>) -> Self {
        Self {
            next: 0,
            program: vec![None; inputs.program.function_types.len()],
            adapter: vec![None; inputs.adapter.function_types.len()],
            synthesised: Vec::new(),
        }
    }

    fn take(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    /// The program's imports but for those that are served. Hosts that know `wasi_unstable` are
    /// rare, so what is left of it is asked of preview1, where it is the same.
    fn keep_imports<'a>(&mut self, inputs: &Inputs<'a>) -> Vec<Import<'a>> {
        let mut kept = Vec::new();
        let mut function = 0;
        for import in &inputs.program.imports {
            if let TypeRef::Func(_) | TypeRef::FuncExact(_) = import.ty {
                let index = FuncIdx(function);
                function += 1;
                if inputs.served.iter().any(|it| it.program == index) {
                    continue;
                }
                self.program[index.index()] = Some(self.take());
            }
            let module = if import.module == UNSTABLE { PREVIEW1 } else { import.module };
            kept.push(Import { module, ..*import });
        }
        kept
    }

    /// The host's functions that the filesystem needs: the program's own import where it has it.
    fn host_imports<'a>(
        &mut self,
        inputs: &Inputs<'a>,
        types: &IndexMap,
    ) -> Result<Vec<HostImport<'a>>> {
        let &Inputs { program, adapter, live, .. } = inputs;
        let mut added = Vec::new();
        for (function, import) in adapter.function_imports() {
            if !live.functions[function.index()] {
                continue;
            }
            let module = match import.module {
                WASI_HOST => PREVIEW1,
                EVENTS => EVENTS,
                module => bail!(
                    "the rootfs module imports `{module}.{}`; only `{WASI_HOST}` and `{EVENTS}` are known",
                    import.name
                ),
            };
            let wanted = adapter.function_type(function)?;
            let same = program
                .function_imports()
                .find(|(_, it)| it.module == module && it.name == import.name);
            let shared = match same {
                Some((theirs, _)) => {
                    let got = program.function_type(theirs)?;
                    ensure!(
                        wanted == got,
                        "it imports `{module}.{}` with type {got}, but that function has the type {wanted}",
                        import.name
                    );
                    self.program[theirs.index()]
                }
                None => None,
            };
            let index = match shared {
                Some(index) => index,
                None => {
                    let ty = adapter.function_types[function.index()];
                    let ty = types.get(ty.0).context("a host function's type was dropped")?;
                    added.push(HostImport { module, name: import.name, ty: TypeIdx(ty) });
                    self.take()
                }
            };
            self.adapter[function.index()] = Some(index);
        }
        Ok(added)
    }

    /// The added functions before and after the program's.
    fn place_defined(&mut self, inputs: &Inputs<'_>) -> (Vec<AddedFunction>, Vec<AddedFunction>) {
        let &Inputs { program, adapter, live, .. } = inputs;
        let synthesised = (0..inputs.synthesised_functions.len()).map(AddedFunction::Synthesised);
        let defined = |function: &FuncIdx| function.0 >= adapter.imported_functions;
        let exported = |function: &FuncIdx| inputs.served.iter().any(|it| it.adapter == *function);
        // What the program calls comes first, into the places of what it called before.
        let (first, rest): (Vec<FuncIdx>, Vec<FuncIdx>) =
            live.function_indices().filter(defined).partition(exported);
        let added: Vec<AddedFunction> =
            synthesised.chain(first.into_iter().chain(rest).map(AddedFunction::Adapter)).collect();
        let gap = program.imported_functions.saturating_sub(self.next) as usize;
        let (before, after) = added.split_at(gap.min(added.len()));
        self.place_added(before);
        for function in program.imported_functions as usize..program.function_types.len() {
            self.program[function] = Some(self.take());
        }
        self.place_added(after);
        (before.to_vec(), after.to_vec())
    }

    fn place_added(&mut self, functions: &[AddedFunction]) {
        for function in functions {
            let index = self.take();
            match function {
                AddedFunction::Synthesised(_) => self.synthesised.push(FuncIdx(index)),
                AddedFunction::Adapter(old) => self.adapter[old.index()] = Some(index),
            }
        }
    }
}
