//! Host functions that call back into the module, and host functions that never return.
//!
//! While the filesystem works it asks its host for the time, for random numbers, and for bytes of
//! lower files. A host function that calls an export then interrupts a call that will never go on:
//! the inner call is served, and the outer one traps.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use wasm_vfs::{Form, Packer, Program, TreeBuilder};
use wasmtime::{Caller, Linker};
use wasmtime_wasi::FsPerms;
use wasmtime_wasi::p1::WasiP1Ctx;

use crate::puppet::*;

const MODULE: &str = "wasi_snapshot_preview1";

/// Where the host functions of these tests put paths: [`Puppet`] uses no address so high.
const INNER_PATH: u32 = 0x3_8000;

/// Calls an export of a descriptor and a path from within a host function; what it answers.
fn call_back(caller: &mut Caller<'_, WasiP1Ctx>, name: &str, path: &str) -> i32 {
    let memory = caller.get_export("memory").unwrap().into_memory().unwrap();
    memory.write(&mut *caller, INNER_PATH as usize, path.as_bytes()).unwrap();
    let function = caller.get_export(name).unwrap().into_func().unwrap();
    let function = function.typed::<(i32, i32, i32), i32>(&*caller).unwrap();
    function.call(&mut *caller, (3, INNER_PATH as i32, path.len() as i32)).unwrap()
}

/// Makes the clock do something the next so many times that it is read, before it tells the time.
fn clock(
    linker: &mut Linker<WasiP1Ctx>,
    times: &Arc<AtomicU32>,
    first: impl Fn(&mut Caller<'_, WasiP1Ctx>) -> wasmtime::Result<()> + Send + Sync + 'static,
) {
    let times = times.clone();
    linker
        .func_wrap(
            MODULE,
            "clock_time_get",
            move |mut caller: Caller<'_, WasiP1Ctx>, _: i32, _: i64, out: i32| {
                if times.load(Relaxed) > 0 {
                    times.fetch_sub(1, Relaxed);
                    first(&mut caller)?;
                }
                let memory = caller.get_export("memory").unwrap().into_memory().unwrap();
                memory.write(&mut caller, out as usize, &5u64.to_le_bytes())?;
                Ok(0)
            },
        )
        .unwrap();
}

fn packed(form: Form, text: &str) -> Vec<u8> {
    let tree = TreeBuilder::new().file("/o/above", b"above".to_vec());
    Packer::new(tree)
        .policy(policy(text))
        .form(form)
        .pack(Program::bytes("program", program()))
        .and_then(|packed| packed.to_vec())
        .unwrap()
}

/// What is in the directory after everything; and it can be removed and made again.
fn assert_works(p: &mut Puppet, names: &str) {
    assert_eq!(p.list("w").as_deref(), Ok(names));
    for name in names.split_whitespace() {
        p.rmdir(&format!("w/{}", name.trim_end_matches('/'))).unwrap();
    }
    assert_eq!(p.write("w/file", "contents"), Ok(()));
    assert_eq!(p.read("w/file").as_deref(), Ok("contents"));
    let (api, store) = p.host_api();
    assert_eq!(api.read(&mut *store, "/w/file").unwrap(), b"contents");
}

#[test]
fn a_call_that_the_clock_interrupts_does_not_go_on() {
    for form in FORMS {
        let times = Arc::new(AtomicU32::new(0));
        let mut p = Puppet::start_on(&packed(form, ""), &[], |linker| {
            clock(linker, &times, |caller| {
                assert_eq!(call_back(caller, "path_create_directory", "w/inner"), 0);
                Ok(())
            });
        });
        p.mkdir("w").unwrap();
        times.store(1, Relaxed);
        let outer = p.try_at("path_create_directory", 3, "w/outer");
        assert!(outer.is_err(), "{form}: the outer call went on: {outer:?}");
        // It had not begun to change anything.
        assert_works(&mut p, "inner/");
    }
}

#[test]
fn the_host_interface_in_a_clock_is_served_too() {
    for form in FORMS {
        let times = Arc::new(AtomicU32::new(0));
        let mut p = Puppet::start_on(&packed(form, ""), &[], |linker| {
            clock(linker, &times, |caller| {
                let allocate = caller.get_export("wasm_vfs_allocate").unwrap().into_func().unwrap();
                let allocate = allocate.typed::<i32, i32>(&*caller).unwrap();
                assert_ne!(allocate.call(&mut *caller, 1000).unwrap(), 0);
                Ok(())
            });
        });
        p.mkdir("w").unwrap();
        times.store(1, Relaxed);
        let outer = p.try_at("path_create_directory", 3, "w/outer");
        assert!(outer.is_err(), "{form}: the outer call went on: {outer:?}");
        assert_works(&mut p, "");
    }
}

