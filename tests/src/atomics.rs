//! A program with every instruction of the threads proposal, for comparing what each does before and
//! after the program is packed.

use std::fmt::Write as _;

/// An atomic instruction with an offset, as a function of the [`program`].
#[derive(Clone, Debug)]
pub struct Operation {
    /// The instruction in the text format, without its immediates.
    pub instruction: String,
    /// The offset of its access, in bytes.
    pub offset: u64,
    /// How many bytes it accesses; 0 for a fence.
    pub bytes: u32,
    operands: Vec<&'static str>,
    result: Option<&'static str>,
}

impl Operation {
    /// Whether it waits: its last operand is a timeout, in nanoseconds.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.instruction.contains("wait")
    }

    /// Its number as a function's name.
    fn define(&self, number: usize) -> String {
        let mut call = format!("({}", self.instruction);
        if self.bytes > 0 {
            let _ = write!(call, " offset={} (local.get $address)", self.offset);
        }
        for (ty, local) in self.operands.iter().zip(["$x", "$y"]) {
            let _ = match *ty {
                "i32" => write!(call, " (i32.wrap_i64 (local.get {local}))"),
                _ => write!(call, " (local.get {local})"),
            };
        }
        call += ")";
        let call = match self.result {
            None => format!("{call} (i64.const 0)"),
            Some("i32") => format!("(i64.extend_i32_u {call})"),
            Some(_) => call,
        };
        format!(
            "(func $f{number} (export \"f{number}\") (param $address i32) (param $x i64) (param $y i64) (result i64) {call})\n"
        )
    }
}

/// All instructions, each with several offsets. The function `fN` of the [`program`] is number N of
/// these: it takes an address and two operands, and returns the result (0 if there is none).
#[must_use]
pub fn operations() -> Vec<Operation> {
    let mut operations = Vec::new();
    let mut add = |instruction: String, bytes, operands: &[&'static str], result| {
        // The second takes an address of its own to an aligned one, and an aligned one from there.
        for offset in [0, u64::from(bytes / 2), 8] {
            let operands = operands.to_vec();
            let instruction = instruction.clone();
            operations.push(Operation { instruction, offset, bytes, operands, result });
        }
    };
    for (ty, bits, bytes) in [
        ("i32", "", 4),
        ("i64", "", 8),
        ("i32", "8", 1),
        ("i32", "16", 2),
        ("i64", "8", 1),
        ("i64", "16", 2),
        ("i64", "32", 4),
    ] {
        let unsigned = if bits.is_empty() { "" } else { "_u" };
        add(format!("{ty}.atomic.load{bits}{unsigned}"), bytes, &[], Some(ty));
        add(format!("{ty}.atomic.store{bits}"), bytes, &[ty], None);
        for combine in ["add", "sub", "and", "or", "xor", "xchg"] {
            let instruction = format!("{ty}.atomic.rmw{bits}.{combine}{unsigned}");
            add(instruction, bytes, &[ty], Some(ty));
        }
        let instruction = format!("{ty}.atomic.rmw{bits}.cmpxchg{unsigned}");
        add(instruction, bytes, &[ty, ty], Some(ty));
    }
    add("memory.atomic.notify".to_owned(), 4, &["i32"], Some("i32"));
    add("memory.atomic.wait32".to_owned(), 4, &["i32", "i64"], Some("i32"));
    add("memory.atomic.wait64".to_owned(), 8, &["i64", "i64"], Some("i32"));
    add("atomic.fence".to_owned(), 0, &[], None);
    operations
}

/// A command with this memory, in the text format: `memory` defines or imports it.
///
/// `_start` prints what `digest` returns: a digest of what all instructions do with many operands
/// and aligned addresses. `word` reads eight bytes of memory, `put` writes them.
#[must_use]
pub fn program(memory: &str) -> String {
    let mut functions = String::new();
    let mut calls = String::new();
    for (number, operation) in operations().iter().enumerate() {
        functions += &operation.define(number);
        let Operation { offset, bytes, .. } = operation;
        let width = u64::from((*bytes).max(1));
        // The address and the offset together are a multiple of the width.
        let low = (width - offset % width) % width;
        let mask = 63 & !(width - 1);
        let _ = write!(
            calls,
            "(local.set $address
               (i32.add (i32.and (i32.wrap_i64 (call $random)) (i32.const {mask})) (i32.const {low})))
             (local.set $x (call $random))
             (if (i32.wrap_i64 (i64.and (call $random) (i64.const 1)))
               (then (local.set $x (i64.load offset={offset} (local.get $address)))))
             (local.set $y (call $random))
             {}
             (call $fold (call $f{number} (local.get $address) (local.get $x) (local.get $y)))\n",
            // A thousand nanoseconds at most.
            if operation.waits() { "(local.set $y (i64.and (local.get $y) (i64.const 1023)))" } else { "" }
        );
    }
    format!(
        r#"(module
          (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
          {memory}
          (global $state (mut i64) (i64.const 0x5eed))
          (global $digest (mut i64) (i64.const 0x0bf29ce484222325))
          (func $random (result i64)
            (global.set $state (i64.xor (global.get $state) (i64.shl (global.get $state) (i64.const 13))))
            (global.set $state (i64.xor (global.get $state) (i64.shr_u (global.get $state) (i64.const 7))))
            (global.set $state (i64.xor (global.get $state) (i64.shl (global.get $state) (i64.const 17))))
            (global.get $state))
          (func $fold (param i64)
            (global.set $digest
              (i64.mul (i64.xor (global.get $digest) (local.get 0)) (i64.const 0x100000001b3))))
          {functions}
          (func $word (export "word") (param i32) (result i64) (i64.load (local.get 0)))
          (func (export "put") (param i32 i64) (i64.store (local.get 0) (local.get 1)))
          (func $digest (export "digest") (result i64)
            (local $round i32) (local $address i32) (local $x i64) (local $y i64)
            (loop $rounds
              {calls}
              (call $fold (call $word (i32.and (i32.wrap_i64 (call $random)) (i32.const 63))))
              (br_if $rounds
                (i32.lt_u (local.tee $round (i32.add (local.get $round) (i32.const 1))) (i32.const 60))))
            (global.get $digest))
          (func (export "_start")
            (local $at i32) (local $rest i64) (local $digit i32)
            (local.set $rest (call $digest))
            (local.set $at (i32.const 288))
            (loop $digits
              (local.set $at (i32.sub (local.get $at) (i32.const 1)))
              (local.set $digit (i32.and (i32.wrap_i64 (local.get $rest)) (i32.const 15)))
              (i32.store8 (local.get $at)
                (i32.add (local.get $digit)
                  (select (i32.const 48) (i32.const 87) (i32.lt_u (local.get $digit) (i32.const 10)))))
              (local.set $rest (i64.shr_u (local.get $rest) (i64.const 4)))
              (br_if $digits (i32.gt_u (local.get $at) (i32.const 272))))
            (i32.store8 (i32.const 288) (i32.const 10))
            (i32.store (i32.const 256) (i32.const 272))
            (i32.store (i32.const 260) (i32.const 17))
            (drop (call $fd_write (i32.const 1) (i32.const 256) (i32.const 1) (i32.const 264)))))"#
    )
}
