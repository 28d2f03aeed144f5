//! Names that hold anything: nothing of them is a command to a terminal, and `::` can be said.

use crate::sandbox::{NOTHING, Ran, Sandbox};
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

/// Clears the screen, sets the title.
const EVIL: &str = "clear\x1b[2Jtitle\x1b]0;owned\x07";

/// An image of names that nobody likes.
fn sample() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in [EVIL, "two\nlines", "back\rover", "two words", "\u{202e}txt.exe", "plain"] {
        sandbox.file(&format!("host/{name}"), "x");
    }
    symlink("to\x1b[31m", sandbox.path("host/link")).unwrap();
    sandbox.image(&["--no-tmp", "--dir", "host::/"]);
    sandbox
}

/// What the tool writes to a terminal, without the carriage returns that it adds.
fn on_terminal(sandbox: &Sandbox, args: &[&str]) -> Option<String> {
    let quoted: Vec<String> =
        args.iter().map(|arg| format!("'{}'", arg.replace('\'', r"'\''"))).collect();
    let command = format!("'{}' {}", env!("CARGO_BIN_EXE_wasm-vfs"), quoted.join(" "));
    let ran = Command::new("script")
        .args(["-q", "-e", "-c", &command, "/dev/null"])
        .current_dir(sandbox.path("."))
        .stdin(std::process::Stdio::null())
        .output();
    match ran {
        Ok(ran) => Some(String::from_utf8(ran.stdout).unwrap().replace("\r\n", "\n")),
        Err(error) => {
            println!("no script(1) on this system, left out: {error}");
            None
        }
    }
}

fn has_commands(text: &str) -> bool {
    text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}')
}

#[test]
fn a_terminal_gets_names_as_gnu_ls_quotes_them() {
    let sandbox = sample();
    let rows: [&[&str]; 5] = [
        &["ls", "image.wasm"],
        &["ls", "-l", "image.wasm"],
        &["tree", "image.wasm"],
        &["stat", "image.wasm", &format!("/{EVIL}"), "/link"],
        &["inspect", "image.wasm"],
    ];
    for args in rows {
        let Some(shown) = on_terminal(&sandbox, args) else { return };
        assert!(!has_commands(&shown), "{args:?}: {shown:?}");
        assert!(shown.len() > 20, "{args:?}: {shown:?}");
    }
    let listed = on_terminal(&sandbox, &["ls", "image.wasm"]).unwrap();
    let expected = [
        r"'back'$'\r''over'",
        r"'clear'$'\033''[2Jtitle'$'\033'']0;owned'$'\a'",
        "link",
        "plain",
        r"'two'$'\n''lines'",
        "'two words'",
        r"''$'\342\200\256''txt.exe'",
    ];
    assert_eq!(listed.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_pipe_gets_the_names_themselves() {
    let sandbox = sample();
    let names =
        format!("back\rover\n{EVIL}\nlink\nplain\ntwo\nlines\ntwo words\n\u{202e}txt.exe\n");
    assert_eq!(sandbox.tool(&["ls", "image.wasm"]).ok().stdout(), names);
    // And one by one.
    let listed = sandbox.tool(&["ls", "--zero", "image.wasm"]).ok();
    let listed: Vec<&str> = listed.stdout().split_terminator('\0').collect();
    assert_eq!(
        listed,
        ["back\rover", EVIL, "link", "plain", "two\nlines", "two words", "\u{202e}txt.exe"]
    );
    if let Some(shown) = on_terminal(&sandbox, &["ls", "--zero", "image.wasm"]) {
        assert!(shown.contains("two\nlines\0"), "{shown:?}");
    }
}

#[test]
fn messages_have_no_commands_wherever_they_go() {
    let sandbox = sample();
    sandbox.wasm("program.wasm", NOTHING);
    let told = |ran: Ran| {
        assert!(!has_commands(&ran.stderr), "{:?}", ran.stderr);
        ran.stderr
    };
    let listed = told(sandbox.image(&["-v", "--dir", "host::/"]));
    assert!(listed.contains(r" /clear\033[2Jtitle\033]0;owned\a"), "{listed}");
    assert!(listed.contains(r" /two\nlines"), "{listed}");
    for args in [
        &["cat", "image.wasm", "/no\x1b[31m"][..],
        &["cat", "image.wasm", &format!("/{EVIL}/x")],
        &["ls", "no\x1b[31m\nsuch.wasm"],
        &["image", "--dir", "no\x1b[31m::/", "-o", "x"],
        &["run", "program.wasm", "--dir", "host::/", "--get", "/no\x1b[31m::x"],
        &["run", "program.wasm", "--dir", "host::/", "--put", "no\x1b[31m::/x"],
    ] {
        let ran = sandbox.tool(args);
        assert!(ran.error().contains("\\033["), "{args:?}: {}", ran.stderr);
        told(ran);
    }
}

#[test]
fn a_name_may_have_the_separator_in_it() {
    let sandbox = Sandbox::new();
    sandbox.wasm("program.wasm", NOTHING);
    sandbox.file("a::b/file", "x");
    sandbox.image(&["--no-tmp", "--dir", r"a\::b::/c\::d"]);
    assert_eq!(sandbox.image_tree(), "/\n└── c::d\n    └── file");
    fs::write(sandbox.path("vfs.toml"), r#"dir = ['a\::b']"#).unwrap();
    sandbox.image(&["--no-tmp", "--config", "vfs.toml"]);
    assert_eq!(sandbox.image_tree(), "/\n└── a::b\n    └── file");
    let args = ["run", "program.wasm", "--dir", r"a\::b::/", "--put", r"a\::b/file::/p\::q"];
    sandbox.tool(&[&args[..], &["--get", r"/p\::q::r\::s"]].concat()).ok();
    assert_eq!(fs::read(sandbox.path("r::s")).unwrap(), b"x");
    let ran = sandbox.tool(&["run", "program.wasm", "--dir", r"a\::b::/", "--put", r"a\::b"]);
    assert_eq!(ran.error(), r"--put a\::b: write HOST::GUEST");
}