#[test]
fn an_inner_call_that_is_cut_short_does_not_let_the_outer_go_on() {
    for form in FORMS {
        let times = Arc::new(AtomicU32::new(0));
        let mut p = Puppet::start_on(&packed(form, ""), &[], |linker| {
            let inner = times.clone();
            clock(linker, &times, move |caller| {
                if inner.load(Relaxed) == 0 {
                    wasmtime::bail!("no time");
                }
                let function = caller.get_export("path_create_directory").unwrap();
                let function = function.into_func().unwrap();
                let function = function.typed::<(i32, i32, i32), i32>(&*caller).unwrap();
                let memory = caller.get_export("memory").unwrap().into_memory().unwrap();
                memory.write(&mut *caller, INNER_PATH as usize, b"w/inner").unwrap();
                // The host keeps its failure to itself.
                assert!(function.call(&mut *caller, (3, INNER_PATH as i32, 7)).is_err());
                Ok(())
            });
        });
        p.mkdir("w").unwrap();
        times.store(2, Relaxed);
        let outer = p.try_at("path_create_directory", 3, "w/outer");
        assert!(outer.is_err(), "{form}: the outer call went on: {outer:?}");
        assert_works(&mut p, "");
    }
}

#[test]
fn a_call_that_a_lower_file_interrupts_does_not_go_on() {
    for form in FORMS {
        let host = tempfile::tempdir().unwrap();
        fs::write(host.path().join("f"), "below").unwrap();
        let times = Arc::new(AtomicU32::new(0));
        let packed = packed(form, "overlay = ['/o=data']");
        let preopened = (host.path(), "data", FsPerms::ReadOnly);
        let mut p = Puppet::start_on(&packed, &[preopened], |linker| {
            let times = times.clone();
            linker
                .func_wrap(
                    MODULE,
                    "fd_pread",
                    move |mut caller: Caller<'_, WasiP1Ctx>,
                          _: i32,
                          _: i32,
                          _: i32,
                          _: i64,
                          read: i32| {
                        if times.load(Relaxed) > 0 {
                            times.fetch_sub(1, Relaxed);
                            assert_eq!(call_back(&mut caller, "path_unlink_file", "o/f"), 0);
                        }
                        let memory = caller.get_export("memory").unwrap().into_memory().unwrap();
                        memory.write(&mut caller, read as usize, &[0; 4]).unwrap();
                        0
                    },
                )
                .unwrap();
        });
        let fd = p.open("o/f").unwrap();
        times.store(1, Relaxed);
        let args = p.pread_args(fd, 5, 0);
        let outer = p.try_call("fd_pread", &args);
        assert!(outer.is_err(), "{form}: the outer call went on: {outer:?}");
        assert_eq!(p.list("o").as_deref(), Ok("above"), "{form}");
        p.mkdir("w").unwrap();
        assert_works(&mut p, "");
    }
}

#[test]
fn a_host_function_that_serves_a_call_as_it_is_may_call_back() {
    for form in FORMS {
        let mut p = Puppet::start_on(&packed(form, ""), &[], |linker| {
            linker
                .func_wrap(
                    MODULE,
                    "fd_write",
                    |mut caller: Caller<'_, WasiP1Ctx>, _: i32, _: i32, _: i32, out: i32| {
                        let answer = call_back(&mut caller, "path_create_directory", "w/inner");
                        let memory = caller.get_export("memory").unwrap().into_memory().unwrap();
                        memory.write(&mut caller, out as usize, &7u32.to_le_bytes()).unwrap();
                        answer
                    },
                )
                .unwrap();
        });
        p.mkdir("w").unwrap();
        assert_eq!(p.write_to(1, b"written"), Ok(7), "{form}");
        assert_works(&mut p, "inner/");
    }
}

#[test]
fn a_call_that_never_returned_leaves_nothing_locked() {
    for form in FORMS {
        let times = Arc::new(AtomicU32::new(0));
        let mut p = Puppet::start_on(&packed(form, ""), &[], |linker| {
            clock(linker, &times, |_| wasmtime::bail!("no time"));
        });
        p.mkdir("w").unwrap();
        for turn in 0..20 {
            times.store(1, Relaxed);
            let cut = p.try_at("path_create_directory", 3, "w/cut");
            assert!(cut.unwrap_err().to_string().contains("wasm"), "{form}, {turn}");
            assert_eq!(p.mkdir("w/made"), Ok(()), "{form}, {turn}");
            assert_eq!(p.rmdir("w/made"), Ok(()), "{form}, {turn}");
            let (api, store) = p.host_api();
            api.put(&mut *store, "/w/put", 0o644, &b"put"[..]).unwrap();
            api.remove(&mut *store, "/w/put").unwrap();
        }
        assert_works(&mut p, "");
    }
}
