//! What a program has to grow in when others have pages in the same memory (the portable form): pages that do not
//! follow its own are of use only to a program that looks where they are.

use wasm_vfs::{Packer, Program, TreeBuilder};
use wasmtime::{Module, StoreLimits, StoreLimitsBuilder};

use crate::guest::*;

/// A program that grows its memory as Go does: it looks only whether that failed. It writes to each page that it gets.
const COUNTS_ON: &str = r#"
    (module
      (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 2)
      (global $end (mut i32) (i32.const 2))
      (func (export "size") (result i32) (memory.size))
      (func (export "grow") (param $pages i32) (result i32)
        (i32.store (i32.const 8) (memory.grow (local.get $pages)))
        (if (i32.lt_s (i32.load (i32.const 8)) (i32.const 0)) (then (return (i32.const -1))))
        (memory.fill (i32.shl (global.get $end) (i32.const 16)) (i32.const 0x55)
          (i32.shl (local.get $pages) (i32.const 16)))
        (global.set $end (i32.add (global.get $end) (local.get $pages)))
        (i32.load (i32.const 8))))"#;

const BAKED: &[u8] = b"baked bytes";

/// What a host takes.
const FOREIGN: u8 = 0xab;

fn start(most_bytes: usize) -> Guest<StoreLimits> {
    let packed = Packer::new(TreeBuilder::new().file("/baked", BAKED))
        .pack(Program::bytes("program", wat::parse_str(COUNTS_ON).unwrap()))
        .and_then(|packed| packed.to_vec())
        .unwrap();
    let limits = StoreLimitsBuilder::new().memory_size(most_bytes).build();
    let module = Module::new(&engine(), packed).unwrap();
    let mut guest = Guest::start_on(&module, StoreLimits::default(), |_| {});
    *guest.store.data_mut() = limits;
    guest.store.limiter(|limits| limits);
    guest
}

/// What the adapter of a component does for a page.
fn page_for_adapter(guest: &mut Guest<StoreLimits>) -> usize {
    let realloc = guest
        .instance
        .get_typed_func::<(i32, i32, i32, i32), i32>(&mut guest.store, "cabi_realloc_adapter")
        .unwrap();
    let address = realloc.call(&mut guest.store, (0, 0, 8, PAGE as i32)).unwrap() as u32 as usize;
    guest.memory.data_mut(&mut guest.store)[address..address + PAGE].fill(FOREIGN);
    address
}

/// Everything is as its owner left it: the program's pages, the tree, the page of another.
fn check(guest: &mut Guest<StoreLimits>, foreign: &[usize]) {
    let end = guest.number("size", None) as usize * PAGE;
    let memory = guest.memory.data(&guest.store);
    let mut own = memory[2 * PAGE..end].chunks(PAGE);
    assert!(own.all(|page| page == [0x55; PAGE]), "the program's");
    for &address in foreign {
        assert!(memory[address..address + PAGE] == [FOREIGN; PAGE], "another's");
    }
    let (api, store) = guest.host_api();
    assert_eq!(api.read(&mut *store, "/baked").unwrap(), BAKED);
    api.put(&mut *store, "/new", 0o644, &[7_u8; 300_000][..]).unwrap();
    assert_eq!(api.read(&mut *store, "/new").unwrap(), [7_u8; 300_000]);
}

/// Grows by one page as often as it can, at most `most` times; says how often.
fn grow(guest: &mut Guest<StoreLimits>, most: usize) -> usize {
    for times in 0..most {
        let size = guest.number("size", None);
        match guest.number("grow", Some(1)) {
            -1 => return times,
            start => assert_eq!(start, size, "pages follow each other"),
        }
    }
    most
}

#[test]
fn once_the_embedder_has_grown_the_memory_only_the_slack_is_left() {
    let mut guest = start(1 << 30);
    assert_eq!(grow(&mut guest, 5), 5);
    let foreign = guest.memory.grow(&mut guest.store, 1).unwrap() as usize * PAGE;
    guest.memory.data_mut(&mut guest.store)[foreign..foreign + PAGE].fill(FOREIGN);
    let grown = grow(&mut guest, 10_000);
    assert!(grown < 100, "{grown}");
    check(&mut guest, &[foreign]);
    assert_eq!(grow(&mut guest, 1), 0);
}

#[test]
fn the_adapter_of_a_component_leaves_room() {
    let mut guest = start(usize::MAX);
    assert_eq!(grow(&mut guest, 5), 5);
    let first = page_for_adapter(&mut guest);
    let second = page_for_adapter(&mut guest);
    assert_eq!(second, first + PAGE);
    check(&mut guest, &[first, second]);
    let base = guest.filesystem.get_global(&mut guest.store, "wasm_vfs_base").unwrap();
    let base = base.get(&mut guest.store).unwrap_i32() as u32;
    assert!(base >= 1 << 30, "{base:#x}");
    assert_eq!(grow(&mut guest, 500), 500);
    check(&mut guest, &[first, second]);
    assert_eq!(guest.number("grow", Some(1000)), 7 + 500);
    check(&mut guest, &[first, second]);
}

#[test]
fn a_host_that_refuses_so_much_gives_less_room() {
    for (most_mib, least) in [(100, 1 << 10), (12, 64)] {
        let mut guest = start(most_mib << 20);
        let foreign = page_for_adapter(&mut guest);
        assert_eq!(grow(&mut guest, least), least, "{most_mib} MiB");
        grow(&mut guest, 1 << 14);
        check(&mut guest, &[foreign]);
    }
}

#[test]
fn a_program_never_gets_more_than_its_own_maximum() {
    let text = COUNTS_ON.replace("\"memory\") 2)", "\"memory\") 2 20)");
    assert_ne!(text, COUNTS_ON);
    let packed = Packer::new(TreeBuilder::new().file("/baked", BAKED))
        .pack(Program::bytes("program", wat::parse_str(text).unwrap()))
        .and_then(|packed| packed.to_vec())
        .unwrap();
    let module = Module::new(&engine(), packed).unwrap();
    let mut guest = Guest::start_on(&module, StoreLimits::default(), |_| {});
    let foreign = page_for_adapter(&mut guest);
    assert_eq!(grow(&mut guest, 100), 18);
    check(&mut guest, &[foreign]);
}
