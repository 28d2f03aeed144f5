//! The functions of preview1 on what is the host's. `None` says that a call is the tree's after
//! all.

use wasi::Rights;
use wasm_vfs_core::{FollowLast, Foreign, OFlags, PATH_MAX, Target};

use super::host_directory::host_directory;
use super::read_in::read_in;
use super::resolve::resolve;
use crate::abi::layout::FILESTAT_BYTES;
use crate::abi::open_flags::{OpenHow, open_flags};
use crate::abi::rights::{Private, opening_rights};
use crate::abi::{imports, path_imports as import};
use crate::defect::len32;
use crate::errno::{Error, Result, answer};
use crate::foreign::host_path::{HostPath, HostStat, filestat, open, readlink};
use crate::foreign::listing::Listing;
use crate::foreign::table::with;
use crate::kernel;
use crate::kernel::token::{host_fd, mount_of, token};
use crate::memory::loan::Loan;
use crate::memory::path::{self, UserPath, Which};
use crate::memory::user::{UserRange, check_for_host};

/// How descriptors of the host's are noted: what they may is for the host to say.
const HOST_FLAGS: OFlags = OFlags::RDWR;

/// What is added to the host's device numbers, so that none of them is the tree's, which is 1.
const DEVICE_SHIFT: u64 = 1 << 32;

/// Shifts the device number of a `filestat` that the host has stored at `addr`.
pub(crate) fn shift_device(addr: u32) {
    if let Ok(out) = UserRange::new(addr, FILESTAT_BYTES) {
        out.store_u64(0, out.load_u64(0).wrapping_add(DEVICE_SHIFT));
    }
}

/// Stores a `filestat` of the host's. `out` has [`FILESTAT_BYTES`].
fn store_filestat(mut out: UserRange, stat: HostStat) {
    let mut words = stat.0;
    let [device, ..] = &mut words;
    *device = device.wrapping_add(DEVICE_SHIFT);
    for word in words {
        out.take(8).store_u64(0, word);
    }
}

/// Calls the host if the path leads there.
fn on_path(
    path: UserPath,
    needs: Rights,
    follow: FollowLast,
    call: impl FnOnce(&HostPath) -> Result<()>,
) -> Option<i32> {
    match resolve(Which::First, path, needs, follow) {
        Ok(None) => None,
        Ok(Some(path)) => Some(answer(call(&path))),
        Err(error) => Some(error.number()),
    }
}

/// A function of the host that takes a descriptor and a path.
fn forward(path: &HostPath, function: impl FnOnce(u32, u32, u32) -> i32) -> Result<()> {
    let mut loan = Loan::of(Loan::room_for(&[path.path.len()])?)?;
    let (addr, len) = loan.put(&path.path);
    Error::check_host(function(path.fd, addr, len))
}

/// How a walk takes a link at the end of the path, by preview1's flags.
fn follow_last(lookup_flags: u32) -> FollowLast {
    if lookup_flags & wasi::LOOKUPFLAGS_SYMLINK_FOLLOW == 0 {
        FollowLast::No
    } else {
        FollowLast::Yes
    }
}

pub(crate) fn path_create_directory(path: UserPath) -> Option<i32> {
    on_path(path, wasi::RIGHTS_PATH_CREATE_DIRECTORY, FollowLast::Never, |path| {
        forward(path, |fd, addr, len| import::path_create_directory(fd, addr, len))
    })
}

pub(crate) fn path_remove_directory(path: UserPath) -> Option<i32> {
    on_path(path, wasi::RIGHTS_PATH_REMOVE_DIRECTORY, FollowLast::Never, |path| {
        forward(path, |fd, addr, len| import::path_remove_directory(fd, addr, len))
    })
}

pub(crate) fn path_unlink_file(path: UserPath) -> Option<i32> {
    on_path(path, wasi::RIGHTS_PATH_UNLINK_FILE, FollowLast::Never, |path| {
        forward(path, |fd, addr, len| import::path_unlink_file(fd, addr, len))
    })
}

