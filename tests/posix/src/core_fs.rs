//! fs-core as a [`World`]: each call by its name.

use core::cell::Cell;

use wasm_vfs_core::{
    AT_FDCWD, AtFlags, Config, Credentials, Dev, Errno, EventfdFlags, FallocateMode, Fcntl,
    FileType, FlockOperation, Fs, InotifyMask, IoVec, IoVecMut, Ioctl, MapFlags, MountFlags,
    MsyncFlags, OFlags, OpenHow, Platform, Process, Prot, RenameFlags, RwFlags, S_IFMT,
    SpliceFlags, Stat, Statfs, Statx, StatxMask, TimeSpecifier, Timespec, Timeval, Utimbuf, Whence,
    XattrFlags,
};

use crate::call::{Call, UTIME_NOW, UTIME_OMIT};
use crate::core_look::{look, names, names_with_types};
use crate::kernel::children::PROCESSES;
use crate::kernel::{Limits, MAPPED_FROM, MAX_FDS, protected_hardlinks};
use crate::locks;
use crate::outcome::{
    CLOCK_START, Cookies, Meta, Outcome, Value, attribute_names, event_value, time_text,
};
use crate::world::{Descriptors, Seen, World};

/// A clock that moves whenever it is read, so that every change is seen.
#[derive(Debug, Default)]
pub struct TickingClock(Cell<u32>);

impl Platform for TickingClock {
    fn current_time(&self) -> Timespec {
        self.0.set(self.0.get() + 1);
        Timespec::new(CLOCK_START + i64::from(self.0.get()), 0)
    }

    fn contents_to_kernel(&self, dst: &mut [u8], _offset: u64) {
        dst.fill(0);
    }
}

/// A filesystem of its own with processes.
#[derive(Debug)]
pub struct CoreFs<P: Platform = TickingClock> {
    /// The filesystem.
    pub fs: Fs<P>,
    /// The processes, by number.
    pub processes: [Option<Process>; PROCESSES],
    /// The number of the one that makes the calls.
    current: usize,
    cookies: Cookies,
    /// Whoever looks at the tree.
    observer: Process,
    /// The address that calls call 0.
    pub mapped_from: u64,
}

impl CoreFs {
    /// A fresh process on an empty tree.
    pub fn new(limits: Limits) -> CoreFs {
        CoreFs::of(TickingClock::default(), limits)
    }
}

impl<P: Platform> CoreFs<P> {
    /// The same with another platform.
    pub fn of(platform: P, limits: Limits) -> CoreFs<P> {
        let config = Config {
            max_bytes: limits.pages * 4096,
            max_inodes: limits.inodes,
            max_fds: MAX_FDS,
            protected_hardlinks: protected_hardlinks(),
            ..Config::default()
        };
        let mut fs = Fs::new(platform, config).unwrap();
        let process = fs.spawn(Credentials::ROOT).unwrap();
        let observer = fs.spawn(Credentials::ROOT).unwrap();
        let mut processes = [const { None }; PROCESSES];
        processes[0] = Some(process);
        let (cookies, mapped_from) = (Cookies::default(), MAPPED_FROM as u64);
        CoreFs { fs, processes, current: 0, cookies, observer, mapped_from }
    }
}

pub(crate) fn meta(stat: &Stat) -> Meta {
    let time = |time: Timespec| (time.tv_sec, time.tv_nsec);
    Meta {
        ino: stat.st_ino ^ (stat.st_dev.0 << 40),
        mode: stat.st_mode,
        nlink: stat.st_nlink.into(),
        uid: stat.st_uid,
        gid: stat.st_gid,
        rdev: stat.st_rdev.0,
        size: stat.st_size,
        blocks: stat.st_blocks,
        times: [time(stat.st_atime), time(stat.st_mtime), time(stat.st_ctime)],
    }
}

