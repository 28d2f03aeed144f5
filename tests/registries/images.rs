//! Images that umoci and skopeo write become the tree that umoci unpacks.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use wasm_vfs::{OciImage, Owner, PackedModule, Packer, Program, TreeBuilder};
use wasm_vfs_tests::tools;

use crate::rig::{Access, PROGRAM, RegistryServer, done, skopeo_copy};

/// Runs umoci here.
fn umoci(directory: &Path, arguments: &[&str]) -> Option<()> {
    let mut umoci = tools::debian("umoci")?;
    done(umoci.args(arguments).current_dir(directory));
    Some(())
}

/// An image of two layers beside an empty one, in `layout`, and in `unpacked` what umoci makes of it.
fn make(directory: &Path) -> Option<()> {
    let root = directory.join("bundle/rootfs");
    let write = |name: &str, contents: &str| {
        fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
        fs::write(root.join(name), contents).unwrap();
    };
    umoci(directory, &["init", "--layout", "layout"])?;
    umoci(directory, &["new", "--image", "layout:empty"])?;
    umoci(directory, &["unpack", "--image", "layout:empty", "bundle"])?;
    write("etc/motd", "one");
    write("etc/gone", "gone");
    write("etc/mode", "mode");
    write("old/deep/down", "x");
    write("old/deep/other", "y");
    write("kind", "a file");
    fs::hard_link(root.join("etc/mode"), root.join("linked")).unwrap();
    symlink("etc/motd", root.join("link")).unwrap();
    fs::write(root.join("large"), vec![7; 3_000_000]).unwrap();
    umoci(directory, &["repack", "--image", "layout:one", "bundle"])?;
    // umoci finds what has changed since by what it noted then.
    fs::remove_dir_all(directory.join("bundle")).unwrap();
    umoci(directory, &["unpack", "--image", "layout:one", "bundle"])?;
    write("etc/motd", "two, and longer");
    write("etc/new", "new");
    fs::remove_file(root.join("etc/gone")).unwrap();
    fs::remove_dir_all(root.join("old")).unwrap();
    fs::remove_file(root.join("kind")).unwrap();
    write("kind/is/a-directory-now", "z");
    fs::remove_file(root.join("link")).unwrap();
    symlink("etc/new", root.join("link")).unwrap();
    fs::set_permissions(root.join("etc"), fs::Permissions::from_mode(0o711)).unwrap();
    umoci(directory, &["repack", "--image", "layout:two", "bundle"])?;
    umoci(directory, &["unpack", "--image", "layout:two", "unpacked"])
}

/// The tree as an archive, with owners and times.
fn exported(tree: TreeBuilder) -> Vec<u8> {
    let program = Program::bytes("app", wat::parse_str(PROGRAM).unwrap());
    let tree = tree.tmp(false).owner(Owner::Host);
    let packed = Packer::new(tree).pack(program).unwrap().to_vec().unwrap();
    let mut archive = Vec::new();
    let mut packed = PackedModule::from_reader(std::io::Cursor::new(packed)).unwrap();
    packed.export_tar(&mut archive).unwrap();
    archive
}

#[test]
fn images_of_umoci_and_skopeo_are_what_umoci_unpacks() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    if make(directory.path()).is_none() {
        return;
    }
    let expected = exported(TreeBuilder::new().dir(at("unpacked/rootfs"), "/"));
    let image = |name: &str| OciImage::in_layout(at(name));
    let same = |image: OciImage, what: &str| {
        assert!(exported(TreeBuilder::new().oci(image, "/")) == expected, "{what}");
    };
    same(image("layout").reference("two"), "layout of umoci");
    assert!(exported(TreeBuilder::new().oci(image("layout").reference("one"), "/")) != expected);
    let from = format!("oci:{}:two", at("layout").display());
    for (to, name) in [
        ("oci:DIR/copied:2.0", "copied"),
        ("oci-archive:DIR/copied.tar:2.0", "copied.tar"),
        ("docker-archive:DIR/docker.tar:app:2.0", "docker.tar"),
    ] {
        let to = to.replace("DIR", directory.path().to_str().unwrap());
        if skopeo_copy(&[&from, &to]).is_none() {
            return;
        }
        same(image(name), name);
    }
    same(image("docker.tar").reference("app:2.0"), "by its name");
    let Some(server) = RegistryServer::start(Access::Open) else { return };
    let there = format!("docker://{}/tests/image:2.0", server.host);
    skopeo_copy(&["--dest-tls-verify=false", &from, &there]);
    let back = format!("oci:{}:x", at("back").display());
    skopeo_copy(&["--src-tls-verify=false", &there, &back]);
    same(image("back").reference("x"), "through a registry");
}
