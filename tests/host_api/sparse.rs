//! Archives of files with holes, held against GNU tar and Python, which knows all of GNU tar's forms too.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use std::process::Command;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestRunner};
use wasm_vfs::{Errno, Form};
use wasm_vfs_tests::tools;

use crate::archives::{export, import};
use crate::{FORMS, Running, noise};

/// Bytes in a page of a file.
const PAGE: u64 = 4096;

/// A file: its size, and the runs of bytes that are not zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sparse {
    size: u64,
    runs: Vec<(u64, Vec<u8>)>,
}

impl Sparse {
    /// One with runs of `len` bytes here.
    fn new(size: u64, offsets: impl IntoIterator<Item = u64>, len: usize) -> Sparse {
        let run = |offset: u64| (offset, noise(len).iter().map(|byte| byte | 1).collect());
        Sparse { size, runs: offsets.into_iter().map(run).collect() }
    }

    /// All its bytes.
    fn contents(&self) -> Vec<u8> {
        let mut contents = vec![0; self.size as usize];
        for (offset, run) in &self.runs {
            contents[*offset as usize..][..run.len()].copy_from_slice(run);
        }
        contents
    }

    /// Where its data are, in whole pages.
    fn pages(&self) -> Vec<(u64, u64)> {
        let mut pages: Vec<(u64, u64)> = Vec::new();
        for (offset, run) in &self.runs {
            let start = offset / PAGE * PAGE;
            let end = (offset + run.len() as u64).next_multiple_of(PAGE).min(self.size);
            match pages.last_mut() {
                Some(last) if last.1 >= start => last.1 = end,
                _ => pages.push((start, end)),
            }
        }
        pages
    }

    /// Where its data are after an export and an import: a file without a hole of a page is
    /// exported whole.
    fn imported_pages(&self) -> Vec<(u64, u64)> {
        let pages = self.pages();
        let mut end = 0;
        let mut widest = 0;
        for &(start, next) in pages.iter().chain(&[(self.size, self.size)]) {
            widest = widest.max(start - end);
            end = next;
        }
        match self.size {
            1.. if widest < PAGE => vec![(0, self.size)],
            _ => pages,
        }
    }

    /// Puts it into the tree, by the bare exports.
    fn put(&self, running: &mut Running, path: &str) {
        running.put(path, b"");
        for (offset, run) in &self.runs {
            assert_eq!(put_at(running, path, *offset, run), run.len() as i32);
        }
    }
}

/// `wasm_vfs_put` in the middle of a file.
pub(crate) fn put_at(running: &mut Running, path: &str, offset: u64, bytes: &[u8]) -> i32 {
    let len = (path.len() + bytes.len()) as u32;
    let room = running.call::<u32, u32>("wasm_vfs_allocate", len).unwrap();
    let base = running.instance.get_global(&mut running.store, "wasm_vfs_base").unwrap();
    let base = base.get(&mut running.store).unwrap_i32() as u32;
    let memory = running.instance.get_memory(&mut running.store, "wasm_vfs_memory").unwrap();
    let both = [path.as_bytes(), bytes].concat();
    memory.write(&mut running.store, (base + room) as usize, &both).unwrap();
    let path_len = path.len() as u32;
    let args = (room, path_len, room + path_len, bytes.len() as u32, offset.cast_signed(), 0o644);
    running.call::<(u32, u32, u32, u32, i64, u32), i32>("wasm_vfs_put", args).unwrap()
}

/// Where the data of a file are.
fn data(running: &mut Running, path: &str) -> Vec<(u64, u64)> {
    let (mut at, mut runs) = (0, Vec::new());
    while let Some(run) = running.api.next_data(&mut running.store, path, at).unwrap() {
        at = run.end;
        runs.push((run.start, run.end));
    }
    runs
}

/// Sets the size of a file that the program can stretch.
fn stretch(running: &mut Running, size: u64) {
    running.call::<u64, ()>("stretch", size).unwrap();
}

/// Files with holes at the beginning, between and at the end; with as many runs as need further blocks of a map; and small ones.
fn samples() -> Vec<(&'static str, Sparse)> {
    vec![
        ("one-hole", Sparse::new(100_000, [], 0)),
        ("hole-first", Sparse::new(PAGE * 30 + 5, [PAGE * 30], 5)),
        ("hole-last", Sparse::new(PAGE * 30, [PAGE], 5000)),
        ("between", Sparse::new(3_000_000, [PAGE * 7, PAGE * 99, PAGE * 300], 10_000)),
        ("many", Sparse::new(PAGE * 1000, (1..200).map(|at| at * 5 * PAGE), 3000)),
    ]
}

/// Files and what of them an archive in GNU tar's pax form 1.0 has, by Python.
const PYTHON: &str = "
import sys, tarfile, zlib
with tarfile.open(sys.argv[1]) as archive:
    for member in archive:
        if not member.isfile(): continue
        crc = 0
        if member.size < 1 << 30:
            crc = zlib.crc32(archive.extractfile(member).read())
        print(member.name, member.size, crc, member.sparse is not None)
