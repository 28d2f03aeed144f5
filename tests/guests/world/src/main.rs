//! Tells what it sees of the world beside files: arguments, environment, clocks, random numbers, streams, preopened
//! directories, and what becomes of calls that only a host can serve. `exit=N` as an argument ends it with that status.

use std::io::{Read, Write};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The raw functions: the standard library has no words for these.
mod preview1 {
    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    unsafe extern "C" {
        pub safe fn clock_res_get(id: i32, resolution: &mut u64) -> i32;
        pub safe fn sched_yield() -> i32;
        pub safe fn proc_raise(signal: i32) -> i32;
        pub safe fn sock_shutdown(fd: i32, how: i32) -> i32;
        pub safe fn fd_prestat_get(fd: i32, prestat: &mut [u32; 2]) -> i32;
        pub fn fd_prestat_dir_name(fd: i32, name: *mut u8, len: usize) -> i32;
        pub fn random_get(buffer: *mut u8, len: usize) -> i32;
        pub fn clock_time_get(id: i32, precision: u64, time: *mut u64) -> i32;
        pub fn args_get(pointers: *mut u8, strings: *mut u8) -> i32;
        pub fn environ_sizes_get(count: *mut u8, bytes: *mut u8) -> i32;
        pub safe fn poll_oneoff(
            subs: &[u64; 6],
            events: &mut [u64; 4],
            count: i32,
            stored: &mut u32,
        ) -> i32;
    }
}

/// An address beyond every memory.
const WILD: usize = 0xffff_fff0;

fn main() {
    let mut arguments: Vec<String> = std::env::args().collect();
    println!("arguments {arguments:?}");
    let mut variables: Vec<(String, String)> = std::env::vars().collect();
    variables.sort();
    println!("environment {variables:?}");
    preopens();
    clocks();
    random();
    streams();
    host_calls();
    wild_pointers();
    let status = arguments.drain(..).find_map(|text| text.strip_prefix("exit=")?.parse().ok());
    if let Some(status) = status {
        std::process::exit(status);
    }
}

fn preopens() {
    for fd in 3..10 {
        let mut prestat = [0; 2];
        if preview1::fd_prestat_get(fd, &mut prestat) != 0 {
            break;
        }
        let mut name = vec![0; prestat[1] as usize];
        let errno = unsafe { preview1::fd_prestat_dir_name(fd, name.as_mut_ptr(), name.len()) };
        assert_eq!(errno, 0);
        println!("preopen {fd} {}", String::from_utf8_lossy(&name));
    }
    let mut names: Vec<_> = std::fs::read_dir(".")
        .map(|entries| entries.map(|entry| entry.unwrap().file_name()).collect())
        .unwrap_or_default();
    names.sort();
    println!("here {names:?}");
}

fn clocks() {
    let since = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let (first, second) = (since(), since());
    println!("realtime {first} then {}", second - first);
    let started = Instant::now();
    std::thread::sleep(Duration::from_millis(30));
    let slept = started.elapsed();
    println!("slept 30 ms {}", slept >= Duration::from_millis(30));
    println!("slept {slept:?}");
    let mut resolution = 0;
    let errno = preview1::clock_res_get(0, &mut resolution);
    println!("resolution {errno} {}", resolution > 0);
    println!("clock 9 {}", unsafe { preview1::clock_time_get(9, 0, &mut resolution) });
}

fn random() {
    let mut bytes = [0; 20];
    let errno = unsafe { preview1::random_get(bytes.as_mut_ptr(), bytes.len()) };
    println!("random {errno} {bytes:02x?}");
}

fn streams() {
    let mut text = String::new();
    match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => println!("stdin {text:?}"),
        Err(error) => println!("stdin {error}"),
    }
    let _ = std::io::stderr().write_all(b"to stderr\n");
}

fn host_calls() {
    println!("sched_yield {}", preview1::sched_yield());
    println!("sock_shutdown {}", preview1::sock_shutdown(0, 1));
    if std::env::args().any(|text| text == "raise") {
        // 17: SIGCHLD, which nobody dies of.
        println!("proc_raise {}", preview1::proc_raise(17));
    }
    // Standard input is ready, or nobody may wait for it.
    let (mut event, mut stored) = ([0; 4], 0);
    let errno = preview1::poll_oneoff(&[5, 1, 0, 0, 0, 0], &mut event, 1, &mut stored);
    println!("poll {errno} {stored} token {} error {}", event[0], event[1] & 0xffff);
}

/// In the portable form the host could write anywhere: these must be refused before it sees them.
fn wild_pointers() {
    let wild = WILD as *mut u8;
    // SAFETY: that they are refused is what is told here.
    let errnos = unsafe {
        [
            preview1::random_get(wild, 4),
            preview1::clock_time_get(0, 0, wild.cast()),
            preview1::args_get(wild, wild),
            preview1::environ_sizes_get(wild, wild),
        ]
    };
    println!("wild {errnos:?}");
}
