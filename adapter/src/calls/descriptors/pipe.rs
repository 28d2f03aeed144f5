//! pipe(2).

use wasm_vfs_core::OFlags;

use crate::calls::call;
use crate::calls::user::range;

#[unsafe(export_name = "SYS_pipe")]
extern "C" fn pipe(pipefd: u32) -> i64 {
    pipe2(pipefd, 0)
}

#[unsafe(export_name = "SYS_pipe2")]
extern "C" fn pipe2(pipefd: u32, flags: u32) -> i64 {
    call(|kernel, _| {
        let flags = OFlags::from_bits_retain(flags);
        let [read_end, write_end] = kernel.fs.pipe2(&mut kernel.process, flags)?;
        match range(pipefd, 8) {
            Ok(place) => {
                place.store_u32(0, read_end.cast_unsigned());
                place.store_u32(4, write_end.cast_unsigned());
                Ok(())
            }
            Err(errno) => {
                kernel.fs.close(&mut kernel.process, read_end)?;
                kernel.fs.close(&mut kernel.process, write_end)?;
                Err(errno)
            }
        }
    })
}
