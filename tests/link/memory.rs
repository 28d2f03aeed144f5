//! The program's memory and the filesystem's in one: growing, moving, zeroing, limits.

use wasm_vfs::Form;
use wasmtime::{Caller, Extern, ResourceLimiter};

use super::{FORMS, Running, link_text};

/// Keeps a marker and a counter in its memory, and grows it.
const KERNEL: &str = r#"(module
  (import "user" "size" (func $size (result i32)))
  (import "user" "grow" (func $grow (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $sched_yield (result i32)))
  (memory (export "memory") 3)
  (data (i32.const 65536) "MARKER-OF-THE-FILESYSTEM")

  ;; Counts in a word near its start and in its last word. (The first bytes of a filesystem's memory are nobody's: they
  ;; are below its shadow stack.)
  (func (export "count") (result i32)
    (local $last i32)
    (local.set $last (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)))
    (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))
    (i32.store (local.get $last) (i32.load (i32.const 64)))
    (i32.load (local.get $last)))
  (func (export "peek") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "own_size") (result i32) (memory.size))
  (func (export "own_grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "user_size") (result i32) (call $size))
  ;; Grows the program's memory between two accesses of its own.
  (func (export "user_grow") (param $pages i32) (result i32)
    (local $old i32)
    (i32.store (i32.const 16) (i32.const 1))
    (local.set $old (call $grow (local.get $pages)))
    (i32.store (i32.const 16) (i32.add (i32.load (i32.const 16)) (i32.const 1)))
    (if (i32.ne (i32.load (i32.const 16)) (i32.const 2)) (then unreachable))
    (local.get $old))
  ;; Lets the host run between two accesses of its own, one with the address waiting under the call.
  (func (export "yield") (result i32)
    (i32.store (i32.const 32) (i32.const 41))
    (i32.store (i32.const 36) (call $sched_yield))
    (i32.add (i32.load (i32.const 32)) (i32.load (i32.const 36))))
)"#;

fn program(limits: &str) -> String {
    format!(
        r#"(module
  (import "wasi_snapshot_preview1" "count" (func $count (result i32)))
  (import "wasi_snapshot_preview1" "peek" (func $peek (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "own_size" (func $own_size (result i32)))
  (import "wasi_snapshot_preview1" "own_grow" (func $own_grow (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "user_size" (func $user_size (result i32)))
  (import "wasi_snapshot_preview1" "user_grow" (func $user_grow (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "yield" (func $yield (result i32)))
  (memory (export "memory") {limits})
  (export "count" (func $count)) (export "peek" (func $peek)) (export "own_size" (func $own_size))
  (export "own_grow" (func $own_grow)) (export "user_size" (func $user_size))
  (export "user_grow" (func $user_grow)) (export "yield" (func $yield))
  (func (export "size") (result i32) (memory.size))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  ;; Whether all bytes from the first page given to before the second are zero; then fills them.
  (func (export "zero_then_fill") (param $page i32) (param $end i32) (result i32)
    (local $at i32) (local $sum i64)
    (local.set $at (i32.shl (local.get $page) (i32.const 16)))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $at) (i32.shl (local.get $end) (i32.const 16))))
        (local.set $sum (i64.or (local.get $sum) (i64.load (local.get $at))))
        (i64.store (local.get $at) (i64.const -1))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $next)))
    (i64.eqz (local.get $sum)))
)"#
    )
}

fn no_host<T: Send + 'static>(linker: &mut wasmtime::Linker<T>) {
    linker.func_wrap("wasi_snapshot_preview1", "sched_yield", || 0i32).unwrap();
}

/// Where the filesystem's marker is in the program's memory, in pages.
fn marker_page<T>(running: &mut Running<T>) -> usize {
    let marker = b"MARKER-OF-THE-FILESYSTEM";
    let memory = running.memory();
    memory.chunks(65536).position(|page| page.starts_with(marker)).unwrap()
}

