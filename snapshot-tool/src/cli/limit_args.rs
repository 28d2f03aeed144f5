//! The options of `run` that say what the program may use up.

use crate::error::{Error, ErrorKind, InnerResult, Marked as _};
use crate::policy::values::ByteCount;
use crate::run::Runner;
use anyhow::{Context as _, ensure};
use clap::Args;
use std::str::FromStr;
use std::time::Duration;

/// What the program may use up.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits of the program")]
pub(super) struct LimitArgs {
    /// Stop the program when it has used up so much fuel: about one for each instruction
    #[arg(long, value_name = "COUNT")]
    fuel: Option<u64>,
    /// Stop the program when it has run for so long: seconds, or with a unit, as in `500ms`;
    /// compiling does not count
    #[arg(long, value_name = "DURATION")]
    timeout: Option<TimeLimit>,
    /// How many bytes the memories of the program and of its files may take together, as in
    /// `64MiB`; growing beyond them fails
    #[arg(long, value_name = "BYTES")]
    max_memory: Option<ByteCount>,
    /// How many bytes the calls of the program may take on the stack, as in `8MiB`, for deep
    /// recursion [default: 512 KiB]
    #[arg(long, value_name = "BYTES")]
    max_stack: Option<ByteCount>,
}

impl LimitArgs {
    /// The runner with these limits.
    pub(super) fn apply(&self, mut runner: Runner) -> Runner {
        if let Some(fuel) = self.fuel {
            runner = runner.fuel(fuel);
        }
        if let Some(TimeLimit(time)) = self.timeout {
            runner = runner.timeout(time);
        }
        if let Some(ByteCount(bytes)) = self.max_memory {
            runner = runner.max_memory(bytes);
        }
        if let Some(ByteCount(bytes)) = self.max_stack {
            runner = runner.max_stack(bytes);
        }
        runner
    }
}

/// A duration as the command line takes it: a number of seconds, or numbers with units (`1min
/// 30s`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TimeLimit(Duration);

impl FromStr for TimeLimit {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(Self::parse(text).of_kind(ErrorKind::Policy)?)
    }
}

impl TimeLimit {
    fn parse(text: &str) -> InnerResult<Self> {
        let explain = || format!("`{text}` is no duration like 10, 0.5, 500ms or 2min");
        let duration = match text.parse::<f64>() {
            Ok(seconds) => Duration::try_from_secs_f64(seconds).with_context(explain)?,
            Err(_) => humantime::parse_duration(text).with_context(explain)?,
        };
        ensure!(!duration.is_zero(), "`{text}`: no program runs in no time");
        Ok(Self(duration))
    }
}
