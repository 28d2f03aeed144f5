//! Linker options of the program: see `src/image.rs`.

fn main() {
    // Utilities that call `exit` end themselves, not the shell.
    println!("cargo:rustc-link-arg-bins=--wrap=exit");
    // The heap is within the first memory, so that an image of it has no gaps.
    println!("cargo:rustc-link-arg-bins=--initial-memory=16777216");
    // Each utility that called `exit` leaves its frames behind.
    println!("cargo:rustc-link-arg-bins=-zstack-size=2097152");
    println!("cargo:rerun-if-changed=build.rs");
}
