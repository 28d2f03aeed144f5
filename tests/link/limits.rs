//! Programs at the limits that engines share: they pack, and start as they did, or the error names the limit.

use wasm_encoder::{
    CodeSection, ConstExpr, DataCountSection, DataSection, EntityType, ExportKind, ExportSection,
    Function, FunctionSection, GlobalSection, GlobalType, ImportSection, MemorySection, MemoryType,
    Module, NameMap, NameSection, TypeSection, ValType,
};
use wasm_vfs::{ErrorKind, Form, Packer, Preinit, Program, TreeBuilder};
use wasmparser::{Parser, Payload};
use wasmtime::{Engine, Linker, Store};

use super::FORMS;

/// What engines take of data segments.
const MOST_SEGMENTS: u32 = 100_000;

/// The program's memory, in pages.
const PAGES: u64 = 32;

/// A program that imports one function, and has so many of everything.
#[derive(Default)]
struct Many {
    types: usize,
    imports: usize,
    functions: usize,
    memories: usize,
    globals: usize,
    exports: usize,
    /// Active segments: address and bytes.
    segments: Vec<(u32, Vec<u8>)>,
    names_a_segment: bool,
    /// How long a body is that calls `memory.grow`.
    body_bytes: usize,
}

impl Many {
    fn encode(&self) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([ValType::I32; 4], [ValType::I32]);
        types.ty().function([], []);
        for _ in 2..self.types {
            types.ty().function([], []);
        }
        let mut imports = ImportSection::new();
        imports.import("wasi_snapshot_preview1", "fd_write", EntityType::Function(0));
        for _ in 1..self.imports {
            imports.import("env", "f", EntityType::Function(1));
        }
        let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
        for at in 0..self.functions.saturating_sub(self.imports.max(1)).max(1) {
            functions.function(1);
            let mut body = Function::new([]);
            if at == 0 && self.names_a_segment {
                body.instructions().i32_const(0).i32_const(0).i32_const(0).memory_init(0, 7);
            }
            if at == 0 && self.body_bytes > 0 {
                // A count of locals, the end; `i32.const 0`, `memory.grow 0`, `drop`.
                let used = 2 + 5;
                body.instructions().i32_const(0).memory_grow(0).drop();
                for _ in used..self.body_bytes {
                    body.instructions().nop();
                }
            }
            body.instructions().end();
            code.function(&body);
        }
        let mut memories = MemorySection::new();
        for _ in 0..self.memories.max(1) {
            memories.memory(MemoryType {
                minimum: PAGES,
                maximum: None,
                memory64: false,
                shared: false,
                page_size_log2: None,
            });
        }
        let mut globals = GlobalSection::new();
        for _ in 0..self.globals {
            let ty = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
            globals.global(ty, &ConstExpr::i32_const(0));
        }
        let mut exports = ExportSection::new();
        exports.export("memory", ExportKind::Memory, 0);
        exports.export("_start", ExportKind::Func, self.imports.max(1) as u32);
        for at in 2..self.exports {
            exports.export(&format!("{at}"), ExportKind::Global, 0);
        }
        let mut data = DataSection::new();
        for (address, bytes) in &self.segments {
            let address = ConstExpr::i32_const(address.cast_signed());
            data.active(0, &address, bytes.iter().copied());
        }
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&memories);
        if self.globals > 0 {
            module.section(&globals);
        }
        module.section(&exports);
        if self.names_a_segment {
            module.section(&DataCountSection { count: self.segments.len() as u32 });
        }
        module.section(&code).section(&data);
        module.finish()
    }

    fn with_segments(segments: Vec<(u32, Vec<u8>)>) -> Self {
        Self { segments, ..Self::default() }
    }
}

/// Segments in ascending order, as linkers write them.
fn ascending(count: u32) -> Vec<(u32, Vec<u8>)> {
    // Gaps of 1 to 17 bytes, and some of none.
    let mut address = 16;
    let mut segments = Vec::new();
    for at in 0..count {
        let bytes = vec![1 + (at % 255) as u8; 1 + at as usize % 3];
        segments.push((address, bytes.clone()));
        let gap = if at % 1000 == 7 { 0 } else { 1 + at * 7 % 17 };
        address += bytes.len() as u32 + gap;
    }
    segments
}

/// Packs with a tree of one file.
fn pack(program: &[u8], form: Form) -> Result<wasm_vfs::Packed, wasm_vfs::Error> {
    let tree = TreeBuilder::new().file("/a", "contents");
    Packer::new(tree).form(form).pack(Program::bytes("program", program))
}

/// How many data segments a module has.
fn segments(module: &[u8]) -> u32 {
    let counts = Parser::new(0).parse_all(module).filter_map(|payload| match payload.unwrap() {
        Payload::DataSection(section) => Some(section.count()),
        _ => None,
    });
    counts.sum()
}

