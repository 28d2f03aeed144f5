//! The utilities of uutils in one process, behind a shell of ours (`tests/guests/shell`): what scripts do is what the machine's sh and its
//! coreutils do with them.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempPath;
use wasm_vfs::{Form, Packer, Program, TreeBuilder};
use wasm_vfs_tests::engine::{Engine, Invocation, Outcome};
use wasm_vfs_tests::engines::node::Node;
use wasm_vfs_tests::engines::wasmtime::Wasmtime;
use wasm_vfs_tests::tools;

use crate::FORMS;

/// A script.
struct Case {
    /// Its file.
    name: &'static str,
    text: &'static str,
    /// What standard error holds; `None`: what it holds on the machine. Shells and versions of coreutils word messages differently.
    stderr: Option<&'static str>,
    /// Files that it writes.
    files: &'static [&'static str],
}

/// How the output of one command gets to the next: by pipes, and by files without names.
const BETWEEN: [&str; 2] = ["", "--files "];

/// What scripts read.
const DATA: [(&str, &str); 5] = [
    ("out/.kept", ""),
    ("data/words", "pear\napple\nfig\napple\nplum\nfig\napple\n"),
    ("data/users", "ann:1:/home/ann\nbob:2:/home/bob\ncid:3:/home/cid\nann:4:/srv\n"),
    ("data/left", "1 one\n2 two\n4 four\n"),
    ("data/right", "1 uno\n3 tre\n4 quattro\n"),
];

