//! Extended attributes, flock and fork. Every expected value was read off Linux 6.18.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use wasm_vfs_core::{
    AT_FDCWD, Config, Credentials, Dev, Errno, Fd, FlockOperation, Fs, NoContents, OFlags, Process,
    Whence, XattrFlags,
};

type TestFs = Fs<NoContents>;

const NONE: XattrFlags = XattrFlags::empty();

fn setup(max_inodes: u32) -> (TestFs, Process) {
    let config = Config { max_inodes, ..Config::default() };
    let mut fs = Fs::new(NoContents::default(), config).unwrap();
    let mut p = fs.spawn(Credentials::ROOT).unwrap();
    let fd = open(&mut fs, &mut p, b"/f", OFlags::CREAT | OFlags::RDWR);
    fs.close(&mut p, fd).unwrap();
    fs.mkdir(&p, b"/d", 0o755).unwrap();
    fs.symlink(&p, b"f", b"/s").unwrap();
    fs.mknod(&p, b"/p", 0o10644, Dev(0)).unwrap();
    (fs, p)
}

fn open(fs: &mut TestFs, process: &mut Process, path: &[u8], flags: OFlags) -> Fd {
    fs.openat(process, AT_FDCWD, path, flags, 0o644).unwrap()
}

fn get(fs: &TestFs, process: &Process, path: &[u8], name: &[u8]) -> Result<Vec<u8>, Errno> {
    let mut value = vec![0; 65_536];
    let len = fs.lgetxattr(process, path, name, &mut value[..])?;
    value.truncate(len);
    Ok(value)
}

fn list(fs: &TestFs, process: &Process, path: &[u8]) -> String {
    let mut names = [0; 1000];
    let len = fs.llistxattr(process, path, &mut names[..]).unwrap();
    assert_eq!(fs.llistxattr(process, path, &mut names[..0]), Ok(len));
    String::from_utf8(names[..len].to_vec()).unwrap().replace('\0', " ")
}

#[test]
fn names_are_checked_as_on_tmpfs() {
    use Errno::{EINVAL, ENODATA, EOPNOTSUPP, ERANGE};
    let (mut fs, p) = setup(0);
    let long = |len: usize| [&b"user."[..], &vec![b'a'; len]].concat();
    // rows: name, set, get of a name like it, remove
    for (name, set, got, removed) in [
        (b"user.".to_vec(), Err(EINVAL), EINVAL, Err(EINVAL)),
        (b"user".to_vec(), Err(EOPNOTSUPP), EOPNOTSUPP, Err(EOPNOTSUPP)),
        (b"".to_vec(), Err(ERANGE), ERANGE, Err(ERANGE)),
        (b"foo.bar".to_vec(), Err(EOPNOTSUPP), EOPNOTSUPP, Err(EOPNOTSUPP)),
        (b"system.x".to_vec(), Err(EOPNOTSUPP), EOPNOTSUPP, Err(EOPNOTSUPP)),
        (b"security.x".to_vec(), Ok(()), ENODATA, Ok(())),
        (b"trusted.x".to_vec(), Ok(()), ENODATA, Ok(())),
        (b"trusted.".to_vec(), Err(EINVAL), EINVAL, Err(EINVAL)),
        (b"security.".to_vec(), Err(EINVAL), EINVAL, Err(EINVAL)),
        (long(250), Ok(()), ENODATA, Ok(())),
        (long(251), Err(ERANGE), ERANGE, Err(ERANGE)),
    ] {
        let shown = String::from_utf8_lossy(&name).into_owned();
        assert_eq!(get(&fs, &p, b"/f", &name), Err(got), "{shown}");
        assert_eq!(fs.setxattr(&p, b"/f", &name, &b"1"[..], NONE), set, "{shown}");
        assert_eq!(fs.removexattr(&p, b"/f", &name), removed, "{shown}");
    }
    assert_eq!(get(&fs, &p, b"/f", b"system.posix_acl_access"), Err(ENODATA));
    assert_eq!(list(&fs, &p, b"/f"), "");
}

#[test]
fn arguments_are_checked_before_the_path() {
    let (mut fs, p) = setup(0);
    let unknown = XattrFlags::from_bits_retain(4);
    let big = [0; 65_537];
    // rows: path, name, value, flags, answer
    for (path, name, value, flags, answer) in [
        (&b"/no"[..], &b""[..], &b"2"[..], unknown, Errno::EINVAL),
        (b"/no", b"", b"2", NONE, Errno::ERANGE),
        (b"/no", b"user.a", &big, NONE, Errno::E2BIG),
        (b"/no", b"foo", b"2", NONE, Errno::ENOENT),
    ] {
        assert_eq!(fs.setxattr(&p, path, name, value, flags), Err(answer));
    }
    assert_eq!(fs.fsetxattr(&p, 99, b"", &b"1"[..], NONE), Err(Errno::ERANGE));
    assert_eq!(fs.fsetxattr(&p, 99, b"user.a", &b"1"[..], NONE), Err(Errno::EBADF));
}

