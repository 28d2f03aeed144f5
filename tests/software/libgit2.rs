//! libgit2: a repository that is made, changed, branched, merged and cloned in a packed tree is one that git could have made, to
//! the last commit's name.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use wasm_vfs::TreeBuilder;
use wasm_vfs_tests::engine::Invocation;
use wasm_vfs_tests::on_disk::{done, has, unpacked};
use wasm_vfs_tests::tools;

/// The files that are packed.
fn files(root: &Path) -> io::Result<()> {
    fs::create_dir_all(root.join("a/b/c/d/e"))?;
    for (name, text, mode) in [
        (".gitignore", "*.o\n", 0o644),
        ("a/b/c/d/e/deep.txt", "deep\n", 0o644),
        ("a/b/c/stays.txt", "stays\n", 0o644),
        ("becomes-link", "plain so far\n", 0o644),
        ("doomed.txt", "doomed\n", 0o644),
        ("empty", "", 0o644),
        ("lines.txt", "one\ntwo\nthree\n", 0o644),
        ("naïve☃.txt", "not only ASCII\n", 0o644),
        ("object.o", "ignored\n", 0o644),
        ("plain.txt", "plain\n", 0o644),
        ("script.sh", "#!/bin/sh\necho hello\n", 0o755),
    ] {
        fs::write(root.join(name), text)?;
        fs::set_permissions(root.join(name), fs::Permissions::from_mode(mode))?;
    }
    // Larger than what zlib and the windows of packs take at a time, and nothing to compress.
    let mut state = 1_u32;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    });
    fs::write(root.join("noise.bin"), noise.take(700_000).collect::<Vec<_>>())?;
    symlink("plain.txt", root.join("link"))
}

/// The machine's git in a directory, without settings of its user; `minutes` date what it makes.
fn git(directory: &Path, minutes: u64, arguments: &[&str]) -> Command {
    let date = format!("{} +0130", 1_700_000_000 + 60 * minutes);
    let mut git = Command::new("git");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            git.env_remove(name);
        }
    }
    git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    git.env("GIT_AUTHOR_DATE", &date).env("GIT_COMMITTER_DATE", &date);
    git.args(["-c", "safe.directory=*", "-c", "core.quotePath=false", "-c", "core.abbrev=7"]);
    git.args(["-c", "user.name=Ada Lovelace", "-c", "user.email=ada@example.org"]);
    git.args(arguments).current_dir(directory);
    git
}

/// What git prints.
#[track_caller]
fn said(directory: &Path, arguments: &[&str]) -> String {
    String::from_utf8(done(&mut git(directory, 0, arguments)).stdout).unwrap()
}

/// Does with git what the driver does with libgit2, and says what the driver prints.
struct Reference<'a> {
    root: &'a Path,
    expected: String,
}

impl Reference<'_> {
    fn line(&mut self, line: &str) {
        self.expected.push_str(line);
        self.expected.push('\n');
    }

    fn git(&self, minutes: u64, arguments: &[&str]) {
        done(&mut git(self.root, minutes, arguments));
    }

    fn status(&mut self) {
        for line in said(self.root, &["status", "--porcelain", "--untracked-files=all"]).lines() {
            self.line(&format!("status {line}"));
        }
    }

    /// Tells of a commit that is there.
    fn committed(&mut self) {
        let commit = said(self.root, &["rev-parse", "HEAD"]);
        let tree = said(self.root, &["rev-parse", "HEAD^{tree}"]);
        self.line(&format!("commit {} tree {}", commit.trim(), tree.trim()));
    }

    fn commit(&mut self, minutes: u64, message: &str) {
        self.git(0, &["add", "--all"]);
        self.git(minutes, &["commit", "--quiet", "--no-gpg-sign", "--message", message]);
        self.committed();
    }

    fn check_out(&mut self, branch: &str) {
        self.git(0, &["checkout", "--quiet", branch]);
        self.status();
    }

    /// What the driver does to the files after the first commit.
    fn change(&self) -> io::Result<()> {
        let at = |name: &str| self.root.join(name);
        fs::set_permissions(at("plain.txt"), fs::Permissions::from_mode(0o755))?;
        fs::set_permissions(at("script.sh"), fs::Permissions::from_mode(0o644))?;
        fs::rename(at("a/b/c/d/e/deep.txt"), at("a/moved.txt"))?;
        for name in ["doomed.txt", "link", "becomes-link"] {
            fs::remove_file(at(name))?;
        }
        symlink("a/moved.txt", at("link"))?;
        symlink("plain.txt", at("becomes-link"))?;
        fs::write(at("lines.txt"), "one\nTWO\nthree\nfour\n")?;
        fs::create_dir(at("new"))?;
        fs::write(at("new/tool"), "#!/bin/sh\n")?;
        fs::set_permissions(at("new/tool"), fs::Permissions::from_mode(0o755))?;
        fs::write(at("new/ignored.o"), "object\n")
    }

    fn run(&mut self) {
        self.git(0, &["init", "--quiet", "--initial-branch=trunk"]);
        self.line("config core.filemode true");
        self.line("config core.symlinks unset");
        self.line("config core.ignorecase unset");
        self.status();
        self.commit(0, "first");
        self.change().unwrap();
        self.status();
        self.expected.push_str(&said(self.root, &["diff"]));
        self.commit(1, "second");
        self.status();
        self.git(0, &["branch", "side", "HEAD~"]);
        self.check_out("side");
        self.line("script.sh 0755");
        self.line("plain.txt 0644");
        fs::write(self.root.join("side.txt"), "on the side\n").unwrap();
        self.commit(2, "side");
        self.check_out("trunk");
        self.git(3, &["merge", "--quiet", "--no-gpg-sign", "--message", "merge", "side"]);
        self.committed();
        self.status();
        self.git(4, &["tag", "--annotate", "--message", "one", "v1", "HEAD~"]);
        let tag = said(self.root, &["rev-parse", "v1"]);
        self.line(&format!("tag {}", tag.trim()));
        let log = said(self.root, &["log", "--date-order", "--format=log %H %s"]);
        self.expected.push_str(&log);
        for line in said(self.root, &["ls-tree", "-r", "--long", "HEAD"]).lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [mode, "blob", id, size, name] = words[..] else { panic!("{line}") };
            self.line(&format!("blob {mode} {id} {size} {name}"));
        }
        let head = said(self.root, &["rev-parse", "HEAD"]);
        for clone in ["/linked", "/packed"] {
            self.line(&format!("clone {} {clone}", head.trim()));
        }
        self.line("refused: there is no network");
    }
}

