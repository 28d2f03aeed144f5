//! More processes on the kernel: real ones, forked from the one that made the call.
//!
//! Each listens on a pipe of its own for calls as text, and answers on another; those have
//! descriptors beyond what calls can give. All are children of the test, whoever forked them, so
//! that it can wait for each to be gone.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasm_vfs_core::Errno;

use crate::call::Call;
use crate::kernel::{BASE_FD, Kernel, sys};
use crate::outcome::{Meta, Outcome, Value, outcome_text};
use crate::world::Descriptors;

/// How many processes there can be.
pub const PROCESSES: usize = 4;

/// How long a call may take, in milliseconds. None should wait at all.
const PATIENCE_MS: i32 = 30_000;

/// The pipes of a process: four descriptors from here on.
fn first_fd(slot: usize) -> i64 {
    BASE_FD + 10 + 4 * slot as i64
}

/// The processes that were forked.
#[derive(Debug, Default)]
pub struct Children {
    /// By number: the process id.
    pids: [Option<i32>; PROCESSES],
}

/// One of them, to talk to.
#[derive(Clone, Copy, Debug)]
pub struct Connection(usize);

impl Children {
    /// Makes the pipes. They are there from the start, for a process inherits those of all others.
    pub fn new() -> Children {
        for slot in 1..PROCESSES {
            for half in [0, 2] {
                let mut ends = [0i32; 2];
                sys!(SYS_pipe2, ends.as_mut_ptr(), 0).unwrap();
                for (place, end) in (first_fd(slot) + half..).zip(ends) {
                    sys!(SYS_dup2, end, place).unwrap();
                    sys!(SYS_close, end).unwrap();
                }
            }
        }
        Children::default()
    }

    /// Whom to ask for process number `slot`; `None` for the first one, which is the test itself.
    pub fn connection(&self, slot: usize) -> Option<Connection> {
        (slot != 0).then_some(Connection(slot))
    }

    /// Whether there is a process with this number.
    pub fn is_alive(&self, slot: usize) -> bool {
        slot == 0 || self.pids.get(slot).is_some_and(Option::is_some)
    }

    /// The numbers of all processes.
    pub fn alive(&self) -> Vec<usize> {
        (0..PROCESSES).filter(|&slot| self.is_alive(slot)).collect()
    }

    /// The process ids by number; 0 for none.
    pub fn pids(&self) -> [i32; PROCESSES] {
        let mut pids = self.pids.map(|pid| pid.unwrap_or(0));
        pids[0] = std::process::id() as i32;
        pids
    }

    /// Notes that a process was forked.
    pub fn add(&mut self, slot: usize, pid: i32) {
        self.pids[slot] = Some(pid);
    }

    /// Ends a process and waits until it is gone.
    pub fn end(&mut self, slot: usize) {
        let Some(pid) = self.pids[slot].take() else { return };
        send(first_fd(slot) + 1, b"x");
        let mut status = 0;
        // SAFETY: `status` outlives the call.
        let waited = unsafe { libc::waitpid(pid, &raw mut status, 0) };
        assert_eq!((waited, status), (pid, 0), "process {slot} did not end well");
    }
}

impl Connection {
    fn ask(self, kind: u8, text: &str) -> Vec<u8> {
        let Connection(slot) = self;
        send(first_fd(slot) + 1, &[&[kind], text.as_bytes()].concat());
        let answers = first_fd(slot) + 2;
        let mut poll = libc::pollfd { fd: answers as i32, events: libc::POLLIN, revents: 0 };
        let ready = sys!(SYS_poll, &raw mut poll, 1, PATIENCE_MS).unwrap();
        assert!(ready == 1, "process {slot} does not answer to {text:?}");
        receive(answers)
    }

    /// Lets it make a call.
    pub fn call(self, call: &Call) -> Outcome {
        outcome_of(&self.ask(b'c', &call.to_string()))
    }

    /// Lets it make a call, unless that is out of scope.
    pub fn attempt(self, call: &Call) -> Option<Outcome> {
        let answer = self.ask(b'a', &call.to_string());
        (answer != b"s").then(|| outcome_of(&answer))
    }

    /// Its descriptors.
    pub fn descriptors(self) -> Descriptors {
        let answer = self.ask(b'd', "");
        String::from_utf8(answer).unwrap().lines().map(descriptor_of).collect()
    }
}