#[test]
fn create_and_replace() {
    let (mut fs, p) = setup(0);
    let (create, replace) = (XattrFlags::CREATE, XattrFlags::REPLACE);
    fs.setxattr(&p, b"/f", b"user.x", &b"12345"[..], create).unwrap();
    // rows: name, flags, answer
    for (name, flags, answer) in [
        (b"user.x", create, Err(Errno::EEXIST)),
        (b"user.m", replace, Err(Errno::ENODATA)),
        (b"user.x", create | replace, Err(Errno::EEXIST)),
        (b"user.m", create | replace, Err(Errno::ENODATA)),
    ] {
        assert_eq!(fs.setxattr(&p, b"/f", name, &b"2"[..], flags), answer);
    }
    let mut buf = [0; 8];
    assert_eq!(fs.getxattr(&p, b"/s", b"user.x", &mut buf[..5]), Ok(5));
    assert_eq!(fs.getxattr(&p, b"/f", b"user.x", &mut buf[..4]), Err(Errno::ERANGE));
    assert_eq!(fs.getxattr(&p, b"/f", b"user.x", &mut buf[..0]), Ok(5));
    fs.setxattr(&p, b"/f", b"user.x", &b""[..], replace).unwrap();
    assert_eq!(get(&fs, &p, b"/f", b"user.x"), Ok(vec![]));
    for name in [&b"user.v"[..], b"security.x", b"user.e", b"trusted.x"] {
        fs.setxattr(&p, b"/f", name, &b"1"[..], NONE).unwrap();
    }
    assert_eq!(list(&fs, &p, b"/f"), "user.x user.v user.e trusted.x security.x ");
    assert_eq!(fs.listxattr(&p, b"/f", &mut buf[..5]), Err(Errno::ERANGE));
}

#[test]
fn who_may_set_what() {
    use Errno::{EACCES, ENODATA, EPERM};
    let (mut fs, mut p) = setup(0);
    for path in [b"/s", b"/p"] {
        assert_eq!(fs.lsetxattr(&p, path, b"user.a", &b"1"[..], NONE), Err(EPERM));
        assert_eq!(get(&fs, &p, path, b"user.a"), Err(ENODATA));
        assert_eq!(fs.lsetxattr(&p, path, b"trusted.a", &b"1"[..], NONE), Ok(()));
        assert_eq!(fs.lsetxattr(&p, path, b"security.a", &b"1"[..], NONE), Ok(()));
        assert_eq!(list(&fs, &p, path), "trusted.a security.a ");
    }
    let write_only = open(&mut fs, &mut p, b"/f", OFlags::WRONLY);
    fs.fsetxattr(&p, write_only, b"user.v", &b"1"[..], NONE).unwrap();
    let mut one = [0; 1];
    assert_eq!(fs.fgetxattr(&p, write_only, b"user.v", &mut one[..]), Ok(1));
    let path = open(&mut fs, &mut p, b"/f", OFlags::PATH);
    assert_eq!(fs.fgetxattr(&p, path, b"user.v", &mut one[..]), Err(Errno::EBADF));
    fs.setxattr(&p, b"/f", b"security.x", &b"1"[..], NONE).unwrap();
    fs.setxattr(&p, b"/f", b"trusted.x", &b"1"[..], NONE).unwrap();
    fs.mkdir(&p, b"/st", 0o777).unwrap();
    fs.chmod(&p, b"/st", 0o1777).unwrap();
    let [r, w] = fs.pipe(&mut p).unwrap();
    assert_eq!(fs.fsetxattr(&p, w, b"user.a", &b"1"[..], NONE), Err(EPERM));
    assert_eq!(fs.fsetxattr(&p, w, b"trusted.a", &b"1"[..], NONE), Err(Errno::EOPNOTSUPP));
    assert_eq!(fs.flistxattr(&p, r, &mut one[..]), Ok(0));

    let user = fs.spawn(Credentials::user(1000, 1000)).unwrap();
    // rows: name, set, get, remove
    for (name, set, got, removed) in [
        (&b"user.v"[..], EACCES, Ok(b"1".to_vec()), EACCES),
        (b"trusted.x", EPERM, Err(ENODATA), EPERM),
        (b"security.x", EPERM, Ok(b"1".to_vec()), EPERM),
        (b"foo.b", EACCES, Err(Errno::EOPNOTSUPP), EACCES),
    ] {
        assert_eq!(fs.setxattr(&user, b"/f", name, &b"1"[..], NONE), Err(set));
        assert_eq!(get(&fs, &user, b"/f", name), got);
        assert_eq!(fs.removexattr(&user, b"/f", name), Err(removed));
    }
    assert_eq!(list(&fs, &user, b"/f"), "user.v security.x ");
    assert_eq!(fs.setxattr(&user, b"/st", b"user.a", &b"1"[..], NONE), Err(EPERM));
    fs.chmod(&p, b"/f", 0o600).unwrap();
    assert_eq!(get(&fs, &user, b"/f", b"user.v"), Err(EACCES));
    assert_eq!(get(&fs, &user, b"/f", b"security.x"), Ok(b"1".to_vec()));
    assert_eq!(list(&fs, &user, b"/f"), "user.v security.x ");
}

