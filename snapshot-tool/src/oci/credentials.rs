//! What a person has told docker of a registry: the credentials in its configuration.

use anyhow::{Context as _, Result, anyhow, bail};
use docker_credential::{CredentialRetrievalError, DockerCredential, get_credential_from_reader};
use oci_client::secrets::RegistryAuth;
use std::env;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

/// Under which name docker keeps the credentials of its own registry.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// What helpers answer that know nothing of a registry. It is no error, and has no other mark.
const UNKNOWN: &str = "credentials not found";

/// The credentials of a registry, of the configuration in this directory or of the person's; none are
/// anonymous.
///
/// # Errors
///
/// When the configuration cannot be read, or a helper that it names fails.
pub(super) fn of_registry(registry: &str, directory: Option<&Path>) -> Result<RegistryAuth> {
    let directory = directory.map(Path::to_owned).or_else(default_directory);
    let Some(path) = directory.map(|directory| directory.join("config.json")) else {
        return Ok(RegistryAuth::Anonymous);
    };
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(RegistryAuth::Anonymous);
        }
        opened => opened.with_context(|| format!("cannot read `{}`", path.display()))?,
    };
    let server = if registry == "docker.io" { DOCKER_HUB } else { registry };
    use CredentialRetrievalError as Failure;
    match get_credential_from_reader(BufReader::new(file), server) {
        Ok(DockerCredential::UsernamePassword(name, password)) => {
            Ok(RegistryAuth::Basic(name, password))
        }
        Ok(DockerCredential::IdentityToken(_)) => bail!(
            "`{}` has an identity token for {registry}, which is not understood here: log in with a password or an \
             access token (`docker login {registry}`)",
            path.display()
        ),
        Err(Failure::NoCredentialConfigured) => Ok(RegistryAuth::Anonymous),
        Err(Failure::HelperFailure { stdout, stderr, .. })
            if stdout.contains(UNKNOWN) || stderr.contains(UNKNOWN) =>
        {
            Ok(RegistryAuth::Anonymous)
        }
        Err(Failure::HelperCommunicationError) => bail!(
            "the program that `{}` names for the credentials of {registry} cannot be run: install it \
             (`docker-credential-...`), or remove `credHelpers` or `credsStore`",
            path.display()
        ),
        Err(failure) => Err(anyhow!(failure)).with_context(|| {
            format!("`{}` has no usable credentials for {registry}; log in anew", path.display())
        }),
    }
}

/// The directory of the person's configuration, whether or not it is there.
fn default_directory() -> Option<PathBuf> {
    let given = env::var_os("DOCKER_CONFIG").filter(|directory| !directory.is_empty());
    given.map(PathBuf::from).or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".docker")))
}
