//! The options that several commands share. Values that need judgement (guest paths, patterns) stay
//! text here, so that a wrong one is an error of ours with exit status 1, not a usage error.

use crate::disk::input::read_named;
use crate::gather::builder::TreeBuilder;
use crate::gather::image::source::OciImage;
use crate::gather::owner::Owner;
use crate::output::Destination;
use crate::pack::Packer;
#[cfg(feature = "run")]
use crate::pack::preinit::Preinit;
use crate::packed::form::Form;
use crate::policy::Policy;
use crate::policy::file::ConfigFile;
use crate::tree::guest_path::{DirMapping, GuestPath, split_assignment, split_image, split_pair};
use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// The longest build of the adapter.
const MAX_ADAPTER_BYTES: u64 = 64 << 20;

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

impl Talk {
    pub(super) fn is_verbose(self) -> bool {
        self == Self::Verbose
    }
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

/// What goes into the tree.
#[derive(Debug, Args)]
#[command(next_help_heading = "Tree options")]
pub(crate) struct TreeArgs {
    /// Read options from a TOML file: the flags' names are its keys
    ///
    /// Command-line options override the file; list options are concatenated. Relative directories
    /// start where the file is.
    #[arg(long, value_name = "VFS.toml")]
    config: Option<PathBuf>,
    /// Put a directory of the disk at a path of the tree; may be repeated, and may nest
    ///
    /// HOST alone is the same path on both sides, taken from / if it is relative: `--dir .` fills
    /// /. A directory put beneath another hides what the outer one has there. A `::` that belongs
    /// to a name is written `\::`.
    #[arg(long = "dir", value_name = "HOST[::GUEST]")]
    directories: Vec<String>,
    /// Put what a tar archive holds at a path of the tree; may be repeated
    ///
    /// FILE may be compressed with gzip or zstd; - is standard input. FILE alone fills /. A `::` that
    /// belongs to a name is written `\::`.
    #[arg(long = "tar", value_name = "FILE[::GUEST]", allow_hyphen_values = true)]
    tars: Vec<String>,
    /// Put what a zip archive holds at a path of the tree; may be repeated
    ///
    /// FILE alone fills /; - is standard input. A `::` that belongs to a name is written `\::`.
    #[arg(long = "zip", value_name = "FILE[::GUEST]", allow_hyphen_values = true)]
    zips: Vec<String>,
    /// Lay the files of a container's image over the tree, at a path of it; may be repeated
    ///
    /// LAYOUT is an OCI image layout, a directory or a tar archive, or what `docker save` writes; - is
    /// standard input. REF chooses one of several images. LAYOUT alone fills /. Images lie beneath
    /// all other options. A `:` that belongs to LAYOUT is written `\:`.
    #[arg(long = "oci", value_name = "LAYOUT[:REF][::GUEST]", allow_hyphen_values = true)]
    images: Vec<String>,
    /// Of images for several platforms, take the one for this
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    oci_platform: Option<String>,
    /// Put a file of the disk at a path of the tree; may be repeated
    #[arg(long = "file", value_name = "HOST::GUEST")]
    files: Vec<String>,
    /// Put a file with this text at a path of the tree; may be repeated
    ///
    /// An `=` that belongs to the path is written `\=`.
    #[arg(long = "text", value_name = "GUEST=TEXT")]
    texts: Vec<String>,
    /// Put a symbolic link with this text at a path of the tree; may be repeated
    ///
    /// An `=` that belongs to the path is written `\=`.
    #[arg(long = "symlink", value_name = "GUEST=TARGET")]
    symlinks: Vec<String>,
    /// Set the permission bits of an entry of the tree, as in `/bin/run=755`; may be repeated
    ///
    /// An `=` that belongs to the path is written `\=`.
    #[arg(long = "mode", value_name = "GUEST=OCTAL")]
    modes: Vec<String>,
    /// Leave out what matches a pattern of .gitignore syntax; may be repeated
    ///
    /// As if in a .gitignore in each HOST directory and each archive. Files named .wasmvfsignore, in any
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
    adapter: Option<PathBuf>,
}

impl TreeArgs {
    /// Whether any option asks for a tree.
    #[cfg(feature = "run")]
    pub(crate) fn is_given(&self) -> bool {
        let Self {
            config,
            directories,
            tars,
            zips,
            images,
            oci_platform,
            files,
            texts,
            symlinks,
            modes,
            excludes,
            no_tmp,
            owner,
            adapter,
        } = self;
        let lists = [directories, tars, zips, images, files, texts, symlinks, modes, excludes];
        lists.iter().any(|list| !list.is_empty())
            || *no_tmp
            || config.is_some()
            || owner.is_some()
            || oci_platform.is_some()
            || adapter.is_some()
    }

