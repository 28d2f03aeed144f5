//! The values of a [`Policy`](crate::policy::Policy), and how a person writes them.
//!
//! Each type has one text form, which the command line, the configuration file and a packed module
//! share.
//!
//! ```
//! use wasm_vfs::Policy;
//!
//! let mut policy = Policy::default();
//! policy.clock = Some("fixed=2026-01-01T00:00:00Z".parse()?);
//! policy.mount.push("/data=data".parse()?);
//! assert_eq!(policy.to_toml()?, "clock = \"fixed=2026-01-01T00:00:00Z\"\nmount = [\"/data=data\"]\n");
//!
//! let error = "sometimes".parse::<wasm_vfs::policy::values::Clock>().unwrap_err();
//! assert!(error.to_string().starts_with("`sometimes` is no clock"));
//! # Ok::<(), wasm_vfs::Error>(())
//! ```

use crate::error::{Error, ErrorKind, InnerResult, Marked as _};
use crate::tree::guest_path::GuestPath;
use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, UNIX_EPOCH};

/// A value with a text form.
trait Written: Sized {
    /// Reads the text form.
    ///
    /// # Errors
    ///
    /// If the text makes no sense; the message quotes it and says what would.
    fn read(text: &str) -> InnerResult<Self>;
}

/// Reads a type from its text.
macro_rules! from_text {
    ($($type:ty),*) => {$(
        impl FromStr for $type {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                Ok(Self::read(text).of_kind(ErrorKind::Policy)?)
            }
        }
    )*};
}

from_text!(
    Preopen, Variable, InheritEnv, Stream, Clock, Random, HostCall, ByteCount, Umask, MountPoint,
    Overlay, Trace
);

/// Serialises a type as its text.
macro_rules! as_text {
    ($($type:ty),*) => {$(
        impl TryFrom<String> for $type {
            type Error = Error;

            fn try_from(text: String) -> Result<Self, Error> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> String {
                value.to_string()
            }
        }
    )*};
}

as_text!(Preopen, Variable, Stream, Clock, Random, HostCall, Umask, MountPoint, Overlay, Trace);

/// A directory that the program finds open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Preopen {
    /// What the program knows it by.
    pub name: String,
    /// Which directory of the tree it is.
    pub path: GuestPath,
}

impl Preopen {
    /// The root, as `/`.
    #[must_use]
    pub fn root() -> Preopen {
        Preopen { name: "/".to_owned(), path: GuestPath::root() }
    }
}

impl Written for Preopen {
    /// Reads `GUEST[=TREEPATH]`.
    fn read(text: &str) -> InnerResult<Self> {
        let (name, path) = match text.split_once('=') {
            Some((name, path)) => (name, path.parse()?),
            None => (text, format!("/{text}").parse()?),
        };
        ensure!(!name.is_empty(), "preopen `{text}` has no name; write `GUEST=TREEPATH`");
        ensure!(!name.contains('\0'), "preopen {text:?} contains a NUL byte");
        Ok(Preopen { name: name.to_owned(), path })
    }
}

impl fmt::Display for Preopen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.path)
    }
}

/// An environment variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Written for Variable {
    /// Reads `NAME=VALUE`.
    fn read(text: &str) -> InnerResult<Self> {
        let Some((name, value)) = text.split_once('=') else {
            bail!("`{text}` gives no value; write `{text}=VALUE`, or inherit-env to pass it on");
        };
        ensure!(!name.is_empty(), "`{text}` names no variable; write `NAME=VALUE`");
        ensure!(!text.contains('\0'), "the variable {text:?} contains a NUL byte");
        Ok(Variable { name: name.to_owned(), value: value.to_owned() })
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)
    }
}

/// What of the WASI host's environment is passed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "InheritEnvText", into = "InheritEnvText")]
#[non_exhaustive]
pub enum InheritEnv {
    /// Every variable.
    All,
    /// Those of these names.
    Only(Vec<String>),
}

