//! An embedder that is told what the program's calls did: `pack --events`.

use std::sync::{Arc, Mutex};

use wasm_vfs::embed::{HostApi, add_events_to_linker};
use wasm_vfs::{Errno, Form, Packer, Policy, Program, TreeBuilder};
use wasmtime::{Caller, Instance, Linker, Module, Store};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::p1::{self, WasiP1Ctx};

use crate::{ENGINE, FORMS};

/// The program that the tests pack.
const PROGRAM: &str = include_str!("events.wat");

/// A program whose calls tell.
pub(crate) fn packed(form: Form, policy: Policy) -> Vec<u8> {
    let tree = TreeBuilder::new().file("/packed.txt", "packed");
    let program = Program::bytes("program", wat::parse_str(PROGRAM).unwrap());
    Packer::new(tree).form(form).policy(policy).pack(program).unwrap().to_vec().unwrap()
}

fn telling() -> Policy {
    Policy::from_toml("events = true").unwrap()
}

/// What the program's host has.
struct Host {
    wasi: WasiP1Ctx,
    api: Option<HostApi>,
    /// What was told, with how much of the tree differed then.
    told: Arc<Mutex<Vec<String>>>,
    /// What a sync answers.
    answer: Result<(), Errno>,
}

fn note(mut caller: Caller<'_, Host>, what: &str) {
    let api = caller.data().api.clone();
    // The tree can be read meanwhile, and written to.
    let changes = api.map_or(0, |api| {
        api.put(&mut caller, "/of/the/embedder", 0o600, &b"x"[..]).unwrap();
        api.remove(&mut caller, "/of").unwrap();
        let changes = api.changes(&mut caller).unwrap();
        changes.iter().filter(|change| !change.path.is_empty()).count()
    });
    caller.data().told.lock().unwrap().push(format!("{what} {changes}"));
}

/// A program that tells, running.
struct Telling {
    store: Store<Host>,
    instance: Instance,
}

impl Telling {
    fn of(packed: &[u8]) -> Telling {
        let module = Module::new(&ENGINE, packed).unwrap();
        let mut linker: Linker<Host> = Linker::new(&ENGINE);
        p1::add_to_linker_sync(&mut linker, |host| &mut host.wasi).unwrap();
        let changed = |caller: Caller<'_, Host>| {
            note(caller, "changed");
            Ok(())
        };
        let sync = |caller: Caller<'_, Host>| {
            let answer = caller.data().answer;
            note(caller, "sync");
            Ok(answer)
        };
        add_events_to_linker(&mut linker, changed, sync).unwrap();
        let wasi = WasiCtxBuilder::new().build_p1();
        let host = Host { wasi, api: None, told: Arc::default(), answer: Ok(()) };
        let mut store = Store::new(&ENGINE, host);
        let instance = linker.instantiate(&mut store, &module).unwrap();
        store.data_mut().api = Some(HostApi::new(&mut store, &instance).unwrap());
        Telling { store, instance }
    }

    /// Calls an export; what it answers, and what was told.
    fn call(&mut self, name: &str, args: &[i32]) -> (i32, String) {
        let function = self.instance.get_func(&mut self.store, name).unwrap();
        let args: Vec<_> = args.iter().map(|arg| wasmtime::Val::I32(*arg)).collect();
        let mut result = [wasmtime::Val::I32(-1)];
        function.call(&mut self.store, &args, &mut result).unwrap();
        let told = std::mem::take(&mut *self.store.data().told.lock().unwrap());
        (result[0].unwrap_i32(), told.join(", "))
    }
}

/// preview1's flag of a descriptor.
const FDFLAGS_SYNC: i32 = 16;

#[test]
fn each_call_tells_what_it_did() {
    for form in FORMS {
        // Around functions that tell another thing, too.
        for trace in [None, Some(wasm_vfs::policy::values::Trace::Env)] {
            let mut policy = telling();
            policy.trace = trace;
            let mut telling = Telling::of(&packed(form, policy));
            for (name, args, expected) in [
                ("stat", &[][..], (0, "")),
                ("make", &[0], (0, "changed 1")),
                ("stat", &[], (0, "")),
                ("write", &[], (0, "changed 1")),
                ("sync", &[], (0, "sync 1")),
                ("datasync", &[], (0, "sync 1")),
                ("mkdir", &[], (0, "changed 2")),
                // EEXIST.
                ("mkdir", &[], (20, "")),
            ] {
                let (answer, told) = telling.call(name, args);
                assert_eq!((answer, told.as_str()), expected, "{form}: {name}");
            }
            // What the embedder does nobody tells it.
            let api = telling.store.data().api.clone().unwrap();
            api.put(&mut telling.store, "/also", 0o600, &b""[..]).unwrap();
            assert_eq!(telling.call("stat", &[]), (0, String::new()), "{form}");
        }
    }
}

#[test]
fn a_sync_that_fails_is_an_error_for_the_program() {
    for form in FORMS {
        let mut telling = Telling::of(&packed(form, telling()));
        assert_eq!(telling.call("make", &[FDFLAGS_SYNC]).0, 0);
        for (answer, errno) in [
            // preview1's numbers.
            (Ok(()), 0),
            (Err(Errno::ENOSPC), 51),
            (Err(Errno::EIO), 29),
            (Err(Errno::EDQUOT), 19),
        ] {
            telling.store.data_mut().answer = answer;
            assert_eq!(telling.call("sync", &[]), (errno, "sync 1".to_owned()), "{form}");
            // Opened with O_SYNC.
            let told = "changed 1, sync 1".to_owned();
            assert_eq!(telling.call("write", &[]), (errno, told), "{form}");
        }
    }
}

#[test]
fn without_events_there_is_nothing_of_them() {
    for form in FORMS {
        let plain = packed(form, Policy::default());
        let imports = |module: &[u8]| {
            let module = Module::new(&ENGINE, module).unwrap();
            module.imports().any(|import| import.module() == "wasm_vfs_events")
        };
        assert!(!imports(&plain), "{form}");
        assert!(imports(&packed(form, telling())), "{form}");
        // Packed again, with them and without.
        let again = |policy: Policy, module: &[u8]| {
            let packer = Packer::new(TreeBuilder::new()).form(form).policy(policy);
            packer.pack(Program::bytes("program", module)).unwrap().to_vec().unwrap()
        };
        let telling = again(telling(), &plain);
        assert!(imports(&telling), "{form}");
        assert!(imports(&again(Policy::default(), &telling)), "{form}: the policy is kept");
        let mut told = Telling::of(&telling);
        assert_eq!(told.call("mkdir", &[]), (0, "changed 1".to_owned()), "{form}");
    }
    for contradicting in ["events = true\nstrip-host-api = true", "events = true\nhermetic = true"]
    {
        let policy = Policy::from_toml(contradicting).unwrap();
        let program = Program::bytes("program", wat::parse_str(PROGRAM).unwrap());
        let error = Packer::new(TreeBuilder::new()).policy(policy).pack(program).unwrap_err();
        assert!(error.to_string().contains("`events`"), "{error}");
    }
}
