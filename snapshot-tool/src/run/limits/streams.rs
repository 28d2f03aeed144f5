//! This process's standard streams for a program that may be cut short: reading and writing end
//! then, however long they would wait.

use crate::run::limits::deadline::Deadline;
use bytes::Bytes;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, write};
use std::io;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite};
use wasmtime::Trap;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdinStream, StdoutStream};
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};

/// How often output that waits looks whether the program is over.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// What a pipe that can be written takes at once without waiting: `PIPE_BUF` of Linux. WASI's host
/// writes no more at a time.
const PIECE_BYTES: usize = 4096;

/// This process's standard input, until a deadline.
pub(crate) struct Input(pub(crate) Deadline);

impl IsTerminal for Input {
    fn is_terminal(&self) -> bool {
        io::IsTerminal::is_terminal(&io::stdin())
    }
}

impl StdinStream for Input {
    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        io::stdin().async_stream()
    }

    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(InputUntil { inner: io::stdin().p2_stream(), deadline: self.0.clone() })
    }
}

/// A stream of it.
struct InputUntil {
    inner: Box<dyn InputStream>,
    deadline: Deadline,
}

#[async_trait]
impl Pollable for InputUntil {
    async fn ready(&mut self) {
        self.deadline.wait_for(self.inner.ready()).await;
    }
}

#[async_trait]
impl InputStream for InputUntil {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        if self.deadline.is_over() {
            return Err(over());
        }
        self.inner.read(size)
    }
}

/// This process's standard output or error, until a deadline. Nothing is buffered.
pub(crate) struct Output<F> {
    stream: fn() -> F,
    deadline: Deadline,
}

impl<F: AsFd + io::IsTerminal + Send + Sync + 'static> Output<F> {
    pub(crate) fn new(stream: fn() -> F, deadline: &Deadline) -> Self {
        Self { stream, deadline: deadline.clone() }
    }

    /// Writes some of the bytes, and waits until that is possible.
    fn write_some(&self, bytes: &[u8]) -> StreamResult<usize> {
        let stream = (self.stream)();
        let piece = &bytes[..bytes.len().min(PIECE_BYTES)];
        loop {
            if self.deadline.is_over() {
                return Err(over());
            }
            let mut wanted = [PollFd::new(&stream, PollFlags::OUT)];
            let is_ready = match poll(&mut wanted, Some(&LOOK)) {
                Ok(ready) => ready > 0,
                // What cannot be waited for says itself what is wrong.
                Err(error) => error != Errno::INTR,
            };
            if !is_ready {
                continue;
            }
            match write(&stream, piece) {
                Ok(written) => return Ok(written),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(error) => return Err(failed(error.into())),
            }
        }
    }
}

impl<F: AsFd + io::IsTerminal> IsTerminal for Output<F> {
    fn is_terminal(&self) -> bool {
        io::IsTerminal::is_terminal(&(self.stream)())
    }
}

impl<F: AsFd + io::IsTerminal + Send + Sync + 'static> StdoutStream for Output<F> {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(Self { stream: self.stream, deadline: self.deadline.clone() })
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(Self { stream: self.stream, deadline: self.deadline.clone() })
    }
}

#[async_trait]
impl<F: AsFd + io::IsTerminal + Send + Sync + 'static> Pollable for Output<F> {
    // As wasmtime's own: writing waits.
    async fn ready(&mut self) {}
}

impl<F: AsFd + io::IsTerminal + Send + Sync + 'static> OutputStream for Output<F> {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let mut left = &bytes[..];
        while !left.is_empty() {
            let written = self.write_some(left)?;
            left = left.get(written..).unwrap_or_default();
        }
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PIECE_BYTES)
    }
}

impl<F: AsFd + io::IsTerminal + Send + Sync + 'static> AsyncWrite for Output<F> {
    fn poll_write(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.write_some(bytes).map_err(io::Error::other))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// What ends the program that waits.
fn over() -> StreamError {
    StreamError::Trap(Trap::Interrupt.into())
}

/// What the program is told: as of wasmtime's own streams, a pipe that nobody reads is closed.
fn failed(error: io::Error) -> StreamError {
    if error.kind() == io::ErrorKind::BrokenPipe {
        StreamError::Closed
    } else {
        StreamError::LastOperationFailed(error.into())
    }
}
