//! The golden directories.

use std::path::{Path, PathBuf};

use wasm_vfs::Policy;
use wasm_vfs::internals::lower::lower;

use super::{CONTENTS, FORMS, MANIFEST, bytes_of};

/// Returns the directory of the cases.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("link")
}

#[test]
fn golden_directories() {
    let mut cases: Vec<PathBuf> = std::fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    assert!(cases.len() >= 10, "where are the cases?");
    let failures: Vec<String> = cases.iter().flat_map(|case| check(case)).collect();
    assert!(failures.is_empty(), "{}\n(BLESS=1 accepts what is written now)", failures.join("\n"));
}

/// Links one case and compares everything it gives.
fn check(case: &Path) -> Vec<String> {
    let program = wat::parse_file(case.join("program.wat")).unwrap();
    let own_kernel = case.join("kernel.wat");
    let kernel = if own_kernel.exists() { own_kernel.clone() } else { root().join("kernel.wat") };
    let kernel = wat::parse_file(kernel).unwrap();
    let mut failures = Vec::new();
    let lowered = match lower(&kernel, CONTENTS.len() as u64, MANIFEST, &Policy::default()) {
        Ok(lowered) => lowered,
        Err(error) => return compare(&case.join("error.txt"), &format!("{error:#}\n")),
    };
    if own_kernel.exists() {
        let mut adapter = Vec::new();
        lowered.module.write_to(&CONTENTS.to_vec(), &mut adapter).unwrap();
        failures.extend(compare(&case.join("adapter.wat"), &print(&adapter)));
    }
    for form in FORMS {
        let (file, text) = match wasm_vfs::link::link(&program, &lowered, form) {
            Ok(linked) => (format!("{form}.wat"), print(&bytes_of(&linked))),
            Err(error) => ("error.txt".to_owned(), format!("{error:#}\n")),
        };
        failures.extend(compare(&case.join(file), &text));
    }
    failures
}

fn print(wasm: &[u8]) -> String {
    wasmprinter::print_bytes(wasm).unwrap()
}

/// Compares `text` with what `path` holds, or writes it there.
pub(crate) fn compare(path: &Path, text: &str) -> Vec<String> {
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, text).unwrap();
        return Vec::new();
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    let differs = expected != text;
    differs.then(|| format!("{} differs from:\n{text}", path.display())).into_iter().collect()
}
