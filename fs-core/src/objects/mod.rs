//! What a filesystem consists of: inodes and their contents, directories, descriptions, pipes,
//! address spaces, processes.
//!
//! Data and the rules that one object keeps by itself. No file here knows the whole
//! ([`crate::fs`]): objects refer to each other by number ([`crate::base::ids`]).

pub(crate) mod address_space;
pub(crate) mod change_log;
pub(crate) mod contents;
pub(crate) mod device;
pub(crate) mod directory;
pub(crate) mod directory_entry;
pub(crate) mod eventfd;
pub(crate) mod extension;
pub(crate) mod fd_table;
pub(crate) mod file_description;
pub(crate) mod flock;
mod going_home;
mod holes;
pub(crate) mod inode;
pub(crate) mod inotify;
pub(crate) mod name_index;
mod page_tree;
pub(crate) mod pipe;
pub(crate) mod placed_pages;
pub(crate) mod process;
pub(crate) mod program_memory;
pub(crate) mod record_lock;
pub(crate) mod removed_entry;
mod unwritten;
pub(crate) mod xattr;