#[test]
fn a_repository_is_what_git_makes_of_it() {
    let Some(program) = tools::guest("libgit2") else { return };
    if !has("git", "libgit2") || !has("tar", "libgit2") {
        return;
    }
    let packed = tempfile::tempdir().unwrap();
    files(packed.path()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    files(directory.path()).unwrap();
    let mut reference = Reference { root: directory.path(), expected: String::new() };
    reference.run();
    let asked: [&[&str]; 4] = [
        &["ls-files", "--stage"],
        &["log", "--format=raw", "--all", "--date-order"],
        &["show-ref"],
        &["symbolic-ref", "HEAD"],
    ];
    for form in crate::FORMS {
        let tree = TreeBuilder::new().dir(packed.path(), "/work");
        let invocation = Invocation::of("libgit2");
        let (outcome, archive) = crate::run_and_export(&program, tree, form, &invocation);
        assert_eq!(outcome.status, Some(0), "{form}: {outcome:?}");
        let printed = String::from_utf8(outcome.stdout).unwrap();
        for (at, (expected, line)) in reference.expected.lines().zip(printed.lines()).enumerate() {
            assert_eq!(line, expected, "{form}, line {at} of\n{printed}");
        }
        assert_eq!(printed, reference.expected, "{form}");
        let left = unpacked(&archive);
        for name in ["work", "linked", "packed"] {
            let found = left.path().join(name);
            // It is silent when all is well, but for what it counts on a terminal.
            let complaints =
                done(&mut git(&found, 0, &["fsck", "--strict", "--full", "--no-dangling"]));
            assert_eq!(String::from_utf8_lossy(&complaints.stdout), "", "{form}, {name}");
            assert_eq!(said(&found, &["status", "--porcelain"]), "", "{form}, {name}");
            for arguments in &asked {
                // A clone has the branches under other names.
                if name == "work" || matches!(arguments[0], "ls-files" | "symbolic-ref") {
                    let expected = said(directory.path(), arguments);
                    assert_eq!(said(&found, arguments), expected, "{form}, {name}, {arguments:?}");
                }
            }
            let head = said(&found, &["rev-parse", "HEAD"]);
            assert_eq!(head, said(directory.path(), &["rev-parse", "HEAD"]), "{form}, {name}");
        }
        let head = said(directory.path(), &["rev-parse", "HEAD"]);
        let object = Path::new(".git/objects").join(&head[..2]).join(head[2..].trim());
        let inodes = ["work", "linked"].map(|name| left.path().join(name).join(&object));
        let inodes = inodes.map(|path| path.metadata().unwrap().ino());
        assert_eq!(inodes[0], inodes[1], "{form}: a local clone links the objects");
        assert!(left.path().join("packed/.git/objects/pack").read_dir().unwrap().count() > 1);
    }
}
