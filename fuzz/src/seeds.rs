//! Small modules of each kind, from the core module and the program that the tool's own tests of damage
//! use.
//!
//! Nothing is baked in these builds (`snapshot-tool/src/adapter/bake_nothing.rs`): a module is a few
//! kB, and all that linking does is done to it.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::LazyLock;

use wasm_vfs::{Form, Packer, Policy, Program, Rootfs, TreeBuilder};

/// The core module.
pub static CORE: LazyLock<Vec<u8>> =
    LazyLock::new(|| assembled(include_str!("../../snapshot-tool/tests/damaged/core.wat")));

/// A program that is not packed.
pub static PROGRAM: LazyLock<Vec<u8>> =
    LazyLock::new(|| assembled(include_str!("../../snapshot-tool/tests/damaged/program.wat")));

/// The program again, and one that has almost nothing.
pub static PROGRAMS: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| vec![PROGRAM.clone(), assembled(wasm_vfs::doc::PROGRAM)]);

/// A rootfs module.
pub static ROOTFS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let directory = tempfile::tempdir().expect("there is a directory for temporary files");
    let out = directory.path().join("rootfs.wasm");
    baked().write(&out).expect("it can be written");
    fs::read(out).expect("it is written")
});

/// Rootfs modules.
pub static IMAGES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| vec![ROOTFS.clone()]);

/// Packed modules of both forms, and a rootfs module.
pub static PACKED: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let link = |form| {
        let program = Program::bytes("program", &*PROGRAM);
        let packed = baked().link(program, form).expect("the program is sound");
        packed.to_vec().expect("nothing has changed")
    };
    vec![link(Form::Portable), link(Form::Isolated), ROOTFS.clone()]
});

fn assembled(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the text is sound")
}

/// What packs with the small core module.
pub fn packer(tree: TreeBuilder) -> Packer {
    Packer::new(tree).adapter_core(&**CORE)
}

/// A tree with each kind of entry.
pub fn baked() -> Rootfs {
    static BAKED: LazyLock<Rootfs> = LazyLock::new(|| {
        let directory = tempfile::tempdir().expect("there is a directory for temporary files");
        let host = directory.path();
        fs::create_dir_all(host.join("a/b/c")).expect("it is new");
        fs::write(host.join("a/b/file"), "contents").expect("it is new");
        fs::write(host.join("a/equal"), "contents").expect("it is new");
        fs::write(host.join("other"), "other contents").expect("it is new");
        fs::hard_link(host.join("other"), host.join("a/second")).expect("it is new");
        symlink("../a/b", host.join("link")).expect("it is new");
        let text = "arg = ['x']\nno-env = true\ntrace = 'off'";
        let policy = Policy::from_toml(text).expect("the policy is sound");
        let tree = TreeBuilder::new().dir(host, "/").file("/etc/in/memory", "bytes");
        let rootfs = packer(tree).policy(policy).bake().expect("the tree is sound");
        // Its files are read when a module is written, and the directory is gone then.
        let out = host.join("rootfs.wasm");
        rootfs.write(&out).expect("it can be written");
        let bytes = std::io::Cursor::new(fs::read(out).expect("it is written"));
        Rootfs::from_reader(bytes).expect("it is sound")
    });
    BAKED.clone()
}
