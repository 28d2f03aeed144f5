//! eventfd(2).

use wasm_vfs_core::EventfdFlags;

use crate::calls::call;

#[unsafe(export_name = "SYS_eventfd")]
extern "C" fn eventfd(count: u32) -> i64 {
    eventfd2(count, 0)
}

#[unsafe(export_name = "SYS_eventfd2")]
extern "C" fn eventfd2(count: u32, flags: u32) -> i64 {
    let flags = EventfdFlags::from_bits_retain(flags);
    call(|kernel, _| kernel.fs.eventfd2(&mut kernel.process, count, flags))
}