    /// What the configuration file says; without one, nothing.
    pub(crate) fn config(&self) -> Result<ConfigFile> {
        let Some(path) = &self.config else { return Ok(ConfigFile::default()) };
        Ok(ConfigFile::read(path)?)
    }

    /// The packer that the options and the configuration file describe. `policy` is what the
    /// command line says of it; earlier results at `outputs` are no part of the tree.
    pub(super) fn packer(
        &self,
        config: &ConfigFile,
        outputs: &[&Destination],
        policy: Policy,
    ) -> Result<Packer> {
        let mut tree = self.builder(config)?;
        for output in outputs {
            if let Destination::File(path) = output {
                tree = tree.leave_out(path);
            }
        }
        let packer = Packer::new(tree)
            .policy(config.policy.clone().overridden_by(policy))
            .strict(config.tree.strict);
        let Some(path) = &self.adapter else { return Ok(packer) };
        let core = read_named(path, MAX_ADAPTER_BYTES)?;
        Ok(packer.adapter_core(core))
    }

    /// What the options and the configuration file say, and `SOURCE_DATE_EPOCH`.
    fn builder(&self, config: &ConfigFile) -> Result<TreeBuilder> {
        let owner = self.owner.as_deref().or(config.tree.owner.as_deref()).unwrap_or("0:0");
        let mut builder = TreeBuilder::new()
            .tmp(!self.no_tmp && !config.tree.no_tmp)
            .owner(owner.parse::<Owner>()?);
        let mut stdin = Stdin::default();
        builder = self.images(config, builder, &mut stdin)?;
        for text in &config.tree.dir {
            let mut mapping = text.parse::<DirMapping>().context("dir")?;
            mapping.host = config.directory.join(mapping.host);
            builder = builder.mapping(mapping);
        }
        for text in &self.directories {
            builder = builder.mapping(text.parse::<DirMapping>().context("--dir")?);
        }
        builder = self.sources(config, builder, &mut stdin)?;
        for pattern in config.tree.exclude.iter().chain(&self.excludes) {
            builder = builder.exclude(pattern);
        }
        if let Some(seconds) = source_date_epoch()? {
            builder = builder.latest_mtime(seconds);
        }
        Ok(builder)
    }

    /// Adds images.
    fn images(
        &self,
        config: &ConfigFile,
        mut builder: TreeBuilder,
        stdin: &mut Stdin,
    ) -> Result<TreeBuilder> {
        let platform = self.oci_platform.as_deref().or(config.tree.oci_platform.as_deref());
        for (named, text) in both("oci", &config.tree.oci, &self.images) {
            let about = || format!("{named} {text}");
            let (layout, reference, guest) = split_image(text);
            let guest = guest.unwrap_or_else(|| "/".to_owned());
            ensure!(
                !layout.is_empty(),
                "{}: it names no image; write LAYOUT[:REF][::GUEST]",
                about()
            );
            guest.parse::<GuestPath>().with_context(about)?;
            let mut image = if layout == "-" {
                OciImage::in_stream(stdin.read(named, text)?).context("--oci -")?
            } else {
                OciImage::in_layout(named.path(config, &layout))
            };
            if let Some(reference) = reference {
                ensure!(!reference.is_empty(), "{}: its REF is empty; write LAYOUT:REF", about());
                image = image.reference(reference);
            }
            if let Some(platform) = platform {
                image = image.platform(platform).context("--oci-platform")?;
            }
            builder = builder.oci(image, guest);
        }
        Ok(builder)
    }

