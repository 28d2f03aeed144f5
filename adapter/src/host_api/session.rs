//! The embedder's session: its process in the filesystem, its buffer, and the archives under way.
//!
//! A session is made while the tree is baked, because a program may leave no memory for it.

use alloc::vec::Vec;

use wasm_vfs_core::{Errno, Events, Fs};

use super::buffer::Buffer;
use super::changes::Changes;
use super::embedder::Embedder;
use super::reserve::Reserve;
use super::tar::reading::import::Import;
use super::tar::writing::outgoing::Outgoing;
use crate::bytes::is_utf8;
use crate::defect::OrDefect;
use crate::kernel::{self, Buffers};
use crate::memory::path::PathBuffer;
use crate::one_thread::{Later, OneThread};
use crate::platform::Host;

/// Holds what the embedder's calls need beside the filesystem.
pub(super) struct Session {
    /// The embedder, as the filesystem sees it.
    pub(super) embedder: Embedder,
    /// What arguments and results lie in.
    pub(super) buffer: Buffer,
    /// The archive that is being imported.
    pub(super) import: Option<Import>,
    /// The archive that is being exported.
    pub(super) export: Option<Outgoing>,
    /// The name of the member that an import or an export failed at.
    pub(super) culprit: Vec<u8>,
    /// The list of changes that is being handed out.
    pub(super) changes: Changes,
    /// Memory for an export.
    pub(super) reserve: Reserve,
}

/// The embedder's session: made while a tree is baked, or at the embedder's first call.
static SESSION: OneThread<Later<Session>> = OneThread::new(Later::new());

/// Runs `body` for the embedder; an error becomes its number, negative.
#[inline]
pub(super) fn serve(
    body: impl FnOnce(&mut Fs<Host>, &mut Session, &mut Buffers) -> Result<usize, Errno>,
) -> i32 {
    let mut result = Err(Errno::EIO);
    let _ = kernel::enter(|kernel, buffers| {
        let fs = &mut kernel.fs;
        let of_the_program = fs.replace_events(Events::empty());
        // SAFETY: `body` calls the host only through `lend`. A call that comes back here meanwhile
        // takes over, and `body` does not go on.
        result = unsafe {
            SESSION.with(|place| match begun(place, fs) {
                Ok(session) => body(fs, session, buffers),
                Err(errno) => Err(errno),
            })
        };
        // What the embedder did itself it need not be told.
        fs.replace_events(of_the_program);
        Ok(())
    });
    answer(result)
}

/// Makes the session of a tree that is being baked.
///
/// # Errors
///
/// What spawning a process answers; `ENOMEM`: no memory.
pub(crate) fn prepare(fs: &mut Fs<Host>) -> Result<(), Errno> {
    // SAFETY: no import is called while a tree is baked, and `begun` calls no export.
    unsafe { SESSION.with(|place| begun(place, fs).map(|_| ())) }
}

/// The session, made if there is none.
///
/// # Errors
///
/// What spawning a process answers.
#[inline(never)]
fn begun<'s>(session: &'s mut Later<Session>, fs: &mut Fs<Host>) -> Result<&'s mut Session, Errno> {
    if session.get().is_none() {
        session.make(Session::new(fs)?);
    }
    let session = session.get().or_defect()?;
    session.embedder.recover(fs);
    Ok(session)
}

/// What an export answers.
#[inline(never)]
fn answer(result: Result<usize, Errno>) -> i32 {
    match result {
        // The buffer has less than 2^31 bytes.
        Ok(count) => i32::try_from(count).unwrap_or(i32::MAX),
        Err(errno) => -i32::from(errno.number()),
    }
}

impl Session {
    fn new(fs: &mut Fs<Host>) -> Result<Session, Errno> {
        Ok(Session {
            embedder: Embedder::new(fs)?,
            buffer: Buffer::new()?,
            import: None,
            export: None,
            culprit: Vec::new(),
            changes: Changes::default(),
            reserve: Reserve::new()?,
        })
    }

    /// Copies a path out of the buffer and checks it. An empty one is the root.
    ///
    /// # Errors
    ///
    /// * `EFAULT`: it is not in the buffer.
    /// * `ENAMETOOLONG`: it has `PATH_MAX` bytes or more.
    /// * `EILSEQ`: it is not UTF-8.
    #[inline(never)]
    pub(super) fn path<'b>(
        &self,
        room: &'b mut PathBuffer,
        addr: u32,
        len: u32,
    ) -> Result<&'b [u8], Errno> {
        let bytes = self.buffer.get(addr, len)?;
        if bytes.is_empty() {
            return Ok(b"/");
        }
        if bytes.len() >= room.len() {
            return Err(Errno::ENAMETOOLONG);
        }
        let (path, _) = room.split_at_mut(bytes.len());
        path.copy_from_slice(bytes);
        if is_utf8(path) { Ok(path) } else { Err(Errno::EILSEQ) }
    }
}
