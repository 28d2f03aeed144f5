//! `poll_oneoff` over clocks, files and streams, alone and mixed: no busy loop, no false readiness.

use preview1_themes::*;

const MS: u64 = 1_000_000;

/// An answer, with how long it took on the monotonic clock.
fn timed(subscriptions: &[Subscription]) -> (Answer<Vec<Event>>, u64) {
    let start = clock_time(CLOCK_MONOTONIC).need("clock");
    let events = poll(subscriptions);
    (events, clock_time(CLOCK_MONOTONIC).need("clock") - start)
}

fn users(events: &Answer<Vec<Event>>) -> Answer<Vec<u64>> {
    let mut users: Vec<u64> = events.clone()?.iter().map(|event| event.userdata).collect();
    users.sort_unstable();
    Ok(users)
}

/// Whether these are ready. Wasmtime reads a file of the host in the background: when one is ready the others may not be yet.
fn ready(t: &Theme, events: &Answer<Vec<Event>>, all: &[u64]) -> Answer<bool> {
    let users = users(events)?;
    let some = !users.is_empty() && users.iter().all(|user| all.contains(user));
    Ok(if t.is_packed() { users == all } else { some })
}

fn main() {
    let mut t = Theme::start();
    let fd = t.create("f");
    write(fd, b"contents").need("write");
    let at_end = open(t.dir, "f", 0, READ, 0).need("at end");
    seek(at_end, 0, END).need("seek");
    let reader = open(t.dir, "f", 0, READ, 0).need("reader");

    // Clocks.
    let now = |clock| clock_time(clock).need("clock");
    // Long enough to tell, short enough for a test that fails to end.
    let far = 3000 * MS;
    for (name, clock, absolute) in [
        ("monotonic, relative", CLOCK_MONOTONIC, false),
        ("monotonic, absolute", CLOCK_MONOTONIC, true),
        ("realtime, relative", CLOCK_REALTIME, false),
        ("realtime, absolute", CLOCK_REALTIME, true),
    ] {
        let until = now(clock) + 20 * MS;
        let timeout = if absolute { until } else { 20 * MS };
        let events = poll(&[on_clock(7, clock, timeout, absolute)]);
        // Some hosts count in milliseconds.
        let waited = now(clock) + 2 * MS >= until;
        t.is(&format!("{name}: one event"), users(&events), Ok(vec![7]));
        let event = events.need(name)[0];
        t.is(
            &format!("{name}: of a clock, without error"),
            (event.tag, event.error),
            (TAG_CLOCK, Errno(0)),
        );
        t.is(&format!("{name}: after that time"), waited, true);
    }
    let (events, _) = timed(&[
        on_clock(1, CLOCK_MONOTONIC, 10 * MS, false),
        on_clock(2, CLOCK_MONOTONIC, far, false),
    ]);
    t.is("of two clocks the first", users(&events), Ok(vec![1]));
    let (events, took) = timed(&[on_clock(1, CLOCK_MONOTONIC, 0, false)]);
    t.is("a clock of no time", users(&events), Ok(vec![1]));
    t.is("takes none", took < 2000 * MS, true);
    t.is("a clock in the past", users(&poll(&[on_clock(1, CLOCK_REALTIME, 1, true)])), Ok(vec![1]));

    // Files are ready at once.
    let (events, took) = timed(&[on_fd(1, TAG_READ, reader), on_fd(2, TAG_WRITE, fd)]);
    t.is("a file to read, one to write", ready(&t, &events, &[1, 2]), Ok(true));
    t.is("at once", took < 2000 * MS, true);
    let events: Vec<Event> = [on_fd(1, TAG_READ, reader), on_fd(2, TAG_WRITE, fd)]
        .map(|sub| poll(&[sub]).need("poll"))
        .concat();
    let event = |user| events.iter().find(|event| event.userdata == user).copied();
    t.is(
        "to read: type and error",
        event(1).map(|event| (event.tag, event.error)),
        Some((TAG_READ, Errno(0))),
    );
    t.is(
        "to write: type and error",
        event(2).map(|event| (event.tag, event.error)),
        Some((TAG_WRITE, Errno(0))),
    );
    t.differs("to read: bytes", event(1).map(|event| event.bytes), Some(1), Some(8));
    t.is("to write: bytes", event(2).map(|event| event.bytes), Some(1));
    t.is("to read: no flags", event(1).map(|event| event.flags), Some(0));
    let events = poll(&[on_fd(3, TAG_READ, at_end)]).need("at end");
    t.is("at the end it is ready", events.len(), 1);
    t.is("and hangs up", events[0].flags, wasi::EVENTRWFLAGS_FD_READWRITE_HANGUP);
    t.is(
        "the same file twice",
        ready(&t, &poll(&[on_fd(1, TAG_READ, fd), on_fd(2, TAG_READ, fd)]), &[1, 2]),
        Ok(true),
    );
    t.is("the offset stays", tell(reader), Ok(0));
    t.is(
        "an append descriptor",
        {
            let append = open(t.dir, "f", 0, WRITE, APPEND).need("append");
            users(&poll(&[on_fd(1, TAG_WRITE, append)]))
        },
        Ok(vec![1]),
    );

    // Mixed: what is not ready is not reported, and nothing is waited for in vain.
    let (events, took) =
        timed(&[on_clock(1, CLOCK_MONOTONIC, far, false), on_fd(2, TAG_READ, reader)]);
    t.is("a far clock and a file", users(&events), Ok(vec![2]));
    t.is("without waiting", took < 2000 * MS, true);
    let (events, _) = timed(&[
        on_fd(2, TAG_WRITE, fd),
        on_clock(1, CLOCK_REALTIME, far, false),
        on_fd(3, TAG_READ, reader),
    ]);
    t.is("files around a far clock", ready(&t, &events, &[2, 3]), Ok(true));
    let (events, _) = timed(&[on_fd(1, TAG_WRITE, 1), on_fd(2, TAG_READ, reader)]);
    // A host may tell of its stream later. Not of the file: that is not its to tell.
    let users_of_mix = users(&events).need("mix");
    let file_is_there = !t.is_packed() || users_of_mix.contains(&2);
    t.is(
        "standard output and a file",
        file_is_there && users_of_mix.iter().all(|user| [1, 2].contains(user)),
        true,
    );
    t.is("one of them at least", users_of_mix.is_empty(), false);
    let (events, _) = timed(&[on_fd(1, TAG_WRITE, 1), on_fd(2, TAG_WRITE, 2)]);
    t.is("standard output and error", ready(&t, &events, &[1, 2]), Ok(true));
    let (events, took) = timed(&[on_fd(1, TAG_WRITE, 1), on_clock(2, CLOCK_MONOTONIC, far, false)]);
    t.is("standard output and a far clock", users(&events), Ok(vec![1]));
    t.is("without waiting either", took < 2000 * MS, true);

    // What cannot be waited for.
    t.is("nothing", poll(&[]), Err(INVAL));
    t.is("what is not open", poll(&[on_fd(1, TAG_READ, 1000)]), Err(BADF));
    t.is("what is not open, to write", poll(&[on_fd(1, TAG_WRITE, u32::MAX)]), Err(BADF));
    t.is(
        "what is not open, and a file",
        poll(&[on_fd(1, TAG_READ, reader), on_fd(2, TAG_READ, 1000)]),
        Err(BADF),
    );
    t.is(
        "what is not open, and a clock",
        poll(&[on_clock(1, CLOCK_MONOTONIC, 0, false), on_fd(2, TAG_READ, 1000)]),
        Err(BADF),
    );
    t.is("a directory", poll(&[on_fd(1, TAG_READ, t.dir)]), Err(BADF));
    t.is("a directory, to write", poll(&[on_fd(1, TAG_WRITE, t.dir)]), Err(BADF));
    t.is("the preopen", poll(&[on_fd(1, TAG_READ, t.root)]), Err(BADF));
    t.end()
}
