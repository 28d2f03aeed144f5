//! A stream of zstd frames, unpacked: [`ZstdFrames`].

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::{self, BufRead, Read};

/// The bytes of all frames, one after the other. The window of a frame may have 128 MiB, the decoder's
/// own limit.
pub(crate) struct ZstdFrames<R> {
    from: R,
    decoder: FrameDecoder,
    /// Whether a frame was begun and not ended.
    is_within: bool,
}

impl<R: BufRead> ZstdFrames<R> {
    pub(crate) fn new(from: R) -> Self {
        Self { from, decoder: FrameDecoder::new(), is_within: false }
    }

    /// Reads the header of a frame, or all of one that is to be skipped.
    fn begin(&mut self) -> io::Result<()> {
        match self.decoder.init(&mut self.from) {
            Ok(()) => self.is_within = true,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => {
                let length = u64::from(length);
                let skipped = io::copy(&mut (&mut self.from).take(length), &mut io::sink())?;
                if skipped < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            Err(error) => return Err(io::Error::other(error)),
        }
        Ok(())
    }

    /// Reads more of the frame; returns 0 at its end.
    fn read_frame(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
            let one = BlockDecodingStrategy::UptoBlocks(1);
            self.decoder.decode_blocks(&mut self.from, one).map_err(io::Error::other)?;
        }
        let read = self.decoder.read(buffer)?;
        if read == 0 {
            // The decoder leaves that to its user.
            let told = self.decoder.get_checksum_from_data();
            if told.is_some() && told != self.decoder.get_calculated_checksum() {
                return Err(io::Error::other("the checksum of a frame is wrong"));
            }
        }
        Ok(read)
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.is_within {
                let read = self.read_frame(buffer)?;
                if read > 0 {
                    return Ok(read);
                }
                self.is_within = false;
            }
            if self.from.fill_buf()?.is_empty() {
                return Ok(0);
            }
            self.begin()?;
        }
    }
}
