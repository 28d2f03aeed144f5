//! `wasm-vfs oci`: a packed program as an OCI artifact, in an image layout.

use super::args::{Talk, source_date_epoch};
use super::say::say;
use crate::disk::new_entry::Existing;
use crate::oci::Artifact;
use crate::output::Destination;
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use std::io::{self, Write as _};
use std::path::PathBuf;

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct Oci {
    #[command(flatten)]
    artifact: ArtifactArgs,
    /// Where to write the layout: a directory, or a tar archive if the name ends in .tar; - for
    /// an archive on standard output
    #[arg(short, long, value_name = "LAYOUT")]
    output: PathBuf,
    /// Write a tar archive, whatever the name
    #[arg(long)]
    tar: bool,
    /// Name the artifact in the layout: a tag, or a reference as `example.com/app:1.0`
    #[arg(long = "ref", value_name = "NAME")]
    reference: Option<String>,
    /// Replace an image layout that exists; an archive is always replaced
    #[arg(short, long)]
    force: bool,
}

/// What the artifact is made of.
#[derive(Debug, Args)]
pub(super) struct ArtifactArgs {
    /// What `pack` or `link` wrote, or a core module of WASI preview1
    #[arg(value_name = "PACKED.wasm")]
    file: PathBuf,
    /// Annotate the manifest, as in `org.opencontainers.image.licenses=MIT`; may be repeated
    #[arg(long = "annotation", value_name = "KEY=VALUE")]
    annotations: Vec<String>,
}

impl ArtifactArgs {
    /// The artifact that the arguments and `SOURCE_DATE_EPOCH` describe.
    pub(super) fn artifact(&self) -> Result<Artifact> {
        let mut artifact = Artifact::of(&self.file)?;
        for text in &self.annotations {
            let pair = text.split_once('=').filter(|(key, _)| !key.is_empty());
            let (key, value) =
                pair.with_context(|| format!("--annotation {text}: write KEY=VALUE"))?;
            artifact = artifact.annotation(key, value);
        }
        if let Some(seconds) = source_date_epoch()? {
            let seconds = u64::try_from(seconds);
            let seconds =
                seconds.context("SOURCE_DATE_EPOCH is before 1970; no artifact can be")?;
            artifact = artifact.created(seconds).context("SOURCE_DATE_EPOCH")?;
        }
        Ok(artifact)
    }
}

impl Oci {
    pub(super) fn run(self, talk: Talk) -> Result<()> {
        let Self { artifact, output, tar, reference, force } = self;
        let mut artifact = artifact.artifact()?;
        if let Some(name) = reference {
            artifact = artifact.reference(name);
        }
        let destination = Destination::from_option(&output);
        let is_tar = tar
            || destination == Destination::Stdout
            || output.extension().is_some_and(|extension| extension == "tar");
        if is_tar {
            ensure!(
                !output.is_dir(),
                "cannot write `{}`: it is a directory; give the name of an archive",
                output.display()
            );
            artifact.write_tar(destination.clone())?;
        } else {
            let existing = if force { Existing::Replace } else { Existing::Keep };
            artifact.write_directory(&output, existing)?;
        }
        if talk != Talk::Quiet {
            let form = if is_tar { "archive" } else { "directory" };
            say(format_args!("wrote an image layout, {form} {destination}"));
        }
        // What goes to a terminal or to another command is the archive then.
        if destination != Destination::Stdout {
            writeln!(io::stdout(), "{}", artifact.digest()?)?;
        }
        Ok(())
    }
}
