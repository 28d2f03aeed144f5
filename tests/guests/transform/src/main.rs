//! Reads the files of `/input` and writes each to `/output` in capitals; prints what else its host gives it. The first argument says how
//! it ends: `exit=N`, `trap`, or by returning.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs, process, thread};

fn main() {
    fs::create_dir_all("/output").expect("cannot make /output");
    let mut files: Vec<_> = fs::read_dir("/input")
        .expect("cannot read /input")
        .map(|entry| entry.expect("cannot list /input").path())
        .collect();
    files.sort();
    for file in &files {
        let contents = fs::read(file).expect("cannot read a file of /input");
        let name = file.file_name().expect("an entry has a name");
        let output = std::path::Path::new("/output").join(name);
        fs::write(output, contents.to_ascii_uppercase()).expect("cannot write to /output");
    }

    let args: Vec<String> = env::args().collect();
    println!("arguments: {args:?}");
    println!("greeting: {:?}", env::var("GREETING").ok());
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input).expect("cannot read standard input");
    println!("input: {input:?}");
    eprintln!("an error, not really");

    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    println!("the clock is set: {}", now.as_secs() > 1_600_000_000);
    let started = Instant::now();
    thread::sleep(Duration::from_millis(30));
    let elapsed = started.elapsed();
    println!("slept: {}", elapsed >= Duration::from_millis(29) && elapsed < Duration::from_secs(20));
    // Its keys are random.
    let map: HashMap<u32, u32> = (0..100).map(|n| (n, n * n)).collect();
    println!("random numbers: {}", map[&9]);
    print!("no line feed");
    std::io::stdout().flush().expect("cannot write to standard output");

    match args.get(1).map(String::as_str) {
        Some("trap") => process::abort(),
        Some(end) => match end.strip_prefix("exit=") {
            Some(status) => process::exit(status.parse().expect("a status is a number")),
            None => {}
        },
        None => {}
    }
}
