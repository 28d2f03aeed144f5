//! Memory of others and calls that are cut short on wasmi, an interpreter: fuel and host functions that fail end calls
//! at other places than on wasmtime.

use ::wasmi::errors::ErrorKind;
use ::wasmi::{
    Config, Engine, Error, Extern, ExternType, Instance, Linker, Module, Store, TrapCode, Val,
};
use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{RngCore as _, SeedableRng as _};
use wasm_vfs::{Form, TreeBuilder};

use crate::guest::{FORMS, FREE, PAGE, PAGES, PLENTY, packed};

const PREVIEW1: &str = "wasi_snapshot_preview1";
/// Where the path is.
const PATH: usize = 0x8000;
const PATTERN: u8 = 0x5a;

/// Whether the clock fails.
struct Fails(bool);

struct Guest {
    store: Store<Fails>,
    instance: Instance,
}

impl Guest {
    fn start(form: Form) -> Guest {
        let mut config = Config::default();
        config.consume_fuel(true);
        let engine = Engine::new(&config);
        let module = Module::new(&engine, packed(TreeBuilder::new(), "", form)).unwrap();
        let mut store = Store::new(&engine, Fails(false));
        store.set_fuel(PLENTY).unwrap();
        let mut linker: Linker<Fails> = Linker::new(&engine);
        for import in module.imports() {
            let ExternType::Func(ty) = import.ty() else { panic!("{}", import.name()) };
            let is_clock = import.name() == "clock_time_get";
            linker
                .func_new(PREVIEW1, import.name(), ty.clone(), move |mut caller, args, results| {
                    if is_clock && caller.data().0 {
                        return Err(Error::new("the clock failed"));
                    }
                    if let [.., Val::I32(out)] = args
                        && is_clock
                    {
                        let memory = caller.get_export("memory").and_then(Extern::into_memory);
                        let time = 5u64.to_le_bytes();
                        memory.unwrap().write(&mut caller, *out as usize, &time).unwrap();
                    }
                    results.fill(Val::I32(0));
                    Ok(())
                })
                .unwrap();
        }
        let instance = linker.instantiate_and_start(&mut store, &module).unwrap();
        let mut guest = Guest { store, instance };
        guest.memory()[FREE..PAGES * PAGE].fill(PATTERN);
        guest
    }

    fn memory(&mut self) -> &mut [u8] {
        let memory = self.instance.get_memory(&self.store, "memory").unwrap();
        memory.data_mut(&mut self.store)
    }

    fn call(&mut self, name: &str, args: &[Val]) -> Result<i32, Error> {
        let function = self.instance.get_func(&self.store, name).unwrap();
        let mut results = [Val::I32(0)];
        function.call(&mut self.store, args, &mut results)?;
        Ok(results[0].i32().unwrap())
    }

    /// Calls a function of the first preopen and a path.
    fn on_path(&mut self, name: &str, path: &str) -> Result<i32, Error> {
        self.memory()[PATH..PATH + path.len()].copy_from_slice(path.as_bytes());
        self.call(name, &[Val::I32(3), Val::I32(PATH as i32), Val::I32(path.len() as i32)])
    }

    /// The program's memory is as it was, and the filesystem goes on.
    fn assert_goes_on(&mut self, context: &str) {
        let memory = &self.memory()[FREE..PAGES * PAGE];
        assert_eq!(memory.iter().position(|&byte| byte != PATTERN), None, "{context}");
        for function in ["path_create_directory", "path_remove_directory"] {
            assert_eq!(self.on_path(function, "after").unwrap(), 0, "{context}: {function}");
        }
    }
}

#[test]
fn calls_that_are_cut_short() {
    const MANY: usize = 1500;
    for form in FORMS {
        let mut guest = Guest::start(form);
        guest.store.data_mut().0 = true;
        for number in 0..MANY {
            let failed = guest.on_path("path_create_directory", &format!("d{number}"));
            assert!(failed.unwrap_err().to_string().contains("the clock failed"), "{form}");
        }
        guest.store.data_mut().0 = false;
        guest.assert_goes_on("the clock failed");

        let mut random = SplitMix64::seed_from_u64(3);
        let mut cut = 0;
        for number in 0..MANY {
            guest.store.set_fuel(u64::from(20 + random.next_u32() % 60_000)).unwrap();
            if let Err(error) = guest.on_path("path_create_directory", &format!("e{number}")) {
                let out_of_fuel = matches!(error.kind(), ErrorKind::TrapCode(TrapCode::OutOfFuel));
                assert!(out_of_fuel, "{form}, call {number}: {error}");
                cut += 1;
            }
        }
        assert!(cut > MANY / 10 && cut < MANY, "{cut} calls were cut");
        guest.store.set_fuel(PLENTY).unwrap();
        guest.assert_goes_on("out of fuel");
    }
}

#[test]
fn memory_of_others() {
    for form in FORMS {
        let mut guest = Guest::start(form);
        let mut claims = vec![];
        for step in 0..40usize {
            let start = if step % 2 == 0 {
                let memory = guest.instance.get_memory(&guest.store, "memory").unwrap();
                memory.grow(&mut guest.store, 2).unwrap() as usize
            } else {
                guest.call("grow", &[Val::I32(2)]).unwrap() as usize
            };
            let run = start * PAGE..(start + 2) * PAGE;
            assert!(guest.memory()[run.clone()].iter().all(|&byte| byte == 0), "{form}, {step}");
            guest.memory()[run.clone()].fill(step as u8 + 1);
            claims.push((run, step as u8 + 1));
            // Names take the filesystem's memory: it grows as well.
            for number in 0..150 {
                let path = format!("directory {step} {number} {}", "x".repeat(200));
                assert_eq!(guest.on_path("path_create_directory", &path).unwrap(), 0);
            }
            for (run, byte) in &claims {
                let run = &guest.memory()[run.clone()];
                let filled = vec![*byte; run.len()];
                assert!(run == filled, "{form}, {step}: page of {byte}");
            }
        }
        guest.assert_goes_on("in the end");
    }
}
