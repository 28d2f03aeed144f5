//! Waiting.

use super::errno::{BADF, INVAL};
use super::rig::{OUT, Rig, Tree, World};

const SUBS: u32 = 0x2000;
const EVENTS: u32 = 0x4000;

/// A subscription: token, tag (0 clock, 1 read, 2 write), descriptor or clock, timeout.
fn put(rig: &mut Rig, subs: &[(u64, u64, u64, u64)]) -> [u64; 4] {
    for (n, &(token, tag, what, timeout)) in (0u32..).zip(subs) {
        let words = [token, tag, what, timeout, 0, 0];
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        rig.put(SUBS + n * 48, &bytes);
    }
    [u64::from(SUBS), u64::from(EVENTS), subs.len() as u64, u64::from(OUT)]
}

/// Token, error and type, bytes, flags of each event.
fn events(rig: &mut Rig) -> Vec<[u64; 4]> {
    let count = rig.u32(OUT);
    (0..count).map(|n| [0, 8, 16, 24].map(|at| rig.u64(EVENTS + n * 32 + at))).collect()
}

/// A host on which the first subscription and every clock of no timeout are ready.
fn host(world: &mut World, args: &[u64]) -> u32 {
    let (subs, events) = (args[0] as u32, args[1] as u32);
    let mut ready = 0;
    for n in 0..args[2] as u32 {
        let [token, tag, _, timeout] = [0, 8, 16, 24].map(|at| world.u64(subs + n * 48 + at));
        if n == 0 || (tag == 0 && timeout == 0) {
            let event = [token, tag << 16, 7, 0].map(u64::to_le_bytes).concat();
            world.put(events + ready * 32, &event);
            ready += 1;
        }
    }
    world.put(args[3] as u32, &ready.to_le_bytes());
    0
}

fn rig() -> (Rig, u64) {
    let mut tree = Tree::new();
    tree.file(0, "f", b"contents");
    let mut rig = Rig::baked(&tree);
    rig.world().host.insert("poll_oneoff", host);
    let fd = rig.create("f").unwrap();
    (rig, u64::from(fd))
}

#[test]
fn clocks_and_streams_are_passed_on_as_they_are() {
    let (mut rig, _) = rig();
    let args = put(&mut rig, &[(1, 0, 1, 1000), (2, 1, 0, 0)]);
    rig.call("poll_oneoff", &args).unwrap();
    assert_eq!(rig.world().calls, [("poll_oneoff".to_owned(), args.to_vec())]);
    assert_eq!(events(&mut rig), [[1, 0, 7, 0]]);
}

#[test]
fn a_file_is_ready_at_once() {
    let (mut rig, fd) = rig();
    let args = put(&mut rig, &[(1, 1, fd, 0), (2, 2, fd, 0)]);
    rig.call("poll_oneoff", &args).unwrap();
    assert_eq!(events(&mut rig), [[1, 1 << 16, 8, 0], [2, 2 << 16, 1, 0]]);
    rig.seek(fd as u32, 0, 2).unwrap();
    rig.call("poll_oneoff", &args).unwrap();
    assert_eq!(events(&mut rig)[0], [1, 1 << 16, 0, 1], "hang-up at the end");
    assert!(rig.world().calls.is_empty(), "the host is not asked");
}

#[test]
fn a_mix_asks_the_host_without_waiting() {
    let (mut rig, fd) = rig();
    let args = put(&mut rig, &[(11, 1, 0, 0), (12, 1, fd, 0), (13, 0, 1, 1 << 40)]);
    let before = rig.world().program.clone();
    rig.call("poll_oneoff", &args).unwrap();
    // The file, then what the host says is ready: stdin, and not the clock that was added.
    assert_eq!(events(&mut rig), [[12, 1 << 16, 8, 0], [11, 1 << 16, 7, 0]]);
    let (name, host_args) = rig.world().calls.pop().unwrap();
    assert_eq!((name.as_str(), host_args[2]), ("poll_oneoff", 3));
    assert!(rig.world().calls.is_empty(), "one call");
    assert_eq!(rig.world().program[..EVENTS as usize], before[..EVENTS as usize], "put back");
}

#[test]
fn a_renumbered_stream_keeps_its_number_at_the_host() {
    let (mut rig, fd) = rig();
    rig.call("fd_renumber", &[0, fd]).unwrap();
    let args = put(&mut rig, &[(5, 1, fd, 0)]);
    rig.world().host.insert("poll_oneoff", |world, args| {
        let sub = args[0] as u32;
        assert_eq!(world.u64(sub + 16), 0, "stdin");
        host(world, args)
    });
    rig.call("poll_oneoff", &args).unwrap();
    assert_eq!(events(&mut rig), [[5, 1 << 16, 7, 0]]);
}

#[test]
fn what_cannot_be_waited_for() {
    let (mut rig, fd) = rig();
    assert_eq!(rig.call("poll_oneoff", &[0x2000, 0x4000, 0, u64::from(OUT)]), Err(INVAL));
    for (sub, expected) in [((1, 1, 99, 0), BADF), ((1, 2, 3, 0), BADF), ((1, 3, 0, 0), INVAL)] {
        let args = put(&mut rig, &[(7, 1, fd, 0), sub]);
        assert_eq!(rig.call("poll_oneoff", &args), Err(expected), "{sub:?}");
    }
    rig.world().host.insert("poll_oneoff", |_, _| 58);
    let args = put(&mut rig, &[(7, 1, fd, 0), (8, 1, 0, 0)]);
    assert_eq!(rig.call("poll_oneoff", &args), Err(58));
}
