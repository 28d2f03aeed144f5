/**
 * The numbers of WASI preview 1 that this package uses: errnos, file types, rights, clocks, and the
 * layouts of structures in the program's memory.
 *
 * Source: `wasi_snapshot_preview1.witx` and `typenames.witx` of the WASI repository, with the same
 * names. All integers in memory are little-endian. A layout lists the offsets of its fields.
 */

/** Error numbers (`errno`) that the functions return. */
export const ERRNO_SUCCESS = 0;
/** Try again: a pipe is full, for example. */
export const ERRNO_AGAIN = 6;
/** Bad file descriptor. */
export const ERRNO_BADF = 8;
/** Connection reset. */
export const ERRNO_CONNRESET = 15;
/** The quota of the user is used up. */
export const ERRNO_DQUOT = 19;
/** File too large. */
export const ERRNO_FBIG = 22;
/** Invalid argument. */
export const ERRNO_INVAL = 28;
/** Input or output error. */
export const ERRNO_IO = 29;
/** No space left on the device. */
export const ERRNO_NOSPC = 51;
/** Function not implemented. */
export const ERRNO_NOSYS = 52;
/** Broken pipe: nobody reads it any more. */
export const ERRNO_PIPE = 64;
/** Invalid seek: the descriptor is a stream. */
export const ERRNO_SPIPE = 70;

/** File types (`filetype`) of descriptors: unknown, a pipe for example. */
export const FILETYPE_UNKNOWN = 0;
/** A character device. wasi-libc treats one that cannot seek as a terminal. */
export const FILETYPE_CHARACTER_DEVICE = 2;

/** The rights of a descriptor (`rights`, a set of bits): to read from it. */
export const RIGHTS_FD_READ = 1n << 1n;
/** To write to it. */
export const RIGHTS_FD_WRITE = 1n << 6n;
/** To wait for it with `poll_oneoff`. */
export const RIGHTS_POLL_FD_READWRITE = 1n << 27n;

/** The descriptors of the standard streams. */
export const STDIN = 0;
export const STDOUT = 1;
export const STDERR = 2;

/** The clock that shows the time of day (`clockid`). All other clocks are monotonic. */
export const CLOCKID_REALTIME = 0;

/** `iovec` and `ciovec`: a piece of memory. A vector is an array of them. */
export const IOVEC = {
  BYTES: 8,
  /** u32: the address of the piece. */
  BUF: 0,
  /** u32: its length in bytes. */
  BUF_LEN: 4,
};

/** `fdstat`, which `fd_fdstat_get` fills in. */
export const FDSTAT = {
  BYTES: 24,
  /** u8: a file type. */
  FS_FILETYPE: 0,
  /** u64: the rights of the descriptor. */
  FS_RIGHTS_BASE: 8,
};

/** `filestat`, which `fd_filestat_get` fills in. */
export const FILESTAT = {
  BYTES: 64,
  /** u8: a file type. */
  FILETYPE: 16,
};

/** `subscription`: something that `poll_oneoff` waits for. */
export const SUBSCRIPTION = {
  BYTES: 48,
  /** u64: chosen by the program; the event repeats it. */
  USERDATA: 0,
  /** u8: an event type. */
  TAG: 8,
  /** u32, of a clock: its id. */
  CLOCK_ID: 16,
  /** u64, of a clock: the timeout, in nanoseconds. */
  CLOCK_TIMEOUT: 24,
  /** u16, of a clock: a set of `SUBSCRIPTION_CLOCK_*` bits. */
  CLOCK_FLAGS: 40,
};

/** The timeout is a time on the clock. Without this bit it is relative to now. */
export const SUBSCRIPTION_CLOCK_ABSTIME = 1;

/** The event type of a clock. The other event types are for descriptors. */
export const EVENTTYPE_CLOCK = 0;

/** `event`, which `poll_oneoff` fills in for each subscription that is ready. */
export const EVENT = {
  BYTES: 32,
  /** u64: the `userdata` of the subscription. */
  USERDATA: 0,
  /** u8: the event type of the subscription. */
  TYPE: 10,
};

/** The size of a pointer, and of a `size`, in bytes. */
export const POINTER_BYTES = 4;