    /// Adds what is no directory of the disk.
    fn sources(
        &self,
        config: &ConfigFile,
        mut builder: TreeBuilder,
        stdin: &mut Stdin,
    ) -> Result<TreeBuilder> {
        let tree = &config.tree;
        for (named, text) in both("tar", &tree.tar, &self.tars) {
            let (host, guest) = archive(named, text)?;
            builder = if host == "-" {
                let stream = stdin.read(named, text)?;
                builder.tar_stream(stream, guest).context("--tar -")?
            } else {
                builder.tar(named.path(config, &host), guest)
            };
        }
        for (named, text) in both("zip", &tree.zip, &self.zips) {
            let (host, guest) = archive(named, text)?;
            builder = if host == "-" {
                let stream = stdin.read(named, text)?;
                builder.zip_stream(stream, guest).context("--zip -")?
            } else {
                builder.zip(named.path(config, &host), guest)
            };
        }
        for (named, text) in both("file", &tree.file, &self.files) {
            let (host, guest) = match split_pair(text) {
                (host, Some(guest)) if !host.is_empty() => (host, guest),
                _ => bail!("{named} {text}: write HOST::GUEST"),
            };
            guest.parse::<GuestPath>().with_context(|| format!("{named} {text}"))?;
            builder = builder.host_file(named.path(config, &host), guest);
        }
        for (named, text) in both("text", &tree.text, &self.texts) {
            let (guest, contents) = assignment(named, text, "TEXT")?;
            builder = builder.file(guest, contents);
        }
        for (named, text) in both("symlink", &tree.symlink, &self.symlinks) {
            let (guest, target) = assignment(named, text, "TARGET")?;
            builder = builder.symlink(guest, target);
        }
        for (named, text) in both("mode", &tree.mode, &self.modes) {
            let (guest, mode) = assignment(named, text, "OCTAL")?;
            let digits = !mode.is_empty() && mode.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
            let mode = u32::from_str_radix(mode, 8).ok().filter(|mode| digits && *mode <= 0o7777);
            let mode = mode.with_context(|| {
                format!("{named} {text}: write the mode in octal digits, 7777 at most, as in 755")
            })?;
            builder = builder.mode(guest, mode);
        }
        Ok(builder)
    }
}

/// The date that `SOURCE_DATE_EPOCH` gives, in seconds since 1970.
pub(super) fn source_date_epoch() -> Result<Option<i64>> {
    let Some(epoch) = std::env::var_os("SOURCE_DATE_EPOCH") else { return Ok(None) };
    let seconds = epoch.to_str().and_then(|text| text.parse().ok());
    let seconds = seconds
        .with_context(|| format!("SOURCE_DATE_EPOCH is {epoch:?}; set it to seconds since 1970"))?;
    Ok(Some(seconds))
}

/// The values of a key of the configuration file and of the option of its name, each with what
/// messages call it.
fn both<'a>(
    key: &'static str,
    of_file: &'a [String],
    of_options: &'a [String],
) -> impl Iterator<Item = (Named, &'a str)> {
    let of_file = of_file.iter().map(move |text| (Named::Key(key), text.as_str()));
    of_file.chain(of_options.iter().map(move |text| (Named::Option(key), text.as_str())))
}

/// Standard input, which can be read once.
#[derive(Debug, Default)]
struct Stdin {
    is_read: bool,
}

impl Stdin {
    fn read(&mut self, named: Named, text: &str) -> Result<io::StdinLock<'static>> {
        ensure!(
            !self.is_read,
            "{named} {text}: standard input can be read once; give the other archive as a file"
        );
        self.is_read = true;
        Ok(io::stdin().lock())
    }
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug)]
enum Named {
    Key(&'static str),
    Option(&'static str),
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => f.write_str(key),
            Self::Option(key) => write!(f, "--{key}"),
        }
    }
}

