//! `sock_*` on what is no socket. What the host answers for its own descriptors is the host's matter (Node aborts on one).

use preview1_themes::*;

fn main() {
    let mut t = Theme::start();
    let fd = t.create("f");
    write(fd, b"contents").need("write");
    seek(fd, 0, SET).need("seek");
    let mut bytes = [0xa5; 4];
    for (name, fd) in [("a file", fd), ("a directory", t.dir), ("the preopen", t.root)] {
        t.is(&format!("{name}: accept"), sock_accept(fd), Err(NOTSOCK));
        t.is(&format!("{name}: receive"), sock_recv(fd, &mut bytes), Err(NOTSOCK));
        t.is(&format!("{name}: send"), sock_send(fd, &mut bytes), Err(NOTSOCK));
        for how in 1..=3 {
            t.is(&format!("{name}: shut down {how}"), sock_shutdown(fd, how), Err(NOTSOCK));
        }
    }
    t.is("nothing was received", bytes, [0xa5; 4]);
    t.is("nothing was sent", t.contents("f"), Ok(b"contents".to_vec()));
    t.is("the offset stays", tell(fd), Ok(0));
    t.is("nothing", sock_recv(1000, &mut bytes), Err(BADF));
    t.end()
}