/// What the program's memory starts as.
fn memory(module: &[u8]) -> Vec<u8> {
    let engine = Engine::default();
    let module = wasmtime::Module::new(&engine, module).unwrap();
    let mut linker = Linker::new(&engine);
    linker.define_unknown_imports_as_traps(&module).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let memory = instance.get_memory(&mut store, "memory").unwrap();
    memory.data(&store)[..PAGES as usize * 65536].to_vec()
}

/// Packs a program of 100,000 segments in both forms; its memory must start as it did, and packing again must give the same.
fn check_memory(program: &Many) {
    let program = program.encode();
    assert_eq!(segments(&program), MOST_SEGMENTS);
    let before = memory(&program);
    let packed = FORMS.map(|form| {
        let packed = pack(&program, form).unwrap();
        let notes = packed.report().notes();
        assert!(notes.iter().any(|note| note.contains("data segments")), "{notes:?}");
        let packed = packed.to_vec().unwrap();
        assert!(segments(&packed) <= MOST_SEGMENTS, "{form}");
        assert!(memory(&packed) == before, "{form}: memory starts as something else");
        packed
    });
    for from in &packed {
        for (to, at_once) in FORMS.into_iter().zip(&packed) {
            let again = pack(from, to).unwrap().to_vec().unwrap();
            assert!(again == *at_once, "packed again as {to}");
        }
    }
}

#[test]
fn the_most_data_segments() {
    check_memory(&Many::with_segments(ascending(MOST_SEGMENTS)));
}

/// Where an earlier segment wrote between two others, or they are in no order, joining them would change memory.
#[test]
fn the_most_data_segments_in_every_order() {
    let mut all = Vec::new();
    // The shortest gaps, which hold something: a byte of the segment before, with another beside it on each side.
    for at in 0..500 {
        let address = 1_900_000 + at * 16;
        all.push((address, b"xyz".to_vec()));
        all.push((address, b"a".to_vec()));
        all.push((address + 2, b"b".to_vec()));
    }
    // Overlapping, descending, empty; and behind each other with what is between them written long before.
    for at in 0..500 {
        let address = 1_950_000 + at * 16;
        all.push((address + 4, b"four".to_vec()));
        all.push((address, b"before".to_vec()));
        all.push((address + 1, Vec::new()));
        all.push((address + 3, b"over".to_vec()));
    }
    for at in 0..500 {
        let address = 1_900_000 + at * 16;
        all.push((address, b"c".to_vec()));
        all.push((address + 2, b"d".to_vec()));
    }
    let rest = MOST_SEGMENTS - all.len() as u32;
    all.extend(ascending(rest));
    check_memory(&Many::with_segments(all));
}

/// Below the limit the program stays as it is, and so does what the filesystem adds.
#[test]
fn fewer_data_segments_are_left_alone() {
    let count = |own: u32, form| {
        let packed = pack(&Many::with_segments(ascending(own)).encode(), form).unwrap();
        segments(&packed.to_vec().unwrap())
    };
    for form in FORMS {
        let added = count(10, form) - 10;
        assert_eq!(count(MOST_SEGMENTS - added - 3, form), MOST_SEGMENTS - 3, "{form}");
        // Ours are joined first.
        let program = Many::with_segments(ascending(MOST_SEGMENTS - added + 1)).encode();
        let packed = pack(&program, form).unwrap();
        assert!(segments(&packed.to_vec().unwrap()) < MOST_SEGMENTS, "{form}");
        assert_eq!(packed.report().notes(), Vec::<String>::new(), "{form}");
    }
}

/// Running a function when the program is packed adds segments, for which room is made as well.
#[test]
fn the_most_data_segments_and_a_function_that_runs() {
    let program = Many::with_segments(ascending(MOST_SEGMENTS)).encode();
    let before = memory(&program);
    for form in FORMS {
        let tree = TreeBuilder::new().file("/a", "contents");
        let packer = Packer::new(tree).form(form).preinit(Preinit::new("_start"));
        let packed = packer.pack(Program::bytes("program", &program)).unwrap().to_vec().unwrap();
        assert!(segments(&packed) <= MOST_SEGMENTS, "{form}");
        assert!(memory(&packed) == before, "{form}");
    }
}

