//! The exports for layers, which programs do not have that an earlier wasm-vfs packed.

use wasmtime::{AsContextMut, Instance, TypedFunc};

/// The functions for layers.
#[derive(Clone)]
pub(super) struct Layers {
    pub(super) import_begin: TypedFunc<(u32, u32), i32>,
    pub(super) check_begin: TypedFunc<(), i32>,
    pub(super) export_begin: TypedFunc<(), i32>,
    pub(super) changes: TypedFunc<(u32, u32, i64), i32>,
    pub(super) revert: TypedFunc<(), i32>,
}

impl Layers {
    /// Those of an instance, if it has them.
    pub(super) fn of(store: &mut impl AsContextMut, instance: &Instance) -> Option<Layers> {
        macro_rules! function {
            ($name:literal) => {
                instance.get_typed_func(store.as_context_mut(), concat!("wasm_vfs_", $name)).ok()?
            };
        }
        Some(Layers {
            import_begin: function!("import_layer_begin"),
            check_begin: function!("check_layer_begin"),
            export_begin: function!("export_layer_begin"),
            changes: function!("changes"),
            revert: function!("revert"),
        })
    }
}
