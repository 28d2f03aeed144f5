//! A WASI host for engines that bring none: arguments, environment, clocks, random, standard
//! streams in memory, and exit. It has no filesystem, and packed programs need none.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::Invocation;

const SUCCESS: i32 = 0;
const BADF: i32 = 8;
const FAULT: i32 = 21;
const INVAL: i32 = 28;
const NOSYS: i32 = 52;
const NOTSOCK: i32 = 57;
const SPIPE: i32 = 70;

/// A subscription and an event, as preview1 lays them out.
const SUBSCRIPTION_BYTES: usize = 48;
const EVENT_BYTES: usize = 32;
const EVENT_CLOCK: u8 = 0;

/// How a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The errno that it returns.
    Errno(i32),
    /// The program ends with this status.
    Exit(i32),
}

/// The state of one program's WASI host.
#[derive(Debug)]
pub struct MinimalHost {
    args: Vec<Vec<u8>>,
    env: Vec<Vec<u8>>,
    stdin: Vec<u8>,
    stdin_read: usize,
    /// All that the program has written to standard output.
    pub stdout: Vec<u8>,
    /// All that the program has written to standard error.
    pub stderr: Vec<u8>,
    started: Instant,
    random: u64,
}

/// The result of an access to the program's memory; `None` if the address is outside.
pub type Checked<T> = Option<T>;

impl MinimalHost {
    /// Returns a host that gives the program what `invocation` has.
    pub fn new(invocation: &Invocation) -> Self {
        Self {
            args: invocation.args.iter().map(|arg| arg.clone().into_bytes()).collect(),
            env: invocation
                .env
                .iter()
                .map(|(key, value)| format!("{key}={value}").into_bytes())
                .collect(),
            stdin: invocation.stdin.clone(),
            stdin_read: 0,
            stdout: Vec::new(),
            stderr: Vec::new(),
            started: Instant::now(),
            random: 0x9e37_79b9_7f4a_7c15,
        }
    }

    /// Answers the call of a function, with its operands widened to 64 bits and the program's
    /// memory.
    ///
    /// # Panics
    ///
    /// When `proc_exit` has no operand: its type is wrong.
    pub fn call(
        &mut self,
        function: &str,
        operands: &[u64],
        memory: &mut dyn GuestMemory,
    ) -> Answer {
        let mut memory = Memory(memory);
        if function == "proc_exit" {
            return Answer::Exit(low(operands[0]) as i32);
        }
        let errno = match (function, operands) {
            ("args_sizes_get", &[count, bytes]) => sizes(&self.args, count, bytes, &mut memory),
            ("args_get", &[pointers, bytes]) => strings(&self.args, pointers, bytes, &mut memory),
            ("environ_sizes_get", &[count, bytes]) => sizes(&self.env, count, bytes, &mut memory),
            ("environ_get", &[pointers, bytes]) => strings(&self.env, pointers, bytes, &mut memory),
            ("clock_res_get", &[_, out]) => memory.put(out, &1_u64.to_le_bytes()),
            ("clock_time_get", &[clock, _, out]) => match self.clock_ns(low(clock)) {
                Some(time) => memory.put(out, &time.to_le_bytes()),
                None => return Answer::Errno(INVAL),
            },
            ("random_get", &[buffer, length]) => self.random(buffer, length, &mut memory),
            ("sched_yield", _) => Some(()),
            ("poll_oneoff", &[_, _, 0, _]) => return Answer::Errno(INVAL),
            ("poll_oneoff", &[subscriptions, events, count, stored]) => {
                self.poll(subscriptions, events, count, stored, &mut memory)
            }
            (_, &[fd, ..]) if function.starts_with("fd_") && low(fd) > 2 => {
                return Answer::Errno(BADF);
            }
            ("fd_read", &[0, iovecs, count, stored]) => {
                self.read(iovecs, count, stored, &mut memory)
            }
            ("fd_write", &[fd @ (1 | 2), iovecs, count, stored]) => {
                self.write(fd, iovecs, count, stored, &mut memory)
            }
            ("fd_read" | "fd_write" | "fd_prestat_get" | "fd_prestat_dir_name", _) => {
                return Answer::Errno(BADF);
            }
            ("fd_fdstat_get", &[_, out]) => fdstat(out, &mut memory),
            ("fd_filestat_get", &[_, out]) => memory.put(out, &[0; 64]),
            ("fd_close" | "fd_fdstat_set_flags", _) => Some(()),
            ("fd_seek" | "fd_tell" | "fd_pread" | "fd_pwrite", _) => return Answer::Errno(SPIPE),
            (socket, _) if socket.starts_with("sock_") => return Answer::Errno(NOTSOCK),
            _ => return Answer::Errno(NOSYS),
        };
        Answer::Errno(if errno.is_some() { SUCCESS } else { FAULT })
    }

