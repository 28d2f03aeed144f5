//! Mounts a filesystem of this crate at a directory, by FUSE: an empty one, or the tree in a tar
//! file.
//!
//!     cargo run --release -p wasm-vfs-core --example fuse -- /mnt
//!     cargo run --release -p wasm-vfs-core --example fuse -- /mnt --tar tree.tar
//!     umount /mnt
//!
//! It serves until the directory is unmounted; then everything in it is gone. A tar file is not
//! unpacked: its contents are the baked contents, read where they lie, and pages are copied
//! only when they are written to. It needs `/dev/fuse` and the right to mount (root, or
//! `fusermount3` installed).
//!
//! What the kernel is kept out of: permissions are checked by the filesystem itself, with the ids
//! and groups of whoever asks, and names and attributes are never cached. So a test suite that runs
//! on the mount tests this crate: `cargo xtask pjdfstest` and `cargo xtask fsx` do.

#[cfg(target_os = "linux")]
mod convert;
#[cfg(target_os = "linux")]
mod nodes;
#[cfg(target_os = "linux")]
mod platform;
#[cfg(target_os = "linux")]
mod server;
#[cfg(target_os = "linux")]
mod state;
#[cfg(target_os = "linux")]
mod tar_tree;
#[cfg(all(test, target_os = "linux"))]
mod tests;

#[cfg(target_os = "linux")]
fn main() -> anyhow::Result<()> {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("this example mounts by Linux's FUSE");
    std::process::exit(1);
}

#[cfg(target_os = "linux")]
mod linux {
    use std::path::PathBuf;

    use anyhow::{Context, Result};
    use clap::Parser;
    use fuser::{MountOption, SessionACL};
    use wasm_vfs_core::{AccessTimes, Config, Fs, Population};

    use crate::platform::TarContents;
    use crate::server::Server;
    use crate::tar_tree;

    /// Mount a filesystem in memory, empty or with the tree in a tar file.
    #[derive(Parser)]
    pub(crate) struct Options {
        /// The directory to mount at.
        mountpoint: PathBuf,
        /// Begin with the tree in this tar file (not compressed).
        #[arg(long, value_name = "FILE")]
        tar: Option<PathBuf>,
        /// How many bytes files may take in all, as tmpfs's `size=`; 0 for no limit.
        #[arg(long, value_name = "BYTES", default_value_t = 0)]
        size: u64,
        /// How many files there may be, as tmpfs's `nr_inodes=`; 0 for no limit.
        #[arg(long, value_name = "COUNT", default_value_t = 0)]
        inodes: u32,
    }

    pub(crate) fn main() -> Result<()> {
        let options = Options::parse();
        let at = &options.mountpoint;
        let server = Server::new(filesystem(&options)?)?;
        fuser::mount(server, at, &how_to_mount())
            .with_context(|| format!("cannot mount at {}", at.display()))
    }

    /// The filesystem that the options ask for.
    pub(crate) fn filesystem(options: &Options) -> Result<Fs<TarContents>> {
        let config = Config {
            max_bytes: options.size,
            max_inodes: options.inodes,
            // A descriptor is held for each file that the kernel knows.
            max_fds: u32::MAX,
            access_times: AccessTimes::Relative,
            ..Config::default()
        };
        let Some(path) = &options.tar else {
            return Ok(Fs::new(TarContents::default(), config)?);
        };
        let shown = path.display();
        let tar = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
        let tree = tar_tree::manifest(&tar).with_context(|| format!("cannot use {shown}"))?;
        let mut fs = Fs::new(TarContents::new(tar), config)?;
        let mut population = Population::default();
        fs.populate(&mut population, &tree.records)
            .with_context(|| format!("{shown}: `{}`", tree.path(population.records())))?;
        fs.finish_population(population);
        Ok(fs)
    }

    /// Everybody may use it, and the kernel checks no permissions.
    pub(crate) fn how_to_mount() -> fuser::Config {
        let mut mount = fuser::Config::default();
        mount.acl = SessionACL::All;
        mount.mount_options = vec![
            MountOption::FSName("wasm-vfs".to_owned()),
            MountOption::Subtype("wasm-vfs".to_owned()),
        ];
        mount
    }
}