/// How [`InheritEnv`] may be written in a file: `true`, `false`, `"A,B"` or `["A", "B"]`.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum InheritEnvText {
    Switch(bool),
    Text(String),
    Names(Vec<String>),
}

impl InheritEnv {
    /// Whether the WASI host has to be asked.
    pub(crate) fn asks_host(&self) -> bool {
        match self {
            InheritEnv::All => true,
            InheritEnv::Only(names) => !names.is_empty(),
        }
    }

    fn only(names: Vec<String>) -> InnerResult<InheritEnv> {
        for name in &names {
            ensure!(
                !name.is_empty() && !name.contains(['=', '\0']),
                "inherit-env: {name:?} is no name of a variable"
            );
        }
        Ok(InheritEnv::Only(names))
    }
}

impl TryFrom<InheritEnvText> for InheritEnv {
    type Error = anyhow::Error;

    fn try_from(text: InheritEnvText) -> InnerResult<Self> {
        match text {
            InheritEnvText::Switch(true) => Ok(InheritEnv::All),
            InheritEnvText::Switch(false) => Ok(InheritEnv::Only(Vec::new())),
            InheritEnvText::Text(text) => Self::read(&text),
            InheritEnvText::Names(names) => InheritEnv::only(names),
        }
    }
}

impl From<InheritEnv> for InheritEnvText {
    fn from(value: InheritEnv) -> InheritEnvText {
        match value {
            InheritEnv::All => InheritEnvText::Switch(true),
            InheritEnv::Only(names) if names.is_empty() => InheritEnvText::Switch(false),
            InheritEnv::Only(names) => InheritEnvText::Names(names),
        }
    }
}

impl Written for InheritEnv {
    /// Reads `true` or `A,B`.
    fn read(text: &str) -> InnerResult<Self> {
        match text {
            "true" => Ok(InheritEnv::All),
            "false" => Ok(InheritEnv::Only(Vec::new())),
            _ => InheritEnv::only(text.split(',').map(str::to_owned).collect()),
        }
    }
}

/// A standard stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Stream {
    /// The WASI host's.
    Host,
    /// Empty to read, and what is written is gone: as /dev/null.
    Null,
    /// Closed.
    Deny,
    /// A file of the tree.
    File(String),
}

impl Written for Stream {
    fn read(text: &str) -> InnerResult<Self> {
        Ok(match text {
            "host" => Stream::Host,
            "null" => Stream::Null,
            "deny" => Stream::Deny,
            _ => match text.strip_prefix("file=") {
                Some(path) => Stream::File(path.parse::<GuestPath>()?.to_string()),
                None => bail!("`{text}` is no stream; write `host`, `null`, `deny` or `file=PATH`"),
            },
        })
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stream::Host => f.write_str("host"),
            Stream::Null => f.write_str("null"),
            Stream::Deny => f.write_str("deny"),
            Stream::File(path) => write!(f, "file={path}"),
        }
    }
}

/// The clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Clock {
    /// The WASI host's.
    Host,
    /// Always the same instant, in nanoseconds since 1970.
    Fixed(u64),
    /// Each reading is so many nanoseconds later than the last; the first is the start of 2000.
    Step(u64),
}

impl Written for Clock {
    fn read(text: &str) -> InnerResult<Self> {
        if text == "host" {
            return Ok(Clock::Host);
        }
        if let Some(text) = text.strip_prefix("fixed=") {
            let time = humantime::parse_rfc3339_weak(text)
                .with_context(|| format!("`{text}` is no time like 2026-01-01T00:00:00Z"))?;
            let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
            let nanoseconds = u64::try_from(since.as_nanos());
            let nanoseconds = nanoseconds.with_context(|| format!("`{text}` is after 2554"))?;
            return Ok(Clock::Fixed(nanoseconds));
        }
        if let Some(text) = text.strip_prefix("step=") {
            let step = text.parse().with_context(|| format!("`{text}` is no number of ns"))?;
            return Ok(Clock::Step(step));
        }
        bail!("`{text}` is no clock; write `host`, `fixed=2026-01-01T00:00:00Z` or `step=1000000`")
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Clock::Host => f.write_str("host"),
            Clock::Fixed(nanoseconds) => {
                let time = UNIX_EPOCH + Duration::from_nanos(*nanoseconds);
                write!(f, "fixed={}", humantime::format_rfc3339(time))
            }
            Clock::Step(nanoseconds) => write!(f, "step={nanoseconds}"),
        }
    }
}

