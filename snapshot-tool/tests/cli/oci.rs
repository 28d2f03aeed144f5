//! `oci`: programs as artifacts in image layouts, as the WebAssembly working group of CNCF specifies
//! them. What other tools make of them is in `tests/registries`.

use crate::sandbox::{NOTHING, Sandbox, read};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs;

/// A sandbox with `packed.wasm`.
fn sample() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("host/f", vec![b'x'; 300_000]);
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.tool(&["pack", "app.wasm", "--dir", "host::/", "-o", "packed.wasm"]).ok();
    sandbox
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

fn json_of(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// The blob that a descriptor refers to, checked.
#[track_caller]
fn blob(sandbox: &Sandbox, layout: &str, descriptor: &Value) -> Vec<u8> {
    let name = descriptor["digest"].as_str().unwrap();
    let bytes = read(sandbox.path(&format!("{layout}/blobs/{}", name.replace(':', "/"))));
    assert_eq!(digest(&bytes), name);
    assert_eq!(descriptor["size"], bytes.len());
    bytes
}

/// The descriptor, the manifest and the config of the only artifact in a layout.
#[track_caller]
fn artifact(sandbox: &Sandbox, layout: &str) -> (Value, Value, Value) {
    let mark = json_of(&read(sandbox.path(&format!("{layout}/oci-layout"))));
    assert_eq!(mark, json!({ "imageLayoutVersion": "1.0.0" }));
    let index = json_of(&read(sandbox.path(&format!("{layout}/index.json"))));
    assert_eq!(index["schemaVersion"], 2);
    assert_eq!(index["mediaType"], "application/vnd.oci.image.index.v1+json");
    assert_eq!(index["manifests"].as_array().unwrap().len(), 1);
    let descriptor = index["manifests"][0].clone();
    let manifest = json_of(&blob(sandbox, layout, &descriptor));
    let config = json_of(&blob(sandbox, layout, &manifest["config"]));
    (descriptor, manifest, config)
}

#[test]
fn an_artifact_is_as_specified() {
    let sandbox = sample();
    let ran = sandbox.tool(&["oci", "packed.wasm", "-o", "layout"]).ok();
    assert_eq!(ran.stderr, "wrote an image layout, directory layout\n");
    let (descriptor, manifest, config) = artifact(&sandbox, "layout");
    assert_eq!(ran.stdout().trim_end(), descriptor["digest"]);
    let program = read(sandbox.path("packed.wasm"));
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        manifest,
        json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {
                "mediaType": "application/vnd.wasm.config.v0+json",
                "digest": manifest["config"]["digest"],
                "size": manifest["config"]["size"],
            },
            "layers": [{
                "mediaType": "application/wasm",
                "digest": digest(&program),
                "size": program.len(),
                "annotations": { "org.opencontainers.image.title": "packed.wasm" },
            }],
            "annotations": {
                "org.opencontainers.image.title": "packed.wasm",
                "wasm-vfs.version": version,
            },
        })
    );
    assert_eq!(
        config,
        json!({
            "created": "1970-01-01T00:00:00Z",
            "architecture": "wasm",
            "os": "wasip1",
            "layerDigests": [digest(&program)],
        })
    );
    assert_eq!(descriptor["platform"], json!({ "architecture": "wasm", "os": "wasip1" }));
    assert_eq!(descriptor["annotations"], Value::Null);
    assert_eq!(blob(&sandbox, "layout", &manifest["layers"][0]), program);
    // Nothing else is there.
    assert_eq!(sandbox.names("layout"), ["blobs", "index.json", "oci-layout"]);
    assert_eq!(sandbox.names("layout/blobs"), ["sha256"]);
    assert_eq!(sandbox.names("layout/blobs/sha256").len(), 3);
    assert!(
        !sandbox.names(".").iter().any(|name| name.contains("tmp")),
        "{:?}",
        sandbox.names(".")
    );
}

