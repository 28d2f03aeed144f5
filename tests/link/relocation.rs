//! Every instruction that accesses memory, in a filesystem that moves: the portable form must
//! compute what the isolated form does.

use wasm_vfs::Form;

use super::{FORMS, Running, link_text};

/// Loads: instruction, its result type.
const LOADS: [(&str, &str); 27] = [
    ("i32.load", "i32"),
    ("i64.load", "i64"),
    ("f32.load", "f32"),
    ("f64.load", "f64"),
    ("i32.load8_s", "i32"),
    ("i32.load8_u", "i32"),
    ("i32.load16_s", "i32"),
    ("i32.load16_u", "i32"),
    ("i64.load8_s", "i64"),
    ("i64.load8_u", "i64"),
    ("i64.load16_s", "i64"),
    ("i64.load16_u", "i64"),
    ("i64.load32_s", "i64"),
    ("i64.load32_u", "i64"),
    ("v128.load", "v128"),
    ("v128.load8x8_s", "v128"),
    ("v128.load8x8_u", "v128"),
    ("v128.load16x4_s", "v128"),
    ("v128.load16x4_u", "v128"),
    ("v128.load32x2_s", "v128"),
    ("v128.load32x2_u", "v128"),
    ("v128.load8_splat", "v128"),
    ("v128.load16_splat", "v128"),
    ("v128.load32_splat", "v128"),
    ("v128.load64_splat", "v128"),
    ("v128.load32_zero", "v128"),
    ("v128.load64_zero", "v128"),
];

/// Stores: instruction, its operand's type.
const STORES: [(&str, &str); 10] = [
    ("i32.store", "i32"),
    ("i64.store", "i64"),
    ("f32.store", "f32"),
    ("f64.store", "f64"),
    ("i32.store8", "i32"),
    ("i32.store16", "i32"),
    ("i64.store8", "i64"),
    ("i64.store16", "i64"),
    ("i64.store32", "i64"),
    ("v128.store", "v128"),
];

/// Lane accesses: width in bits, a lane.
const LANES: [(u32, u32); 4] = [(8, 13), (16, 5), (32, 2), (64, 1)];

/// A value of the type.
fn value(ty: &str, n: usize) -> String {
    match ty {
        "v128" => format!("(v128.const i64x2 {} -{n})", 0x1234_5678_9abc_u64 + n as u64),
        "f32" | "f64" => format!("({ty}.const -{n}.25)"),
        _ => format!("({ty}.const {})", 0x7654_3210_u32 as usize - 3 * n),
    }
}

/// A call that makes the program grow, so that the filesystem moves, and gives 0.
const MOVE: &str = "(i32.mul (call $grow (i32.const 9)) (i32.const 0))";