fn time(call: &Call, index: usize) -> Result<TimeSpecifier, Errno> {
    Ok(match call.time(index) {
        (_, UTIME_NOW) => TimeSpecifier::Now,
        (_, UTIME_OMIT) => TimeSpecifier::Omit,
        (sec, nsec) => {
            TimeSpecifier::At(Timespec::new(sec, nsec.try_into().map_err(|_| Errno::EINVAL)?))
        }
    })
}

fn read_into(length: i64, read: impl FnOnce(&mut [u8]) -> Result<usize, Errno>) -> Outcome {
    let mut buffer = vec![0u8; length as usize];
    let count = read(&mut buffer)?;
    buffer.truncate(count);
    Ok(Value::Bytes(buffer))
}

fn read_pieces(
    lengths: &[u32],
    read: impl FnOnce(IoVecMut<'_, '_>) -> Result<usize, Errno>,
) -> Outcome {
    let mut pieces: Vec<Vec<u8>> = lengths.iter().map(|&len| vec![0; len as usize]).collect();
    let mut slices: Vec<&mut [u8]> = pieces.iter_mut().map(Vec::as_mut_slice).collect();
    let count = read(IoVecMut::new(&mut slices))?;
    let mut bytes = pieces.concat();
    bytes.truncate(count);
    Ok(Value::Bytes(bytes))
}

fn unit(result: Result<(), Errno>) -> Outcome {
    result.map(|()| Value::Number(0))
}

fn number(result: Result<impl TryInto<i64>, Errno>) -> Outcome {
    result.map(|number| Value::Number(number.try_into().ok().unwrap()))
}

/// Times with microseconds; `None` for the null pointer.
fn timevals(call: &Call, first: usize) -> Option<[Timeval; 2]> {
    let times = [first, first + 1].map(|index| call.time(index));
    let timeval = |(tv_sec, tv_usec)| Timeval { tv_sec, tv_usec };
    (times[0].1 != UTIME_NOW).then(|| times.map(timeval))
}

fn statx(s: &Statx) -> Value {
    let time = |time: Timespec| time_text((time.tv_sec, time.tv_nsec));
    Value::Text(format!(
        "mask={:x} blksize={} attributes={:x} of={:x} nlink={} uid={} gid={} mode={:o} size={} blocks={} \
         rdev={}:{} atime={} btime={} ctime={} mtime={}",
        s.stx_mask,
        s.stx_blksize,
        s.stx_attributes,
        s.stx_attributes_mask,
        s.stx_nlink,
        s.stx_uid,
        s.stx_gid,
        s.stx_mode,
        s.stx_size,
        s.stx_blocks,
        s.stx_rdev_major,
        s.stx_rdev_minor,
        time(s.stx_atime),
        time(s.stx_btime),
        time(s.stx_ctime),
        time(s.stx_mtime),
    ))
}

fn statfs(s: Statfs) -> Value {
    Value::Text(format!(
        "type={:x} blocks={} free={} available={} files={} files_free={} namelen={} bsize={} ro={}",
        s.f_type,
        s.f_blocks,
        s.f_bfree,
        s.f_bavail,
        s.f_files,
        s.f_ffree,
        s.f_namelen,
        s.f_bsize,
        s.f_flags
    ))
}

/// A C `off_t *`: the null pointer for an empty list.
fn offset(call: &Call, index: usize) -> Option<i64> {
    call.list(index).first().map(|&offset| offset.into())
}

