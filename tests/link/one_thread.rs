//! Programs with shared or imported memories and atomic instructions: linked, they do what they did, with a memory of
//! their own.

use wasm_vfs::internals::verify;
use wasm_vfs::{ErrorKind, Form, Packer, Program, TreeBuilder};
use wasm_vfs_tests::atomics::{Operation, operations, program};
use wasmparser::WasmFeatures;
use wasmtime::{Config, Engine, Instance, Linker, Module, SharedMemory, Store, TypedFunc};

use super::{FORMS, wasm};

/// A shared memory of the program's own.
const SHARED: &str = r#"(memory (export "memory") 1 2 shared)"#;
/// One that it imports.
const IMPORTED: &str = r#"(import "env" "memory" (memory 1 2 shared))"#;
/// One that no thread could reach.
const PLAIN: &str = r#"(memory (export "memory") 1 2)"#;

/// Packs a program with an empty tree.
fn packed(program: &[u8], form: Form) -> Vec<u8> {
    let packer = Packer::new(TreeBuilder::new()).form(form);
    packer.pack(Program::bytes("app", program)).unwrap().to_vec().unwrap()
}

/// A module that runs.
struct Running {
    store: Store<()>,
    instance: Instance,
}

impl Running {
    /// Runs a program as it was, on an engine with threads.
    fn original(bytes: &[u8]) -> Self {
        let mut config = Config::new();
        config.wasm_threads(true).shared_memory(true);
        Self::on(&Engine::new(&config).unwrap(), bytes)
    }

    /// Runs a packed program, on an engine that knows no threads.
    fn packed(bytes: &[u8]) -> Self {
        let mut config = Config::new();
        config.wasm_threads(false);
        Self::on(&Engine::new(&config).unwrap(), bytes)
    }

    fn on(engine: &Engine, bytes: &[u8]) -> Self {
        let module = Module::new(engine, bytes).unwrap();
        let mut store = Store::new(engine, ());
        let mut linker = Linker::new(engine);
        for import in module.imports() {
            if let wasmtime::ExternType::Memory(ty) = import.ty() {
                let memory = SharedMemory::new(engine, ty).unwrap();
                linker.define(&mut store, import.module(), import.name(), memory).unwrap();
            }
        }
        linker.define_unknown_imports_as_traps(&module).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        Self { store, instance }
    }

    fn function<P: wasmtime::WasmParams, R: wasmtime::WasmResults>(
        &mut self,
        name: &str,
    ) -> TypedFunc<P, R> {
        self.instance.get_typed_func(&mut self.store, name).unwrap()
    }

    /// Calls the function of an operation; `None` if it traps.
    fn call(&mut self, number: usize, arguments: (i32, i64, i64)) -> Option<i64> {
        self.function::<_, i64>(&format!("f{number}")).call(&mut self.store, arguments).ok()
    }

    /// What the program prints; `None` if it traps.
    fn digest(&mut self) -> Option<i64> {
        self.function::<(), i64>("digest").call(&mut self.store, ()).ok()
    }

    fn word(&mut self, address: i32) -> i64 {
        self.function::<i32, i64>("word").call(&mut self.store, address).unwrap()
    }

    fn put(&mut self, address: i32, word: i64) {
        self.function::<(i32, i64), ()>("put").call(&mut self.store, (address, word)).unwrap();
    }
}

/// Random numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.cast_signed()
    }

    fn below(&mut self, bound: i32) -> i32 {
        (self.next().cast_unsigned() % bound.cast_unsigned() as u64) as i32
    }
}

/// Arguments for an operation: often the value that is there, whole or cut to the width, or beside it.
fn arguments(
    operation: &Operation,
    random: &mut Random,
    original: &mut Running,
) -> (i32, i64, i64) {
    let address = match random.below(4) {
        0 => random.below(64),
        _ => random.below(8) * 8 + (8 - operation.offset as i32 % 8) % 8,
    };
    let there = original.word(address + operation.offset as i32);
    let mask = u64::MAX >> (64 - 8 * operation.bytes.max(1));
    let x = match random.below(4) {
        0 => random.next(),
        1 => there,
        2 => there ^ (1 << random.below(64)),
        _ => there & mask.cast_signed(),
    };
    let y = match random.next() {
        // Nobody would end a wait without a timeout.
        random if operation.waits() => random & 1023,
        random => random,
    };
    (address, x, y)
}