const CASES: &[Case] = &[
    Case {
        name: "pipelines",
        text: "sort data/words | uniq -c | sort -rn | head -n 3\n\
               cut -d: -f1,3 data/users | tr a-z A-Z | paste - -\n\
               cat data/words data/users | wc\n\
               sort -t: -k2,2nr data/users | tail -n +2 | cut -c1-5\n\
               join data/left data/right\n\
               comm -3 data/left data/right | expand -t 4\n\
               seq 1 30 | paste -s -d, | fold -w 20\n\
               seq -w 8 11 | sort -R --random-source=data/words | sort\n",
        stderr: None,
        files: &[],
    },
    Case {
        name: "more-than-64-KiB",
        text: "seq 1 60000 | tr 0-9 a-j | sort -r | tee out/all | tail -n 5\n\
               cat out/all out/all | wc -c\n",
        stderr: None,
        files: &["out/all"],
    },
    Case {
        name: "lists",
        text: "true && echo one || echo two\n\
               false && echo three || echo four; echo $?\n\
               ! true | false\n\
               echo $?\n\
               false | true; echo $?\n\
               cat missing 2> /dev/null || echo \"status $?\"\n\
               # a comment\n\
               echo a#b 'single $? \"' \"double $? '\" back\\ slash \\\n\
                 continued ''\n\
               printf '%s.%d\\n' x 1 'y z' 2 # and one more\n\
               exit 3\n\
               echo never\n",
        stderr: None,
        files: &[],
    },
    Case {
        name: "redirections",
        text: "echo first > out/log; echo second >> out/log\n\
               sort < out/log > out/sorted\n\
               > out/empty\n\
               sort -r < data/words | uniq > out/unique 2> out/errors\n\
               cat data/left missing > out/both 2>&1\n\
               cat missing data/left 2>&1 > out/only | cut -d: -f2- \n\
               { echo a; { echo b; cat missing; echo c >&2; } 2> out/inner; echo d; } > out/outer\n\
               { echo e; cat missing; } 4>&1 1>&2 2>&4 4>&- | cut -d: -f2-\n\
               { cat; echo --; cat; } < data/words\n\
               { cat - data/left; } < data/right >> out/log\n\
               { { echo x; echo y; } | sort -r; echo z; } | tr xyz abc\n\
               { cat data/left missing; echo on; } 2>&- | sort 2>&-\n",
        stderr: None,
        files: &[
            "out/log",
            "out/sorted",
            "out/empty",
            "out/unique",
            "out/errors",
            "out/both",
            "out/only",
            "out/inner",
            "out/outer",
        ],
    },
    Case {
        name: "errors-among-output",
        text: "cat data/words missing data 2>&1 | cut -d: -f2- | sort\n",
        stderr: None,
        files: &[],
    },
    Case {
        name: "descriptors-as-files",
        text: "echo a-piped | sort data/left /dev/stdin data/right\n\
               cat /dev/fd/0 < data/words | tail -n 1\n\
               cat /dev/fd/5 5< data/left\n\
               sort data/words | comm -12 - /dev/fd/5 5< data/words 2> /dev/null | wc -l\n\
               echo to-error > /dev/stderr\n\
               echo to-output | tee /dev/stderr /dev/fd/1 > out/tee\n\
               wc -c < /dev/null; sort /dev/null data/left\n\
               head -c 5 /dev/zero | tr '\\0' z\n",
        stderr: None,
        files: &["out/tee"],
    },
    Case {
        name: "tee",
        text: "seq 3 | tee out/a out/b | wc -l\n\
               seq 4 5 | tee -a out/a > /dev/null\n\
               echo kept | tee data out/c; echo $?\n\
               cat out/a out/b | sort -n | uniq -d\n",
        stderr: None,
        files: &["out/a", "out/b", "out/c"],
    },
    Case {
        name: "files",
        text: "mkdir -p out/d/e && cp data/words out/d/e/w && cp -r out/d out/f\n\
               ln -s ../d/e/w out/f/link && ln out/d/e/w out/hard\n\
               ls out out/f; cat out/f/link | head -n 1\n\
               mv out/f/e/w out/moved; rmdir out/f/e; rm out/d/e/w; ls -1 out out/f\n\
               cat out/f/link; echo $?\n\
               rm -r out/d; rm out/d; ls out\n\
               cd data && ls && cat left && echo here > ../out/from-data\n\
               cd .. && cat out/from-data && basename /a/b.c .c && dirname /a/b.c\n\
               cp missing out; rmdir data; { mv out/hard missing/x || mkdir data; } 2> out/messages; echo $?\n",
        stderr: None,
        files: &["out/moved", "out/hard", "out/from-data"],
    },
    Case {
        name: "text",
        text: "tail -c 5 data/words; head -n -2 data/words; tail -n +3 data/words | head -c -3\n\
               printf '%5.2f|%x|%c|%b\\n' 3.14159 255 z 'a\\tb'; wc -lwcmL data/words\n\
               tr -d a < data/words; tr -s p < data/words; tr -c 'a-z\\n' _ < data/users\n\
               seq 0.5 0.25 1.5; seq -s, 1 5; echo -n x\n\
               cut -c 2- data/words; cut -f2 -d: -s data/users; uniq -c -d data/words\n\
               fold -s -w 10 data/users; expand -t3 data/left; basename -s .c a.c b.c\n\
               paste data/left data/right; comm data/left data/right\n\
               join -a1 -a2 data/left data/right\n",
        stderr: None,
        files: &[],
    },
    Case {
        name: "sorting",
        text: "sort -t: -k1,1 -s data/users; sort -n -r data/left; sort -u data/words\n\
               sort -z data/words | tr '\\0' '\\n'; sort -o out/s data/words; cat out/s\n\
               sort -h data/left; sort -V data/left; sort -g data/left; sort -M data/words\n\
               sort -b -f -d data/words; seq 99999 | sort -n -r -S 100K | head -n 2\n",
        stderr: None,
        files: &["out/s"],
    },
    Case {
        name: "messages",
        text: "cat data; ls missing; cp data out; rm data; ln data out/x; mkdir data/words/x\n\
               rmdir out; tail missing; head missing; wc missing data/words; sort missing\n\
               cut -c0 data/words 2>&1 | head -n 1; tr a 2>&1 | head -n 1; uniq missing\n\
               comm missing data/words; seq a 2>&1 | head -n 1; tee missing/x < /dev/null\n\
               basename 2>&1 | head -n 1; mv missing x; fold missing\n",
        stderr: None,
        files: &[],
    },
    Case {
        name: "unknown-commands",
        text: "nonesuch a b; echo $?\n\
               nonesuch | wc -l\n\
               echo on | nonesuch2 || true\n",
        stderr: Some(
            "unknown-commands: 1: nonesuch: not found\n\
             unknown-commands: 2: nonesuch: not found\n\
             unknown-commands: 3: nonesuch2: not found\n",
        ),
        files: &[],
    },
    Case {
        name: "redirections-that-fail",
        text: "echo no > data; echo $?\n\
               cat < missing; echo $?\n\
               echo no > missing/file; echo $?\n\
               { echo never; } 2> data | wc -l\n\
               echo still; cat data/left > out/x 2> data; echo $?\n",
        stderr: Some(
            "redirections-that-fail: 1: cannot create data: Is a directory\n\
             redirections-that-fail: 2: cannot open missing: No such file\n\
             redirections-that-fail: 3: cannot create missing/file: Directory nonexistent\n\
             redirections-that-fail: 4: cannot create data: Is a directory\n\
             redirections-that-fail: 5: cannot create data: Is a directory\n",
        ),
        files: &[],
    },
    Case {
        // They end by `exit`, in the midst of a pipeline.
        name: "usage-errors",
        text: "cat --nonesuch 2> /dev/null | wc -l; echo $?\n\
               echo 3 | sort --nonesuch 2> /dev/null; echo $?\n\
               { sort --nonesuch; echo $?; } 2> /dev/null | tr 2 3\n\
               cat missing 2> /dev/null; true; echo $?\n\
               wc --nonesuch 2> /dev/null || echo on\n\
               head -n 1 data/words\n",
        stderr: None,
        files: &[],
    },
];