impl<P: Platform> World for CoreFs<P> {
    fn call(&mut self, call: &Call) -> Outcome {
        let slot = || usize::try_from(call.number(0)).unwrap();
        match call.name {
            "fork" => return self.fork(slot()),
            "switch" => return self.switch(slot()),
            "exit" => return self.exit(),
            _ => {}
        }
        let CoreFs { fs, processes, current, cookies, mapped_from, .. } = self;
        let mapped = |address: i64| mapped_from.wrapping_add_signed(address);
        let pids = processes.each_ref().map(|p| p.as_ref().map_or(0, Process::pid));
        let p = processes[*current].as_mut().unwrap();
        let n = |index| call.number(index);
        let fd = |index| call.fd(index);
        let path = |index| call.bytes(index);
        let oflags = |index| OFlags::from_bits_retain(call.bits(index));
        let at_flags = |index| AtFlags::from_bits_retain(call.bits(index));
        match call.name {
            "become_user" => {
                p.credentials = Credentials {
                    groups: call.list(2).to_vec(),
                    ..Credentials::user(call.bits(0), call.bits(1))
                };
                Ok(Value::Number(0))
            }
            "become_ids" => {
                let [uid, euid, gid, egid] = [0, 1, 2, 3].map(|index| call.bits(index));
                p.credentials = Credentials { uid, gid, euid, egid, groups: call.list(4).to_vec() };
                Ok(Value::Number(0))
            }
            "fill_descriptors" => {
                while fs.open(p, b".", OFlags::PATH, 0).is_ok() {}
                Ok(Value::Number(0))
            }
            "list" => names(fs, p, fd(0)),
            "list_types" => names_with_types(fs, p, fd(0)),
            "openat" => number(fs.openat(p, fd(0), path(1), oflags(2), call.bits(3))),
            "creat" => number(fs.creat(p, path(0), call.bits(1))),
            "openat2" => {
                let [flags, mode, resolve] = [n(2) as u64, n(3) as u64, n(4) as u64];
                number(fs.openat2(p, fd(0), path(1), &OpenHow { flags, mode, resolve }))
            }
            "chdir" => unit(fs.chdir(p, path(0))),
            "fchdir" => unit(fs.fchdir(p, fd(0))),
            "chroot" => unit(fs.chroot(p, path(0))),
            "mount" => {
                unit(fs.mount(p, path(0), None, MountFlags::from_bits_retain(n(1).cast_unsigned())))
            }
            "getcwd" => read_into(n(0), |buffer| fs.getcwd(p, buffer)),
            "close_range" => unit(fs.close_range(p, call.bits(0), call.bits(1), call.bits(2))),
            "syncfs" => unit(fs.syncfs(p, fd(0))),
            "close" => unit(fs.close(p, fd(0))),
            "read" => read_into(n(1), |buffer| fs.read(p, fd(0), buffer)),
            "pread" => read_into(n(1), |buffer| fs.pread64(p, fd(0), buffer, n(2))),
            "readv" => read_pieces(call.list(1), |iov| fs.readv(p, fd(0), iov)),
            "preadv" => read_pieces(call.list(1), |iov| fs.preadv(p, fd(0), iov, n(2))),
            "write" => number(fs.write(p, fd(0), path(1))),
            "pwrite" => number(fs.pwrite64(p, fd(0), path(1), n(2))),
            "writev" => number(fs.writev(p, fd(0), IoVec::new(&mut [path(1), path(2)]))),
            "pwritev" => number(fs.pwritev(p, fd(0), IoVec::new(&mut [path(1), path(2)]), n(3))),
            "lseek" => number(match Whence::from_number(call.bits(2)) {
                Ok(whence) => fs.lseek(p, fd(0), n(1), whence),
                // The descriptor is looked at first, but not what kind it is.
                Err(error) => match fs.lseek(p, fd(0), 0, Whence::Cur) {
                    Err(Errno::EBADF) => Err(Errno::EBADF),
                    _ => Err(error),
                },
            }),
            "preadv2" => {
                let flags = RwFlags::from_bits_retain(call.bits(3));
                read_pieces(call.list(1), |iov| fs.preadv2(p, fd(0), iov, n(2), flags))
            }
            "pwritev2" => {
                let flags = RwFlags::from_bits_retain(call.bits(4));
                let mut parts = [path(1), path(2)];
                number(fs.pwritev2(p, fd(0), IoVec::new(&mut parts), n(3), flags))
            }
            "getdents" => number(fs.getdents(p, fd(0), &mut vec![0; n(1) as usize][..])),
            "getdents64" => number(fs.getdents64(p, fd(0), &mut vec![0; n(1) as usize][..])),
            "fstat" => fs.fstat(p, fd(0)).map(|stat| Value::Stat(meta(&stat))),
            "stat" => fs.stat(p, path(0)).map(|stat| Value::Stat(meta(&stat))),
            "lstat" => fs.lstat(p, path(0)).map(|stat| Value::Stat(meta(&stat))),
            "fstatat" => {
                let stat = fs.newfstatat(p, fd(0), path(1), at_flags(2));
                stat.map(|stat| Value::Stat(meta(&stat)))
            }
            "statx" => {
                let mask = StatxMask::from_bits_retain(call.bits(3));
                fs.statx(p, fd(0), path(1), at_flags(2), mask).map(|s| statx(&s))
            }
            "mkdir" => unit(fs.mkdir(p, path(0), call.bits(1))),
            "mkdirat" => unit(fs.mkdirat(p, fd(0), path(1), call.bits(2))),
            "rmdir" => unit(fs.rmdir(p, path(0))),
            "unlink" => unit(fs.unlink(p, path(0))),
            "unlinkat" => unit(fs.unlinkat(p, fd(0), path(1), at_flags(2))),
            "rename" => unit(fs.rename(p, path(0), path(1))),
            "renameat2" => {
                let flags = RenameFlags::from_bits_retain(call.bits(4));
                unit(fs.renameat2(p, fd(0), path(1), fd(2), path(3), flags))
            }
            "link" => unit(fs.link(p, path(0), path(1))),
            "linkat" => unit(fs.linkat(p, fd(0), path(1), fd(2), path(3), at_flags(4))),
            "symlink" => unit(fs.symlink(p, path(0), path(1))),
            "symlinkat" => unit(fs.symlinkat(p, path(0), fd(1), path(2))),
            "readlink" => read_into(n(1), |buffer| fs.readlink(p, path(0), buffer)),
            "readlinkat" => read_into(n(2), |buffer| fs.readlinkat(p, fd(0), path(1), buffer)),
            "mknod" => unit(fs.mknod(p, path(0), call.bits(1), Dev(n(2) as u64))),
            "mknodat" => unit(fs.mknodat(p, fd(0), path(1), call.bits(2), Dev(n(3) as u64))),
            "truncate" => unit(fs.truncate(p, path(0), n(1))),
            "ftruncate" => unit(fs.ftruncate(p, fd(0), n(1))),
            "fallocate" => {
                let mode = FallocateMode::from_bits_retain(call.bits(1));
                unit(fs.fallocate(p, fd(0), mode, n(2), n(3)))
            }
            "posix_fallocate" => unit(fs.posix_fallocate(p, fd(0), n(1), n(2))),
            "utime" => {
                let [(actime, nsec), (modtime, _)] = [1, 2].map(|index| call.time(index));
                let times = Utimbuf { actime, modtime };
                unit(fs.utime(p, path(0), (nsec != UTIME_NOW).then_some(times)))
            }
            "utimes" => unit(fs.utimes(p, path(0), timevals(call, 1))),
            "futimesat" => unit(fs.futimesat(p, fd(0), path(1), timevals(call, 2))),
            "utimensat" => {
                let times = [time(call, 2)?, time(call, 3)?];
                unit(fs.utimensat(p, fd(0), path(1), times, at_flags(4)))
            }
            "futimens" => unit(fs.futimens(p, fd(0), [time(call, 1)?, time(call, 2)?])),
            "chmod" => unit(fs.chmod(p, path(0), call.bits(1))),
            "fchmod" => unit(fs.fchmod(p, fd(0), call.bits(1))),
            "fchmodat2" => unit(fs.fchmodat2(p, fd(0), path(1), call.bits(2), at_flags(3))),
            "chown" => unit(fs.chown(p, path(0), call.bits(1), call.bits(2))),
            "lchown" => unit(fs.lchown(p, path(0), call.bits(1), call.bits(2))),
            "fchown" => unit(fs.fchown(p, fd(0), call.bits(1), call.bits(2))),
            "fchownat" => {
                unit(fs.fchownat(p, fd(0), path(1), call.bits(2), call.bits(3), at_flags(4)))
            }
            "access" => unit(fs.access(p, path(0), call.bits(1))),
            "faccessat2" => unit(fs.faccessat2(p, fd(0), path(1), call.bits(2), at_flags(3))),
            "statfs" => fs.statfs(p, path(0)).map(statfs),
            "fstatfs" => fs.fstatfs(p, fd(0)).map(statfs),
            "dup" => number(fs.dup(p, fd(0))),
            "dup2" => number(fs.dup2(p, fd(0), fd(1))),
            "dup3" => number(fs.dup3(p, fd(0), fd(1), oflags(2))),
            "dupfd" => number(fs.fcntl(p, fd(0), Fcntl::DupFd(fd(1)))),
            "dupfd_cloexec" => number(fs.fcntl(p, fd(0), Fcntl::DupFdCloexec(fd(1)))),
            "getfd" => number(fs.fcntl(p, fd(0), Fcntl::GetFd)),
            "setfd" => number(fs.fcntl(p, fd(0), Fcntl::SetFd(call.bits(1)))),
            "getfl" => {
                let flags = fs.fcntl(p, fd(0), Fcntl::GetFl)?;
                Ok(Value::Text(format!("0o{flags:o}")))
            }
            "setfl" => number(fs.fcntl(p, fd(0), Fcntl::SetFl(oflags(1)))),
            "umask" => Ok(Value::Number(fs.umask(p, call.bits(0)).into())),
            "fsync" => unit(fs.fsync(p, fd(0))),
            "fdatasync" => unit(fs.fdatasync(p, fd(0))),
            "sync" => {
                fs.sync();
                Ok(Value::Number(0))
            }
            "pipe2" => unit(fs.pipe2(p, oflags(0)).map(|_| ())),
            "getpipe_sz" => number(fs.fcntl(p, fd(0), Fcntl::GetPipeSz)),
            "setpipe_sz" => number(fs.fcntl(p, fd(0), Fcntl::SetPipeSz(call.bits(1)))),
            "fionread" => number(fs.ioctl(p, fd(0), Ioctl::FioNRead)),
            "poll" => Ok(Value::Text(format!("{:#x}", fs.poll(p, fd(0)).bits()))),
            "eventfd2" => {
                let flags = EventfdFlags::from_bits_retain(call.bits(1));
                number(fs.eventfd2(p, call.bits(0), flags))
            }
            "event_read" => {
                let mut bytes = vec![0; 8];
                let read = fs.read(p, fd(0), &mut bytes[..])?;
                bytes.truncate(read);
                Ok(event_value(bytes))
            }
            "event_write" => number(fs.write(p, fd(0), &n(1).to_ne_bytes()[..])),
            "getlk" | "setlk" | "ofd_getlk" | "ofd_setlk" => locks::on_core(fs, p, call, &pids),
            "sendfile" => {
                let mut offset = offset(call, 2);
                number(fs.sendfile(p, fd(0), fd(1), offset.as_mut(), n(3) as usize))
            }
            "splice" => {
                let (mut from, mut to) = (offset(call, 1), offset(call, 3));
                let flags = SpliceFlags::from_bits_retain(call.bits(5));
                let (from, to) = (from.as_mut(), to.as_mut());
                number(fs.splice(p, fd(0), from, fd(2), to, n(4) as usize, flags))
            }
            "tee" => {
                let flags = SpliceFlags::from_bits_retain(call.bits(3));
                number(fs.tee(p, fd(0), fd(1), n(2) as usize, flags))
            }
            "vmsplice" => {
                let flags = SpliceFlags::from_bits_retain(call.bits(2));
                number(fs.vmsplice(p, fd(0), path(1), flags))
            }
            "vmsplice_to" => {
                let flags = SpliceFlags::from_bits_retain(call.bits(2));
                read_pieces(call.list(1), |iov| fs.vmsplice_to_user(p, fd(0), iov, flags))
            }
            "copy_file_range" => {
                let (mut from, mut to) = (offset(call, 1), offset(call, 3));
                let (from, to) = (from.as_mut(), to.as_mut());
                number(fs.copy_file_range(p, fd(0), from, fd(2), to, n(4) as usize, 0))
            }
            "flock" => {
                let operation = FlockOperation::from_bits_retain(call.bits(1));
                unit(fs.flock(p, fd(0), operation | FlockOperation::NB))
            }
            "setxattr" => {
                let flags = XattrFlags::from_bits_retain(call.bits(3));
                unit(fs.setxattr(p, path(0), path(1), path(2), flags))
            }
            "lsetxattr" => {
                let flags = XattrFlags::from_bits_retain(call.bits(3));
                unit(fs.lsetxattr(p, path(0), path(1), path(2), flags))
            }
            "fsetxattr" => {
                let flags = XattrFlags::from_bits_retain(call.bits(3));
                unit(fs.fsetxattr(p, fd(0), path(1), path(2), flags))
            }
            "getxattr" => read_into(n(2), |buffer| fs.getxattr(p, path(0), path(1), buffer)),
            "lgetxattr" => read_into(n(2), |buffer| fs.lgetxattr(p, path(0), path(1), buffer)),
            "fgetxattr" => read_into(n(2), |buffer| fs.fgetxattr(p, fd(0), path(1), buffer)),
            "llistxattr" => {
                attribute_names(read_into(n(1), |buffer| fs.llistxattr(p, path(0), buffer)))
            }
            "flistxattr" => {
                attribute_names(read_into(n(1), |buffer| fs.flistxattr(p, fd(0), buffer)))
            }
            "lremovexattr" => unit(fs.lremovexattr(p, path(0), path(1))),
            "fremovexattr" => unit(fs.fremovexattr(p, fd(0), path(1))),
            "listxattr" => {
                attribute_names(read_into(n(1), |buffer| fs.listxattr(p, path(0), buffer)))
            }
            "removexattr" => unit(fs.removexattr(p, path(0), path(1))),
            "inotify_init1" => number(fs.inotify_init1(p, oflags(0))),
            "inotify_add_watch" => {
                let mask = InotifyMask::from_bits_retain(call.bits(2));
                number(fs.inotify_add_watch(p, fd(0), path(1), mask))
            }
            "inotify_rm_watch" => unit(fs.inotify_rm_watch(p, fd(0), fd(1))),
            "events" => {
                let mut records = vec![0; n(1) as usize];
                let read = fs.read(p, fd(0), &mut records[..])?;
                Ok(cookies.events(&records[..read]))
            }
            "mmap" => {
                let prot = Prot::from_bits_retain(call.bits(2));
                let flags = MapFlags::from_bits_retain(call.bits(3));
                let at = fs.mmap(p, mapped(n(0)), n(1) as u64, prot, flags, fd(4), n(5))?;
                Ok(Value::Number(at.wrapping_sub(*mapped_from) as i64))
            }
            "munmap" => unit(fs.munmap(p, mapped(n(0)), n(1) as u64)),
            "mprotect" => {
                let prot = Prot::from_bits_retain(call.bits(2));
                unit(fs.mprotect(p, mapped(n(0)), n(1) as u64, prot))
            }
            "mlock" => unit(fs.mlock(p, mapped(n(0)), n(1) as u64)),
            "munlock" => unit(fs.munlock(p, mapped(n(0)), n(1) as u64)),
            "msync" => {
                let flags = MsyncFlags::from_bits_retain(call.bits(2));
                unit(fs.msync(p, mapped(n(0)), n(1) as u64, flags))
            }
            "load" => {
                read_into(n(1), |buffer| fs.load(p, mapped(n(0)), buffer).map_err(one_signal))
            }
            "store" => number(fs.store(p, mapped(n(0)), path(1)).map_err(one_signal)),
            name => panic!("the fs-core world lacks {name}"),
        }
    }

