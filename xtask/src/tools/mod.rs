//! What the chores run and do not build from our sources. Each file installs from one place, by
//! pinned versions, below `target/tools`; each `ensure` returns at once if everything is there.

pub(crate) mod cargo_install;
pub(crate) mod chromium;
pub(crate) mod debian;
pub(crate) mod engine_drivers;
pub(crate) mod npm;
pub(crate) mod pypi;
pub(crate) mod rustup;