/// Forks this process; the child goes on as number `slot` and never comes back.
pub fn fork_as(kernel: &mut Kernel, slot: usize) -> i32 {
    // SAFETY: the child runs on a copy of this thread's stack. The test has other threads: glibc's
    // fork() leaves its locks (of memory above all) usable. A forked process has one thread, so
    // that it can do without, and be a sibling.
    let pid = unsafe {
        if kernel.is_forked {
            let flags = libc::CLONE_PARENT | libc::SIGCHLD;
            libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) as i32
        } else {
            libc::fork()
        }
    };
    assert!(pid >= 0, "no fork: {}", std::io::Error::last_os_error());
    if pid == 0 {
        kernel.is_forked = true;
        let served = catch_unwind(AssertUnwindSafe(|| serve(kernel, slot)));
        // SAFETY: nothing of the test is to run here any more.
        unsafe { libc::_exit(if served.is_ok() { 0 } else { 101 }) }
    }
    pid
}

/// Does what the test asks for, until it asks for the end.
fn serve(kernel: &mut Kernel, slot: usize) {
    sys!(SYS_prctl, libc::PR_SET_PDEATHSIG, libc::SIGKILL).unwrap();
    loop {
        let request = receive(first_fd(slot));
        let (kind, text) = request.split_first().unwrap();
        let text = std::str::from_utf8(text).unwrap();
        let answer = match kind {
            b'c' => bytes_of(&kernel.local_call(&Call::parse(text).unwrap())),
            b'a' => match kernel.local_attempt(&Call::parse(text).unwrap()) {
                Some(outcome) => bytes_of(&outcome),
                None => b"s".to_vec(),
            },
            b'd' => {
                let lines: Vec<String> =
                    kernel.local_descriptors().iter().map(descriptor_text).collect();
                lines.join("\n").into_bytes()
            }
            _ => return,
        };
        send(first_fd(slot) + 3, &answer);
    }
}

fn send(fd: i64, message: &[u8]) {
    let mut all = (message.len() as u32).to_le_bytes().to_vec();
    all.extend_from_slice(message);
    let mut rest = &all[..];
    while !rest.is_empty() {
        let written = sys!(SYS_write, fd, rest.as_ptr(), rest.len()).unwrap();
        rest = &rest[written as usize..];
    }
}

fn receive(fd: i64) -> Vec<u8> {
    let exactly = |len: usize| {
        let mut bytes = vec![0u8; len];
        let mut done = 0;
        while done < len {
            let rest = &mut bytes[done..];
            let read = sys!(SYS_read, fd, rest.as_mut_ptr(), rest.len()).unwrap();
            assert!(read > 0, "the other end is gone");
            done += read as usize;
        }
        bytes
    };
    let len = u32::from_le_bytes(exactly(4).try_into().unwrap());
    exactly(len as usize)
}

/// An outcome as bytes. Only numbers and bytes come back as what they were; the rest is text then.
fn bytes_of(outcome: &Outcome) -> Vec<u8> {
    match outcome {
        Ok(Value::Number(number)) => format!("n{number}").into_bytes(),
        Ok(Value::Bytes(bytes)) => [b"b", &bytes[..]].concat(),
        Ok(_) => format!("t{}", outcome_text(outcome)).into_bytes(),
        Err(errno) => format!("e{}", errno.number()).into_bytes(),
    }
}

fn outcome_of(answer: &[u8]) -> Outcome {
    let (kind, rest) = answer.split_first().unwrap();
    let text = || String::from_utf8(rest.to_vec()).unwrap();
    match kind {
        b'n' => Ok(Value::Number(text().parse().unwrap())),
        b'b' => Ok(Value::Bytes(rest.to_vec())),
        b't' => Ok(Value::Text(text())),
        _ => Err(Errno::from_number(text().parse().unwrap()).unwrap()),
    }
}

fn descriptor_text((fd, meta, text): &(i32, Meta, String)) -> String {
    let Meta { ino, mode, nlink, uid, gid, rdev, size, blocks, times } = meta;
    let [a, m, c] = times;
    format!(
        "{fd} {ino} {mode} {nlink} {uid} {gid} {rdev} {size} {blocks} {} {} {} {} {} {} {text}",
        a.0, a.1, m.0, m.1, c.0, c.1
    )
}

fn descriptor_of(line: &str) -> (i32, Meta, String) {
    let mut words = line.splitn(16, ' ');
    let mut next = || words.next().unwrap();
    let fd = next().parse().unwrap();
    let mut number = || next().parse::<i128>().unwrap();
    let meta = Meta {
        ino: number() as u64,
        mode: number() as u32,
        nlink: number() as u64,
        uid: number() as u32,
        gid: number() as u32,
        rdev: number() as u64,
        size: number() as u64,
        blocks: number() as u64,
        times: [0; 3].map(|_| (number() as i64, number() as u32)),
    };
    (fd, meta, next().to_owned())
}
