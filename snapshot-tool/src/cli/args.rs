//! The arguments, as clap reads them. Values that need judgement (guest paths, patterns) stay
//! text here, so that a wrong one is an error of ours with exit status 1, not a usage error.

use crate::gather::builder::{Owner, TreeBuilder};
use crate::pack::preinit::Preinit;
use crate::packed::extract::Existing;
use crate::packed::form::Form;
use crate::policy::Policy;
use crate::policy::file::ConfigFile;
use crate::tree::guest_path::DirMapping;
use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// A filesystem that is itself WebAssembly: packs a WASI program with its files into one .wasm
#[derive(Debug, Parser)]
#[command(name = "wasm-vfs", version, arg_required_else_help = true, subcommand_required = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) talk: TalkArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How much is said on standard error.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct TalkArgs {
    /// List each file that is packed, and the imports that remain
    #[arg(short, long, global = true)]
    verbose: bool,
    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
}

/// How much is said on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Talk {
    /// Nothing but errors.
    Quiet,
    /// A bar for long work, and a line at the end.
    Normal,
    /// Each file as well.
    Verbose,
}

impl TalkArgs {
    pub(crate) fn talk(self) -> Talk {
        match (self.quiet, self.verbose) {
            (true, _) => Talk::Quiet,
            (_, true) => Talk::Verbose,
            _ => Talk::Normal,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Pack a program with directories into one module
    Pack {
        /// The program: a core module that imports wasi_snapshot_preview1, or one that was packed before
        #[arg(value_name = "APP.wasm")]
        program: PathBuf,
        #[command(flatten)]
        form: FormArgs,
        #[command(flatten)]
        preinit: PreinitArgs,
        /// Where to write the result; - for standard output
        #[arg(short, long, value_name = "OUT.wasm")]
        output: PathBuf,
        #[command(flatten)]
        tree: TreeArgs,
        #[command(flatten)]
        policy: Box<Policy>,
    },
    /// Run a packed program, or pack one in memory and run it
    ///
    /// The program gets this process's standard streams and no directory of the host. The exit
    /// status is the program's; 134 if it trapped.
    Run {
        /// A packed program, or any program together with --dir
        #[arg(value_name = "FILE.wasm")]
        program: PathBuf,
        #[command(flatten)]
        form: FormArgs,
        #[command(flatten)]
        how: ProgramArgs,
        #[command(flatten)]
        tree: TreeArgs,
    },
    /// Bake directories into an adapter module, to be linked with programs later
    Image {
        /// Where to write the result; - for standard output
        #[arg(short, long, value_name = "ROOTFS.wasm")]
        output: PathBuf,
        /// Write the module that Binaryen's wasm-merge needs as `wasi_host`, too
        #[arg(long, value_name = "SHIM.wasm")]
        host_shim: Option<PathBuf>,
        #[command(flatten)]
        tree: TreeArgs,
        #[command(flatten)]
        policy: Box<Policy>,
    },
    /// Link a program with an adapter module that `image` wrote
    Link {
        /// The program: a core module that imports wasi_snapshot_preview1
        #[arg(value_name = "APP.wasm")]
        program: PathBuf,
        /// What `wasm-vfs image` wrote
        #[arg(value_name = "ROOTFS.wasm")]
        rootfs: PathBuf,
        #[command(flatten)]
        form: FormArgs,
        /// Where to write the result; - for standard output
        #[arg(short, long, value_name = "OUT.wasm")]
        output: PathBuf,
    },
    /// Show what a module is and what its program sees: form, sizes, tree, imports, policy
    Inspect {
        /// What `pack`, `image` or `link` wrote
        #[arg(value_name = "FILE.wasm")]
        file: PathBuf,
    },
    /// List a directory of a packed module
    Ls {
        /// What `pack`, `image` or `link` wrote
        #[arg(value_name = "FILE.wasm")]
        file: PathBuf,
        /// A directory or file in it [default: /]
        path: Option<String>,
        /// Show mode, links, owner, size and time as well
        #[arg(short, long)]
        long: bool,
    },
    /// Show a directory of a packed module with all beneath it
    Tree {
        /// What `pack`, `image` or `link` wrote
        #[arg(value_name = "FILE.wasm")]
        file: PathBuf,
        /// A directory in it [default: /]
        path: Option<String>,
    },
    /// Write files of a packed module to standard output
    Cat {
        /// What `pack`, `image` or `link` wrote
        #[arg(value_name = "FILE.wasm")]
        file: PathBuf,
        /// Files in it
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<String>,
    },
    /// Show the metadata of files of a packed module
    Stat {
        /// What `pack`, `image` or `link` wrote
        #[arg(value_name = "FILE.wasm")]
        file: PathBuf,
        /// Files in it, not followed if symbolic links [default: /]
        #[arg(value_name = "PATH")]
        paths: Vec<String>,
    },
    /// Write the tree of a packed module as a tar archive
    Export {
        /// What `pack`, `image` or `link` wrote
        #[arg(value_name = "FILE.wasm")]
        file: PathBuf,
        /// Where to write the archive; - for standard output
        #[arg(short, long, value_name = "OUT.tar")]
        output: PathBuf,
    },
    /// Write the tree of a packed module into a directory
    Extract {
        /// What `pack`, `image` or `link` wrote
        #[arg(value_name = "FILE.wasm")]
        file: PathBuf,
        /// The directory, made if it is missing
        #[arg(short = 'C', long, value_name = "DIR")]
        directory: PathBuf,
        #[command(flatten)]
        existing: ExistingArgs,
    },
}

/// What goes into the tree.
#[derive(Debug, Args)]
#[command(next_help_heading = "Tree options")]
pub(crate) struct TreeArgs {
    /// Read options from a TOML file: the flags' names are its keys
    ///
    /// What the command line says goes before what the file says; lists are joined. Host directories are taken from where
    /// the file is.
    #[arg(long, value_name = "VFS.toml")]
    config: Option<PathBuf>,
    /// Put a host directory at a path of the tree; may be repeated, and may nest
    ///
    /// HOST alone is the same path on both sides, taken from / if it is relative: `--dir .` fills
    /// /. A directory put beneath another hides what the outer one has there.
    #[arg(long = "dir", value_name = "HOST[::GUEST]")]
    directories: Vec<String>,
    /// Leave out what matches a pattern of .gitignore syntax; may be repeated
    ///
    /// Read as a line of a .gitignore in each HOST directory. Files named .wasmvfsignore, in any
    /// directory, say the same for what is beneath them, and are not packed.
    #[arg(long = "exclude", value_name = "GLOB")]
    excludes: Vec<String>,
    /// Add no empty /tmp
    #[arg(long)]
    no_tmp: bool,
    /// Whose the files are: `host` to keep their owners [default: 0:0]
    #[arg(long, value_name = "UID:GID|host")]
    owner: Option<String>,
    /// Use another build of the adapter
    #[arg(long, value_name = "CORE.wasm", hide = true)]
    pub(crate) adapter: Option<PathBuf>,
}

impl TreeArgs {
    /// Whether any option asks for a tree.
    pub(crate) fn is_given(&self) -> bool {
        !self.directories.is_empty() || self.config.is_some() || self.adapter.is_some()
    }

    /// What the configuration file says; without one, nothing.
    pub(crate) fn config(&self) -> Result<ConfigFile> {
        self.config.as_ref().map_or_else(|| Ok(ConfigFile::default()), ConfigFile::read)
    }

    /// What the options and the configuration file say, and `SOURCE_DATE_EPOCH`.
    pub(crate) fn builder(&self, config: &ConfigFile) -> Result<TreeBuilder> {
        let owner = self.owner.as_deref().or(config.tree.owner.as_deref()).unwrap_or("0:0");
        let mut builder = TreeBuilder::new()
            .tmp(!self.no_tmp && !config.tree.no_tmp)
            .owner(owner.parse::<Owner>()?);
        for text in &config.tree.dir {
            let mut mapping = text.parse::<DirMapping>().context("dir")?;
            mapping.host = config.directory.join(mapping.host);
            builder = builder.mapping(mapping);
        }
        for text in &self.directories {
            builder = builder.mapping(text.parse::<DirMapping>().context("--dir")?);
        }
        for pattern in config.tree.exclude.iter().chain(&self.excludes) {
            builder = builder.exclude(pattern);
        }
        if let Some(epoch) = std::env::var_os("SOURCE_DATE_EPOCH") {
            let seconds = epoch.to_str().and_then(|text| text.parse().ok());
            let seconds = seconds.with_context(|| {
                format!("SOURCE_DATE_EPOCH is {epoch:?}; set it to seconds since 1970")
            })?;
            builder = builder.latest_mtime(seconds);
        }
        Ok(builder)
    }
}

/// The form of the result.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct FormArgs {
    /// Keep the filesystem in a memory of its own, which no bug of the program can reach; needs
    /// an engine with multi-memory
    #[arg(long)]
    isolate: bool,
}

impl FormArgs {
    /// The form that is chosen, if one is.
    pub(crate) fn form(self, config: &ConfigFile) -> Option<Form> {
        (self.isolate || config.tree.isolate).then_some(Form::Isolated)
    }
}

/// What runs of the program when it is packed.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct PreinitArgs {
    /// Run an exported function of the program now, with the tree: each start goes on from there
    ///
    /// It takes and gives nothing; a reactor's `_initialize` is called before. What it prints is shown.
    #[arg(long, value_name = "FUNC")]
    preinit: Option<String>,
    /// After --preinit, what is exported as `_start` [default: `wizer.resume` if that is exported, else `_start`]
    #[arg(long, value_name = "FUNC", requires = "preinit")]
    preinit_start: Option<String>,
}