#[test]
fn an_archive_holds_what_the_directory_holds() {
    let sandbox = sample();
    sandbox.tool(&["oci", "packed.wasm", "-o", "layout", "--ref", "1.0"]).ok();
    sandbox.tool(&["oci", "packed.wasm", "-o", "layout.tar", "--ref", "1.0"]).ok();
    sandbox.tool(&["oci", "packed.wasm", "-o", "named", "--tar", "--ref", "1.0"]).ok();
    let piped = sandbox.tool(&["oci", "packed.wasm", "-o", "-", "--ref", "1.0"]).ok();
    assert_eq!(piped.stdout, read(sandbox.path("layout.tar")));
    assert_eq!(piped.stdout, read(sandbox.path("named")));
    let mut archive = tar::Archive::new(&piped.stdout[..]);
    let mut names = Vec::new();
    let mut files = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        assert_eq!(entry.header().mtime().unwrap(), 0);
        names.push(name.clone());
        if entry.header().entry_type().is_file() {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
            files.insert(name, bytes);
        }
    }
    assert!(names.is_sorted(), "{names:?}");
    assert_eq!(files.len(), 5);
    for (name, bytes) in files {
        assert!(read(sandbox.path(&format!("layout/{name}"))) == bytes, "{name}");
    }
}

#[test]
fn equal_programs_are_equal_artifacts() {
    let sandbox = sample();
    let digest = |args: &[&str], env: &[(&str, &str)]| {
        let args = [&["oci", "--force", "-o", "layout"], args].concat();
        sandbox.tool_with(&args, env, b"").ok().stdout().to_owned()
    };
    let first = digest(&["packed.wasm"], &[]);
    fs::create_dir(sandbox.path("elsewhere")).unwrap();
    fs::copy(sandbox.path("packed.wasm"), sandbox.path("elsewhere/packed.wasm")).unwrap();
    assert_eq!(digest(&["elsewhere/packed.wasm"], &[]), first);
    // The name in the layout is none of the artifact's.
    assert_eq!(digest(&["packed.wasm", "--ref", "other"], &[]), first);
    let dated = digest(&["packed.wasm"], &[("SOURCE_DATE_EPOCH", "1600000000")]);
    assert_ne!(dated, first);
    let (_, _, config) = artifact(&sandbox, "layout");
    assert_eq!(config["created"], "2020-09-13T12:26:40Z");
    let annotated = digest(
        &["packed.wasm", "--annotation", "a=b=c", "--annotation", "wasm-vfs.version=x"],
        &[],
    );
    assert_ne!(annotated, first);
    let (_, manifest, _) = artifact(&sandbox, "layout");
    assert_eq!(
        manifest["annotations"],
        json!({ "a": "b=c", "org.opencontainers.image.title": "packed.wasm", "wasm-vfs.version": "x" })
    );
}

#[test]
fn names_in_a_layout() {
    let sandbox = sample();
    let rows = [
        ("1.0", json!({ "org.opencontainers.image.ref.name": "1.0" })),
        ("app:1.0", json!({ "org.opencontainers.image.ref.name": "app:1.0" })),
        (
            "localhost:5000/app:1.0",
            json!({
                "org.opencontainers.image.ref.name": "localhost:5000/app:1.0",
                "io.containerd.image.name": "localhost:5000/app:1.0",
            }),
        ),
    ];
    for (name, annotations) in rows {
        sandbox.tool(&["oci", "packed.wasm", "-fo", "layout", "--ref", name]).ok();
        assert_eq!(artifact(&sandbox, "layout").0["annotations"], annotations, "{name}");
    }
}

#[test]
fn components_and_modules_that_were_never_packed() {
    let sandbox = sample();
    let pack = ["pack", "app.wasm", "--dir", "host::/", "--component", "-o", "component.wasm"];
    sandbox.tool(&pack).ok();
    sandbox.tool(&["oci", "component.wasm", "-o", "layout"]).ok();
    let (descriptor, _, config) = artifact(&sandbox, "layout");
    assert_eq!(descriptor["platform"]["os"], "wasip2");
    assert_eq!(config["os"], "wasip2");
    let starts_with = |list: &Value, start: &str| {
        list.as_array().unwrap().iter().any(|name| name.as_str().unwrap().starts_with(start))
    };
    assert!(starts_with(&config["component"]["exports"], "wasi:cli/run@0.2."), "{config}");
    assert!(starts_with(&config["component"]["imports"], "wasi:io/streams@0.2."), "{config}");
    sandbox.tool(&["oci", "app.wasm", "-fo", "layout"]).ok();
    let (_, manifest, config) = artifact(&sandbox, "layout");
    assert_eq!(config["os"], "wasip1");
    assert_eq!(manifest["annotations"], json!({ "org.opencontainers.image.title": "app.wasm" }));
}

