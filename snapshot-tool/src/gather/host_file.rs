//! A file of the disk whose bytes go into the contents: [`HostFile`]. It must stay as it was when
//! the tree was read, for its size is baked by then.

use crate::disk::input::{FinalLink, open_regular};
use crate::disk::stamp::Stamp;
use anyhow::{Context as _, Result, bail};
use std::fs::{File, Metadata};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How much is copied at a time.
const COPY_BYTES: usize = 1 << 20;

/// The place in a buffer for the next piece of `left` bytes, of which `most` are copied at a time. The
/// buffer becomes larger if it has to.
pub(crate) fn piece_of(buffer: &mut Vec<u8>, left: u64, most: usize) -> &mut [u8] {
    let len = usize::try_from(left).map_or(most, |left| left.min(most));
    if buffer.len() < len {
        buffer.resize(len, 0);
    }
    &mut buffer[..len]
}

/// A file of the disk as it was when the tree was read, or a part of one: of a packed module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostFile {
    path: Arc<Path>,
    stamp: Stamp,
    link: FinalLink,
    /// Which of its bytes are meant.
    bytes: Range<u64>,
}

impl HostFile {
    /// A whole file that was found in a directory, and is as `found` says.
    pub(crate) fn found(path: PathBuf, found: &Metadata) -> Self {
        let stamp = Stamp::of(found);
        Self { path: path.into(), stamp, link: FinalLink::Refuse, bytes: 0..stamp.len() }
    }

    /// A whole file that a person named, perhaps by a symbolic link.
    pub(crate) fn named(path: &Path, stamp: Stamp) -> Self {
        Self { path: path.into(), stamp, link: FinalLink::Follow, bytes: 0..stamp.len() }
    }

    /// A part of the same file.
    pub(crate) fn part(&self, bytes: Range<u64>) -> Self {
        Self { bytes, ..self.clone() }
    }

    /// How many bytes are meant.
    pub(crate) fn len(&self) -> u64 {
        self.bytes.end - self.bytes.start
    }

    /// What the file was when the tree was read.
    pub(crate) fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// Opens the file and gives its first `len` bytes, of those that are meant, piece by piece.
    ///
    /// # Errors
    ///
    /// When that fails; when the file is no longer what it was, before or after its bytes were
    /// read; or when it has more or fewer bytes than its size says. The message names it.
    pub(crate) fn read(
        &self,
        len: u64,
        buffer: &mut Vec<u8>,
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let unreadable = || format!("cannot read `{}`", self.path.display());
        let (mut file, now) = open_regular(&self.path, self.link)?;
        self.stamp.check(&self.path, &now)?;
        if self.bytes.start > 0 {
            file.seek(SeekFrom::Start(self.bytes.start)).with_context(unreadable)?;
        }
        let mut left = len;
        while left > 0 {
            let piece = piece_of(buffer, left, COPY_BYTES);
            let read = read_some(&mut file, piece).with_context(unreadable)?;
            if read == 0 {
                // That it was cut short says more, if that is why.
                self.check(&file)?;
                bail!(self.made_up());
            }
            each(&piece[..read])?;
            left -= read as u64;
        }
        if self.bytes.start + len == self.stamp.len() {
            let more = match read_some(&mut file, &mut [0]) {
                // A file of the kernel's that would have to be waited for.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => true,
                read => read.with_context(unreadable)? > 0,
            };
            if more {
                self.check(&file)?;
                bail!(self.made_up());
            }
        }
        self.check(&file)
    }

    /// Checks that the file is what it was.
    fn check(&self, file: &File) -> Result<()> {
        let now =
            file.metadata().with_context(|| format!("cannot read `{}`", self.path.display()))?;
        self.stamp.check(&self.path, &now)
    }

    fn made_up(&self) -> String {
        format!(
            "`{}` says that it has {} bytes and has another number: its contents are made up when \
             they are read, as in /proc; pack a copy of it, or leave it out with --exclude",
            self.path.display(),
            self.stamp.len()
        )
    }
}

fn read_some(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