impl Named {
    /// A path of the disk: in a configuration file it starts where the file is.
    fn path(self, config: &ConfigFile, host: &str) -> PathBuf {
        match self {
            Self::Key(_) => config.directory.join(host),
            Self::Option(_) => host.into(),
        }
    }
}

/// The archive and the place of `FILE[::GUEST]`.
fn archive(named: Named, text: &str) -> Result<(String, String)> {
    let (host, guest) = split_pair(text);
    let guest = guest.unwrap_or_else(|| "/".to_owned());
    ensure!(!host.is_empty(), "{named} {text}: it names no archive; write FILE::GUEST");
    guest.parse::<GuestPath>().with_context(|| format!("{named} {text}"))?;
    Ok((host, guest))
}

/// The path and the value of `GUEST=VALUE`.
fn assignment<'t>(named: Named, text: &'t str, value: &str) -> Result<(String, &'t str)> {
    let (guest, Some(after)) = split_assignment(text) else {
        bail!("{named} {text}: write GUEST={value}");
    };
    guest.parse::<GuestPath>().with_context(|| format!("{named} {text}"))?;
    Ok((guest, after))
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
    /// The form of a result that no configuration file is about.
    pub(super) fn form(self) -> Form {
        if self.isolate { Form::Isolated } else { Form::Portable }
    }

    /// Whether an option chooses a form.
    #[cfg(feature = "run")]
    pub(super) fn is_given(self) -> bool {
        self.isolate
    }

    /// The packer, with the form that is chosen, if one is.
    pub(super) fn apply(self, config: &ConfigFile, packer: Packer) -> Packer {
        if self.isolate || config.tree.isolate { packer.form(Form::Isolated) } else { packer }
    }
}

/// Whether a program with an import that nobody answers is refused.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct StrictArgs {
    /// Refuse a program with imports that neither the filesystem nor a WASI host answers, such as
    /// WASIX's or Emscripten's; without it a note names them
    #[arg(long)]
    pub(super) strict: bool,
}

/// What runs of the program when it is packed.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct PreinitArgs {
    /// Run an exported function of the program now, with the tree: each start goes on from there
    ///
    /// It takes and gives nothing; a reactor's `_initialize` is called before. What it prints is
    /// shown.
    #[arg(long, value_name = "FUNC")]
    preinit: Option<String>,
    /// After --preinit, what is exported as `_start` [default: `wizer.resume` if that is exported,
    /// else `_start`]
    #[arg(long, value_name = "FUNC", requires = "preinit")]
    preinit_start: Option<String>,
}

impl PreinitArgs {
    /// Whether an option names a function.
    #[cfg(feature = "run")]
    pub(super) fn is_given(&self) -> bool {
        self.preinit.is_some()
    }

    /// The packer, with the function that is to run, if one is.
    #[cfg(feature = "run")]
    pub(super) fn apply(self, config: &ConfigFile, packer: Packer) -> Result<Packer> {
        config.check_start(self.preinit.is_some())?;
        let Some(function) = self.preinit.or_else(|| config.tree.preinit.clone()) else {
            return Ok(packer);
        };
        let preinit = Preinit::new(function);
        let start = self.preinit_start.or_else(|| config.tree.preinit_start.clone());
        Ok(packer.preinit(match start {
            Some(start) => preinit.start(start),
            None => preinit,
        }))
    }

    /// Refuses to run a function: this build of the command has no engine with WASI.
    #[cfg(not(feature = "run"))]
    pub(super) fn apply(self, config: &ConfigFile, packer: Packer) -> Result<Packer> {
        config.check_start(self.preinit.is_some())?;
        let asked = self.preinit.is_some() || config.tree.preinit.is_some();
        anyhow::ensure!(!asked, "--preinit: this wasm-vfs was built without the feature `run`");
        Ok(packer)
    }
}
