//! What the fuzz targets of the tool share: small modules to begin with ([`seeds`]), mutation that
//! keeps sections whole ([`mutate`]), what every answer must be ([`judge`]), and a limit of memory
//! (`memory`).

mod memory;
pub mod mutate;
pub mod seeds;

use wasm_vfs::{Error, ErrorKind};

/// The result, if there is one. An error says something in one line, and none is a defect of ours.
pub fn judge<T>(result: Result<T, Error>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            let text = format!("{error:#}");
            assert!(!text.is_empty() && !text.contains('\n'), "{text:?}");
            assert_ne!(error.kind(), ErrorKind::Internal, "{text}");
            None
        }
    }
}

/// Makes a target that begins with some of the seeds.
#[macro_export]
macro_rules! module_target {
    ($seeds:expr, |$bytes:ident| $body:expr) => {
        libfuzzer_sys::fuzz_target!(|$bytes: &[u8]| $body);

        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            $crate::mutate::mutate($seeds, data, size, max_size, seed)
        });
    };
}
