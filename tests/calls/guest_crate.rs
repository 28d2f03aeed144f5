//! The example of the crate `wasm-vfs-guest`.

use wasm_vfs::{Packer, Program, TreeBuilder};
use wasm_vfs_tests::tools;

use crate::{FORMS, run};

#[test]
fn the_example_watches_locks_maps_and_splices() {
    let Some(program) = tools::guest("watch") else { return };
    for form in FORMS {
        let packer = Packer::new(TreeBuilder::new()).form(form);
        let packed = packer.pack(Program::file(&program)).unwrap().to_vec().unwrap();
        let outcome = run(&packed);
        let text = String::from_utf8_lossy(&outcome.stdout);
        assert_eq!(
            text,
            "mode 100640, 16 bytes\n\
             event 0x100 notes\n\
             event 0x2 notes\n\
             event 0x4 notes\n\
             locked twice: Err(EAGAIN)\n\
             stored in a map, written by pwrite\n\
             spliced 50 bytes\n\
             written by std, stored in a map, written by pwrite\n",
            "{form}: {}",
            String::from_utf8_lossy(&outcome.stderr)
        );
        assert_eq!(outcome.status, Some(0));
    }
}
