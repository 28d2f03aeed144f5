//! What a packed program has of its host: arguments, environment, clocks, random bytes, yielding.

use preview1_themes::*;
use wasi::wasi_snapshot_preview1 as raw;

fn main() {
    let mut t = Theme::start();
    let args: Vec<String> = std::env::args().collect();
    t.is("arguments", (args.len(), args[0].as_str()), (2, "host"));
    t.is("environment", std::env::var("THEME").as_deref(), Ok("host"));
    t.is("nothing else in it", std::env::vars().count(), 1);
    let now = clock_time(CLOCK_REALTIME).need("realtime");
    t.is("realtime is after 2020", now > 1_577_836_800_000_000_000, true);
    let start = clock_time(CLOCK_MONOTONIC).need("monotonic");
    t.is(
        "monotonic does not go back",
        (0..100).all(|_| clock_time(CLOCK_MONOTONIC).is_ok_and(|time| time >= start)),
        true,
    );
    t.is("yield", unsafe { raw::sched_yield() }, 0);
    // Wasmtime's big_random_buf.
    let mut bytes = vec![0_u8; 1024];
    let errno = unsafe { raw::random_get(bytes.as_mut_ptr() as i32, bytes.len() as i32) };
    t.is("random bytes", errno, 0);
    t.is("they are not all zero", bytes.iter().any(|&byte| byte != 0), true);
    let errno = unsafe { raw::random_get(bytes.as_mut_ptr() as i32, 0) };
    t.is("no random bytes", errno, 0);
    // A file's time is the realtime clock's.
    t.file("f", b"x");
    let mtim = stat(t.dir, "f").need("stat").mtim;
    let after = clock_time(CLOCK_REALTIME).need("realtime");
    t.is("a file's time is the clock's", mtim + 1_000_000_000 >= now && mtim <= after, true);
    t.end()
}