/// Where random numbers come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Random {
    /// The WASI host.
    Host,
    /// A generator that starts from this: reproducible, and no secret.
    Seed(Seed),
}

/// The state that a generator of random numbers starts from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seed(pub Vec<u8>);

/// The longest seed: the generator's state.
const SEED_BYTES: usize = 32;

impl Written for Random {
    fn read(text: &str) -> InnerResult<Self> {
        if text == "host" {
            return Ok(Random::Host);
        }
        let Some(digits) = text.strip_prefix("seed=") else {
            bail!("`{text}` is no source of random numbers; write `host` or `seed=HEX`");
        };
        let seed = hex::decode(digits);
        let seed = seed.map_err(|error| anyhow::anyhow!("the seed `{digits}`: {error}"))?;
        ensure!(
            seed.len() <= SEED_BYTES,
            "the seed `{digits}` has {} bytes, {SEED_BYTES} is the limit",
            seed.len()
        );
        Ok(Random::Seed(Seed(seed)))
    }
}

impl fmt::Display for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Random::Host => f.write_str("host"),
            Random::Seed(Seed(bytes)) => write!(f, "seed={}", hex::encode(bytes)),
        }
    }
}

/// A function that only the WASI host can serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum HostCall {
    /// It does.
    Host,
    /// It is not asked.
    Deny,
}

impl Written for HostCall {
    fn read(text: &str) -> InnerResult<Self> {
        match text {
            "host" => Ok(HostCall::Host),
            "deny" => Ok(HostCall::Deny),
            _ => bail!("`{text}` is neither `host` nor `deny`"),
        }
    }
}

impl fmt::Display for HostCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HostCall::Host => "host",
            HostCall::Deny => "deny",
        })
    }
}

/// A number of bytes: `4096`, `64MiB`, `1GB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ByteCountText", into = "u64")]
pub struct ByteCount(pub u64);

/// How [`ByteCount`] may be written in a file.
#[derive(Deserialize)]
#[serde(untagged)]
enum ByteCountText {
    Number(u64),
    Text(String),
}

impl TryFrom<ByteCountText> for ByteCount {
    type Error = anyhow::Error;

    fn try_from(text: ByteCountText) -> InnerResult<Self> {
        match text {
            ByteCountText::Number(number) => Ok(ByteCount(number)),
            ByteCountText::Text(text) => Self::read(&text),
        }
    }
}

impl From<ByteCount> for u64 {
    fn from(count: ByteCount) -> u64 {
        count.0
    }
}

impl Written for ByteCount {
    fn read(text: &str) -> InnerResult<Self> {
        let count = parse_size::parse_size(text);
        count.map(ByteCount).with_context(|| format!("`{text}` is no size like 65536 or 64MiB"))
    }
}

/// Permission bits that new files never have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Umask(pub u32);

impl Written for Umask {
    fn read(text: &str) -> InnerResult<Self> {
        match u32::from_str_radix(text, 8) {
            Ok(bits) if bits <= 0o777 => Ok(Umask(bits)),
            _ => bail!("umask `{text}` is not within 000 and 777 in octal"),
        }
    }
}

impl fmt::Display for Umask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03o}", self.0)
    }
}

/// A directory that the WASI host preopens, in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MountPoint {
    /// Where the program sees it.
    pub guest: GuestPath,
    /// The name by which the WASI host preopens it.
    pub preopen: String,
}