    fn clock_ns(&self, clock: u32) -> Option<u64> {
        let time = match clock {
            0 => SystemTime::now().duration_since(UNIX_EPOCH).ok()?,
            1..=3 => self.started.elapsed(),
            _ => return None,
        };
        u64::try_from(time.as_nanos()).ok()
    }

    /// Splitmix64: random enough for names of temporary files.
    fn random(&mut self, buffer: u64, length: u64, memory: &mut Memory<'_>) -> Checked<()> {
        let mut bytes = memory.get(buffer, length)?;
        for byte in &mut bytes {
            self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            *byte = mixed.to_le_bytes()[7];
        }
        memory.put(buffer, &bytes)
    }

    fn read(
        &mut self,
        iovecs: u64,
        count: u64,
        stored: u64,
        memory: &mut Memory<'_>,
    ) -> Checked<()> {
        let mut total = 0_u32;
        for (address, length) in memory.iovecs(iovecs, count)? {
            let rest = &self.stdin[self.stdin_read..];
            let bytes = rest.len().min(usize::try_from(length).ok()?);
            memory.put(address, &rest[..bytes])?;
            self.stdin_read += bytes;
            total += u32::try_from(bytes).ok()?;
        }
        memory.put(stored, &total.to_le_bytes())
    }

    fn write(
        &mut self,
        fd: u64,
        iovecs: u64,
        count: u64,
        stored: u64,
        memory: &mut Memory<'_>,
    ) -> Checked<()> {
        let stream = if fd == 1 { &mut self.stdout } else { &mut self.stderr };
        let mut total = 0_u32;
        for (address, length) in memory.iovecs(iovecs, count)? {
            let bytes = memory.get(address, length)?;
            stream.extend_from_slice(&bytes);
            total += u32::try_from(bytes.len()).ok()?;
        }
        memory.put(stored, &total.to_le_bytes())
    }

    /// Streams are always ready; if only clocks are waited for, sleeps until the first is due.
    fn poll(
        &mut self,
        subscriptions: u64,
        events: u64,
        count: u64,
        stored: u64,
        memory: &mut Memory<'_>,
    ) -> Checked<()> {
        let mut ready = Vec::new();
        let mut first_clock: Option<(u64, [u8; 8])> = None;
        for index in 0..count {
            let address = subscriptions + index * SUBSCRIPTION_BYTES as u64;
            let subscription = memory.get(address, SUBSCRIPTION_BYTES as u64)?;
            let user_data: [u8; 8] = subscription[..8].try_into().ok()?;
            let kind = subscription[8];
            if kind != EVENT_CLOCK {
                ready.push((user_data, kind));
                continue;
            }
            let clock = u32::from_le_bytes(subscription[16..20].try_into().ok()?);
            let timeout = u64::from_le_bytes(subscription[24..32].try_into().ok()?);
            let absolute = subscription[40] & 1 != 0;
            let wait =
                if absolute { timeout.saturating_sub(self.clock_ns(clock)?) } else { timeout };
            if first_clock.is_none_or(|(least, _)| wait < least) {
                first_clock = Some((wait, user_data));
            }
        }
        if let (true, Some((wait, user_data))) = (ready.is_empty(), first_clock) {
            std::thread::sleep(Duration::from_nanos(wait));
            ready.push((user_data, EVENT_CLOCK));
        }
        for (index, (user_data, kind)) in ready.iter().enumerate() {
            let mut event = [0; EVENT_BYTES];
            event[..8].copy_from_slice(user_data);
            event[10] = *kind;
            memory.put(events + (index * EVENT_BYTES) as u64, &event)?;
        }
        memory.put(stored, &u32::try_from(ready.len()).ok()?.to_le_bytes())
    }
}