    fn dirents(&mut self, fd: i32, len: usize) -> Result<Vec<u8>, Errno> {
        let mut records = vec![0u8; len];
        let process = self.processes[self.current].as_ref().unwrap();
        let read = self.fs.getdents64(process, fd, &mut records[..])?;
        records.truncate(read);
        Ok(records)
    }

    fn look(&mut self, path: &[u8]) -> Option<Seen> {
        look(&mut self.fs, &mut self.observer, path)
    }

    fn check_invariants(&mut self) -> Result<(), String> {
        let processes: Vec<&Process> =
            self.processes.iter().flatten().chain([&self.observer]).collect();
        let checked = self.fs.check_invariants(&processes);
        checked.map_err(|broken| format!("invariant broken: {broken}"))
    }

    fn descriptors(&mut self) -> Vec<(usize, Descriptors)> {
        let CoreFs { fs, processes, .. } = self;
        let all = processes.iter_mut().enumerate();
        all.filter_map(|(slot, p)| Some((slot, descriptors(fs, p.as_mut()?)))).collect()
    }
}

fn descriptors<P: Platform>(fs: &mut Fs<P>, p: &mut Process) -> Descriptors {
    let mut all = Vec::new();
    for fd in 0..i32::try_from(MAX_FDS).unwrap() {
        let Ok(fd_flags) = fs.fcntl(p, fd, Fcntl::GetFd) else { continue };
        let stat = fs.fstat(p, fd).unwrap();
        let flags = fs.fcntl(p, fd, Fcntl::GetFl).unwrap();
        let mut text = format!("fd_flags={fd_flags} flags=0o{flags:o}");
        if stat.st_mode & S_IFMT == FileType::Regular.mode_bits() {
            text += &format!(" offset={:?}", fs.lseek(p, fd, 0, Whence::Cur));
        }
        all.push((fd, meta(&stat), text));
    }
    all
}