pub(crate) fn path_filestat_get(path: UserPath, flags: u32, stat: u32) -> Option<i32> {
    on_path(path, wasi::RIGHTS_PATH_FILESTAT_GET, follow_last(flags), |path| {
        let out = UserRange::new(stat, FILESTAT_BYTES)?;
        store_filestat(out, filestat(path.fd, flags, &path.path)?);
        Ok(())
    })
}

pub(crate) fn path_filestat_set_times(
    path: UserPath,
    flags: u32,
    (atim, mtim, fst_flags): (u64, u64, u32),
) -> Option<i32> {
    on_path(path, wasi::RIGHTS_PATH_FILESTAT_SET_TIMES, follow_last(flags), |path| {
        forward(path, |fd, addr, len| {
            import::path_filestat_set_times(fd, flags, addr, len, atim, mtim, fst_flags)
        })
    })
}

pub(crate) fn path_open(path: UserPath, how: &OpenHow, opened: u32) -> Option<i32> {
    let flags = open_flags(how.dirflags, how.oflags, how.rights_base, how.fdflags);
    // As the filesystem's own opening takes the last link. Flags that make no sense are refused
    // wherever the path leads.
    let follow = match flags {
        Ok(flags) if flags.contains(OFlags::CREAT | OFlags::EXCL) => FollowLast::Never,
        Ok(flags) if flags.contains(OFlags::CREAT | OFlags::NOFOLLOW) => FollowLast::Never,
        Ok(flags) if flags.contains(OFlags::CREAT) => FollowLast::UnlessSlash,
        _ => follow_last(how.dirflags),
    };
    let dirfd = path.dirfd;
    on_path(path, 0, follow, |path| {
        let out = UserRange::new(opened, 4)?;
        let private = kernel::enter(|kernel, _| {
            let directory = kernel.fs.descriptor(&kernel.process, dirfd)?;
            opening_rights(&directory, how.rights_base, flags?)
        })?;
        let host_fd = open(path, how)?;
        let installed = kernel::enter(|kernel, _| {
            let token = token(host_fd, path.mount);
            let fd = kernel.fs.open_foreign(&mut kernel.process, token, HOST_FLAGS)?;
            if private != Private::default() {
                kernel.fs.set_private_data(&kernel.process, fd, private.0)?;
            }
            Ok(fd)
        });
        if installed.is_err() {
            imports::fd_close(host_fd);
        }
        // Descriptors are not negative.
        out.store_u32(0, installed?.cast_unsigned());
        Ok(())
    })
}

pub(crate) fn path_readlink(path: UserPath, (buf, len): (u32, u32), used: u32) -> Option<i32> {
    on_path(path, wasi::RIGHTS_PATH_READLINK, FollowLast::No, |path| {
        let used = UserRange::new(used, 4)?;
        let out = UserRange::new(buf, len)?;
        let mut target = [0; PATH_MAX];
        let room = target.len().min(len as usize);
        let target = target.split_at_mut(room).0;
        let bytes = readlink(path, target)?;
        out.store_prefix(target.get(..bytes).unwrap_or_default());
        // At most what the buffer has.
        used.store_u32(0, len32(bytes));
        Ok(())
    })
}

pub(crate) fn path_symlink(target: (u32, u32), path: UserPath) -> Option<i32> {
    let (target_addr, target_len) = target;
    on_path(path, wasi::RIGHTS_PATH_SYMLINK, FollowLast::Never, |path| {
        let mut buffer = [0; PATH_MAX];
        let target = path::path(&mut buffer, target_addr, target_len)?;
        let mut loan = Loan::of(Loan::room_for(&[target.len(), path.path.len()])?)?;
        let (target, target_len) = loan.put(target);
        let (addr, len) = loan.put(&path.path);
        Error::check_host(import::path_symlink(target, target_len, path.fd, addr, len))
    })
}