/// A program that is packed with all scripts.
fn packed(program: &Path, form: Form) -> TempPath {
    let mut tree = TreeBuilder::new();
    let scripts = CASES.iter().map(|case| (case.name, case.text)).chain([(LARGE, LARGE_TEXT)]);
    for (path, text) in DATA.into_iter().chain(scripts) {
        tree = tree.file(format!("/{path}"), text);
    }
    let file = tempfile::Builder::new().suffix(".wasm").tempfile().unwrap();
    let packed = Packer::new(tree).form(form).pack(Program::file(program)).unwrap();
    packed.write(file.path()).unwrap();
    file.into_temp_path()
}

/// Runs a script by the machine's sh. Messages begin there with the utility's name, here with the shell's: uutils takes it from the
/// process's arguments.
fn on_the_machine(name: &str, text: &str, files: &[&str]) -> Outcome {
    let root = tempfile::tempdir().unwrap();
    for directory in ["data", "out"] {
        fs::create_dir(root.path().join(directory)).unwrap();
    }
    for (path, text) in DATA.into_iter().chain([(name, text)]) {
        fs::write(root.path().join(path), text).unwrap();
    }
    let mut sh = Command::new("/bin/sh");
    sh.arg(name).current_dir(root.path()).env("LC_ALL", "C").stdin(Stdio::null());
    let output = sh.output().unwrap();
    let read = |file: &&str| renamed(&fs::read(root.path().join(file)).unwrap());
    Outcome {
        status: output.status.code(),
        stdout: renamed(&output.stdout),
        stderr: renamed(&output.stderr),
        files: files.iter().map(read).collect(),
    }
}

/// Messages of utilities, with the shell's name.
fn renamed(bytes: &[u8]) -> Vec<u8> {
    const UTILITIES: &str = "basename cat comm cp cut fold head ln ls mkdir mv paste rm rmdir seq sort tail tee tr uniq wc";
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let lines = text.split_inclusive('\n').map(|line| match line.split_once(": ") {
        Some((name, message)) if UTILITIES.split(' ').any(|utility| utility == name) => {
            format!("sh: {message}")
        }
        _ => line.to_owned(),
    });
    lines.collect::<String>().into_bytes()
}

