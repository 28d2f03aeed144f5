//! The system calls, as methods of [`Fs`](crate::Fs): a file for each man page, in folders by what
//! the call is on.
//!
//! Every method opens with its C signature and lists its errors in the order in which they are
//! checked; the body keeps that order.

pub(crate) mod attributes;
pub(crate) mod data;
pub(crate) mod descriptors;
pub(crate) mod fork;
pub(crate) mod memory;
pub(crate) mod names;
