//! Images of containers as sources of a tree: image layouts and what `docker save` writes, made by hand.
//! What umoci and skopeo write is in `tests/registries`.

use crate::archives::{archive, file, member};
use crate::hostile_archives::empty;
use crate::sandbox::{NOTHING, Sandbox, read};
use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::io::Write as _;
use wasm_vfs::ErrorKind::{self, Damaged, Tree};
use wasm_vfs::{OciImage, PackedModule, TreeBuilder};

const TAR: &str = "application/vnd.oci.image.layer.v1.tar";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

fn hex_of(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    let digest = format!("sha256:{}", hex_of(bytes));
    json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() })
}

/// The files of a layout that is made.
#[derive(Clone, Default)]
struct Layout {
    files: BTreeMap<String, Vec<u8>>,
}

impl Layout {
    /// Adds a blob; returns its descriptor.
    fn blob(&mut self, media_type: &str, bytes: impl Into<Vec<u8>>) -> Value {
        let bytes = bytes.into();
        let described = descriptor(media_type, &bytes);
        self.files.insert(format!("blobs/sha256/{}", hex_of(&bytes)), bytes);
        described
    }

    /// Adds an image for linux and this architecture, of layers that are there.
    fn image(&mut self, architecture: &str, layers: &[Value]) -> Value {
        let config = json!({ "os": "linux", "architecture": architecture }).to_string();
        let config = self.blob(CONFIG, config);
        let manifest = json!({ "schemaVersion": 2, "config": config, "layers": layers });
        self.blob(MANIFEST, manifest.to_string())
    }

    /// An image with one layer, which has the file `name`.
    fn simple(&mut self, architecture: &str, name: &str) -> Value {
        let layer = self.blob(TAR, archive(&[file(name, b"x")]));
        self.image(architecture, &[layer])
    }

    fn index(mut self, manifests: &[Value]) -> Self {
        let index = json!({ "schemaVersion": 2, "manifests": manifests }).to_string();
        self.files.insert("index.json".to_owned(), index.into_bytes());
        let mark = json!({ "imageLayoutVersion": "1.0.0" }).to_string();
        self.files.insert("oci-layout".to_owned(), mark.into_bytes());
        self
    }

    fn directory(&self, sandbox: &Sandbox, name: &str) {
        for (file, bytes) in &self.files {
            sandbox.file(&format!("{name}/{file}"), bytes);
        }
    }

    fn archive(&self) -> Vec<u8> {
        let members = self.files.iter().map(|(name, bytes)| member_of(name, bytes));
        archive(&members.collect::<Vec<_>>())
    }
}

/// A member of any name.
fn member_of(name: &str, bytes: &[u8]) -> Vec<u8> {
    assert!(name.len() <= 100, "{name}");
    file(name, bytes)
}