impl PreinitArgs {
    /// What the options and the configuration file say.
    pub(crate) fn chosen(self, config: &ConfigFile) -> Option<Preinit> {
        let preinit = Preinit::new(self.preinit.or_else(|| config.tree.preinit.clone())?);
        Some(match self.preinit_start.or_else(|| config.tree.preinit_start.clone()) {
            Some(start) => preinit.start(start),
            None => preinit,
        })
    }
}

/// What a program is run with.
#[derive(Debug, Args)]
pub(crate) struct ProgramArgs {
    /// Set an environment variable; NAME alone passes it on; may be repeated
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub(crate) env: Vec<String>,
    /// Put a host file or directory into the tree before the program starts; may be repeated
    #[arg(long, value_name = "HOST::GUEST")]
    pub(crate) put: Vec<String>,
    /// Copy a file or directory of the tree to the host after the program has ended, also by a trap; may be repeated
    #[arg(long, value_name = "GUEST::HOST")]
    pub(crate) get: Vec<String>,
    /// Write the tree as a tar archive after the program has ended, also by a trap
    #[arg(long, value_name = "OUT.tar")]
    pub(crate) export: Option<PathBuf>,
    /// Preopen a host directory under a name, for a program packed with --mount or --overlay; may be repeated
    ///
    /// HOST alone is also the name.
    #[arg(long, value_name = "HOST[::NAME]")]
    pub(crate) host_dir: Vec<String>,
    /// Arguments of the program
    #[arg(last = true)]
    pub(crate) args: Vec<String>,
}

/// What happens to files in the way.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ExistingArgs {
    /// Replace files that exist
    #[arg(short, long)]
    force: bool,
}

impl ExistingArgs {
    pub(crate) fn existing(self) -> Existing {
        if self.force { Existing::Replace } else { Existing::Keep }
    }
}