#[test]
fn attributes_count_against_the_limit_of_inodes() {
    let (mut fs, p) = setup(20);
    assert_eq!(fs.statfs(&p, b"/").unwrap().f_ffree, 15);
    for n in 0..10u8 {
        let name = [&b"user.b"[..], &[b'0' + n]].concat();
        fs.setxattr(&p, b"/d", &name, &[0; 1024 - 40 - 7][..], NONE).unwrap();
        assert_eq!(fs.statfs(&p, b"/").unwrap().f_ffree, 14 - u64::from(n));
    }
    let big = fs.setxattr(&p, b"/d", b"user.big", &[0; 20_000][..], NONE);
    assert_eq!(big, Err(Errno::ENOSPC));
    fs.rmdir(&p, b"/d").unwrap();
    assert_eq!(fs.statfs(&p, b"/").unwrap().f_ffree, 16);
}

#[test]
fn flock_rows() {
    use Errno::{EAGAIN, EBADF, EINVAL};
    let (mut fs, mut p) = setup(0);
    let a = open(&mut fs, &mut p, b"/f", OFlags::RDWR);
    let b = open(&mut fs, &mut p, b"/f", OFlags::RDONLY);
    let path = open(&mut fs, &mut p, b"/f", OFlags::PATH);
    let dir = open(&mut fs, &mut p, b"/d", OFlags::RDONLY);
    let [r, w] = fs.pipe(&mut p).unwrap();
    let (sh, ex, un) = (5, 6, 8); // with LOCK_NB
    // rows: descriptor, operation, answer
    for (fd, operation, answer) in [
        (99, 3, Err(EINVAL)),
        (99, 1, Err(EBADF)),
        (99, 33, Ok(())),
        (a, 0, Err(EINVAL)),
        (path, 1, Err(EBADF)),
        (path, un, Err(EBADF)),
        (a, 4, Err(EINVAL)),
        (a, 12, Ok(())),
        (a, sh, Ok(())),
        (b, sh, Ok(())),
        (a, ex, Err(EAGAIN)),
        (b, ex, Ok(())),
        (a, sh, Err(EAGAIN)),
        (b, un, Ok(())),
        (a, ex, Ok(())),
        (a, sh, Ok(())),
        (b, sh, Ok(())),
        (dir, ex, Ok(())),
        (r, ex, Ok(())),
        (w, ex, Err(EAGAIN)),
    ] {
        let operation = FlockOperation::from_bits_retain(operation);
        assert_eq!(fs.flock(&p, fd, operation), answer, "{fd} {operation:?}");
    }
    // The last descriptor releases it.
    let c = fs.dup(&mut p, a).unwrap();
    fs.close(&mut p, a).unwrap();
    let exclusive = FlockOperation::EX | FlockOperation::NB;
    assert_eq!(fs.flock(&p, b, exclusive), Err(EAGAIN));
    fs.close(&mut p, c).unwrap();
    assert_eq!(fs.flock(&p, b, exclusive), Ok(()));
}

#[test]
fn a_fork_shares_descriptions() {
    let (mut fs, mut parent) = setup(0);
    let fd = open(&mut fs, &mut parent, b"/f", OFlags::RDWR);
    let exclusive = FlockOperation::EX;
    fs.flock(&parent, fd, exclusive).unwrap();
    let mut child = fs.fork(&parent).unwrap();
    fs.write(&child, fd, &b"abc"[..]).unwrap();
    assert_eq!(fs.lseek(&parent, fd, 0, Whence::Cur), Ok(3));
    // Open again, so another description; the lock goes when both processes have closed the first.
    let other = open(&mut fs, &mut child, b"/f", OFlags::RDWR);
    assert_eq!(fs.flock(&child, other, exclusive), Err(Errno::EAGAIN));
    fs.exit(parent);
    assert_eq!(fs.flock(&child, other, exclusive), Err(Errno::EAGAIN));
    fs.close(&mut child, fd).unwrap();
    assert_eq!(fs.flock(&child, other, exclusive), Ok(()));
}