/// A stream: not a terminal, append-only or not, and nothing else to say of it.
fn fdstat(out: u64, memory: &mut Memory<'_>) -> Checked<()> {
    let mut status = [0; 24];
    // Rights to read and write, to ask for the status, to poll.
    let rights: u64 = 1 << 1 | 1 << 6 | 1 << 21 | 1 << 27;
    status[8..16].copy_from_slice(&rights.to_le_bytes());
    memory.put(out, &status)
}

fn sizes(strings: &[Vec<u8>], count: u64, bytes: u64, memory: &mut Memory<'_>) -> Checked<()> {
    let total: usize = strings.iter().map(|string| string.len() + 1).sum();
    memory.put(count, &u32::try_from(strings.len()).ok()?.to_le_bytes())?;
    memory.put(bytes, &u32::try_from(total).ok()?.to_le_bytes())
}

fn strings(strings: &[Vec<u8>], pointers: u64, bytes: u64, memory: &mut Memory<'_>) -> Checked<()> {
    let (mut pointer, mut address) = (pointers, bytes);
    for string in strings {
        memory.put(pointer, &u32::try_from(address).ok()?.to_le_bytes())?;
        memory.put(address, string)?;
        memory.put(address + string.len() as u64, &[0])?;
        pointer += 4;
        address += string.len() as u64 + 1;
    }
    Some(())
}

fn low(operand: u64) -> u32 {
    (operand & 0xffff_ffff) as u32
}

/// A program's memory, as its engine lets a WASI host reach it.
pub trait GuestMemory {
    /// Fills `bytes` from this address on; `None` if they are not all in the memory.
    fn read(&self, address: u64, bytes: &mut [u8]) -> Checked<()>;
    /// Stores `bytes` from this address on; `None` if they do not fit.
    fn write(&mut self, address: u64, bytes: &[u8]) -> Checked<()>;
    /// Returns the size in bytes.
    fn size(&self) -> u64;
}

impl GuestMemory for &mut [u8] {
    fn read(&self, address: u64, bytes: &mut [u8]) -> Checked<()> {
        let start = usize::try_from(address).ok()?;
        bytes.copy_from_slice(self.get(start..start.checked_add(bytes.len())?)?);
        Some(())
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Checked<()> {
        let start = usize::try_from(address).ok()?;
        self.get_mut(start..start.checked_add(bytes.len())?)?.copy_from_slice(bytes);
        Some(())
    }

    fn size(&self) -> u64 {
        self.len() as u64
    }
}

/// A program's memory with the accesses that calls need.
struct Memory<'a>(&'a mut dyn GuestMemory);

impl Memory<'_> {
    fn get(&self, address: u64, length: u64) -> Checked<Vec<u8>> {
        // Asked first: a wild length must not be allocated.
        if address.checked_add(length)? > self.0.size() {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        self.0.read(address, &mut bytes)?;
        Some(bytes)
    }

    fn put(&mut self, address: u64, bytes: &[u8]) -> Checked<()> {
        self.0.write(address, bytes)
    }

    fn iovecs(&self, address: u64, count: u64) -> Checked<Vec<(u64, u64)>> {
        let bytes = self.get(address, count.checked_mul(8)?)?;
        let number =
            |bytes: &[u8]| u64::from(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        Some(
            bytes.chunks_exact(8).map(|iovec| (number(&iovec[..4]), number(&iovec[4..]))).collect(),
        )
    }
}
