//! The end of the program: exit(2), exit_group(2).

use crate::exports::proc_exit;

/// The bits of a status that whoever waits is told.
const STATUS_BITS: u32 = 0xff;

/// Ends the program. Where the host may not be asked to, this is a trap.
pub(in crate::calls) fn exit_with(status: u32) {
    proc_exit(status & STATUS_BITS);
}

#[unsafe(export_name = "SYS_exit")]
extern "C" fn exit(status: u32) -> i64 {
    exit_with(status);
    0
}

#[unsafe(export_name = "SYS_exit_group")]
extern "C" fn exit_group(status: u32) -> i64 {
    exit(status)
}
