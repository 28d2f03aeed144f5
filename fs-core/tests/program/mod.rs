//! A platform with the memory of a program: what an embedder of WebAssembly has, as a vector.

use std::cell::{Cell, RefCell};

use wasm_vfs_core::{Platform, Timespec};

/// Bytes in a page of WebAssembly's memory.
const WASM_PAGE_BYTES: usize = 1 << 16;

/// Baked contents, a clock that moves whenever it is read, and the memory of a program.
#[derive(Debug)]
pub struct Program {
    /// Bytes of the baked contents.
    pub baked: Vec<u8>,
    /// The memory.
    pub memory: RefCell<Vec<u8>>,
    /// How many pages of 64 KiB it may have.
    pub max_pages: u32,
    /// How often `contents_to_user` was called.
    pub runs: Cell<u32>,
    /// The second at which the clock begins.
    pub start: i64,
    ticks: Cell<u32>,
}

impl Program {
    /// A program with some memory of its own.
    pub fn new(start: i64) -> Program {
        const MAX_PAGES: u32 = 400;
        // So that growing it asks for nothing.
        let mut memory = Vec::with_capacity(MAX_PAGES as usize * WASM_PAGE_BYTES);
        memory.resize(3 * WASM_PAGE_BYTES, 0xee);
        Program {
            baked: (0..40_000u32).map(|n| (n % 251) as u8 + 1).collect(),
            memory: RefCell::new(memory),
            max_pages: MAX_PAGES,
            runs: Cell::new(0),
            start,
            ticks: Cell::new(0),
        }
    }

    /// What the program reads.
    pub fn load(&self, addr: u64, len: usize) -> Vec<u8> {
        let from = addr as usize;
        self.memory.borrow()[from..from + len].to_vec()
    }

    /// What the program writes.
    pub fn store(&self, addr: u64, bytes: &[u8]) {
        let from = addr as usize;
        self.memory.borrow_mut()[from..from + bytes.len()].copy_from_slice(bytes);
    }
}

impl Platform for Program {
    const USER_MEMORY: bool = true;

    fn current_time(&self) -> Timespec {
        self.ticks.set(self.ticks.get() + 1);
        Timespec::new(self.start + i64::from(self.ticks.get()), 0)
    }

    fn contents_to_kernel(&self, dst: &mut [u8], offset: u64) {
        let from = offset as usize;
        dst.copy_from_slice(&self.baked[from..from + dst.len()]);
    }

    fn user_size(&self) -> u32 {
        (self.memory.borrow().len() / WASM_PAGE_BYTES) as u32
    }

    fn user_grow(&self, pages: u32) -> Option<u32> {
        let size = self.user_size();
        if pages > self.max_pages - size {
            return None;
        }
        self.memory.borrow_mut().resize((size + pages) as usize * WASM_PAGE_BYTES, 0);
        Some(size)
    }

    fn copy_to_user(&self, dst_addr: u32, src: &[u8]) {
        self.store(dst_addr.into(), src);
    }

    fn copy_from_user(&self, dst: &mut [u8], src_addr: u32) {
        dst.copy_from_slice(&self.memory.borrow()[src_addr as usize..][..dst.len()]);
    }

    fn clear_user(&self, addr: u32, len: usize) {
        self.memory.borrow_mut()[addr as usize..][..len].fill(0);
    }

    fn contents_to_user(&self, addr: u32, offset: u64, len: usize) {
        self.runs.set(self.runs.get() + 1);
        self.store(addr.into(), &self.baked[offset as usize..][..len]);
    }
}