impl<P: Platform> CoreFs<P> {
    /// A second process, number `slot`, that is as the current one is.
    fn fork(&mut self, slot: usize) -> Outcome {
        match (self.processes.get(slot), &self.processes[self.current]) {
            (Some(None), Some(parent)) => self.processes[slot] = Some(self.fs.fork(parent)?),
            _ => return Err(Errno::EAGAIN),
        }
        Ok(Value::Number(0))
    }

    /// Lets process number `slot` make the calls from now on.
    fn switch(&mut self, slot: usize) -> Outcome {
        if !matches!(self.processes.get(slot), Some(Some(_))) {
            return Err(Errno::EINVAL);
        }
        self.current = slot;
        Ok(Value::Number(0))
    }

    /// Ends the current process, unless it is the first one.
    fn exit(&mut self) -> Outcome {
        if self.current == 0 {
            return Err(Errno::EINVAL);
        }
        let process = self.processes[self.current].take().unwrap();
        self.fs.exit(process);
        self.current = 0;
        Ok(Value::Number(0))
    }
}

/// The kernel's world does not tell `SIGBUS` from `SIGSEGV`.
fn one_signal(error: Errno) -> Errno {
    if error == Errno::EIO { Errno::EFAULT } else { error }
}

/// Paths of fs-core start from here unless a call says otherwise.
const _: () = assert!(AT_FDCWD == libc::AT_FDCWD);