impl Written for MountPoint {
    /// Reads `GUEST[=PREOPEN]`.
    fn read(text: &str) -> InnerResult<Self> {
        let (guest, preopen) = text.split_once('=').unwrap_or((text, text));
        ensure!(!preopen.is_empty(), "`{text}` names no preopen of the host; write GUEST=PREOPEN");
        Ok(MountPoint { guest: guest.parse()?, preopen: preopen.to_owned() })
    }
}

impl fmt::Display for MountPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.guest, self.preopen)
    }
}

/// A directory that the WASI host preopens, beneath what the tree has at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Overlay(pub MountPoint);

impl Written for Overlay {
    /// Reads `GUEST=PREOPEN`.
    fn read(text: &str) -> InnerResult<Self> {
        ensure!(text.contains('='), "`{text}` names no preopen of the host; write GUEST=PREOPEN");
        MountPoint::read(text).map(Overlay)
    }
}

impl fmt::Display for Overlay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// When calls are written to standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Trace {
    /// Never.
    Off,
    /// Always.
    Always,
    /// When `WASM_VFS_TRACE=1` is in the program's environment.
    Env,
}

impl Written for Trace {
    fn read(text: &str) -> InnerResult<Self> {
        match text {
            "off" => Ok(Trace::Off),
            "always" => Ok(Trace::Always),
            "env" => Ok(Trace::Env),
            _ => bail!("trace `{text}` is none of `off`, `always` and `env`"),
        }
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Trace::Off => "off",
            Trace::Always => "always",
            Trace::Env => "env",
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    /// What is written comes back; texts in their shortest form.
    #[test]
    fn texts_round_trip() {
        fn same<T: FromStr<Err = Error> + ToString>(texts: &[&str]) {
            for text in texts {
                assert_eq!(text.parse::<T>().unwrap().to_string(), *text);
            }
        }
        same::<Preopen>(&["/=/", ".=/work", "a b=/c"]);
        same::<Variable>(&["A=", "A=b=c"]);
        same::<Stream>(&["host", "null", "deny", "file=/a/b"]);
        same::<Clock>(&["host", "fixed=2026-01-01T00:00:00Z", "step=5"]);
        same::<Random>(&["host", "seed=", "seed=00ff"]);
        same::<Umask>(&["000", "022", "777"]);
        same::<MountPoint>(&["/mnt=."]);
        same::<Overlay>(&["/mnt=/"]);
        same::<Trace>(&["off", "always", "env"]);
        assert_eq!("work".parse::<Preopen>().unwrap().to_string(), "work=/work");
        assert_eq!(".".parse::<Preopen>().unwrap().to_string(), ".=/");
        assert_eq!("/mnt".parse::<MountPoint>().unwrap().to_string(), "/mnt=/mnt");
        assert_eq!("64KiB".parse::<ByteCount>().unwrap(), ByteCount(65_536));
    }

    #[test]
    fn errors_name_what_is_wrong() {
        fn error<T: FromStr<Err = Error> + std::fmt::Debug>(text: &str) -> String {
            format!("{:#}", text.parse::<T>().unwrap_err())
        }
        for (message, wants) in [
            (error::<Preopen>("=/x"), "has no name"),
            (error::<Preopen>("a=b"), "not absolute"),
            (error::<Variable>("A"), "write `A=VALUE`"),
            (error::<Variable>("=b"), "names no variable"),
            (error::<Stream>("file"), "is no stream"),
            (error::<Clock>("fixed=yesterday"), "`yesterday` is no time"),
            (error::<Clock>("step=-1"), "`-1` is no number of ns"),
            (error::<Random>("seed=0"), "the seed `0`"),
            (error::<Random>(&format!("seed={}", "00".repeat(33))), "33 bytes"),
            (error::<HostCall>("yes"), "neither `host` nor `deny`"),
            (error::<Umask>("1000"), "not within 000 and 777"),
            (error::<Overlay>("/a"), "names no preopen"),
            (error::<ByteCount>("much"), "`much` is no size"),
            (error::<InheritEnv>("A,,B"), "is no name of a variable"),
        ] {
            assert!(message.contains(wants), "{message}");
        }
    }
}
