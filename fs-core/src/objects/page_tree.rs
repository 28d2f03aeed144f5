//! The pages of a file that are not as they were packed: a radix tree from page numbers to slots.
//!
//! Linux: the xarray in `struct address_space`. Nodes have 64 slots, and the tree is as high as its
//! highest page needs: a file of 1 TiB with one byte costs a page and the few nodes above it.
//!
//! A tree is a root slot and a height. They lie in [`FileContents`](super::contents::FileContents),
//! side by side with what else fits into the same words, for there is one in each inode; so this
//! file has functions and no type for the whole. What an absent slot means, a hole or a page that
//! is still in the baked contents, only the owner knows.

use alloc::vec::Vec;
use core::ops::Range;

use crate::base::defect::{OrDefect, defect};
use crate::base::errno::Errno;

/// Bits of a page number that one node decodes.
const NODE_BITS: u32 = 6;

/// Slots in a node.
const NODE_SLOTS: usize = 1 << NODE_BITS;

/// A place in the tree.
#[derive(Debug, Default)]
pub(super) enum Slot {
    /// Nothing is stored here.
    #[default]
    Absent,
    /// A hole punched into the baked contents.
    Hole,
    /// An owned page: at most [`FS_PAGE_BYTES`](crate::FS_PAGE_BYTES) bytes, what follows them
    /// reads as zero. One without any byte was allocated by fallocate(2) and not written yet: it
    /// takes space but counts as a hole.
    Page(Vec<u8>),
    /// A node of [`NODE_SLOTS`] slots.
    Node(Vec<Slot>),
}

/// What [`remove_pages`] removed.
#[derive(Debug, Default)]
pub(super) struct RemovedSlots {
    /// Owned pages.
    pub(super) owned: u64,
    /// Slots that stood for a page of the baked contents (written or punched): those baked pages
    /// were counted with them, or not at all.
    pub(super) covering_baked: u64,
}

/// The slot that decodes `page` at this level.
#[expect(clippy::cast_possible_truncation, reason = "masked to 6 bits")]
fn slot_index(page: u64, level: u32) -> usize {
    ((page >> (level * NODE_BITS)) & (NODE_SLOTS as u64 - 1)) as usize
}

/// Whether a tree of this height has a place for `page`.
fn reaches(height: u8, page: u64) -> bool {
    page.checked_shr(u32::from(height) * NODE_BITS).unwrap_or(0) == 0
}

/// What a tree has where it has no slot.
const ABSENT: &Slot = &Slot::Absent;

/// The slot of `page` in a tree of this root and height.
pub(super) fn find(root: &Slot, height: u8, page: u64) -> &Slot {
    if !reaches(height, page) {
        return ABSENT;
    }
    let mut slot = root;
    let mut level = u32::from(height);
    while let Slot::Node(slots) = slot {
        level -= 1;
        match slots.get(slot_index(page, level)) {
            Some(next) => slot = next,
            None => return ABSENT,
        }
    }
    slot
}

/// As [`find`]; and how many pages from `page` on share the slot, where nothing is stored.
#[inline(always)]
pub(super) fn find_run(root: &Slot, height: u8, page: u64) -> (&Slot, u64) {
    if !reaches(height, page) {
        return (ABSENT, u64::MAX);
    }
    let mut slot = root;
    let mut level = u32::from(height);
    while let Slot::Node(slots) = slot {
        level -= 1;
        match slots.get(slot_index(page, level)) {
            Some(next) => slot = next,
            None => return (ABSENT, 1),
        }
    }
    let width = 1u64 << (level * NODE_BITS);
    (slot, width - page % width)
}

/// As [`find`], if the tree has a slot for `page`: it may be one that other pages share.
pub(super) fn find_mut(root: &mut Slot, height: u8, page: u64) -> Option<&mut Slot> {
    if !reaches(height, page) {
        return None;
    }
    let mut level = u32::from(height);
    let mut slot = root;
    while let Slot::Node(slots) = slot {
        level -= 1;
        slot = slots.get_mut(slot_index(page, level))?;
    }
    Some(slot)
}

