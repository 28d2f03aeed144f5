//! What the benchmarks share: timing in interleaved rounds, and tables with their aims.
//!
//! The machine is never quiet, so nothing is timed once: every case runs for two milliseconds of processor time in every round,
//! the rounds go through all the cases, and the median counts. What is compared has then met the same disturbances.

pub mod rounds;
pub mod table;