/// Every instruction, with random operands and addresses of which some are not aligned.
fn every_instruction(memory: &str) {
    const ROUNDS: usize = 120;
    let bytes = wasm(&program(memory));
    for form in FORMS {
        let mut original = Running::original(&bytes);
        let mut packed = Running::packed(&packed(&bytes, form));
        let mut random = Random(0x5eed);
        let (mut traps, mut results) = (0, 0);
        for round in 0..ROUNDS {
            for address in (0..96).step_by(8) {
                let word = random.next();
                original.put(address, word);
                packed.put(address, word);
            }
            for (number, operation) in operations().iter().enumerate() {
                let arguments = arguments(operation, &mut random, &mut original);
                let wants = original.call(number, arguments);
                let got = packed.call(number, arguments);
                let what = || format!("{form}, round {round}, {operation:?} {arguments:x?}");
                assert_eq!(got, wants, "{}", what());
                match wants {
                    Some(_) => results += 1,
                    None => traps += 1,
                }
                for address in (0..96).step_by(8) {
                    assert_eq!(
                        packed.word(address),
                        original.word(address),
                        "{} at {address}",
                        what()
                    );
                }
            }
        }
        assert!(traps > 1000 && results > 1000, "{traps} traps, {results} results");
    }
}

#[test]
fn every_instruction_on_a_shared_memory() {
    every_instruction(SHARED);
}

/// Here each wait traps.
#[test]
fn every_instruction_on_a_memory_that_is_not_shared() {
    every_instruction(PLAIN);
}

/// Beyond the end of memory they trap. In the portable form something else is there, as for other accesses.
#[test]
fn the_end_of_memory() {
    let bytes = wasm(&program(SHARED));
    let mut original = Running::original(&bytes);
    let mut packed = Running::packed(&packed(&bytes, Form::Isolated));
    let mut traps = 0;
    for (number, operation) in operations().iter().enumerate() {
        for address in 65_500..65_544 {
            let wants = original.call(number, (address, 1, 1));
            assert_eq!(packed.call(number, (address, 1, 1)), wants, "{operation:?} at {address}");
            traps += usize::from(wants.is_none());
        }
    }
    assert!(traps > 1000, "{traps}");
    // An address and an offset that are more than 32 bits together.
    let text = r#"(module
      (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))
      (memory (export "memory") 1 2 shared)
      (func (export "f0") (param i32 i64 i64) (result i64)
        (i64.atomic.rmw.xchg offset=4294967288 (local.get 0) (local.get 1))))"#;
    for form in FORMS {
        let mut packed = Running::packed(&self::packed(&wasm(text), form));
        assert_eq!(packed.call(0, (8, 1, 1)), None, "{form}");
    }
}

#[test]
fn waiting_where_nobody_else_is() {
    let bytes = wasm(&program(SHARED));
    for form in FORMS {
        let mut packed = Running::packed(&packed(&bytes, form));
        packed.put(0, 7);
        for (number, operation) in operations().iter().enumerate() {
            if !operation.waits() || operation.offset != 0 {
                continue;
            }
            // An hour, and no timeout at all.
            let hour = 3_600_000_000_000;
            assert_eq!(packed.call(number, (0, 8, -1)), Some(1), "another value");
            assert_eq!(packed.call(number, (0, 7, hour)), Some(2), "in vain");
            assert_eq!(packed.call(number, (0, 7, -1)), None, "for ever");
            assert_eq!(packed.call(number, (0, 7, i64::MIN)), None, "for ever");
        }
    }
}

