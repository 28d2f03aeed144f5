//! Wild pointers, absurd lengths, closed descriptors: an errno, never a trap, and nothing changes.

use super::errno::{BADF, FAULT};
use super::rig::{BUFFER, IOVECS, OUT, PAGE, Rig, Tree};

const END: u64 = 4 * PAGE as u64;

fn rig() -> (Rig, u64) {
    let mut tree = Tree::new();
    tree.file(0, "f", b"contents");
    let mut rig = Rig::baked(&tree);
    let fd = rig.create("f").unwrap();
    (rig, u64::from(fd))
}

#[test]
fn wild_pointers() {
    let (mut rig, fd) = rig();
    let out = u64::from(OUT);
    rig.put(0x2000, b"f");
    for wild in [END - 1, END, END + 1, 0xffff_ffff, 0xffff_fff0, 0x8000_0000] {
        for (name, args) in [
            ("fd_read", &[fd, wild, 1, out][..]),
            ("fd_read", &[fd, u64::from(IOVECS), 0, wild]),
            ("fd_write", &[fd, wild, 1, out]),
            ("fd_pread", &[fd, wild, 2, 0, out]),
            ("fd_pwrite", &[fd, u64::from(IOVECS), 0, 0, wild]),
            ("fd_seek", &[fd, 0, 0, wild]),
            ("fd_tell", &[fd, wild]),
            ("fd_fdstat_get", &[fd, wild]),
            ("fd_filestat_get", &[fd, wild]),
            ("fd_prestat_get", &[3, wild]),
            ("fd_readdir", &[3, wild, 100, 0, out]),
            ("fd_readdir", &[3, out, 100, 0, wild]),
            ("path_filestat_get", &[3, 0, wild, 10, out]),
            ("path_filestat_get", &[3, 0, 0x2000, 1, wild]),
            ("path_open", &[3, 0, wild, 10, 1, 2, 2, 0, out]),
            ("path_open", &[3, 0, 0x2000, 1, 1, 2, 2, 0, wild]),
            ("path_create_directory", &[3, wild, 2]),
            ("path_readlink", &[3, 0x2000, 1, wild, 2, out]),
            ("path_readlink", &[3, 0x2000, 1, 0x2000, 2, wild]),
            ("path_rename", &[3, 0x2000, 1, 3, wild, 2]),
            ("path_rename", &[3, wild, 2, 3, 0x2000, 1]),
            ("path_link", &[3, 0, 0x2000, 1, 3, wild, 2]),
            ("path_symlink", &[wild, 2, 3, 0x2000, 1]),
            ("path_unlink_file", &[3, wild, 0xffff_ffff]),
            ("poll_oneoff", &[wild, out, 1, out]),
            ("poll_oneoff", &[0x2000, wild, 1, out]),
            ("poll_oneoff", &[0x2000, 0x4000, 1, wild]),
            ("poll_oneoff", &[0x2000, 0x4000, 0xffff_ffff, out]),
        ] {
            assert_eq!(rig.call(name, args), Err(FAULT), "{name} {args:x?}");
        }
    }
    assert_eq!(rig.call("fd_prestat_dir_name", &[3, END, 1]), Err(FAULT));
    assert_eq!(rig.u32(OUT), 0xa5a5_a5a5 & rig.u32(OUT));
    assert_eq!(rig.stat(0, "f").unwrap().size, 8, "nothing changed");
    assert_eq!(rig.entries(3, 500, 0).unwrap().len(), 3);
}

#[test]
fn vectors_that_overflow() {
    let (mut rig, fd) = rig();
    let out = u64::from(OUT);
    let vector = |rig: &mut Rig, pieces: &[(u32, u32)]| {
        let bytes: Vec<u8> =
            pieces.iter().flat_map(|&(a, l)| [a.to_le_bytes(), l.to_le_bytes()].concat()).collect();
        rig.put(IOVECS, &bytes);
        [u64::from(IOVECS), pieces.len() as u64]
    };
    // rows: pieces, answer of a read, answer of a write
    for (pieces, expected) in [
        (&[(BUFFER, 0xffff_ffff)][..], Err(FAULT)),
        (&[(0xffff_ffff, 0xffff_ffff)], Err(FAULT)),
        (&[(BUFFER, 4), (0xffff_fff0, 4)], Err(FAULT)),
        // An empty piece may point anywhere.
        (&[(0xffff_fff0, 0), (BUFFER, 4)], Ok(4)),
        (&[(0, 0)], Ok(0)),
        (&[], Ok(0)),
        (&[(BUFFER, 3), (0, 0), (BUFFER + 10, 5)], Ok(8)),
    ] {
        let [iovs, count] = vector(&mut rig, pieces);
        rig.seek(fd as u32, 0, 0).unwrap();
        let read = rig.call("fd_read", &[fd, iovs, count, out]).map(|()| rig.u32(OUT));
        assert_eq!(read, expected, "{pieces:x?}");
        let written = rig.call("fd_pwrite", &[fd, iovs, count, 0, out]).map(|()| rig.u32(OUT));
        assert_eq!(written, expected, "{pieces:x?}");
    }
    assert_eq!(rig.call("fd_read", &[fd, u64::from(IOVECS), 0x2000_0001, out]), Err(FAULT));
    // More bytes in all than a result can say.
    let huge = 4 * PAGE as u32;
    let pieces = vec![(0, huge); 16_400];
    let bytes: Vec<u8> = pieces
        .iter()
        .flat_map(|&(a, l): &(u32, u32)| [a.to_le_bytes(), l.to_le_bytes()].concat())
        .collect();
    rig.put(BUFFER, &bytes);
    // The first 1024 pieces are looked at.
    rig.seek(fd as u32, 0, 0).unwrap();
    assert_eq!(rig.call("fd_read", &[fd, u64::from(BUFFER), 16_400, out]), Ok(()));
    assert_eq!(rig.u32(OUT), 8);
}

