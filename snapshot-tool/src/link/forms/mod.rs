//! The two output forms: what each decides differently is [`FormRules`](rules::FormRules).

pub(crate) mod adapter_room;
pub(crate) mod address_shadows;
pub(crate) mod growth;
pub(crate) mod isolated;
pub(crate) mod memory_access;
pub(crate) mod operands;
pub(crate) mod portable;
pub(crate) mod portable_body;
pub(crate) mod portable_layout;
pub(crate) mod rules;
pub(crate) mod self_test;

use anyhow::Result;

use crate::adapter::initial_memory::Segment;
use crate::link::forms::rules::FormRules;
use crate::packed::form::Form;
use crate::wasm::index::MemIdx;
use crate::wasm::module::Module;
use crate::wasm::reach::Live;

/// The rules of `form` for a program and a filesystem.
///
/// # Errors
///
/// When program and filesystem cannot share a memory.
pub(crate) fn rules<'a>(
    form: Form,
    program: &'a Module<'a>,
    user_memory: MemIdx,
    adapter: &'a Module<'a>,
    live: &'a Live,
    segments: &[Segment],
) -> Result<Box<dyn FormRules + 'a>> {
    Ok(match form {
        Form::Portable => Box::new(portable::Portable::new(program, user_memory, adapter, live)?),
        Form::Isolated => {
            Box::new(isolated::Isolated::new(program, user_memory, adapter, live, segments)?)
        }
    })
}
