//! The embedder as a process of the filesystem, and the descriptors that are kept for it.
//!
//! A program can use up all memory, and an open file needs some. So a second process, the keeper,
//! holds as many open files as the embedder ever needs at once. If there is no memory to open one
//! more, the keeper closes one of its own, and the embedder's takes that place.

use wasm_vfs_core::{AT_FDCWD, Credentials, Errno, Fd, Fs, OFlags, Process, ResolveFlags};

use crate::platform::Host;

/// How many files the embedder has open at once, at most: of an import the directory and a file; of
/// an export the directory, the next directory and a file; and the file of a call between.
const KEPT: u32 = 6;

/// The embedder.
pub(super) struct Embedder {
    /// The embedder as the filesystem sees it: the superuser, unconfined.
    pub(super) process: Process,
    /// Keeps places for open files. Its descriptors are 0, 1, and so on without a gap.
    keeper: Process,
    /// What its paths are confined to.
    confined: ResolveFlags,
    /// Whether its current directory is not the root.
    is_away: bool,
}

impl Embedder {
    /// Makes both processes. Whatever the embedder opens later needs no memory.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory.
    pub(super) fn new(fs: &mut Fs<Host>) -> Result<Embedder, Errno> {
        let mut process = fs.spawn(Credentials::ROOT)?;
        let mut keeper = fs.spawn(Credentials::ROOT)?;
        // Modes are meant as they are said.
        fs.umask(&mut process, 0);
        // The embedder has its own directories anyway.
        process.see_own_tree_only(true);
        keeper.see_own_tree_only(true);
        // The table of descriptors gets its size here, and never shrinks.
        let mut last = 0;
        for _ in 0..KEPT {
            last = fs.openat(&mut process, AT_FDCWD, b"/", OFlags::PATH, 0)?;
        }
        for fd in 0..=last {
            fs.close(&mut process, fd)?;
        }
        let confined = ResolveFlags::empty();
        let mut embedder = Embedder { process, keeper, confined, is_away: false };
        embedder.keep(fs);
        Ok(embedder)
    }

    /// Confines every path from now on.
    pub(super) fn confine(&mut self, resolve: ResolveFlags) {
        self.confined = resolve;
        self.process.confine(resolve);
    }

    /// What its paths are confined to.
    pub(super) fn confined(&self) -> ResolveFlags {
        self.confined
    }

    /// Leaves nothing of a call that was cut short.
    pub(super) fn recover(&mut self, fs: &mut Fs<Host>) {
        self.confine(ResolveFlags::empty());
        if self.is_away {
            let _ = self.come_back(fs);
        }
    }

    /// Runs `body` with an open directory as the current one: for calls that have no form with a
    /// descriptor.
    ///
    /// # Errors
    ///
    /// What fchdir(2) and `body` answer.
    pub(super) fn within<T>(
        &mut self,
        fs: &mut Fs<Host>,
        directory: Fd,
        body: impl FnOnce(&mut Fs<Host>, &Process) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        self.is_away = true;
        fs.fchdir(&mut self.process, directory)?;
        let result = body(fs, &self.process);
        self.come_back(fs)?;
        result
    }

    fn come_back(&mut self, fs: &mut Fs<Host>) -> Result<(), Errno> {
        self.process.confine(ResolveFlags::empty());
        let back = fs.chdir(&mut self.process, b"/");
        self.process.confine(self.confined);
        self.is_away = back.is_err();
        back
    }

    /// Lets the keeper open what it has not, as far as memory goes.
    fn keep(&mut self, fs: &mut Fs<Host>) {
        while self.keeper.open_descriptors() < KEPT
            && fs.openat(&mut self.keeper, AT_FDCWD, b"/", OFlags::PATH, 0).is_ok()
        {}
    }

    /// Opens a file, also if there is no memory.
    ///
    /// # Errors
    ///
    /// What openat(2) answers.
    #[inline(never)]
    pub(super) fn open(
        &mut self,
        fs: &mut Fs<Host>,
        dirfd: Fd,
        path: &[u8],
        flags: OFlags,
        mode: u32,
    ) -> Result<Fd, Errno> {
        let opened = fs.openat(&mut self.process, dirfd, path, flags, mode);
        let kept = self.keeper.open_descriptors();
        if opened != Err(Errno::ENOMEM) || kept == 0 {
            return opened;
        }
        fs.close(&mut self.keeper, kept.cast_signed() - 1)?;
        let opened = fs.openat(&mut self.process, dirfd, path, flags, mode);
        if opened.is_err() {
            self.keep(fs);
        }
        opened
    }

    /// Closes a file.
    ///
    /// # Errors
    ///
    /// `EBADF`: it is not open.
    #[inline(never)]
    pub(super) fn close(&mut self, fs: &mut Fs<Host>, fd: Fd) -> Result<(), Errno> {
        fs.close(&mut self.process, fd)?;
        // Its place is free, so the keeper gets back what it gave.
        self.keep(fs);
        Ok(())
    }
}