fn run(engine: &dyn Engine, module: &Path, between: &str, name: &str, files: &[&str]) -> Outcome {
    let mut invocation = Invocation::of(&format!("sh {between}{name}"));
    for file in files {
        invocation = invocation.collect(file);
    }
    engine.run(module, &invocation).unwrap()
}

#[test]
fn scripts_do_what_they_do_on_the_machine() {
    let Some(program) = tools::guest("shell") else { return };
    let mut failures = Vec::new();
    for form in FORMS {
        let module = packed(&program, form);
        for case in CASES {
            let mut expected = on_the_machine(case.name, case.text, case.files);
            if let Some(stderr) = case.stderr {
                expected.stderr = stderr.into();
            }
            for between in BETWEEN {
                let outcome = run(&Wasmtime, &module, between, case.name, case.files);
                if outcome != expected {
                    let name = case.name;
                    failures.push(format!(
                        "{form}, {between}{name}: {outcome:?}\nexpected: {expected:?}"
                    ));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// More than the largest pipe holds.
const LARGE: &str = "more-than-a-pipe";
const LARGE_TEXT: &str = "seq 1 400000 | tee out/all | tail -n 1; echo $?\n\
                          sort -r out/all | wc\n";

/// What the shell's pipes hold, and what seq writes at a time.
const PIPE_BYTES: usize = 1 << 20;
const PIECE_BYTES: usize = 8192;

#[test]
fn what_no_pipe_holds_goes_through_a_file_or_fails() {
    let Some(program) = tools::guest("shell") else { return };
    let expected = on_the_machine(LARGE, LARGE_TEXT, &["out/all"]);
    for form in FORMS {
        let module = packed(&program, form);
        let outcome = run(&Wasmtime, &module, "--files ", LARGE, &["out/all"]);
        assert_eq!(outcome, expected, "{form}");
        let outcome = run(&Wasmtime, &module, "", LARGE, &["out/all"]);
        // The shell goes on: the reader gets what was in the pipe.
        assert_eq!(outcome.status, Some(0), "{form}");
        assert_eq!(String::from_utf8_lossy(&outcome.stderr), "sh: write error: Would block\n");
        let piped = outcome.files[0].len();
        assert!((PIPE_BYTES - PIECE_BYTES..=PIPE_BYTES).contains(&piped), "{form}: {piped}");
        assert_eq!(outcome.files[0], expected.files[0][..piped], "{form}");
    }
}

#[test]
fn a_utility_that_panics_ends_alone() {
    let Some(program) = tools::guest("shell") else { return };
    let module = packed(&program, Form::Portable);
    // Merging needs threads.
    let script = "sort -m data/left data/right 2> out/panic | wc -c; echo on\n\
                  sort -m data/left data/right 2>> out/panic; echo $?; cat data/left";
    let mut invocation = Invocation::of("sh").collect("out/panic");
    // The script is standard input, for once.
    invocation.stdin = script.into();
    let outcome = Wasmtime.run(&module, &invocation).unwrap();
    let stdout = String::from_utf8_lossy(&outcome.stdout);
    assert_eq!(stdout, "0\non\n101\n1 one\n2 two\n4 four\n", "{outcome:?}");
    let message = String::from_utf8_lossy(&outcome.files[0]).into_owned();
    assert_eq!(message.matches("failed to spawn thread").count(), 2, "{message}");
    assert_eq!(outcome.status, Some(0));
}

#[test]
fn another_engine_does_the_same() {
    let Some(program) = tools::guest("shell") else { return };
    // Not Wasmi, which is without SIMD: wc counts with it.
    let Some(node) = Node::with_multi_memory() else { return };
    for form in FORMS {
        let module = packed(&program, form);
        for name in ["pipelines", "more-than-64-KiB", "usage-errors", "descriptors-as-files"] {
            let expected = run(&Wasmtime, &module, "", name, &[]);
            let outcome = run(&node, &module, "", name, &[]);
            assert_eq!(outcome, expected, "{form}: {name}");
        }
    }
}
