//! Waiting.

use crate::host::import as host;

#[unsafe(no_mangle)]
extern "C" fn poll_oneoff(subs: u32, events: u32, count: u32, nevents: u32) -> i32 {
    host::poll_oneoff(subs, events, count, nevents)
}