";

/// Runs a command; what it prints.
fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// `tar`, if it is GNU's; else it is noted as left out.
fn gnu_tar() -> Option<Command> {
    let version = Command::new("tar").arg("--version").output();
    let is_gnu = version.is_ok_and(|it| String::from_utf8_lossy(&it.stdout).contains("GNU tar"));
    if !is_gnu {
        tools::leave_out("sparse archives by GNU tar", "`tar` is not GNU's");
        return None;
    }
    Some(Command::new("tar"))
}

#[test]
fn others_read_what_is_exported() {
    let samples = samples();
    for form in FORMS {
        let mut running = Running::new(form);
        for (name, file) in &samples {
            running.put("/input/in", b"");
            for (offset, run) in &file.runs {
                put_at(&mut running, "/input/in", *offset, run);
            }
            stretch(&mut running, file.size);
            // The program's file, by another name.
            let bytes = export(&mut running, "/input");
            import(&mut running, &bytes).unwrap();
            assert_eq!(data(&mut running, "/in/in"), file.pages(), "{name}");
            assert!(running.read("/in/in") == file.contents(), "{name}");
            // Not more than the data, the map, headers and the end.
            let data: u64 = file.pages().iter().map(|(start, end)| end - start).sum();
            let map = 512 + file.runs.len() as u64 * 32;
            assert!((bytes.len() as u64) < data + map + 5 * 1024, "{name}: {} bytes", bytes.len());

            let directory = tempfile::tempdir().unwrap();
            let archive = directory.path().join("archive.tar");
            fs::write(&archive, &bytes).unwrap();
            let listed = output(Command::new("python3").args(["-c", PYTHON]).arg(&archive));
            let crc = crc32(&file.contents());
            assert_eq!(listed, format!("in {} {crc} True\n", file.size), "{name}");
            let Some(mut tar) = gnu_tar() else { continue };
            output(tar.arg("-xf").arg(&archive).current_dir(directory.path()));
            let extracted = directory.path().join("in");
            assert!(fs::read(&extracted).unwrap() == file.contents(), "{name}");
            let blocks = fs::metadata(&extracted).unwrap().blocks() * 512;
            assert!(blocks <= data + 64 * 1024, "{name}: {blocks} bytes on the disk");
        }
    }
}

/// CRC-32 as zlib's.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

/// Writes a file of the disk.
fn write(path: &Path, file: &Sparse) {
    let out = File::create(path).unwrap();
    out.set_len(file.size).unwrap();
    for (offset, run) in &file.runs {
        out.write_all_at(run, *offset).unwrap();
    }
}

#[test]
fn all_forms_of_gnu_tar_are_imported() {
    let directory = tempfile::tempdir().unwrap();
    let samples = samples();
    for (name, file) in &samples {
        write(&directory.path().join(name), file);
    }
    let long = "l".repeat(120);
    write(&directory.path().join(&long), &samples[2].1);
    for options in [
        &["--format=gnu"][..],
        &["--format=oldgnu"],
        &["--format=pax", "--sparse-version=0.0"],
        &["--format=pax", "--sparse-version=0.1"],
        &["--format=pax", "--sparse-version=1.0"],
    ] {
        let Some(mut tar) = gnu_tar() else { return };
        // By the bytes, whatever the disk says of holes.
        tar.args(options).args(["-S", "--hole-detection=raw", "-c", "."]);
        let archive = tar.current_dir(directory.path()).output().unwrap().stdout;
        assert!(archive.len() < 1_400_000, "{options:?}: {} bytes", archive.len());
        for form in FORMS {
            let mut running = Running::new(form);
            import(&mut running, &archive).unwrap();
            let all = samples.iter().map(|(name, file)| (*name, file));
            for (name, file) in all.chain([(&long[..], &samples[2].1)]) {
                let path = format!("/in/{name}");
                assert!(running.read(&path) == file.contents(), "{options:?}: {name}");
                assert_eq!(data(&mut running, &path), file.pages(), "{options:?}: {name}");
            }
        }
    }
}

#[test]
fn a_file_of_2_to_the_63_bytes_is_a_small_archive() {
    const SIZE: u64 = 0x7fff_ffff_ffff_f000;
    for form in FORMS {
        let mut running = Running::new(form);
        running.put("/input/in", b"");
        assert_eq!(put_at(&mut running, "/input/in", 1 << 50, b"in the middle"), 13);
        stretch(&mut running, SIZE);
        let archive = export(&mut running, "/input");
        assert!(archive.len() < 10_000, "{} bytes", archive.len());
        import(&mut running, &archive).unwrap();
        let stat = running.api.stat(&mut running.store, "/in/in").unwrap();
        assert_eq!((stat.size, stat.blocks), (SIZE, 8));
        assert_eq!(data(&mut running, "/in/in"), [(1 << 50, (1 << 50) + PAGE)]);
        let mut got = Vec::new();
        let range = (1 << 50)..(1 << 50) + 13;
        running.api.get_range(&mut running.store, "/in/in", range, &mut got).unwrap();
        assert_eq!(got, b"in the middle");
        assert!(export(&mut running, "/in") == archive);
    }
}