/// The slot of `page` alone, with the nodes on the way to it, for which the tree may become higher.
///
/// # Errors
///
/// `ENOSPC`: no memory for a node. Nodes already added stay, empty.
pub(super) fn find_or_add<'t>(
    root: &'t mut Slot,
    height: &mut u8,
    page: u64,
) -> Result<&'t mut Slot, Errno> {
    while !reaches(*height, page) {
        if !matches!(root, Slot::Absent) {
            let mut node = new_node()?;
            if let Some(first) = node.first_mut() {
                *first = core::mem::take(root);
            }
            *root = Slot::Node(node);
        }
        *height += 1;
    }
    let mut slot = root;
    for level in (0..u32::from(*height)).rev() {
        if matches!(slot, Slot::Absent) {
            *slot = Slot::Node(new_node()?);
        }
        let Slot::Node(slots) = slot else { return Err(defect()) };
        slot = slots.get_mut(slot_index(page, level)).or_defect()?;
    }
    Ok(slot)
}

fn new_node() -> Result<Vec<Slot>, Errno> {
    let mut slots = Vec::new();
    slots.try_reserve_exact(NODE_SLOTS).map_err(|_| Errno::ENOSPC)?;
    slots.resize_with(NODE_SLOTS, Slot::default);
    Ok(slots)
}

/// Visits the slots in use below `slot`, which is at this level and begins at page `first`, with
/// the number of their page.
pub(super) fn each_slot(slot: &Slot, level: u32, first: u64, visit: &mut impl FnMut(u64, &Slot)) {
    match slot {
        Slot::Absent => {}
        Slot::Hole | Slot::Page(_) => visit(first, slot),
        Slot::Node(slots) => {
            let below = level.saturating_sub(1);
            for (index, child) in (0u64..).zip(slots) {
                each_slot(child, below, first + (index << (below * NODE_BITS)), visit);
            }
        }
    }
}

/// A copy of a tree.
///
/// # Errors
///
/// `ENOSPC`: no memory.
pub(super) fn try_clone(slot: &Slot) -> Result<Slot, Errno> {
    Ok(match slot {
        Slot::Absent => Slot::Absent,
        Slot::Hole => Slot::Hole,
        Slot::Page(bytes) => {
            let mut copy = Vec::new();
            copy.try_reserve_exact(bytes.len()).map_err(|_| Errno::ENOSPC)?;
            copy.extend_from_slice(bytes);
            Slot::Page(copy)
        }
        Slot::Node(slots) => {
            let mut copies = Vec::new();
            copies.try_reserve_exact(slots.len()).map_err(|_| Errno::ENOSPC)?;
            for slot in slots {
                copies.push(try_clone(slot)?);
            }
            Slot::Node(copies)
        }
    })
}

/// Whether two trees, each with its height, have the same slots in use.
pub(super) fn are_same(a: (&Slot, u8), b: (&Slot, u8)) -> bool {
    let is_within = |a: (&Slot, u8), b: (&Slot, u8)| {
        let mut same = true;
        each_slot(a.0, a.1.into(), 0, &mut |page, slot| {
            same &= match (slot, find(b.0, b.1, page)) {
                (Slot::Page(a), Slot::Page(b)) => a == b,
                (Slot::Hole, Slot::Hole) => true,
                _ => false,
            };
        });
        same
    };
    is_within(a, b) && is_within(b, a)
}

/// Empties the slots of the pages in `range` below `slot`, which is at this level and begins at
/// page `first`. Slots before `baked_pages` stand for pages of the baked contents.
pub(super) fn remove_pages(
    slot: &mut Slot,
    level: u32,
    first: u64,
    range: &Range<u64>,
    baked_pages: u64,
    removed: &mut RemovedSlots,
) {
    let width = 1u64.checked_shl(level * NODE_BITS).unwrap_or(u64::MAX);
    if first >= range.end || first.saturating_add(width) <= range.start {
        return;
    }
    match slot {
        Slot::Absent => {}
        Slot::Hole => {
            removed.covering_baked += 1;
            *slot = Slot::Absent;
        }
        Slot::Page(_) => {
            removed.owned += 1;
            removed.covering_baked += u64::from(first < baked_pages);
            *slot = Slot::Absent;
        }
        Slot::Node(slots) => {
            let step = width >> NODE_BITS;
            for (index, child) in slots.iter_mut().enumerate() {
                let at = first + index as u64 * step;
                remove_pages(child, level - 1, at, range, baked_pages, removed);
            }
            if slots.iter().all(|child| matches!(child, Slot::Absent)) {
                *slot = Slot::Absent;
            }
        }
    }
}
