//! What an argument of a call is.

/// A type of WebAssembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wasm {
    /// 32 bits.
    I32,
    /// 64 bits.
    I64,
}

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A descriptor: `int`.
    Fd,
    /// `int`, shown as a number.
    Int,
    /// `unsigned int`, shown as a number.
    Uint,
    /// `int`: bits or a number that have names, from this list of names.
    Flags(&'static str),
    /// Permission bits: `mode_t`, shown in octal.
    Mode,
    /// `uid_t` or `gid_t`: -1 leaves it as it is.
    Id,
    /// A number of bytes: `size_t`.
    Size,
    /// A position in a file, or a length: `off_t`.
    Offset,
    /// `unsigned long`, and `nfds_t`.
    Ulong,
    /// A path, or another string, that ends with a NUL.
    Path,
    /// As [`Path`](Self::Path), or null.
    PathIfAny,
    /// An address that is a number to the call: nothing is read or written there.
    Address,
    /// A buffer that the call reads; its length is the next argument.
    In,
    /// A buffer that the call fills; its length is the next argument.
    Out,
    /// An array of `struct iovec` whose pieces the call reads; their number is the next argument.
    InVec,
    /// An array of `struct iovec` whose pieces the call fills; their number is the next argument.
    OutVec,
    /// A structure that the call reads.
    Reads(Layout),
    /// A structure that the call reads; a null pointer means that there is none.
    ReadsIfAny(Layout),
    /// A structure that the call fills.
    Fills(Layout),
    /// A structure that the call fills, unless the pointer is null.
    FillsIfAny(Layout),
    /// A structure that the call reads and changes, unless the pointer is null.
    ChangesIfAny(Layout),
    /// An array of structures that the call reads and changes; their number is the next argument.
    Changes(Layout),
    /// A number, or a pointer, as another argument says.
    Depends,
    /// As [`Depends`](Self::Depends), with 64 bits.
    DependsLong,
}

impl Kind {
    /// The type that it is passed as.
    #[must_use]
    pub const fn wasm(self) -> Wasm {
        match self {
            Kind::Offset | Kind::Ulong | Kind::DependsLong => Wasm::I64,
            _ => Wasm::I32,
        }
    }

    /// Whether it is a pointer at which the call reads or writes. An address that is a number to the
    /// call is none, and what another argument decides is not said here.
    #[must_use]
    pub const fn is_pointer(self) -> bool {
        matches!(
            self,
            Kind::Path
                | Kind::PathIfAny
                | Kind::In
                | Kind::Out
                | Kind::InVec
                | Kind::OutVec
                | Kind::Reads(_)
                | Kind::ReadsIfAny(_)
                | Kind::Fills(_)
                | Kind::FillsIfAny(_)
                | Kind::Changes(_)
                | Kind::ChangesIfAny(_)
        )
    }

    /// Its type in C, for programs; structures have the names of the header `wasm_vfs.h`.
    #[must_use]
    pub const fn c(self) -> &'static str {
        match self {
            Kind::Fd | Kind::Int | Kind::Flags(_) => "int",
            Kind::Uint | Kind::Mode | Kind::Id => "unsigned int",
            Kind::Size => "size_t",
            Kind::Offset => "long long",
            Kind::Ulong | Kind::DependsLong => "unsigned long long",
            Kind::Path | Kind::PathIfAny => "const char *",
            Kind::In => "const void *",
            Kind::Address | Kind::Out | Kind::Depends => "void *",
            Kind::InVec | Kind::OutVec => "const struct wasm_vfs_iovec *",
            Kind::Reads(layout) | Kind::ReadsIfAny(layout) => layout.c_const(),
            Kind::Fills(layout)
            | Kind::FillsIfAny(layout)
            | Kind::ChangesIfAny(layout)
            | Kind::Changes(layout) => layout.c(),
        }
    }
}

/// Defines [`Layout`]: for each structure its bytes and its pointer types in C.
macro_rules! layouts {
    ($($(#[$doc:meta])* $name:ident, $bytes:literal, $c:literal;)*) => {
        /// A structure: 64-bit Linux's, with pointers of 4 bytes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Layout {
            $($(#[$doc])* $name,)*
        }

        impl Layout {
            /// How many bytes one has.
            #[must_use]
            pub const fn bytes(self) -> u32 {
                match self {
                    $(Layout::$name => $bytes,)*
                }
            }

            /// A pointer to one that the call fills, in C.
            #[must_use]
            pub const fn c(self) -> &'static str {
                match self {
                    $(Layout::$name => concat!($c, " *"),)*
                }
            }

            /// A pointer to one that the call only reads, in C.
            #[must_use]
            pub const fn c_const(self) -> &'static str {
                match self {
                    $(Layout::$name => concat!("const ", $c, " *"),)*
                }
            }
        }
    };
}

layouts! {
    /// `struct stat`, as on x86-64.
    Stat, 144, "struct wasm_vfs_stat";
    /// `struct statx`.
    Statx, 256, "struct wasm_vfs_statx";
    /// `struct statfs`.
    Statfs, 120, "struct wasm_vfs_statfs";
    /// `struct timespec`.
    Timespec, 16, "struct wasm_vfs_timespec";
    /// `struct timespec[2]`: of access and of modification.
    Timespecs, 32, "struct wasm_vfs_timespec";
    /// `struct timeval`.
    Timeval, 16, "struct wasm_vfs_timeval";
    /// `struct timeval[2]`.
    Timevals, 32, "struct wasm_vfs_timeval";
    /// `struct timezone`: two `int`.
    Timezone, 8, "void";
    /// `struct utimbuf`.
    Utimbuf, 16, "struct wasm_vfs_utimbuf";
    /// `struct itimerval`.
    Itimerval, 32, "void";
    /// `struct pollfd`.
    Pollfd, 8, "struct wasm_vfs_pollfd";
    /// `fd_set`: 1,024 bits.
    FdSet, 128, "void";
    /// What pselect6(2) has in place of a signal mask: its address and its size.
    SigmaskArg, 8, "void";
    /// `struct open_how`.
    OpenHow, 24, "struct wasm_vfs_open_how";
    /// `struct rlimit`.
    Rlimit, 16, "struct wasm_vfs_rlimit";
    /// `struct rusage`.
    Rusage, 144, "void";
    /// `struct sysinfo`.
    Sysinfo, 112, "struct wasm_vfs_sysinfo";
    /// `struct utsname`: six strings of 65 bytes.
    Utsname, 390, "struct wasm_vfs_utsname";
    /// `struct sigaction` of the kernel, in WALI's layout: handler (4 bytes, then 4 of padding), flags, restorer, mask.
    Sigaction, 32, "void";
    /// `sigset_t` of the kernel: 64 bits.
    Sigset, 8, "void";
    /// `stack_t`.
    Stack, 12, "void";
    /// `int`.
    Int, 4, "int";
    /// `int[2]`: the ends of a pipe, or a pair of sockets.
    Fds, 8, "int";
    /// `off_t`.
    Offset, 8, "long long";
    /// `gid_t`; an array has as many as the argument before it says.
    Gid, 4, "unsigned int";
    /// `struct sockaddr`, of any family.
    Sockaddr, 2, "void";
    /// `struct msghdr`.
    Msghdr, 28, "void";
    /// `struct epoll_event`, as on x86-64.
    EpollEvent, 12, "void";
}