#[test]
fn what_is_no_program_is_refused() {
    let sandbox = sample();
    sandbox.image(&["--dir", "host::/"]);
    sandbox.file("text", "(module)");
    sandbox.file("component.wasm", b"\0asm\x0d\0\x01\0");
    let mut cut = read(sandbox.path("packed.wasm"));
    cut.truncate(cut.len() - 10);
    sandbox.file("cut.wasm", cut);
    sandbox.file("taken/file", "mine");
    sandbox.file("file", "mine");
    sandbox.tool(&["oci", "packed.wasm", "-o", "layout"]).ok();
    let long = "n".repeat(300);
    let rows: [(&[&str], &str); 14] = [
        (&["text"], "`text`: it is not WebAssembly"),
        (&["missing.wasm"], "cannot read `missing.wasm`: No such file"),
        (&["host"], "`host` is a directory, where a regular file is needed"),
        (
            &["component.wasm"],
            "`component.wasm`: it is a component that wasm-vfs did not write: pack its core",
        ),
        (&["image.wasm"], "`image.wasm`: it is a rootfs module, which is no program: link it"),
        (&["cut.wasm"], "`cut.wasm`: "),
        (&["packed.wasm", "-o", "taken"], "`taken` exists and is no image layout"),
        (&["packed.wasm", "-fo", "taken"], "`taken` exists and is no image layout"),
        (&["packed.wasm", "-o", "file"], "`file` exists and is no directory"),
        (
            &["packed.wasm", "-o", "layout"],
            "`layout` exists: remove it, or replace it with --force",
        ),
        (&["packed.wasm", "--tar", "-o", "layout"], "cannot write `layout`: it is a directory"),
        (&["packed.wasm", "--ref", "a b"], "`a b` is no name of an artifact: give a tag"),
        (&["packed.wasm", "--ref", &long], "is no name of an artifact"),
        (&["packed.wasm", "--annotation", "=x"], "--annotation =x: write KEY=VALUE"),
    ];
    for (args, expected) in rows {
        let output: &[&str] =
            if args.iter().any(|arg| arg.ends_with('o')) { &[] } else { &["-o", "new"] };
        let ran = sandbox.tool(&[&["oci"], args, output].concat());
        assert!(
            ran.error().starts_with(expected) || ran.error().contains(expected),
            "{args:?}: {}",
            ran.error()
        );
        assert!(!sandbox.path("new").exists(), "{args:?}");
    }
    assert_eq!(read(sandbox.path("taken/file")), b"mine");
    for epoch in ["-1", "253402300800", "x"] {
        let args = ["oci", "packed.wasm", "-o", "new"];
        let ran = sandbox.tool_with(&args, &[("SOURCE_DATE_EPOCH", epoch)], b"");
        assert!(ran.error().contains("SOURCE_DATE_EPOCH"), "{}", ran.error());
    }
    let names = sandbox.names(".");
    assert!(!names.iter().any(|name| name.contains("tmp") || name == "new"), "{names:?}");
}

#[test]
fn a_layout_takes_the_place_of_nothing_else() {
    let sandbox = sample();
    // An empty directory may be there.
    sandbox.directory("layout");
    sandbox.tool(&["oci", "packed.wasm", "-o", "layout"]).ok();
    sandbox.file("layout/more", "x");
    sandbox.tool(&["oci", "app.wasm", "-fo", "layout"]).ok();
    assert!(!sandbox.path("layout/more").exists());
    artifact(&sandbox, "layout");
    sandbox.file("layout.tar", "old");
    sandbox.tool(&["oci", "app.wasm", "-o", "layout.tar"]).ok();
    assert_ne!(read(sandbox.path("layout.tar")), b"old");
}