/// A function of two paths. Between two filesystems there is no way.
fn on_two_paths(
    (old, old_needs): (UserPath, Rights),
    (new, new_needs): (UserPath, Rights),
    call: impl FnOnce([u32; 3], [u32; 3]) -> i32,
) -> Option<i32> {
    let old_leads = resolve(Which::First, old, old_needs, FollowLast::Never);
    let new_leads = resolve(Which::Second, new, new_needs, FollowLast::Never);
    let both = || {
        let (old_path, new_path) = match (old_leads?, new_leads?) {
            (None, None) => return Ok(None),
            (Some(old), Some(new)) if old.mount == new.mount => (old, new),
            (Some(_), Some(_)) => return Err(Error::XDEV),
            (Some(_), None) => return Err(wrong_in_tree(new, new_needs)),
            (None, Some(_)) => return Err(wrong_in_tree(old, old_needs)),
        };
        let room = Loan::room_for(&[old_path.path.len(), new_path.path.len()])?;
        let mut loan = Loan::of(room)?;
        let (old, old_len) = loan.put(&old_path.path);
        let (new, new_len) = loan.put(&new_path.path);
        Error::check_host(call([old_path.fd, old, old_len], [new_path.fd, new, new_len])).map(Some)
    };
    match both() {
        Ok(None) => None,
        Ok(Some(())) => Some(0),
        Err(error) => Some(error.number()),
    }
}

/// What is wrong with a path in the tree whose companion is the host's: `XDEV`, if nothing else.
fn wrong_in_tree(path: UserPath, needs: Rights) -> Error {
    let checked = kernel::enter(|kernel, buffers| {
        kernel.directory(path.dirfd, needs)?;
        if !kernel.is_directory(path.dirfd) {
            return Err(Error::BADF);
        }
        path::path(&mut buffers.path, path.addr, path.len).map(|_| ())
    });
    checked.err().unwrap_or(Error::XDEV)
}

pub(crate) fn path_link(old: UserPath, old_flags: u32, new: UserPath) -> Option<i32> {
    on_two_paths(
        (old, wasi::RIGHTS_PATH_LINK_SOURCE),
        (new, wasi::RIGHTS_PATH_LINK_TARGET),
        |[old_fd, old, old_len], [new_fd, new, new_len]| {
            import::path_link(old_fd, old_flags, old, old_len, new_fd, new, new_len)
        },
    )
}

pub(crate) fn path_rename(old: UserPath, new: UserPath) -> Option<i32> {
    on_two_paths(
        (old, wasi::RIGHTS_PATH_RENAME_SOURCE),
        (new, wasi::RIGHTS_PATH_RENAME_TARGET),
        |[old_fd, old, old_len], [new_fd, new, new_len]| {
            import::path_rename(old_fd, old, old_len, new_fd, new, new_len)
        },
    )
}

/// The host's number behind a descriptor: its own, or that of the mount whose mount point is open
/// as a directory of the tree. A preopen is, that is a mount point as well. Directories of overlays
/// are read in.
fn host_fd_of(fd: i32) -> Result<Option<u32>> {
    while let Some((at, Foreign::Unread(number))) =
        kernel::enter(|kernel, _| Ok(kernel.fs.unread_above(&kernel.process, fd)))?
    {
        read_in(at, number)?;
    }
    let (target, foreign) = kernel::enter(|kernel, _| {
        let target = kernel.fs.descriptor(&kernel.process, fd)?.target;
        Ok((target, kernel.fs.foreign_of_fd(&kernel.process, fd)))
    })?;
    if let Target::Foreign(token) = target {
        // A standard stream is no directory.
        return Ok(mount_of(token).map(|_| host_fd(token)));
    }
    match foreign {
        Some((at, Foreign::Unread(number))) => read_in(at, number).map(|()| None),
        Some((at, Foreign::Mount(number))) => {
            let host_fd = host_directory(number)?;
            if host_fd.is_none() {
                kernel::enter(|kernel, _| Ok(kernel.fs.mark(at, Some(Foreign::Absent))?))?;
            }
            Ok(host_fd)
        }
        Some((_, Foreign::Absent)) | None => Ok(None),
    }
}

