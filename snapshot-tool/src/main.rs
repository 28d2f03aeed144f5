//! The command `wasm-vfs`; see `wasm_vfs::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    wasm_vfs::cli::main()
}