#[test]
fn small_holes_make_no_sparse_member() {
    let mut running = Running::new(Form::Portable);
    running.put("/input/in", b"");
    stretch(&mut running, PAGE - 1);
    let archive = export(&mut running, "/input");
    assert!(!archive.windows(11).any(|bytes| bytes == b"GNU.sparse."));
    stretch(&mut running, PAGE);
    let archive = export(&mut running, "/input");
    assert!(archive.windows(11).any(|bytes| bytes == b"GNU.sparse."));
}

#[test]
fn random_files_come_back_with_their_holes() {
    let runs = proptest::collection::btree_map(1..400u64, 1..9000usize, 0..40);
    // Half of the files end within a page of where they would end anyway: most of those without
    // runs have no hole of a page then.
    let tails = proptest::prop_oneof![0..PAGE, 0..200_000u64];
    let files = (runs, tails, 0..4096u64).prop_map(|(runs, tail, shift)| {
        let mut file = Sparse { size: tail, runs: Vec::new() };
        for (page, len) in runs {
            let offset = (page * PAGE * 3 + shift).max(file.size);
            let run = noise(len).iter().map(|byte| byte | 1).collect();
            file.runs.push((offset, run));
            file.size = offset + len as u64;
        }
        file.size += tail;
        file
    });
    let running = FORMS.map(Running::new).map(std::cell::RefCell::new);
    let mut runner =
        TestRunner::new(Config { cases: 100, failure_persistence: None, ..Config::default() });
    runner
        .run(&files, |file| {
            for running in &running {
                let running = &mut *running.borrow_mut();
                file.put(running, "/input/in");
                stretch(running, file.size);
                let archive = export(running, "/input");
                import(running, &archive).unwrap();
                assert_eq!(data(running, "/in/in"), file.imported_pages());
                assert!(running.read("/in/in") == file.contents());
                assert!(export(running, "/in") == archive);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_damaged_map_is_refused_by_name() {
    let Some(mut tar) = gnu_tar() else { return };
    let directory = tempfile::tempdir().unwrap();
    write(&directory.path().join("f"), &samples()[3].1);
    tar.args(["--format=pax", "-S", "--hole-detection=raw", "-c", "f"]);
    let archive = tar.current_dir(directory.path()).output().unwrap().stdout;
    let map = 3 * 512;
    assert!(archive[map..].starts_with(b"4\n28672\n10240\n405504\n"));
    let mut running = Running::new(Form::Portable);
    for text in [
        // Less, or fewer, than the member has; behind the last; no numbers.
        &b"4\n28672\n10239\n"[..],
        b"2\n28672\n10240\n",
        b"4\n28672\n10240\n000001\n",
        b"4\n28672\n-0240\n",
        b"\0",
        b"4 ",
    ] {
        let mut damaged = archive.clone();
        damaged[map..map + text.len()].copy_from_slice(text);
        let error = import(&mut running, &damaged).unwrap_err();
        assert_eq!(error.find(), Some(&Errno::EINVAL), "{error:#}");
        assert!(format!("{error:#}").contains("its member `f`: "), "{error:#}");
        assert_eq!(running.names("/in"), [""; 0]);
    }
    // A later form.
    let at = archive.windows(18).position(|bytes| bytes == b"GNU.sparse.major=1").unwrap();
    let mut later = archive.clone();
    later[at + 17] = b'2';
    let error = import(&mut running, &later).unwrap_err();
    assert_eq!(error.find(), Some(&Errno::EOPNOTSUPP), "{error:#}");
}

#[test]
fn a_file_with_holes_must_not_change_while_it_is_exported() {
    const EBUSY: i32 = -16;
    let mut running = Running::new(Form::Isolated);
    running.put("/input/in", b"");
    put_at(&mut running, "/input/in", 100 * PAGE, &noise(100_000));
    let room = running.call::<u32, u32>("wasm_vfs_allocate", 8192).unwrap();
    let memory = running.instance.get_memory(&mut running.store, "wasm_vfs_memory").unwrap();
    memory.write(&mut running.store, room as usize, b"/input").unwrap();
    let begin = running.call::<(u32, u32), i32>("wasm_vfs_export_begin", (room, 6));
    assert_eq!(begin.unwrap(), 0);
    let next = |running: &mut Running| {
        running.call::<(u32, u32), i32>("wasm_vfs_export", (room, 8192)).unwrap()
    };
    assert_eq!(next(&mut running), 8192);
    stretch(&mut running, 10 * PAGE);
    assert_eq!(next(&mut running), EBUSY);
    // It has ended.
    assert_eq!(next(&mut running), -22);
    assert!(!export(&mut running, "/input").is_empty());
}