#[test]
fn a_program_that_grows_a_thousand_times() {
    for form in FORMS {
        let linked = link_text(&program("2"), KERNEL, form).unwrap();
        let mut running = Running::start(&linked, (), no_host);
        let (mut pages, mut kernel, mut counted) = (2, 3, 0);
        let (mut moved_pages, mut place) = (0, None);
        for step in 0..1000 {
            let by = [1, 0, 1, 2, 7][step % 5];
            assert_eq!(running.call::<i32, i32>("grow", by), pages, "{form}, step {step}");
            let zero = running.call::<(i32, i32), i32>("zero_then_fill", (pages, pages + by));
            assert_eq!(zero, 1, "{form}, step {step}: new pages are not zero");
            pages += by;
            assert_eq!(running.call::<(), i32>("size", ()), pages);
            assert_eq!(running.call::<(), i32>("user_size", ()), pages);
            if step % 10 == 0 {
                assert_eq!(running.call::<i32, i32>("own_grow", 1), kernel);
                kernel += 1;
            }
            assert_eq!(running.call::<(), i32>("own_size", ()), kernel);
            counted += 1;
            assert_eq!(running.call::<(), i32>("count", ()), counted);
            assert_eq!(running.call::<i32, i32>("peek", 64), counted);
            if form == Form::Portable {
                let now = marker_page(&mut running);
                if place.replace(now).is_some_and(|before| before != now) {
                    moved_pages += kernel;
                }
            }
        }
        let all = pages + kernel;
        assert!(moved_pages <= 2 * all, "{moved_pages} pages moved for {all} in the end");
        println!("{form}: {pages} + {kernel} pages, {moved_pages} moved");
    }
}

#[test]
fn moves_are_amortised_for_any_sizes() {
    // A filesystem from 3 to 2,000 pages, a program growing page by page.
    for kernel in [0, 40, 2000] {
        let linked = link_text(&program("1"), KERNEL, Form::Portable).unwrap();
        let mut running = Running::start(&linked, (), no_host);
        running.call::<i32, i32>("own_grow", kernel);
        let (mut moved_pages, mut place) = (0, marker_page(&mut running));
        for _ in 0..3000 {
            assert_ne!(running.call::<i32, i32>("grow", 1), -1);
            // The filesystem starts one page before its marker.
            if marker_page(&mut running) != place {
                place = marker_page(&mut running);
                moved_pages += kernel + 3;
            }
        }
        let all = 3001 + kernel + 3;
        assert!(moved_pages <= 2 * all, "{moved_pages} pages moved for {all}");
        assert!(moved_pages > 0);
    }
}

#[test]
fn the_programs_maximum_holds() {
    for form in FORMS {
        let linked = link_text(&program("2 5"), KERNEL, form).unwrap();
        let mut running = Running::start(&linked, (), no_host);
        for (by, old) in [(4, -1), (-1, -1), (1, 2), (i32::MIN, -1), (2, 3), (1, -1), (0, 5)] {
            assert_eq!(running.call::<i32, i32>("grow", by), old, "{form}: grow by {by}");
            assert_eq!(running.call::<(), i32>("count", ()), running.call::<i32, i32>("peek", 64));
        }
        assert_eq!(running.call::<(i32, i32), i32>("zero_then_fill", (2, 5)), 1);
        assert_eq!(running.call::<(), i32>("size", ()), 5);
        if form == Form::Portable {
            // The filesystem never moves beyond what the program can reach.
            assert_eq!(marker_page(&mut running), 5 + 1);
        }
    }
}

#[test]
fn the_filesystem_grows_the_program() {
    for form in FORMS {
        let linked = link_text(&program("1"), KERNEL, form).unwrap();
        let mut running = Running::start(&linked, (), no_host);
        for step in 0..40 {
            assert_eq!(running.call::<i32, i32>("user_grow", 5), 1 + 5 * step, "{form}");
        }
        assert_eq!(running.call::<(i32, i32), i32>("zero_then_fill", (1, 201)), 1, "{form}");
        assert_eq!(running.call::<i32, i32>("peek", 16), 2);
    }
}

