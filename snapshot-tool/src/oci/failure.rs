//! What a person reads when a registry refuses, in place of what the client says: which registry,
//! what was asked, and what to do.

use anyhow::{Error, anyhow};
use oci_client::errors::{OciDistributionError as Failure, OciErrorCode};
use oci_client::{Reference, RegistryOperation};

/// HTTP's numbers.
const UNAUTHORIZED: u16 = 401;
const FORBIDDEN: u16 = 403;
const NOT_FOUND: u16 = 404;
const TOO_LARGE: u16 = 413;
const TOO_MANY: u16 = 429;

/// What went wrong, as far as what to do depends on it.
enum What {
    Refused,
    Missing,
    TooLarge,
    TooMany,
    Unreachable,
    Other,
}

/// The error for a failure while `reference` was pushed or pulled, with credentials or without.
pub(super) fn explained(
    failure: Failure,
    reference: &Reference,
    operation: RegistryOperation,
    is_anonymous: bool,
) -> Error {
    let registry = reference.registry();
    let (verb, right) = match operation {
        RegistryOperation::Push => ("push", "write"),
        RegistryOperation::Pull => ("pull", "read"),
    };
    let todo = match what(&failure) {
        What::Refused if is_anonymous => format!(
            "cannot {verb} `{reference}`: {registry} wants to know who you are; log in with `docker login {registry}`, or \
             give DOCKER_CONFIG the directory of a configuration that knows it"
        ),
        What::Refused => format!(
            "cannot {verb} `{reference}`: {registry} refuses the credentials of docker's configuration; log in anew \
             (`docker login {registry}`) with an account that may {right} there"
        ),
        What::Missing => format!(
            "cannot {verb} `{reference}`: {registry} has nothing there; check the name and the tag"
        ),
        What::TooLarge => {
            format!("cannot {verb} `{reference}`: {registry} takes no blobs of that size")
        }
        What::TooMany => format!(
            "cannot {verb} `{reference}`: {registry} has had too many requests; try again later"
        ),
        What::Unreachable => format!(
            "cannot reach {registry}: check the name and the network (a registry without TLS needs --plain-http)"
        ),
        What::Other => format!("cannot {verb} `{reference}`"),
    };
    anyhow!(failure).context(todo)
}

fn what(failure: &Failure) -> What {
    match failure {
        Failure::UnauthorizedError { .. } | Failure::AuthenticationFailure(_) => What::Refused,
        Failure::ServerError { code, .. } => of_status(*code),
        Failure::RegistryError { envelope, .. } => {
            envelope.errors.first().map_or(What::Other, |error| of_code(&error.code))
        }
        Failure::ImageManifestNotFoundError(_) => What::Missing,
        Failure::RequestError(error) => match error.status() {
            Some(status) => of_status(status.as_u16()),
            None => What::Unreachable,
        },
        _ => What::Other,
    }
}

fn of_status(status: u16) -> What {
    match status {
        UNAUTHORIZED | FORBIDDEN => What::Refused,
        NOT_FOUND => What::Missing,
        TOO_LARGE => What::TooLarge,
        TOO_MANY => What::TooMany,
        _ => What::Other,
    }
}

fn of_code(code: &OciErrorCode) -> What {
    match code {
        OciErrorCode::Unauthorized | OciErrorCode::Denied => What::Refused,
        OciErrorCode::ManifestUnknown
        | OciErrorCode::NameUnknown
        | OciErrorCode::BlobUnknown
        | OciErrorCode::NotFound => What::Missing,
        OciErrorCode::Toomanyrequests => What::TooMany,
        _ => What::Other,
    }
}
