//! What is pushed is what others pull, and the other way round.

use std::fs;
use std::path::Path;

use wasm_vfs::ErrorKind;
use wasm_vfs::oci::{Artifact, Registry};

use crate::rig::{AUTH, Access, PASSWORD, RegistryServer, USER, packed, skopeo_copy};

/// The only manifest in a layout: its digest.
fn digest_in(layout: &Path) -> String {
    let index = fs::read_to_string(layout.join("index.json")).unwrap();
    let (_, after) = index.split_once("\"digest\":\"").unwrap();
    after.split_once('"').unwrap().0.to_owned()
}

/// Speaks with docker's configuration in this directory.
fn registry(config: &Path) -> Registry {
    Registry::new().docker_config(config)
}

#[test]
fn what_is_pushed_comes_back() {
    let Some(server) = RegistryServer::start(Access::Open) else { return };
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let registry = registry(directory.path());
    // Longer than any buffer on the way.
    let program = packed(directory.path(), 30_000_000);
    let artifact = Artifact::of(&program).unwrap();
    let reference = format!("{}/tests/app:1.0", server.host);
    let digest = registry.push(&artifact, &reference).unwrap();
    assert_eq!(digest, artifact.digest().unwrap());
    // Once more, where everything is there already.
    assert_eq!(registry.push(&artifact, &reference).unwrap(), digest);

    let pulled = registry.pull(&reference, at("pulled.wasm")).unwrap();
    assert_eq!(pulled.digest, digest);
    assert!(fs::read(&program).unwrap() == fs::read(at("pulled.wasm")).unwrap());
    let by_digest = format!("{}/tests/app@{digest}", server.host);
    registry.pull(&by_digest, at("again.wasm")).unwrap();
    assert!(fs::read(&program).unwrap() == fs::read(at("again.wasm")).unwrap());

    // Another tool gets the same manifest, and so the same bytes: it verifies them.
    let (from, to) = (format!("docker://{reference}"), format!("oci:{}:x", at("layout").display()));
    if skopeo_copy(&["--src-tls-verify=false", &from, &to]).is_none() {
        return;
    }
    assert_eq!(digest_in(&at("layout")), digest);
    let blob = format!("layout/blobs/sha256/{}", layer_of(&at("layout"), &digest));
    assert!(fs::read(&program).unwrap() == fs::read(at(&blob)).unwrap());
}

/// The name of the blob that is the layer of a manifest.
fn layer_of(layout: &Path, digest: &str) -> String {
    let manifest = layout.join("blobs").join(digest.replace(':', "/"));
    let manifest = fs::read_to_string(manifest).unwrap();
    let (_, layers) = manifest.split_once("\"layers\":").unwrap();
    let (_, after) = layers.split_once("\"sha256:").unwrap();
    after.split_once('"').unwrap().0.to_owned()
}

#[test]
fn what_skopeo_pushes_is_pulled() {
    let Some(server) = RegistryServer::start(Access::Open) else { return };
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let program = packed(directory.path(), 1000);
    let artifact = Artifact::of(&program).unwrap().reference("1.0");
    artifact.write_directory(at("layout"), wasm_vfs::Existing::Keep).unwrap();
    artifact.write_tar(at("layout.tar")).unwrap();
    for (number, from) in ["oci:layout:1.0", "oci-archive:layout.tar:1.0"].into_iter().enumerate() {
        let (kind, name) = from.split_once(':').unwrap();
        let from = format!("{kind}:{}", at(name).display());
        let reference = format!("{}/tests/app:{number}", server.host);
        let to = format!("docker://{reference}");
        if skopeo_copy(&["--dest-tls-verify=false", &from, &to]).is_none() {
            return;
        }
        let file = at(&format!("{number}.wasm"));
        let pulled = registry(directory.path()).pull(&reference, &file).unwrap();
        assert_eq!(pulled.digest, artifact.digest().unwrap());
        assert!(fs::read(&program).unwrap() == fs::read(&file).unwrap());
    }
}

