//! Without the feature `run`: nothing of a program can run while it is packed. The same functions
//! as `preinit.rs`, for a type that has no value.

use crate::pack::report::Printed;
use crate::packed::contents_source::ContentsSource;
use crate::packed::hollow::HollowModule;
use crate::packed::section::Section;
use crate::policy::Policy;
use anyhow::Result;

pub(crate) const ADDED_SEGMENTS: u64 = 0;

#[derive(Clone, Debug)]
pub(crate) enum Preinit {}

impl Preinit {
    pub(crate) fn with_start(&self, _program: Vec<u8>) -> Result<Vec<u8>> {
        match *self {}
    }

    pub(crate) fn check_policy(&self, _policy: &Policy) -> Result<()> {
        match *self {}
    }
}

pub(crate) fn run(
    preinit: &Preinit,
    _module: &HollowModule,
    _section: &Section,
    _contents: &(impl ContentsSource + ?Sized),
    _name: &str,
) -> Result<(HollowModule, Printed)> {
    match *preinit {}
}