/// The memory of a packed program: its own, exported as `memory`, not shared.
#[test]
fn the_memory_is_the_programs_own() {
    let mut original = Running::original(&wasm(&program(SHARED)));
    let digest = original.digest().unwrap();
    for (memory, waits) in [
        (IMPORTED.to_owned(), true),
        (format!(r#"{IMPORTED} (export "memory" (memory 0))"#), true),
        (format!(r#"{IMPORTED} (export "other" (memory 0))"#), true),
        (SHARED.to_owned(), true),
        (
            r#"(memory 1 2 shared) (memory 1 1 shared) (export "memory" (memory 0))"#.to_owned(),
            true,
        ),
        // Not shared: waiting traps.
        (r#"(import "a module" "any name" (memory 1 2))"#.to_owned(), false),
        (PLAIN.to_owned(), false),
    ] {
        let bytes = wasm(&program(&memory));
        for form in FORMS {
            let packed = packed(&bytes, form);
            let mut running = Running::packed(&packed);
            assert_eq!(running.digest(), waits.then_some(digest), "{memory} {form}");
            let needed = verify::features_needed(&packed).unwrap();
            assert!(!needed.contains(WasmFeatures::THREADS), "{memory} {form}");
            let found = running.instance.get_memory(&mut running.store, "memory").unwrap();
            let ty = found.ty(&running.store);
            assert!(!ty.is_shared(), "{memory} {form}");
            if form == Form::Isolated {
                assert_eq!((ty.minimum(), ty.maximum()), (1, Some(2)), "{memory}");
            }
        }
    }
}

/// Packing again gives what packing at once gives, though the program that comes out is another.
#[test]
fn packed_again() {
    for memory in [SHARED, IMPORTED, PLAIN] {
        let bytes = wasm(&program(memory));
        for form in FORMS {
            let once = packed(&bytes, form);
            assert!(packed(&once, form) == once, "{memory} {form}");
        }
    }
}

/// The start function of wasm-ld for passive segments of a shared memory: one thread initialises, the others wait.
#[test]
fn the_start_function_of_wasm_ld() {
    let text = r#"(module
      (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))
      (import "env" "memory" (memory 1 16 shared))
      (export "memory" (memory 0))
      (data $text "passive")
      (func $init
        (block $drop
          (block $wait
            (block $first
              (br_table $first $wait $drop
                (i32.atomic.rmw.cmpxchg (i32.const 2048) (i32.const 0) (i32.const 1))))
            (memory.init $text (i32.const 1024) (i32.const 0) (i32.const 7))
            (i32.atomic.store (i32.const 2048) (i32.const 2))
            (drop (memory.atomic.notify (i32.const 2048) (i32.const -1)))
            (br $drop))
          (drop (memory.atomic.wait32 (i32.const 2048) (i32.const 1) (i64.const -1))))
        (data.drop $text))
      (start $init)
      (func (export "word") (param i32) (result i64) (i64.load (local.get 0))))"#;
    for form in FORMS {
        let mut running = Running::packed(&packed(&wasm(text), form));
        assert_eq!(running.word(1024), i64::from_le_bytes(*b"passive\0"), "{form}");
        assert_eq!(running.word(2048), 2, "{form}");
    }
}

/// Names of functions stay, and the instructions' functions have names that say what they do.
#[test]
fn names_and_features() {
    let text = r#"(module $app
      (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
      (memory (export "memory") 1 2 shared)
      (@custom "target_features" "\03+\07atomics+\0bbulk-memory+\0ashared-mem")
      (func $mine (export "f") (param i32) (result i32)
        (drop (i64.atomic.rmw16.cmpxchg_u offset=6 (local.get 0) (i64.const 1) (i64.const 2)))
        (atomic.fence)
        (i32.atomic.load (local.get 0))))"#;
    for form in FORMS {
        let packed = packed(&wasm(text), form);
        let text = wasmprinter::print_bytes(&packed).unwrap();
        for name in ["(func $mine ", "i64.atomic.rmw16.cmpxchg_u offset=6", "i32.atomic.load"] {
            assert!(text.contains(name), "{name} in {text}");
        }
        let features = text.lines().find(|line| line.contains("target_features")).unwrap();
        assert!(features.contains("bulk-memory"), "{features}");
        assert!(!features.contains("atomics") && !features.contains("shared-mem"), "{features}");
    }
}

/// What becomes of an invalid program could be valid.
#[test]
fn an_invalid_program_is_refused() {
    let text = r#"(module
      (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))
      (memory (export "memory") 1 2 shared)
      (func (export "f") (result i32) (i32.atomic.load align=4 (i32.const 0))))"#;
    let mut bytes = wasm(text);
    let access = bytes.windows(3).position(|bytes| bytes == [0xfe, 0x10, 0x02]).unwrap();
    bytes[access + 2] = 1;
    let error = Packer::new(TreeBuilder::new()).pack(Program::bytes("app", bytes)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert!(error.to_string().contains("the program is not valid WebAssembly"), "{error}");
}