#[test]
fn a_registry_that_asks_gets_the_credentials_of_docker() {
    let Some(server) = RegistryServer::start(Access::Password) else { return };
    assert!(server.get("/v2/").starts_with("HTTP/1.0 401"), "{}", server.get("/v2/"));
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let artifact = Artifact::of(packed(directory.path(), 1000)).unwrap();
    let reference = format!("{}/tests/app:1.0", server.host);
    let with = |name: &str, config: &str| {
        fs::create_dir_all(at(name)).unwrap();
        fs::write(at(name).join("config.json"), config).unwrap();
        registry(&at(name))
    };
    let host = &server.host;
    let known = with("known", &format!(r#"{{"auths": {{"{host}": {{"auth": "{AUTH}"}}}}}}"#));
    let wrong = with("wrong", &format!(r#"{{"auths": {{"{host}": {{"auth": "eDp5"}}}}}}"#));
    let other = with("other", r#"{"auths": {"example.com": {"auth": "eDp5"}}}"#);
    let damaged = with("damaged", r#"{"auths": "#);
    let token = with("token", &format!(r#"{{"auths": {{"{host}": {{"identitytoken": "t"}}}}}}"#));
    let helper =
        with("helper", &format!(r#"{{"credHelpers": {{"{host}": "missing-for-tests"}}}}"#));
    let refused = |registry: &Registry, expected: &str| {
        let push = registry.push(&artifact, &reference).unwrap_err();
        let pull = registry.pull(&reference, at("none.wasm")).unwrap_err();
        for error in [push, pull] {
            assert_eq!(error.kind(), ErrorKind::Registry, "{error:?}");
            assert!(format!("{error:#}").contains(expected), "{error:?}");
        }
        assert!(!at("none.wasm").exists());
    };
    refused(&registry(&at("no-such-directory")), "log in with `docker login 127.0.0.1:");
    refused(&other, "wants to know who you are; log in");
    refused(&wrong, "refuses the credentials of docker's configuration");
    refused(&damaged, "damaged/config.json` has no usable credentials");
    refused(&token, "has an identity token for 127.0.0.1:");
    refused(&helper, "names for the credentials of 127.0.0.1:");
    let digest = known.push(&artifact, &reference).unwrap();
    assert_eq!(known.pull(&reference, at("pulled.wasm")).unwrap().digest, digest);
    let (from, to) = (format!("docker://{reference}"), format!("oci:{}:x", at("layout").display()));
    let credentials = format!("--src-creds={USER}:{PASSWORD}");
    if skopeo_copy(&["--src-tls-verify=false", &credentials, &from, &to]).is_some() {
        assert_eq!(digest_in(&at("layout")), digest);
    }
}

#[test]
fn what_is_not_there_is_told() {
    let Some(server) = RegistryServer::start(Access::Open) else { return };
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let registry = registry(directory.path());
    let artifact = Artifact::of(packed(directory.path(), 1000)).unwrap();
    let host = &server.host;
    registry.push(&artifact, &format!("{host}/tests/app:1.0")).unwrap();
    let nothing = "0".repeat(64);
    for reference in ["tests/app:2.0", "tests/other:1.0", &format!("tests/app@sha256:{nothing}")] {
        let pulled = registry.pull(&format!("{host}/{reference}"), at("none.wasm"));
        let error = pulled.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Registry, "{error:?}");
        assert!(
            error.to_string().contains("has nothing there; check the name and the tag"),
            "{error:?}"
        );
    }
    drop(server);
    let error = registry.push(&artifact, "127.0.0.1:1/tests/app:1.0").unwrap_err();
    assert!(error.to_string().starts_with("cannot reach 127.0.0.1:1: check the name"), "{error:?}");
    assert!(!at("none.wasm").exists());
}
