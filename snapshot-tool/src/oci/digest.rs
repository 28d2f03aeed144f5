//! What names a blob: `sha256:` and its hash in hexadecimal digits.

use crate::quote::escaped;
use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

/// The only algorithm that is read and written. The specification has SHA-512 too, which hardly
/// anybody writes.
pub(crate) const ALGORITHM: &str = "sha256";

/// How much is hashed at a time.
const PIECE_BYTES: usize = 1 << 18;

/// The hash of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    /// The hash of these bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The hash that was computed.
    pub(crate) fn from_hasher(hasher: Sha256) -> Self {
        Self(hasher.finalize().into())
    }

    /// The hash of all that can be read, and how many bytes that is.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub(crate) fn of_reader(mut from: impl Read) -> io::Result<(u64, Self)> {
        let (mut len, mut hasher) = (0, Sha256::new());
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            match from.read(&mut piece) {
                Ok(0) => return Ok((len, Self::from_hasher(hasher))),
                Ok(read) => {
                    len += read as u64;
                    hasher.update(&piece[..read]);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The hash in hexadecimal digits, which is the name of its file in a layout.
    pub(crate) fn hex(&self) -> String {
        hex::encode(self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ALGORITHM}:{}", self.hex())
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parsed =
            text.parse().map_err(|error| format!("the digest `{}`: {error}", escaped(&text)));
        parsed.map_err(serde::de::Error::custom)
    }
}

impl FromStr for Digest {
    type Err = anyhow::Error;

    /// Reads `sha256:` and 64 lower-case digits. Nothing else can come out of it, so a digest is
    /// safe as the name of a file.
    fn from_str(text: &str) -> Result<Self> {
        let (algorithm, hex) =
            text.split_once(':').context("it is no digest, as `sha256:` and 64 digits")?;
        if algorithm != ALGORITHM {
            bail!("its algorithm `{algorithm}` is not read: only {ALGORITHM} is");
        }
        let mut bytes = [0; 32];
        if hex.bytes().any(|digit| digit.is_ascii_uppercase())
            || hex::decode_to_slice(hex, &mut bytes).is_err()
        {
            bail!("it has not 64 lower-case hexadecimal digits");
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn only_digests_are_read() {
        let text = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let digest: Digest = text.parse().unwrap();
        assert_eq!(digest, Digest::of(b""));
        assert_eq!(digest.to_string(), text);
        let long = format!("{text}00");
        let upper = text.to_uppercase().replace("SHA", "sha");
        for wrong in
            ["", "sha256", "sha256:", "sha256:../../../etc/passwd", &long, &upper, &text[..70]]
        {
            assert!(wrong.parse::<Digest>().is_err(), "{wrong}");
        }
        assert!("sha512:00".parse::<Digest>().unwrap_err().to_string().contains("`sha512`"));
    }
}
