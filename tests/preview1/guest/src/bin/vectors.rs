//! Reading into and writing from several pieces at once.

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let fd = t.create("f");
    let (mut a, mut b, mut c) = ([b'a'; 2], [b'b'; 3], [b'c'; 1]);
    let nothing = Piece { addr: 0, len: 0 };
    let pieces = [nothing, Piece::of(&mut a), nothing, Piece::of(&mut b), Piece::of(&mut c)];
    // Wasmtime takes the first piece that is not empty.
    t.differs("write five pieces", writev(fd, &pieces), Ok(2), Ok(6));
    t.differs("what is there", t.contents("f"), Ok(b"aa".to_vec()), Ok(b"aabbbc".to_vec()));
    t.is("write no piece", writev(fd, &[]), Ok(0));
    t.is("write empty pieces", writev(fd, &[nothing, nothing]), Ok(0));
    t.is(
        "write an empty piece that points nowhere",
        writev(fd, &[Piece { addr: 0xffff_0000, len: 0 }]),
        Ok(0),
    );
    truncate(fd, 0).need("cut");
    pwrite(fd, b"0123456789", 0).need("write");
    seek(fd, 0, SET).need("seek");
    let (mut a, mut b) = ([b'-'; 4], [b'-'; 8]);
    let pieces = [Piece::of(&mut a), Piece::of(&mut b)];
    t.differs("read two pieces", readv(fd, &pieces), Ok(4), Ok(10));
    t.is("the first", a, *b"0123");
    t.differs("the second", b, *b"--------", *b"456789--");
    t.differs("where it is then", tell(fd), Ok(4), Ok(10));
    t.is("read no piece", readv(fd, &[]), Ok(0));
    t.is("read empty pieces", readv(fd, &[nothing, nothing]), Ok(0));
    t.is(
        "read nothing from what is open for writing",
        open(t.dir, "f", 0, WRITE, 0).and_then(|fd| readv(fd, &[])),
        Err(BADF),
    );
    let one = [Piece::of(&mut a[..1])];
    seek(fd, 9, SET).need("seek");
    t.is("the last byte", readv(fd, &one), Ok(1));
    t.is("there it is", a[0], b'9');
    t.is("nothing more", readv(fd, &one), Ok(0));
    // A large piece.
    let large = vec![3; 1 << 20];
    let big = t.create("big");
    t.is("a megabyte", write(big, &large), Ok(1 << 20));
    let mut back = Vec::new();
    while let Ok(some) = pread(big, 1 << 20, back.len() as u64) {
        if some.is_empty() {
            break;
        }
        back.extend(some);
    }
    t.is("and back", back == large, true);
    t.end()
}