/// Calls the host with its number of a directory that is open, if it is the host's and `needs` were
/// not taken away.
fn on_directory(fd: i32, needs: Rights, call: impl FnOnce(u32) -> Result<()>) -> Option<i32> {
    let allowed = kernel::enter(|kernel, _| kernel.directory(fd, needs));
    if allowed.is_err() {
        return None;
    }
    match host_fd_of(fd) {
        Ok(None) => None,
        Ok(Some(host_fd)) => Some(answer(call(host_fd))),
        Err(error) => Some(error.number()),
    }
}

/// Serves a listing that is read whole when it begins: at cookie 0, or with another one if there
/// is none under way.
pub(crate) fn fd_readdir(fd: i32, buf: u32, len: u32, cookie: u64, used: u32) -> Option<i32> {
    on_directory(fd, wasi::RIGHTS_FD_READDIR, |host_fd| {
        let used = UserRange::new(used, 4)?;
        let out = UserRange::new(buf, len)?;
        let (file, is_under_way) = kernel::enter(|kernel, _| {
            let file = kernel.fs.fdget(&kernel.process, fd)?.number();
            let listings = &kernel.fs.platform().mounts.listings;
            Ok((file, with(listings, |listings| listings.of(file).is_some())))
        })?;
        let begun = if cookie == 0 || !is_under_way { Some(Listing::read(host_fd)?) } else { None };
        kernel::enter(|kernel, _| {
            with(&kernel.fs.platform().mounts.listings, |listings| {
                if let Some(listing) = begun {
                    listings.keep(file, listing)?;
                }
                let records = listings.of(file).map_or(&[][..], |listing| listing.from(cookie));
                out.store_prefix(records);
                // At most what the buffer has.
                used.store_u32(0, len32(records.len().min(out.len() as usize)));
                Ok(())
            })
        })
    })
}

/// Drops the listing of a descriptor that is about to be closed.
pub(crate) fn forget_listing(fd: i32) {
    // What is not open has none.
    let _ = kernel::enter(|kernel, _| {
        let file = kernel.fs.fdget(&kernel.process, fd)?.number();
        with(&kernel.fs.platform().mounts.listings, |listings| listings.forget(file));
        Ok(())
    });
}

/// Only where the tree's descriptor is of a mount point: the host's are served with the standard
/// streams.
fn on_mount_point(fd: i32, needs: Rights, call: impl FnOnce(u32) -> Result<()>) -> Option<i32> {
    let is_mount_point = kernel::enter(|kernel, _| {
        let target = kernel.fs.descriptor(&kernel.process, fd)?.target;
        Ok(target == Target::Inode
            && matches!(kernel.fs.foreign_of_fd(&kernel.process, fd), Some((_, Foreign::Mount(_)))))
    });
    if is_mount_point == Ok(true) { on_directory(fd, needs, call) } else { None }
}

pub(crate) fn fd_filestat_get(fd: i32, stat: u32) -> Option<i32> {
    on_mount_point(fd, wasi::RIGHTS_FD_FILESTAT_GET, |host_fd| {
        Error::check_host(check_for_host(stat, FILESTAT_BYTES))?;
        Error::check_host(imports::fd_filestat_get(host_fd, stat))?;
        shift_device(stat);
        Ok(())
    })
}

pub(crate) fn fd_filestat_set_times(fd: i32, atim: u64, mtim: u64, fst_flags: u32) -> Option<i32> {
    on_mount_point(fd, wasi::RIGHTS_FD_FILESTAT_SET_TIMES, |host_fd| {
        // By its path: wasmtime's own preopens are not open for this.
        let mut loan = Loan::of(Loan::room_for(&[1])?)?;
        let (addr, len) = loan.put(b".");
        let set = import::path_filestat_set_times;
        Error::check_host(set(host_fd, 0, addr, len, atim, mtim, fst_flags))
    })
}
