/**
 * The numbers of WASI preview 1 that this package uses: errnos, file types, rights, clocks, and the
 * layouts of the structures that a program reads and writes in its memory.
 *
 * Source: `wasi_snapshot_preview1.witx` and `typenames.witx` of the WASI repository. The names are
 * the names there. All integers in memory are little-endian. What is not used here is left out.
 */

/** Error numbers (`errno`) that the functions return. */
export const ERRNO_SUCCESS = 0;
/** Bad file descriptor. */
export const ERRNO_BADF = 8;
/** Invalid argument. */
export const ERRNO_INVAL = 28;
/** Function not implemented. */
export const ERRNO_NOSYS = 52;
/** Invalid seek: the descriptor is a stream. */
export const ERRNO_SPIPE = 70;

/** What a descriptor leads to (`filetype`): something unknown, a pipe for example. */
export const FILETYPE_UNKNOWN = 0;
/** A character device. wasi-libc takes one that cannot seek for a terminal. */
export const FILETYPE_CHARACTER_DEVICE = 2;

/** What a descriptor may be used for (`rights`, a set of bits): to read. */
export const RIGHTS_FD_READ = 1n << 1n;
/** To write. */
export const RIGHTS_FD_WRITE = 1n << 6n;
/** To be waited for by `poll_oneoff`. */
export const RIGHTS_POLL_FD_READWRITE = 1n << 27n;

/** The three descriptors that a program starts with. */
export const STDIN = 0;
export const STDOUT = 1;
export const STDERR = 2;

/** The clock that shows the time of day (`clockid`). The other clocks only count on. */
export const CLOCKID_REALTIME = 0;

/** `iovec` and `ciovec`: a piece of memory. Vectors are arrays of these. */
export const IOVEC = {
  BYTES: 8,
  /** u32: the address of the piece. */
  BUF: 0,
  /** u32: its length in bytes. */
  BUF_LEN: 4,
};

/** `fdstat`: what `fd_fdstat_get` fills in. */
export const FDSTAT = {
  BYTES: 24,
  /** u8: a file type. */
  FS_FILETYPE: 0,
  /** u64: the rights of the descriptor. */
  FS_RIGHTS_BASE: 8,
};

/** `filestat`: what `fd_filestat_get` fills in. */
export const FILESTAT = {
  BYTES: 64,
  /** u8: a file type. */
  FILETYPE: 16,
};

/** `subscription`: what `poll_oneoff` is asked to wait for. */
export const SUBSCRIPTION = {
  BYTES: 48,
  /** u64: a number of the program's own, which the event repeats. */
  USERDATA: 0,
  /** u8: an event type. */
  TAG: 8,
  /** u32, of a clock: which one. */
  CLOCK_ID: 16,
  /** u64, of a clock: when it rings, in nanoseconds. */
  CLOCK_TIMEOUT: 24,
  /** u16, of a clock: a set of `SUBSCRIPTION_CLOCK_*` bits. */
  CLOCK_FLAGS: 40,
};

/** The timeout is a time on the clock. Without this bit it counts from now on. */
export const SUBSCRIPTION_CLOCK_ABSTIME = 1;

/** The event type of a clock. The other types are of descriptors. */
export const EVENTTYPE_CLOCK = 0;

/** `event`: what `poll_oneoff` reports. */
export const EVENT = {
  BYTES: 32,
  /** u64: the number of the subscription. */
  USERDATA: 0,
  /** u8: the event type of the subscription. */
  TYPE: 10,
};

/** The size of a pointer, and of a `size`, in bytes. */
export const POINTER_BYTES = 4;