#[test]
fn the_host_grows_the_program_during_a_call() {
    for form in FORMS {
        let linked = link_text(&program("1"), KERNEL, form).unwrap();
        let mut running = Running::start(&linked, (), |linker| {
            let grow = |mut caller: Caller<'_, ()>| {
                let Some(Extern::Func(grow)) = caller.get_export("grow") else { panic!() };
                let grow = grow.typed::<i32, i32>(&caller).unwrap();
                assert_ne!(grow.call(&mut caller, 100).unwrap(), -1);
                1i32
            };
            linker.func_wrap("wasi_snapshot_preview1", "sched_yield", grow).unwrap();
        });
        for _ in 0..3 {
            assert_eq!(running.call::<(), i32>("yield", ()), 42, "{form}");
        }
        assert_eq!(running.call::<(), i32>("size", ()), 301);
        assert_eq!(running.call::<(i32, i32), i32>("zero_then_fill", (1, 301)), 1, "{form}");
    }
}

/// Allows memory up to so many bytes.
struct Limit(usize);

impl ResourceLimiter for Limit {
    fn memory_growing(
        &mut self,
        _: usize,
        wanted: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(wanted <= self.0)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

#[test]
fn a_host_that_gives_no_more_memory() {
    let linked = link_text(&program("1"), KERNEL, Form::Portable).unwrap();
    let mut running = Running::start(&linked, Limit(64 << 16), no_host);
    running.store.limiter(|limit| limit);
    // With slack this would need 50 + 3 + 7 pages, and then more than 64.
    let exact = 64 - 3 - 1;
    assert_eq!(running.call::<(), i32>("count", ()), 1);
    for (by, old) in [(exact + 1, -1), (exact - 1, 1), (2, -1), (1, exact), (1, -1), (0, exact + 1)]
    {
        assert_eq!(running.call::<i32, i32>("grow", by), old, "grow by {by}");
        assert_eq!(running.call::<(), i32>("own_size", ()), 3);
        assert_eq!(running.call::<i32, i32>("peek", 64), 1);
    }
    assert_eq!(running.call::<(i32, i32), i32>("zero_then_fill", (1, 61)), 1);
    assert_eq!(running.call::<i32, i32>("own_grow", 1), -1);
    assert_eq!(running.call::<(), i32>("own_size", ()), 3);
    assert_eq!(running.call::<(), i32>("count", ()), 2);
}

#[test]
fn four_gibibytes_are_the_end() {
    let linked = link_text(&program("1"), KERNEL, Form::Portable).unwrap();
    let mut running = Running::start(&linked, (), no_host);
    let most = 65536 - 3;
    assert_eq!(running.call::<i32, i32>("grow", 65535), -1);
    assert_eq!(running.call::<i32, i32>("grow", most), -1);
    assert_eq!(running.call::<i32, i32>("grow", most - 1), 1);
    assert_eq!(running.call::<(), i32>("size", ()), most);
    assert_eq!(running.call::<(i32, i32), i32>("zero_then_fill", (most - 2, most)), 1);
    assert_eq!(running.call::<(), i32>("count", ()), 1);
    assert_eq!(running.call::<(), i32>("count", ()), 2);
    assert_eq!(running.call::<i32, i32>("own_grow", 1), -1);
}

#[test]
fn a_filesystem_with_a_maximum_keeps_it() {
    let kernel =
        KERNEL.replace("(memory (export \"memory\") 3)", "(memory (export \"memory\") 3 5)");
    for form in FORMS {
        let linked = link_text(&program("1"), &kernel, form).unwrap();
        let mut running = Running::start(&linked, (), no_host);
        for (by, old) in [(3, -1), (1, 3), (-1, -1), (1, 4), (1, -1), (0, 5)] {
            assert_eq!(running.call::<i32, i32>("own_grow", by), old, "{form}: grow by {by}");
        }
    }
}