/// The kernel: function `step<n>` does one thing, each in several shapes of code.
fn kernel() -> (String, usize) {
    let mut steps: Vec<String> = Vec::new();
    // An address is a constant, computed, or waits under a call that moves the filesystem.
    let addresses = |at: usize| {
        [
            format!("(i32.const {at})"),
            format!("(i32.add (local.get $zero) (i32.const {at}))"),
            format!("(i32.add {MOVE} (i32.const {at}))"),
        ]
    };
    for (n, (load, ty)) in LOADS.iter().enumerate() {
        for (shape, address) in addresses(n * 3).into_iter().enumerate() {
            let to = 1024 + 64 * n + 16 * shape;
            steps.push(format!("({ty}.store (i32.const {to}) ({load} offset=7 {address}))"));
            // The address of the store waits under the load, and the load may move.
            steps.push(format!(
                "({ty}.store offset=40000 (i32.add (local.get $zero) (i32.const {to})) ({load} {address}))"
            ));
        }
    }
    for (n, (store, ty)) in STORES.iter().enumerate() {
        for (shape, address) in addresses(8192 + 64 * n).into_iter().enumerate() {
            let offset = 16 * shape;
            let plain = value(ty, n + shape);
            steps.push(format!("({store} offset={offset} {address} {plain})"));
            // A value that control flow computes, and one that a move computes.
            let branching =
                format!("(if (result {ty}) (local.get $zero) (then {plain}) (else {plain}))");
            steps.push(format!("({store} offset={} {address} {branching})", offset + 1024));
            if *ty == "i32" {
                let moving = format!("(i32.add {MOVE} (i32.const 77))");
                steps.push(format!("({store} offset={} {address} {moving})", offset + 2048));
            }
        }
    }
    for (n, (bits, lane)) in LANES.iter().enumerate() {
        for (shape, address) in addresses(16384 + 64 * n).into_iter().enumerate() {
            let (vector, offset) = (value("v128", n), 16 * shape);
            steps
                .push(format!("(v128.store{bits}_lane offset={offset} {lane} {address} {vector})"));
            steps.push(format!(
                "(v128.store offset={} (i32.const 20000) (v128.load{bits}_lane {lane} {address} {vector}))",
                64 * n + offset
            ));
        }
    }
    for (n, dst) in addresses(24576).into_iter().enumerate() {
        for (m, src) in addresses(40).into_iter().enumerate() {
            let len = 10 + n + m;
            steps.push(format!("(memory.copy {dst} {src} (i32.const {len}))"));
            steps.push(format!("(call $to_user {src} {src} (i32.const {len}))"));
            steps.push(format!("(call $from_user {dst} {src} (i32.const {len}))"));
            steps.push(format!(
                "(memory.copy {dst} {src} (if (result i32) (local.get $zero) (then (i32.const 1)) (else (i32.const {len}))))"
            ));
        }
        steps.push(format!("(memory.fill {dst} (i32.const {}) (i32.const {}))", 7 + n, 30 + n));
        steps.push(format!("(memory.fill {dst} {MOVE} (i32.const 3))"));
        steps.push(format!("(call $contents {dst} (i32.const {n}) (i32.const 5))"));
        steps.push(format!("(call $contents {dst} {MOVE} (i32.const 5))"));
    }
    // The base must be right on every path: a move on one branch, in a loop, in a block left early.
    steps.push(format!(
        "(loop $again
           (i32.store (i32.const 50000) (i32.add (i32.load (i32.const 50000)) (i32.const 1)))
           (if (i32.and (i32.load (i32.const 50000)) (i32.const 1)) (then (drop {MOVE})))
           (i32.store (i32.const 50004) (i32.add (i32.load (i32.const 50004)) (i32.load (i32.const 50000))))
           (br_if $again (i32.lt_u (i32.load (i32.const 50000)) (i32.const 20))))"
    ));
    steps.push(format!(
        "(block $out
           (i32.store (i32.const 50008) (i32.const 5))
           (drop {MOVE})
           (br_if $out (i32.load (i32.const 50008)))
           (i32.store (i32.const 50012) (i32.const 6)))
         (i32.store (i32.const 50016) (i32.load (i32.const 50008)))"
    ));
    steps.push(
        "(call $pair (i32.const 50020)) (drop) (i32.store (i32.const 7)) ".to_owned()
            + "(i32.store (i32.const 50024) (memory.size))",
    );
    let functions: Vec<String> = steps
        .iter()
        .enumerate()
        .map(|(n, step)| format!("(func $step{n} (export \"step{n}\") (local $zero i32) {step})"))
        .collect();
    let all: Vec<String> = (0..steps.len()).map(|n| format!("(call $step{n})")).collect();
    let text = format!(
        r#"(module
          (import "user" "grow" (func $grow (param i32) (result i32)))
          (import "user" "copy_to_user" (func $to_user (param i32 i32 i32)))
          (import "user" "copy_from_user" (func $from_user (param i32 i32 i32)))
          (import "contents" "contents_to_kernel" (func $contents (param i32 i32 i32)))
          (memory (export "memory") 1)
          (data (i32.const 0) "{}")
          (func $pair (param i32) (result i32 i32) (local.get 0) (i32.const 9))
          {}
          (func (export "hash") (result i64)
            (local $at i32) (local $hash i64)
            (loop $next
              (local.set $hash (i64.add (i64.mul (local.get $hash) (i64.const 1099511628211))
                                        (i64.load8_u (local.get $at))))
              (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1)))
                                     (i32.const 65536))))
            (local.get $hash))
          (func (export "all") {})
        )"#,
        (0..256).map(|byte| format!("\\{:02x}", (byte * 37) % 256)).collect::<String>(),
        functions.join("\n"),
        all.join("\n"),
    );
    (text, steps.len())
}

