//! Nothing but dependencies: those of all members of the workspace, with the features that any of
//! them asks for.
//!
//! Cargo builds a dependency with the features that the packages of one command ask for. So a
//! command that names this package beside another builds what a command for the whole workspace
//! builds, and neither builds it again after the other: `.ci/run` checks the library with some of
//! its features that way.
