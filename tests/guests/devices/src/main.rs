//! Opens what programs look for in `/dev`, tries to change the tree, and tells what came of it.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};

fn both(path: &str) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

fn code(result: std::io::Result<()>) -> i32 {
    result.err().map_or(0, |error| error.raw_os_error().unwrap_or(-1))
}

fn main() {
    for path in ["/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/tty"] {
        let mut file = match both(path) {
            Ok(file) => file,
            Err(error) => {
                println!("{path} error {}", error.raw_os_error().unwrap_or(-1));
                continue;
            }
        };
        let mut bytes = [9; 64];
        let read = file.read(&mut bytes).unwrap();
        let zeros = bytes[..read].iter().all(|&byte| byte == 0);
        println!("{path} read {read} zeros {zeros} write {}", code(file.write_all(b"abc")));
    }
    let mut input = String::new();
    let read = File::open("/dev/stdin").and_then(|mut file| file.read_to_string(&mut input));
    println!("stdin {} {input:?}", code(read.map(|_| ())));
    for path in ["/dev/stdout", "/dev/fd/1"] {
        let written = OpenOptions::new().write(true).open(path);
        let written = written.and_then(|mut file| file.write_all(format!("by {path}\n").as_bytes()));
        println!("{path} {}", code(written));
    }
    println!("create {}", code(fs::write("/new", "x")));
    println!("fill {}", code(fs::write("/big", vec![1; 1 << 20])));
    let _ = fs::remove_file("/big");
    let open: Vec<File> = (0..20).map_while(|_| File::open("/").ok()).collect();
    println!("opened {}", open.len());
}
