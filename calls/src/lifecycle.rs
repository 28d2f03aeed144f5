//! What a program of WALI imports beside the calls: how it starts and ends.

use crate::kind::Wasm::{self, I32};

/// A function of the module `wali` that is no call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifecycle {
    /// Its name, in programs and among the exports of the adapter.
    pub name: &'static str,
    /// The types of its parameters.
    pub params: &'static [Wasm],
    /// Whether it answers an i32.
    pub answers: bool,
    /// What it does, in one sentence.
    pub doc: &'static str,
}

/// All of them.
pub static LIFECYCLE: &[Lifecycle] = &[
    function("__init", &[], true, "Is called before anything else; answers 0."),
    function("__deinit", &[], true, "Is called at the end; answers 0."),
    function("__proc_exit", &[I32], false, "Ends the program with a status."),
    function("__cl_get_argc", &[], true, "Answers how many arguments there are."),
    function(
        "__cl_get_argv_len",
        &[I32],
        true,
        "Answers how long an argument is, without its NUL.",
    ),
    function(
        "__cl_copy_argv",
        &[I32, I32],
        true,
        "Copies an argument, with its NUL, to an address.",
    ),
    function(
        "__get_init_envfile",
        &[I32, I32],
        true,
        "Stores the path of a file that holds the environment, a line `NAME=VALUE` each; answers 1, or 0 if there is none.",
    ),
    function("__wasm_thread_spawn", &[I32, I32], true, "Would start a thread; answers `-EAGAIN`."),
    function("setjmp", &[I32], true, "Answers 0."),
    function("sigsetjmp", &[I32, I32], true, "Answers 0."),
    function("longjmp", &[I32, I32], false, "Traps, after a line that says so on standard error."),
];

const fn function(
    name: &'static str,
    params: &'static [Wasm],
    answers: bool,
    doc: &'static str,
) -> Lifecycle {
    Lifecycle { name, params, answers, doc }
}
