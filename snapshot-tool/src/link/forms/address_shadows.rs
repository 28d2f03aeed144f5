//! Locals that hold an address with the base added, so that several accesses add it once
//! ([`AddressShadows`]).
//!
//! A shadow is set where its local is set, and again after each call that may have moved the base.
//! Here is only the choice of the locals for which that makes the function shorter; `portable_body`
//! writes the code.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use wasmparser::Operator;

use crate::wasm::index::FuncIdx;
use crate::wasm::module::Module;

/// Which locals of a function have a shadow: a local that holds the same address with the base
/// added.
#[derive(Debug, Default)]
pub(super) struct AddressShadows {
    /// For each such local, which of the shadows is its own, and how that starts.
    pub(super) shadows: BTreeMap<u32, (u32, Start)>,
}

/// What a shadow must be set to as the function starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// The local is a parameter.
    Parameter,
    /// The local is zero.
    Zero,
    /// To nothing: the local is set before anything else.
    Unset,
}

/// Bytes that an access gets shorter by: `local.get`, `i32.add`.
const USE_BYTES: u32 = 3;
/// Bytes that are added to `local.set`: it becomes `local.tee`, then `local.get`, `i32.add`,
/// `local.set`.
const SET_BYTES: u32 = 5;
/// And to `local.tee`, which must leave what it left.
const TEE_BYTES: u32 = 7;
/// After a call that may move the base: `local.get`, `local.get`, `i32.add`, `local.set`.
const MOVE_BYTES: u32 = 7;

impl Start {
    fn bytes(self) -> u32 {
        match self {
            Self::Parameter => 7,
            Self::Zero => 4,
            Self::Unset => 0,
        }
    }
}

impl AddressShadows {
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.shadows.len()).expect("a function has fewer than 2^32 locals")
    }

    /// Chooses the locals of a function for which it pays. `uses` says how often each local was the
    /// address of an access, and `moves` how many instructions may move the base, in the function
    /// written without shadows.
    pub(super) fn choose(
        adapter: &Module<'_>,
        function: FuncIdx,
        uses: &BTreeMap<u32, u32>,
        moves: u32,
    ) -> Result<Self> {
        let parameters = u32::try_from(adapter.function_type(function)?.params().len())?;
        let mut costs: BTreeMap<u32, (u32, Start)> = BTreeMap::new();
        let body = adapter.body(function).context("an imported function has no body")?;
        let mut depth = 0_u32;
        for operator in body.get_operators_reader()? {
            let (local, bytes, sets) = match operator? {
                Operator::LocalGet { local_index } => (local_index, 0, false),
                Operator::LocalSet { local_index } => (local_index, SET_BYTES, true),
                Operator::LocalTee { local_index } => (local_index, TEE_BYTES, true),
                Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                    depth += 1;
                    continue;
                }
                Operator::End => {
                    depth = depth.saturating_sub(1);
                    continue;
                }
                _ => continue,
            };
            // All that follows in the text an instruction that is in no block runs after it.
            let start = match local {
                _ if local < parameters => Start::Parameter,
                _ if sets && depth == 0 => Start::Unset,
                _ => Start::Zero,
            };
            costs.entry(local).or_insert((start.bytes(), start)).0 += bytes;
        }
        let mut chosen = Self::default();
        for (local, uses) in uses {
            if let Some(&(cost, start)) = costs.get(local)
                && uses * USE_BYTES > cost + moves * MOVE_BYTES
            {
                let position = chosen.count();
                chosen.shadows.insert(*local, (position, start));
            }
        }
        Ok(chosen)
    }
}