#[test]
fn a_vector_may_lie_in_the_buffer_that_it_describes() {
    let (mut rig, fd) = rig();
    let mut bytes = Vec::new();
    for (addr, len) in [(BUFFER + 8, 4), (BUFFER + 100, 4u32)] {
        bytes.extend([addr.to_le_bytes(), len.to_le_bytes()].concat());
    }
    rig.put(BUFFER, &bytes);
    rig.call("fd_read", &[fd, u64::from(BUFFER), 2, u64::from(OUT)]).unwrap();
    assert_eq!(rig.world().get(BUFFER + 8, 4), b"cont");
    assert_eq!(rig.world().get(BUFFER + 100, 4), b"ents");
}

#[test]
fn descriptors_that_are_not_open() {
    let (mut rig, _) = rig();
    let out = u64::from(OUT);
    for fd in [5, 1000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xffff_ff9c] {
        for (name, args) in [
            ("fd_advise", &[fd, 0, 0, 0][..]),
            ("fd_allocate", &[fd, 0, 1]),
            ("fd_close", &[fd]),
            ("fd_datasync", &[fd]),
            ("fd_fdstat_get", &[fd, out]),
            ("fd_fdstat_set_flags", &[fd, 0]),
            ("fd_fdstat_set_rights", &[fd, 0, 0]),
            ("fd_filestat_get", &[fd, out]),
            ("fd_filestat_set_size", &[fd, 0]),
            ("fd_filestat_set_times", &[fd, 0, 0, 0]),
            ("fd_pread", &[fd, 0, 0, 0, out]),
            ("fd_prestat_get", &[fd, out]),
            ("fd_prestat_dir_name", &[fd, out, 1]),
            ("fd_pwrite", &[fd, 0, 0, 0, out]),
            ("fd_read", &[fd, 0, 0, out]),
            ("fd_readdir", &[fd, 0, 0, 0, out]),
            ("fd_renumber", &[fd, 3]),
            ("fd_renumber", &[3, fd]),
            ("fd_seek", &[fd, 0, 0, out]),
            ("fd_sync", &[fd]),
            ("fd_tell", &[fd, out]),
            ("fd_write", &[fd, 0, 0, out]),
            ("path_create_directory", &[fd, 0, 0]),
            ("path_filestat_get", &[fd, 0, 0, 0, out]),
            ("path_filestat_set_times", &[fd, 0, 0, 0, 0, 0, 0]),
            ("path_link", &[fd, 0, 0, 0, 3, 0, 0]),
            ("path_link", &[3, 0, 0, 0, fd, 0, 0]),
            ("path_open", &[fd, 0, 0, 0, 0, 0, 0, 0, out]),
            ("path_readlink", &[fd, 0, 0, 0, 0, out]),
            ("path_remove_directory", &[fd, 0, 0]),
            ("path_rename", &[fd, 0, 0, 3, 0, 0]),
            ("path_rename", &[3, 0, 0, fd, 0, 0]),
            ("path_symlink", &[0, 0, fd, 0, 0]),
            ("path_unlink_file", &[fd, 0, 0]),
            ("sock_accept", &[fd, 0, out]),
            ("sock_recv", &[fd, 0, 0, 0, out, out]),
            ("sock_send", &[fd, 0, 0, 0, out]),
            ("sock_shutdown", &[fd, 0]),
        ] {
            assert_eq!(rig.call(name, args), Err(BADF), "{name} {fd:x}");
        }
    }
    assert!(rig.world().calls.is_empty());
}
