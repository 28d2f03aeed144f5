//! What ends a program from outside: fuel, memory, time, and whoever stops it.
//!
//! * `usage`: the limits, and memory that grows;
//! * `stop_handle`: how another thread stops a program;
//! * `deadline`: when the program is over, for whoever waits on its behalf;
//! * `streams` and `waiting`: the calls of the WASI host that wait, until that deadline;
//! * `meter`: holds a function of the program to all of it.

pub(crate) mod deadline;
pub(crate) mod meter;
pub(crate) mod stop_handle;
pub(crate) mod streams;
pub(crate) mod usage;
pub(crate) mod waiting;