/// Joined segments keep the names of those that are left.
#[test]
fn names_of_data_segments() {
    let segments = ascending(MOST_SEGMENTS);
    let mut named = NameMap::new();
    for (at, (address, _)) in (0..).zip(&segments).step_by(10) {
        named.append(at, &format!("at {address}"));
    }
    let mut program = Many::with_segments(segments).encode();
    let mut names = NameSection::new();
    names.data(&named);
    wasm_encoder::Section::append_to(&names, &mut program);
    for form in FORMS {
        let packed = pack(&program, form).unwrap().to_vec().unwrap();
        let mut addresses = Vec::new();
        let mut seen = 0;
        for payload in Parser::new(0).parse_all(&packed) {
            match payload.unwrap() {
                Payload::DataSection(section) => {
                    for data in section {
                        let wasmparser::DataKind::Active { offset_expr, .. } = data.unwrap().kind
                        else {
                            addresses.push(None);
                            continue;
                        };
                        let mut offset = offset_expr.get_operators_reader();
                        let wasmparser::Operator::I32Const { value } = offset.read().unwrap()
                        else {
                            panic!("a computed address");
                        };
                        addresses.push(Some(value));
                    }
                }
                Payload::CustomSection(section) => {
                    let wasmparser::KnownCustom::Name(names) = section.as_known() else { continue };
                    for name in names {
                        let wasmparser::Name::Data(map) = name.unwrap() else { continue };
                        for naming in map {
                            let naming = naming.unwrap();
                            let Some(address) = naming.name.strip_prefix("at ") else { continue };
                            let address = address.parse().unwrap();
                            assert_eq!(addresses[naming.index as usize], Some(address), "{form}");
                            seen += 1;
                        }
                    }
                }
                _ => {}
            }
        }
        assert!(seen > 9_000, "{form}: {seen}");
    }
}

#[test]
fn segments_that_an_instruction_names_are_not_joined() {
    for form in FORMS {
        let mut program = Many::with_segments(ascending(MOST_SEGMENTS));
        program.names_a_segment = true;
        let error = pack(&program.encode(), form).map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unservable);
        let error = error.to_string();
        assert!(error.contains("it has 100,000 data segments and packing adds 4"), "{error}");
        assert!(error.contains("its function 1 names one"), "{error}");
        // With room for ours as one it packs.
        program.segments.truncate(MOST_SEGMENTS as usize - 4);
        let program = program.encode();
        let packed = pack(&program, form).unwrap().to_vec().unwrap();
        assert!(memory(&packed) == memory(&program), "{form}");
    }
}

#[test]
fn segments_that_are_in_no_order_are_not_joined() {
    let mut segments = ascending(MOST_SEGMENTS);
    segments.reverse();
    let packed = pack(&Many::with_segments(segments).encode(), Form::Portable);
    let error = packed.map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("are in no order"), "{error}");
}

/// Of everything else engines take so much that a program alone may have it, and the error says how much packing adds.
#[test]
fn other_limits_are_named() {
    const MILLION: usize = 1_000_000;
    let rows: [(&str, Many, &[Form]); 6] = [
        ("1,000,000 types", Many { types: MILLION, ..Many::default() }, &FORMS),
        ("1,000,000 imports", Many { imports: MILLION, ..Many::default() }, &FORMS),
        ("1,000,000 functions", Many { functions: MILLION, ..Many::default() }, &FORMS),
        ("100 memories", Many { memories: 100, ..Many::default() }, &[Form::Isolated]),
        ("1,000,000 globals", Many { globals: MILLION, ..Many::default() }, &FORMS),
        ("1,000,000 exports", Many { exports: MILLION, globals: 1, ..Many::default() }, &FORMS),
    ];
    for (limit, program, refuse) in rows {
        let program = program.encode();
        for form in FORMS {
            let packed = pack(&program, form);
            if !refuse.contains(&form) {
                packed.unwrap();
                continue;
            }
            let error = packed.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unservable, "{limit}");
            let error = error.to_string();
            let (count, what) = limit.split_once(' ').unwrap();
            assert!(error.contains(&format!("it has {limit} and packing adds ")), "{error}");
            assert!(error.contains(&format!("no more than {count} of a module")), "{error}");
            assert!(!what.is_empty() && !error.contains("report"), "{error}");
        }
    }
}

/// A body that is as long as engines take grows where `memory.grow` becomes a call, which is longer.
#[test]
fn the_longest_body() {
    const MOST_BYTES: usize = 7_654_321;
    for (bytes, added) in [(MOST_BYTES - 100, None), (MOST_BYTES, Some("packing adds "))] {
        let program = Many { body_bytes: bytes, functions: 20_000, ..Many::default() }.encode();
        for form in FORMS {
            let packed = pack(&program, form);
            let Some(added) = added.filter(|_| form == Form::Portable) else {
                packed.unwrap();
                continue;
            };
            let error = format!("{:#}", packed.unwrap_err());
            assert!(error.contains("function 1 of the program: it has 7,654,321 bytes"), "{error}");
            assert!(error.contains(added) && error.contains("of a function"), "{error}");
        }
    }
}

#[test]
fn what_is_beyond_a_limit_before_is_said_so() {
    let mut program = Many::with_segments(ascending(MOST_SEGMENTS + 1));
    program.names_a_segment = true;
    let program = program.encode();
    for form in FORMS {
        let error = pack(&program, form).map(|_| ()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "it has 100,001 data segments, and engines take no more than 100,000 of a module"
        );
        assert_eq!(error.kind(), ErrorKind::Unservable);
    }
}
