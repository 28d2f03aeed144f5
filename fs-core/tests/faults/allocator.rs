//! An allocator that refuses at a chosen request of a chosen thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr;

/// Which requests are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refuse {
    /// Only the one.
    Once,
    /// It and all that come after it.
    FromThereOn,
}

#[derive(Clone, Copy)]
struct Plan {
    /// How many more requests are granted before the first refusal.
    granted: u32,
    refuse: Refuse,
    refused: u32,
}

thread_local! {
    /// None: everything is granted.
    static PLAN: Cell<Option<Plan>> = const { Cell::new(None) };
}

/// Runs `call` with an allocator that grants `granted` requests of this thread and then refuses.
/// Says whether it did.
pub(crate) fn with_refusal<T>(granted: u32, refuse: Refuse, call: impl FnOnce() -> T) -> (T, bool) {
    PLAN.set(Some(Plan { granted, refuse, refused: 0 }));
    let result = call();
    let plan = PLAN.take();
    (result, plan.is_some_and(|plan| plan.refused > 0))
}

/// The system's allocator, but for [`with_refusal`].
#[derive(Debug)]
pub(crate) struct Refusing;

impl Refusing {
    fn refuses() -> bool {
        let Some(mut plan) = PLAN.get() else { return false };
        let refuses = if plan.granted > 0 {
            plan.granted -= 1;
            false
        } else {
            plan.refuse == Refuse::FromThereOn || plan.refused == 0
        };
        plan.refused += u32::from(refuses);
        PLAN.set(Some(plan));
        refuses
    }
}

// SAFETY: every request is the system allocator's, or answered by null, which means that there is
// no memory.
unsafe impl GlobalAlloc for Refusing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if Refusing::refuses() {
            return ptr::null_mut();
        }
        // SAFETY: the caller's promises are the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: every block came from the system allocator, and the caller's promises are the
        // same.
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if Refusing::refuses() {
            return ptr::null_mut();
        }
        // SAFETY: the caller's promises are the same.
        unsafe { System.alloc_zeroed(layout) }
    }

    /// A block that shrinks stays where it is, so that is never refused.
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if new_size > layout.size() && Refusing::refuses() {
            return ptr::null_mut();
        }
        // SAFETY: every block came from the system allocator, and the caller's promises are the
        // same.
        unsafe { System.realloc(ptr, layout, new_size) }
    }
}