#[test]
fn every_access_in_every_shape() {
    let (kernel, steps) = kernel();
    let mut program = String::from("(module (memory (export \"memory\") 1)");
    let mut imports = String::new();
    for n in 0..steps {
        imports += &format!("(import \"wasi_snapshot_preview1\" \"step{n}\" (func $step{n}))");
        program += &format!("(export \"step{n}\" (func $step{n}))");
    }
    imports += "(import \"wasi_snapshot_preview1\" \"hash\" (func $hash (result i64)))";
    program += "(export \"hash\" (func $hash)))";
    let program = program.replacen("(module", &format!("(module {imports}"), 1);
    let [mut portable, mut isolated] =
        FORMS.map(|form| Running::alone(&link_text(&program, &kernel, form).unwrap()));
    let first = portable.call::<(), i64>("hash", ());
    for n in 0..steps {
        portable.call::<(), ()>(&format!("step{n}"), ());
        isolated.call::<(), ()>(&format!("step{n}"), ());
        let [left, right] = [&mut portable, &mut isolated].map(|it| it.call::<(), i64>("hash", ()));
        assert_eq!(left, right, "step {n}: {}", kernel.split("(func $step").nth(n + 1).unwrap());
    }
    assert_ne!(first, portable.call::<(), i64>("hash", ()));
    assert_eq!(portable.memory()[..1024], isolated.memory()[..1024]);
}

#[test]
fn all_accesses_in_one_function_after_another() {
    let (kernel, _) = kernel();
    let program = r#"(module
      (import "wasi_snapshot_preview1" "all" (func $all))
      (import "wasi_snapshot_preview1" "hash" (func $hash (result i64)))
      (memory (export "memory") 1)
      (export "all" (func $all)) (export "hash" (func $hash)))"#;
    let hashes = FORMS.map(|form| {
        let mut running = Running::alone(&link_text(program, &kernel, form).unwrap());
        running.call::<(), ()>("all", ());
        running.call::<(), ()>("all", ());
        running.call::<(), i64>("hash", ())
    });
    assert_eq!(hashes[0], hashes[1]);
}

#[test]
fn a_function_of_all_steps_inlined() {
    // The same instructions in one body, so that the cached base lives across all of them.
    let (kernel, steps) = kernel();
    let mut inlined = kernel.clone();
    let mut body = String::new();
    for n in 0..steps {
        let start = kernel.find(&format!("(func $step{n} ")).unwrap();
        let text = &kernel[start..];
        let open = text.find("(local $zero i32)").unwrap() + "(local $zero i32)".len();
        let end = text
            .find("\n(func $step")
            .or_else(|| text.find("\n          (func (export \"hash\")"))
            .unwrap();
        body += text[open..end].trim_end().strip_suffix(')').unwrap();
    }
    let all = inlined.rfind("(func (export \"all\")").unwrap();
    inlined.replace_range(all.., &format!("(func (export \"all\") (local $zero i32) {body}))"));
    let program = r#"(module
      (import "wasi_snapshot_preview1" "all" (func $all))
      (import "wasi_snapshot_preview1" "hash" (func $hash (result i64)))
      (memory (export "memory") 1)
      (export "all" (func $all)) (export "hash" (func $hash)))"#;
    let run = |kernel: &str, form: Form| {
        let mut running = Running::alone(&link_text(program, kernel, form).unwrap());
        running.call::<(), ()>("all", ());
        running.call::<(), i64>("hash", ())
    };
    let expected = run(&kernel, Form::Isolated);
    assert_eq!(run(&inlined, Form::Isolated), expected);
    assert_eq!(run(&inlined, Form::Portable), expected);
}
