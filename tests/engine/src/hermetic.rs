//! Reads the results of a hermetic program out of its tree, as an embedder without our wrappers
//! does: through the exports as they are documented, with whatever calls its engine has.

use anyhow::{Context, Result, ensure};

use crate::{HERMETIC_STREAMS, Outcome};

/// Room for a path and a piece of a file.
const ROOM_BYTES: i32 = 65_536;
const PATH_BYTES: i32 = 4096;

/// What an engine can do with an instance whose `_start` has ended.
pub trait Exports {
    /// Calls an export whose operands have 32 bits.
    ///
    /// # Errors
    ///
    /// When there is no such export, or it traps.
    fn call(&mut self, function: &str, operands: &[i32]) -> Result<i32>;
    /// Calls `wasm_vfs_get`.
    ///
    /// # Errors
    ///
    /// When there is no such export, or it traps.
    fn get(&mut self, path: i32, path_len: i32, data: i32, len: i32, offset: i64) -> Result<i32>;
    /// Returns the global `wasm_vfs_base`, which is added to an address of the filesystem.
    ///
    /// # Errors
    ///
    /// When there is no such global.
    fn base(&mut self) -> Result<i32>;
    /// Reads from the memory `wasm_vfs_memory`.
    ///
    /// # Errors
    ///
    /// When the address is outside.
    fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<()>;
    /// Writes to the memory `wasm_vfs_memory`.
    ///
    /// # Errors
    ///
    /// When the address is outside.
    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<()>;
}

/// Returns the outcome of a hermetic program; `trap` says what stopped it, if it did not return.
///
/// # Errors
///
/// When the tree cannot be read.
pub fn outcome(exports: &mut dyn Exports, trap: Option<String>) -> Result<Outcome> {
    let [stdout, stderr] = HERMETIC_STREAMS.map(|path| file(exports, path));
    let status = exports.call("wasm_vfs_exit_status", &[])?;
    let (stdout, mut stderr) = (stdout?, stderr?);
    // `proc_exit` stores its status and traps; one that has stored none was another trap, or none
    // at all.
    let status = match (status, trap) {
        (-1, None) => Some(0),
        (-1, Some(trap)) => {
            stderr.extend_from_slice(trap.as_bytes());
            None
        }
        (status, _) => Some(status),
    };
    Ok(Outcome { status, stdout, stderr, files: Vec::new() })
}

/// A whole file of the tree.
fn file(exports: &mut dyn Exports, path: &str) -> Result<Vec<u8>> {
    let at = exports.call("wasm_vfs_allocate", &[ROOM_BYTES])?;
    ensure!(at > 0, "no room in the filesystem: {at}");
    let data = at + PATH_BYTES;
    let place = |exports: &mut dyn Exports, address: i32| {
        Ok::<_, anyhow::Error>(address.wrapping_add(exports.base()?).cast_unsigned())
    };
    let mut contents = Vec::new();
    loop {
        let to = place(exports, at)?;
        exports.write(to, path.as_bytes())?;
        let (len, offset) = (i32::try_from(path.len())?, i64::try_from(contents.len())?);
        let filled = exports.get(at, len, data, ROOM_BYTES - PATH_BYTES, offset)?;
        if filled == 0 {
            return Ok(contents);
        }
        let mut piece = vec![0; usize::try_from(filled).with_context(|| path.to_owned())?];
        let from = place(exports, data)?;
        exports.read(from, &mut piece)?;
        contents.extend_from_slice(&piece);
    }
}
