//! `wasm-vfs push`: a packed program to a registry.

use super::args::Talk;
use super::bar::Bar;
use super::oci::ArtifactArgs;
use super::say::say;
use crate::oci::Registry;
use anyhow::Result;
use clap::Args;
use std::io::{self, Write as _};
use std::sync::Arc;

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct Push {
    #[command(flatten)]
    artifact: ArtifactArgs,
    /// Where to push it: HOST/NAME:TAG
    #[arg(value_name = "REF")]
    reference: String,
    #[command(flatten)]
    registry: RegistryArgs,
}

/// How registries are spoken to.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct RegistryArgs {
    /// Speak to the registry without TLS; to one on this machine that is the default
    #[arg(long)]
    plain_http: bool,
}

impl RegistryArgs {
    /// The registry that the arguments describe.
    pub(super) fn registry(self, bar: &Arc<Bar>) -> Registry {
        Registry::new().plain_http(self.plain_http).progress(Arc::clone(bar))
    }
}

impl Push {
    pub(super) fn run(self, talk: Talk, bar: &Arc<Bar>) -> Result<()> {
        let Self { artifact, reference, registry } = self;
        let artifact = artifact.artifact()?;
        let digest = registry.registry(bar).push(&artifact, &reference)?;
        bar.finish();
        if talk != Talk::Quiet {
            say(format_args!("pushed {reference}"));
        }
        writeln!(io::stdout(), "{}@{digest}", without_tag(&reference))?;
        Ok(())
    }
}

/// A reference without its tag: what is behind the colon of its last part.
fn without_tag(reference: &str) -> &str {
    match reference.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => reference,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_behind_the_last_slash() {
        for (reference, name) in [
            ("localhost:5000/app:1", "localhost:5000/app"),
            ("localhost:5000/app", "localhost:5000/app"),
            ("app:1", "app"),
            ("app", "app"),
        ] {
            assert_eq!(without_tag(reference), name);
        }
    }
}