fn named(mut described: Value, key: &str, name: &str) -> Value {
    described["annotations"] = json!({ key: name });
    described
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Two layers: the second changes, removes and adds.
fn two_layers() -> [Vec<u8>; 2] {
    [
        archive(&[file("etc/motd", b"one"), file("etc/gone", b""), file("usr/a", b"a")]),
        archive(&[file("etc/motd", b"two"), empty(b'0', "etc/.wh.gone", ""), file("usr/b", b"b")]),
    ]
}

/// What the tool packs of such an image.
const TWO_LAYERS: &str = "/etc /etc/motd /usr /usr/a /usr/b";

/// The paths of a tree, `image.wasm`'s that these options make.
#[track_caller]
fn shown(sandbox: &Sandbox, args: &[&str]) -> String {
    sandbox.image(&[&["--no-tmp"], args].concat());
    paths(sandbox)
}

fn paths(sandbox: &Sandbox) -> String {
    let packed = PackedModule::open(sandbox.path("image.wasm")).unwrap();
    let tree = packed.tree();
    let paths = (1..tree.entries().len()).map(|index| tree.display_path(index));
    paths.collect::<Vec<_>>().join(" ")
}

#[test]
fn layouts_of_every_form_give_the_same_tree() {
    let sandbox = Sandbox::new();
    let [lower, upper] = two_layers();
    let docker = "application/vnd.docker.image.rootfs.diff.tar";
    let zstd = compress_to_vec(&upper[..], CompressionLevel::Fastest);
    let rows = [
        ("plain", [(TAR.to_owned(), lower.clone()), (TAR.to_owned(), upper.clone())]),
        ("compressed", [(format!("{TAR}+gzip"), gzip(&lower)), (format!("{TAR}+zstd"), zstd)]),
        ("docker", [(docker.to_owned(), lower.clone()), (format!("{docker}.gzip"), gzip(&upper))]),
    ];
    let mut trees = Vec::new();
    for (name, layers) in rows {
        let mut layout = Layout::default();
        let layers = layers.map(|(media_type, bytes)| layout.blob(&media_type, bytes));
        let image = layout.image("amd64", &layers);
        let layout = layout.index(&[image]);
        layout.directory(&sandbox, name);
        sandbox.file(&format!("{name}.tar"), layout.archive());
        sandbox.file(&format!("{name}.tgz"), gzip(&layout.archive()));
        for form in ["", ".tar", ".tgz"] {
            trees.push(shown(&sandbox, &["--oci", &format!("{name}{form}")]));
            assert_eq!(sandbox.tool(&["cat", "image.wasm", "/etc/motd"]).ok().stdout(), "two");
        }
        let args = ["image", "-o", "image.wasm", "--no-dev", "--no-tmp", "--oci", "-"];
        sandbox.tool_with(&args, &[], &layout.archive()).ok();
        trees.push(paths(&sandbox));
    }
    // As `docker save` has written it, with a layer that is a link to an earlier one.
    let [lower_id, upper_id] = [&lower, &upper].map(|layer| format!("sha256:{}", hex_of(layer)));
    let config = json!({
        "os": "linux", "architecture": "amd64",
        "rootfs": { "type": "layers", "diff_ids": [lower_id, lower_id, upper_id] },
    })
    .to_string();
    let config_name = format!("{}.json", hex_of(config.as_bytes()));
    for compressed in [false, true] {
        let layer = |bytes: &[u8]| if compressed { gzip(bytes) } else { bytes.to_vec() };
        let manifests = json!([{
            "Config": config_name, "RepoTags": ["app:1.0"],
            "Layers": ["a/layer.tar", "b/layer.tar", "c/layer.tar"],
        }]);
        let save = archive(&[
            member(b'2', "b/layer.tar", "../a/layer.tar", b"", |_| {}),
            file("a/layer.tar", &layer(&lower)),
            file("c/layer.tar", &layer(&upper)),
            file(&config_name, config.as_bytes()),
            file("manifest.json", manifests.to_string().as_bytes()),
        ]);
        sandbox.file("save.tar", &save);
        trees.push(shown(&sandbox, &["--oci", "save.tar"]));
        trees.push(shown(&sandbox, &["--oci", "save.tar:app:1.0"]));
        let ran = sandbox.tool(&["image", "-o", "x", "--oci", "save.tar:other"]);
        assert!(
            ran.error().contains("it has no image `other`; there are: app:1.0"),
            "{}",
            ran.error()
        );
    }
    for tree in trees {
        assert_eq!(tree, TWO_LAYERS);
    }
}

#[test]
fn one_of_several_images_is_chosen() {
    let sandbox = Sandbox::new();
    let mut layout = Layout::default();
    let amd = layout.simple("amd64", "amd");
    let arm = layout.simple("arm64", "arm");
    let of_platform = |mut described: Value, os: &str, architecture: &str| {
        described["platform"] = json!({ "os": os, "architecture": architecture, "variant": "v8" });
        described
    };
    // An attestation, which is about another and for no platform.
    let about = layout.simple("unknown", "attestation");
    let about = of_platform(
        named(about, "vnd.docker.reference.type", "attestation-manifest"),
        "unknown",
        "unknown",
    );
    let both = json!({
        "schemaVersion": 2, "annotations": null,
        "manifests": [of_platform(amd.clone(), "linux", "amd64"), of_platform(arm.clone(), "linux", "arm64"), about],
    });
    let both = layout.blob(INDEX, both.to_string());
    let other = layout.simple("amd64", "other");
    let name = "org.opencontainers.image.ref.name";
    let digest = other["digest"].as_str().unwrap().to_owned();
    let layout = layout.index(&[
        named(both.clone(), name, "1.0"),
        named(other, "io.containerd.image.name", "docker.io/library/app:2.0"),
        // The same twice is one.
        named(both, name, "latest"),
    ]);
    layout.directory(&sandbox, "layout");
    let rows: [(&[&str], &str); 7] = [
        (&["--oci", "layout:1.0", "--oci-platform", "linux/amd64"], "amd"),
        (&["--oci", "layout:latest", "--oci-platform", "linux/arm64"], "arm"),
        (&["--oci", "layout:1.0", "--oci-platform", "linux/arm64/v8"], "arm"),
        (&["--oci", "layout", "--oci-platform", "linux/arm64"], "arm"),
        (&["--oci", "layout:app:2.0"], "other"),
        (&["--oci", "layout:docker.io/library/app:2.0"], "other"),
        (&["--oci", &format!("layout:@{digest}")], "other"),
    ];
    for (args, expected) in rows {
        assert_eq!(shown(&sandbox, args), format!("/{expected}"), "{args:?}");
    }
    assert_eq!(
        shown(&sandbox, &["--oci", "layout:app:2.0::/in/here"]),
        "/in /in/here /in/here/other"
    );
    let rows: [(&[&str], &str); 9] = [
        (
            &["--oci", "layout:1.0"],
            "image `layout`: it has images for several platforms; choose one with --oci-platform: linux/amd64/v8, linux/arm64/v8",
        ),
        (
            &["--oci", "layout", "--oci-platform", "linux/amd64"],
            "it has images for several platforms; choose one with --oci-platform: linux/amd64/v8, linux/amd64",
        ),
        (
            &["--oci", "layout", "--oci-platform", "linux/s390x"],
            "it has no image for that platform; there are: linux/amd64/v8, linux/arm64/v8, linux/amd64",
        ),
        (
            &["--oci", "layout:3.0"],
            "it has no image `3.0`; there are: 1.0, docker.io/library/app:2.0, latest",
        ),
        (&["--oci", "layout:"], "--oci layout:: its REF is empty; write LAYOUT:REF"),
        (&["--oci", ":1.0"], "--oci :1.0: it names no image"),
        (&["--oci", "layout::in"], "guest path `in` is not absolute"),
        (
            &["--oci", "layout", "--oci-platform", "linux"],
            "--oci-platform: `linux` is no platform: write OS/ARCH",
        ),
        (&["--oci", "-", "--tar", "-"], "--tar -: standard input can be read once"),
    ];
    let mut twins = Layout::default();
    let twins_images = [twins.simple("amd64", "one"), twins.simple("amd64", "two")];
    twins.index(&twins_images).directory(&sandbox, "twins");
    let ran = sandbox.tool(&["image", "-o", "none.wasm", "--oci", "twins"]);
    let expected =
        "it has several images of one platform (linux/amd64, linux/amd64); name one by LAYOUT:REF";
    assert!(ran.error().contains(expected), "{}", ran.error());
    let stdin = layout.archive();
    for (args, expected) in rows {
        let args = [&["image", "-o", "none.wasm"], args].concat();
        let ran = sandbox.tool_with(&args, &[], &stdin);
        assert!(ran.error().contains(expected), "{args:?}: {}", ran.error());
        assert!(!sandbox.path("none.wasm").exists());
    }
}

#[test]
fn images_lie_beneath_all_else() {
    let sandbox = Sandbox::new();
    let mut layout = Layout::default();
    let layers = two_layers().map(|layer| layout.blob(TAR, layer));
    let image = layout.image("amd64", &layers);
    layout.index(&[image]).directory(&sandbox, "in/layout");
    sandbox.file("in/over/etc/more", "more");
    sandbox
        .file("in/vfs.toml", "oci = ['layout']\noci-platform = 'linux/amd64'\ndir = ['over::/']\n");
    let expected = "/etc /etc/more /etc/motd /usr /usr/a /usr/b";
    assert_eq!(shown(&sandbox, &["--dir", "in/over::/", "--oci", "in/layout"]), expected);
    assert_eq!(shown(&sandbox, &["--config", "in/vfs.toml"]), expected);
    assert_eq!(
        shown(&sandbox, &["--oci", "in/layout", "--exclude", "usr/", "--text", "/etc/motd=three"]),
        "/etc /etc/motd"
    );
    assert_eq!(sandbox.tool(&["cat", "image.wasm", "/etc/motd"]).ok().stdout(), "three");
    // Over what a program has from before, whiteouts hide that too.
    sandbox.wasm("app.wasm", NOTHING);
    sandbox
        .tool(&[
            "pack",
            "app.wasm",
            "--text",
            "/etc/gone=x",
            "--no-tmp",
            "--no-dev",
            "-o",
            "one.wasm",
        ])
        .ok();
    sandbox
        .tool(&["pack", "one.wasm", "--oci", "in/layout", "--no-tmp", "--no-dev", "-o", "two.wasm"])
        .ok();
    let ls = sandbox.tool(&["ls", "two.wasm", "/etc"]).ok();
    assert_eq!(ls.stdout(), "motd\n");
    let library = TreeBuilder::new().oci(OciImage::in_layout(sandbox.path("in/layout")), "/x");
    assert_eq!(library.read().unwrap().totals().files, 3);
}

#[test]
fn hostile_layouts_are_refused() {
    let sandbox = Sandbox::new();
    let good = archive(&[file("f", b"x")]);
    // A layout whose one image has this layer, and the files that it needs.
    let with_layer = |change: &dyn Fn(&mut Value)| {
        let mut layout = Layout::default();
        let mut layer = layout.blob(TAR, good.clone());
        change(&mut layer);
        let image = layout.image("amd64", &[layer]);
        layout.index(&[image])
    };
    let with_manifest = |change: &dyn Fn(&mut Value)| {
        let mut layout = Layout::default();
        let mut image = layout.simple("amd64", "f");
        change(&mut image);
        layout.index(&[image])
    };
    let with_file = |name: &str, bytes: &[u8]| {
        let mut layout = with_layer(&|_| {});
        layout.files.insert(name.to_owned(), bytes.to_vec());
        layout
    };
    let without = |name: &str| {
        let mut layout = with_layer(&|_| {});
        layout.files.remove(name).unwrap();
        layout
    };
    let blob = format!("blobs/sha256/{}", hex_of(&good));
    let missing = format!("`{blob}` is missing in it");
    let mut longer = good.clone();
    longer.extend([0; 512]);
    let mut other = good.clone();
    other[0] = b'g';
    // An index in an index in an index ...
    let mut deep = Layout::default();
    let mut inner = deep.simple("amd64", "f");
    for _ in 0..20 {
        let index = json!({ "schemaVersion": 2, "manifests": [inner] }).to_string();
        inner = deep.blob(INDEX, index);
    }
    let deep = deep.index(&[inner]);
    // An index that has its own name for what is in it, which no hash can be.
    let zeros = "0".repeat(64);
    let to_itself = |size: usize| json!({ "mediaType": INDEX, "digest": format!("sha256:{zeros}"), "size": size });
    let index = json!({ "schemaVersion": 2, "manifests": [to_itself(9)] }).to_string();
    let mut cycle = Layout::default().index(&[to_itself(index.len())]);
    cycle.files.insert(format!("blobs/sha256/{zeros}"), index.into_bytes());
    // Twice as many names at each level, of one and the same: read once each.
    let mut wide = Layout::default();
    let mut inner = wide.simple("amd64", "f");
    for _ in 0..6 {
        let index = json!({ "schemaVersion": 2, "manifests": vec![&inner; 2000] }).to_string();
        inner = wide.blob(INDEX, index);
    }
    let wide = wide.index(&[inner]);
    let mut many = Layout::default();
    let images: Vec<Value> =
        (0..1001).map(|number| many.simple(&number.to_string(), "f")).collect();
    let many = many.index(&images);
    let rows: Vec<(&str, Layout, ErrorKind, &str)> = vec![
        (
            "digest ..",
            with_layer(&|it| it["digest"] = json!("sha256:../../../../etc/passwd")),
            Damaged,
            "has not 64 lower-case hexadecimal digits",
        ),
        (
            "digest / ..",
            with_manifest(&|it| it["digest"] = json!("../x")),
            Damaged,
            "the digest `../x`: it is no digest",
        ),
        (
            "algorithm ..",
            with_layer(&|it| it["digest"] = json!(format!("../..:{}", "0".repeat(64)))),
            Damaged,
            "its algorithm `../..` is not read",
        ),
        ("missing layer", without(&blob), Damaged, &missing),
        ("wrong layer", with_file(&blob, &other), Damaged, "it is damaged; copy the image anew"),
        ("longer layer", with_file(&blob, &longer), Damaged, "bytes and should have 2048"),
        (
            "size too small",
            with_layer(&|it| it["size"] = json!(1)),
            Damaged,
            "has 2048 bytes and should have 1:",
        ),
        (
            "size huge",
            with_layer(&|it| it["size"] = json!(u64::MAX)),
            Damaged,
            "and should have 18446744073709551615",
        ),
        (
            "size negative",
            with_layer(&|it| it["size"] = json!(-1)),
            Damaged,
            "is damaged, or something else: invalid value",
        ),
        ("no index", without("index.json"), Tree, "its `index.json` is missing"),
        (
            "index is no JSON",
            with_file("index.json", b"\0"),
            Damaged,
            "`index.json` in it is damaged, or something else",
        ),
        (
            "index nested",
            with_file("index.json", &[b'['; 1 << 20]),
            Damaged,
            "`index.json` in it is damaged, or something else",
        ),
        ("index huge", with_file("index.json", &vec![b' '; 5 << 20]), Tree, ""),
        (
            "mark of another version",
            with_file("oci-layout", br#"{"imageLayoutVersion":"2.0"}"#),
            Tree,
            "it is an image layout of version 2.0",
        ),
        (
            "mark is no JSON",
            with_file("oci-layout", b"1.0"),
            Damaged,
            "its `oci-layout` is damaged",
        ),
        ("no images", Layout::default().index(&[]), Tree, "it holds no image"),
        (
            "unknown kinds",
            with_manifest(&|it| it["mediaType"] = json!("text/plain")),
            Tree,
            "it holds no image",
        ),
        (
            "missing manifest",
            with_manifest(&|it| it["digest"] = json!(format!("sha256:{}", "1".repeat(64)))),
            Damaged,
            "is missing in it",
        ),
        (
            "wrong size of the manifest",
            with_manifest(&|it| it["size"] = json!(3)),
            Damaged,
            "and should have 3:",
        ),
        ("deep", deep, Tree, "its indexes are nested deeper than 8"),
        ("cycle", cycle, Damaged, "has the digest sha256:"),
        ("many", many, Tree, "more than 1000 manifests"),
        (
            "foreign",
            with_layer(&|it| {
                it["mediaType"] = json!("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")
            }),
            Tree,
            "whose bytes are elsewhere and are not fetched",
        ),
        (
            "foreign of OCI",
            with_layer(&|it| {
                it["mediaType"] = json!("application/vnd.oci.image.layer.nondistributable.v1.tar")
            }),
            Tree,
            "whose bytes are elsewhere",
        ),
        (
            "encrypted",
            with_layer(&|it| it["mediaType"] = json!(format!("{TAR}+encrypted"))),
            Tree,
            "+encrypted`, which is not known here; these are:",
        ),
        (
            "program",
            with_layer(&|it| it["mediaType"] = json!("application/wasm")),
            Tree,
            "it is a WebAssembly artifact, no image",
        ),
    ];
    for (what, layout, kind, expected) in rows {
        let name = what.replace(' ', "-");
        layout.directory(&sandbox, &name);
        let tar = format!("{name}.tar");
        sandbox.file(&tar, layout.archive());
        for form in [&name, &tar] {
            let image = OciImage::in_layout(sandbox.path(form));
            let error = TreeBuilder::new().oci(image, "/").read().unwrap_err();
            let text = format!("{error:#}");
            assert_eq!(error.kind(), kind, "{what}: {text}");
            assert!(text.contains(expected), "{what}: {text}");
            assert!(text.starts_with("image `") && text.contains(form.as_str()), "{what}: {text}");
        }
    }
    wide.directory(&sandbox, "wide");
    let image = OciImage::in_layout(sandbox.path("wide"));
    assert_eq!(TreeBuilder::new().oci(image, "/").read().unwrap().totals().files, 1);
}

#[test]
fn hostile_archives_of_images_are_refused() {
    let sandbox = Sandbox::new();
    let mut layout = Layout::default();
    let image = layout.simple("amd64", "f");
    let layout = layout.index(&[image]);
    let config =
        json!({ "rootfs": { "diff_ids": [format!("sha256:{}", hex_of(b"x"))] } }).to_string();
    let config_name = format!("{}.json", hex_of(config.as_bytes()));
    let save = |config_name: &str, layers: Value, more: &[Vec<u8>]| {
        let manifests = json!([{ "Config": config_name, "RepoTags": null, "Layers": layers }]);
        let own = [
            file("manifest.json", manifests.to_string().as_bytes()),
            file(config_name.trim_start_matches("../"), config.as_bytes()),
        ];
        archive(&[&own, more].concat())
    };
    let layer = [file("l", &archive(&[file("f", b"")]))];
    let link = |name, target| member(b'2', name, target, b"", |_| {});
    let rows: [(&str, Vec<u8>, &str); 10] = [
        ("no image", archive(&[file("f", b"")]), "it is no image: it has neither the `oci-layout`"),
        ("no archive", b"text".repeat(500), "it is no tar archive"),
        ("cut", layout.archive()[..layout.archive().len() - 1530].to_vec(), "cut short"),
        (
            "config not named by its hash",
            save("config.json", json!(["l"]), &layer),
            "the config `config.json` in it",
        ),
        (
            "config of another hash",
            save(&format!("{}.json", "0".repeat(64)), json!(["l"]), &layer),
            "has the digest sha256:",
        ),
        (
            "config missing",
            archive(&[file("manifest.json", br#"[{"Config":"../../x","Layers":[]}]"#)]),
            "`../../x` is missing in it",
        ),
        (
            "layers missing",
            save(&config_name, json!(null), &layer),
            "it lists 0 layers, and the config of the image 1",
        ),
        ("layer missing", save(&config_name, json!(["../l"]), &layer), "`../l` is missing in it"),
        (
            "layer of another hash",
            save(&config_name, json!(["l"]), &layer),
            "where the image has sha256:2d711642",
        ),
        (
            "links in a circle",
            save(
                &config_name,
                json!(["a"]),
                &[link("a", "b"), link("b", "a"), link("c", "../../etc/passwd")],
            ),
            "`a` is missing in it",
        ),
    ];
    for (what, bytes, expected) in rows {
        sandbox.file("image.tar", bytes);
        let ran = sandbox.tool(&["image", "-o", "none.wasm", "--oci", "image.tar"]);
        assert!(ran.error().contains(expected), "{what}: {}", ran.error());
        assert!(!sandbox.path("none.wasm").exists());
    }
    let ran = sandbox.tool(&["image", "-o", "none.wasm", "--oci", "missing"]);
    assert!(ran.error().contains("cannot read `missing`"), "{}", ran.error());
    let ran = sandbox.tool(&["image", "-o", "none.wasm", "--oci", "."]);
    assert!(ran.error().contains("it is no image: it has neither"), "{}", ran.error());
    // What a layer holds is contained as layers are.
    let mut layout = Layout::default();
    let layer = layout.blob(TAR, archive(&[file("../f", b"")]));
    let image = layout.image("amd64", &[layer]);
    layout.index(&[image]).directory(&sandbox, "layout");
    let ran = sandbox.tool(&["image", "-o", "none.wasm", "--oci", "layout"]);
    assert!(ran.error().contains("`../f`: its name has `..`"), "{}", ran.error());
    assert!(read(sandbox.path("image.tar")).len() > 1);
}
