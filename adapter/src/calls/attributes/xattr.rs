//! setxattr(2), getxattr(2), listxattr(2), removexattr(2), with their `l` and `f` forms.
//!
//! The kernel reads the name before the path, and a value to set between the two.

use wasm_vfs_core::{Errno, PATH_MAX, XattrFlags};

use crate::calls::call;
use crate::calls::user::{Result, StringArg, Unchecked, range};
use crate::kernel::Buffers;

/// Room for a name: one more than the longest (`XATTR_NAME_MAX`).
const NAME_ROOM: usize = 256;

/// Whose attributes.
#[derive(Clone, Copy)]
enum Of {
    /// Those of the file that a path leads to.
    File(u32),
    /// Those of what has the path, even if that is a symbolic link.
    Link(u32),
    /// Those of an open file.
    Fd(i32),
}

/// The strings of a call.
struct Strings<'a> {
    name: StringArg<'a>,
    path: StringArg<'a>,
}

impl Strings<'_> {
    /// Reads the name of an attribute, if the call has one, and the path.
    fn read(buffers: &mut Buffers, name: Option<u32>, of: Of) -> Strings<'_> {
        let room = buffers.second_path.get_mut(..NAME_ROOM).unwrap_or_default();
        Strings {
            name: match name {
                Some(name) => StringArg::copy(room, name),
                None => StringArg::EMPTY,
            },
            path: match of {
                Of::File(path) | Of::Link(path) => StringArg::copy(&mut buffers.path, path),
                Of::Fd(_) => StringArg::EMPTY,
            },
        }
    }

    /// The answer of a call with these.
    ///
    /// # Errors
    ///
    /// `EFAULT`: one could not be read. What `result` is.
    fn settle<T>(&self, result: Result<T>) -> Result<T> {
        self.path.settle(Errno::ENAMETOOLONG, self.name.settle(Errno::ERANGE, result))
    }
}

fn set(of: Of, name: u32, value: u32, size: u32, flags: u32) -> i64 {
    /// What stands for a path behind a value that cannot be read: as too long as a path can be.
    static TOO_LONG: [u8; PATH_MAX] = [0; PATH_MAX];
    let flags = XattrFlags::from_bits_retain(flags);
    let is_readable = range(value, size).is_ok() || size == 0;
    call(|kernel, buffers| {
        let strings = Strings::read(buffers, Some(name), of);
        let (fs, process, name) = (&mut kernel.fs, &kernel.process, strings.name.bytes);
        let path = strings.path.bytes;
        let mut value = Unchecked::new(value, size);
        let result = match of {
            _ if !is_readable => {
                let result = fs.setxattr(process, &TOO_LONG, name, &mut value, flags);
                result.map_err(|errno| match errno {
                    Errno::ENAMETOOLONG => Errno::EFAULT,
                    errno => errno,
                })
            }
            Of::File(_) => fs.setxattr(process, path, name, &mut value, flags),
            Of::Link(_) => fs.lsetxattr(process, path, name, &mut value, flags),
            Of::Fd(fd) => fs.fsetxattr(process, fd, name, &mut value, flags),
        };
        strings.settle(result)
    })
}

fn get(of: Of, name: u32, value: u32, size: u32) -> i64 {
    call(|kernel, buffers| {
        let strings = Strings::read(buffers, Some(name), of);
        let (fs, process, name) = (&kernel.fs, &kernel.process, strings.name.bytes);
        let path = strings.path.bytes;
        let mut value = Unchecked::new(value, size);
        let result = match of {
            Of::File(_) => fs.getxattr(process, path, name, &mut value),
            Of::Link(_) => fs.lgetxattr(process, path, name, &mut value),
            Of::Fd(fd) => fs.fgetxattr(process, fd, name, &mut value),
        };
        value.settle(strings.settle(result))
    })
}

fn list(of: Of, list: u32, size: u32) -> i64 {
    call(|kernel, buffers| {
        let strings = Strings::read(buffers, None, of);
        let (fs, process, path) = (&kernel.fs, &kernel.process, strings.path.bytes);
        let mut list = Unchecked::new(list, size);
        let result = match of {
            Of::File(_) => fs.listxattr(process, path, &mut list),
            Of::Link(_) => fs.llistxattr(process, path, &mut list),
            Of::Fd(fd) => fs.flistxattr(process, fd, &mut list),
        };
        list.settle(strings.settle(result))
    })
}

fn remove(of: Of, name: u32) -> i64 {
    call(|kernel, buffers| {
        let strings = Strings::read(buffers, Some(name), of);
        let (fs, process, name) = (&mut kernel.fs, &kernel.process, strings.name.bytes);
        let path = strings.path.bytes;
        strings.settle(match of {
            Of::File(_) => fs.removexattr(process, path, name),
            Of::Link(_) => fs.lremovexattr(process, path, name),
            Of::Fd(fd) => fs.fremovexattr(process, fd, name),
        })
    })
}

#[unsafe(export_name = "SYS_setxattr")]
extern "C" fn setxattr(path: u32, name: u32, value: u32, size: u32, flags: u32) -> i64 {
    set(Of::File(path), name, value, size, flags)
}

#[unsafe(export_name = "SYS_lsetxattr")]
extern "C" fn lsetxattr(path: u32, name: u32, value: u32, size: u32, flags: u32) -> i64 {
    set(Of::Link(path), name, value, size, flags)
}

#[unsafe(export_name = "SYS_fsetxattr")]
extern "C" fn fsetxattr(fd: i32, name: u32, value: u32, size: u32, flags: u32) -> i64 {
    set(Of::Fd(fd), name, value, size, flags)
}

#[unsafe(export_name = "SYS_getxattr")]
extern "C" fn getxattr(path: u32, name: u32, value: u32, size: u32) -> i64 {
    get(Of::File(path), name, value, size)
}

#[unsafe(export_name = "SYS_lgetxattr")]
extern "C" fn lgetxattr(path: u32, name: u32, value: u32, size: u32) -> i64 {
    get(Of::Link(path), name, value, size)
}

#[unsafe(export_name = "SYS_fgetxattr")]
extern "C" fn fgetxattr(fd: i32, name: u32, value: u32, size: u32) -> i64 {
    get(Of::Fd(fd), name, value, size)
}

#[unsafe(export_name = "SYS_listxattr")]
extern "C" fn listxattr(path: u32, buf: u32, size: u32) -> i64 {
    list(Of::File(path), buf, size)
}

#[unsafe(export_name = "SYS_llistxattr")]
extern "C" fn llistxattr(path: u32, buf: u32, size: u32) -> i64 {
    list(Of::Link(path), buf, size)
}

#[unsafe(export_name = "SYS_flistxattr")]
extern "C" fn flistxattr(fd: i32, buf: u32, size: u32) -> i64 {
    list(Of::Fd(fd), buf, size)
}

#[unsafe(export_name = "SYS_removexattr")]
extern "C" fn removexattr(path: u32, name: u32) -> i64 {
    remove(Of::File(path), name)
}

#[unsafe(export_name = "SYS_lremovexattr")]
extern "C" fn lremovexattr(path: u32, name: u32) -> i64 {
    remove(Of::Link(path), name)
}

#[unsafe(export_name = "SYS_fremovexattr")]
extern "C" fn fremovexattr(fd: i32, name: u32) -> i64 {
    remove(Of::Fd(fd), name)
}
