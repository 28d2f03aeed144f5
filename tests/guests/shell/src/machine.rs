//! Runs the steps of a script. All that it knows is in [`Machine`], so that it can go on from anywhere: a utility that calls `exit` never
//! returns, and `exit` goes on with the step behind it.

use std::cell::Cell;
use std::ffi::{CString, OsString};
use std::io::Write as _;

use wasm_vfs_guest::names::{O_APPEND, O_CLOEXEC, O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY};
use wasm_vfs_guest::{Errno, Fd, calls};

use crate::descriptors::{self, Between, Saved};
use crate::parse::{self, Kind, Redirection, Step};
use crate::{image, utilities};

/// What sh answers for a command that it does not find.
const NOT_FOUND: i32 = 127;
/// What sh answers when it cannot redirect.
const CANNOT_REDIRECT: i32 = 2;

/// A script that runs.
pub struct Machine {
    /// The script's name, for messages.
    name: String,
    steps: Vec<Step>,
    /// The next step.
    at: usize,
    status: i32,
    between: Between,
    /// The lowest descriptor of utilities.
    lowest: i32,
    redirected: Vec<Vec<Saved>>,
    /// What standard output was, and where the next command reads what goes there now.
    outputs: Vec<(Saved, Fd)>,
    inputs: Vec<Saved>,
}

thread_local! {
    /// The machine, while a utility runs.
    static PARKED: Cell<Option<Machine>> = const { Cell::new(None) };
}

impl Machine {
    /// Begins a script.
    pub fn new(name: &str, steps: Vec<Step>, between: Between) -> Result<Machine, Errno> {
        let lowest = descriptors::lowest()?;
        Ok(Machine {
            name: name.to_owned(),
            steps,
            at: 0,
            status: 0,
            between,
            lowest,
            redirected: Vec::new(),
            outputs: Vec::new(),
            inputs: Vec::new(),
        })
    }

    /// Runs the script to its end, and answers its status.
    pub fn run(mut self) -> i32 {
        while let Some(step) = self.steps.get(self.at) {
            self.at += 1;
            match step.clone() {
                Step::Run { words, line } => self = self.command(&words, line),
                Step::SkipIf { good, to } => {
                    if (self.status == 0) == good {
                        self.at = to;
                    }
                }
                Step::Negate => self.status = i32::from(self.status == 0),
                Step::Redirect { to, restore, line } => {
                    if let Err(message) = self.redirect(&to) {
                        self.complain(line, &message);
                        self.status = CANNOT_REDIRECT;
                        self.at = restore + 1;
                    }
                }
                Step::Restore => restore(self.redirected.pop().unwrap_or_default()),
                other => {
                    if let Err(errno) = self.connect(&other) {
                        self.complain(0, &format!("{other:?}: {errno}"));
                        return CANNOT_REDIRECT;
                    }
                }
            }
        }
        self.status
    }

    /// The steps of `|`.
    fn connect(&mut self, step: &Step) -> Result<(), Errno> {
        match step {
            Step::Output => {
                let [read, write] = self.between.make()?;
                let before = Saved::of(1)?;
                calls::dup2(write.number(), 1)?;
                self.outputs.push((before, read));
            }
            Step::Input => {
                if let Some((before, read)) = self.outputs.pop() {
                    // The last end to write to is closed thereby: the reader finds an end.
                    before.put_back();
                    self.inputs.push(Saved::of(0)?);
                    self.between.read_from(&read)?;
                }
            }
            _ => restore(self.inputs.pop().into_iter().collect()),
        }
        Ok(())
    }

    /// Redirects in the order of the words, all or nothing.
    fn redirect(&mut self, to: &[Redirection]) -> Result<(), String> {
        let mut saved = Vec::new();
        for redirection in to {
            if let Err(message) = redirect(redirection, self.status, self.lowest, &mut saved) {
                restore(saved);
                return Err(message);
            }
        }
        self.redirected.push(saved);
        Ok(())
    }

    /// Runs a builtin or a utility. A utility may end by `exit`; then this does not return, and [`exit`] goes on.
    fn command(mut self, words: &[String], line: usize) -> Machine {
        let words: Vec<String> =
            words.iter().map(|word| parse::expand(word, self.status)).collect();
        let Some(name) = words.first() else {
            self.status = 0;
            return self;
        };
        match name.as_str() {
            "cd" => self.status = self.change_directory(words.get(1), line),
            "exit" => {
                self.status =
                    words.get(1).and_then(|word| word.parse().ok()).unwrap_or(self.status);
                self.at = self.steps.len();
            }
            _ => match utilities::find(name) {
                Some(utility) => return self.process(utility, &words),
                None => {
                    self.complain(line, &format!("{name}: not found"));
                    self.status = NOT_FOUND;
                }
            },
        }
        self
    }

    /// Runs a utility as if in a process of its own.
    fn process(self, utility: fn(Vec<OsString>) -> i32, words: &[String]) -> Machine {
        PARKED.set(Some(self));
        if let Err(errno) = image::take() {
            panic!("no image: {errno}");
        }
        let status = run(utility, words);
        after(status)
    }

    fn change_directory(&self, to: Option<&String>, line: usize) -> i32 {
        let Some(to) = to else { return 0 };
        // The calls have a current directory, and wasi-libc has a path that it puts before relative ones.
        let set = CString::new(to.as_str()).ok().filter(|to| calls::chdir(to).is_ok());
        if set.is_some() && std::env::set_current_dir(to).is_ok() {
            return 0;
        }
        self.complain(line, &format!("cd: can't cd to {to}"));
        CANNOT_REDIRECT
    }

    fn complain(&self, line: usize, message: &str) {
        let _ = writeln!(std::io::stderr(), "{}: {line}: {message}", self.name);
    }
}

/// Runs a utility's program as its own `main` does.
fn run(utility: fn(Vec<OsString>) -> i32, words: &[String]) -> i32 {
    if uucore::locale::setup_localization(&words[0]).is_err() {
        return NOT_FOUND;
    }
    let status = utility(words.iter().map(OsString::from).collect());
    if let Err(error) = std::io::stdout().flush() {
        let _ = writeln!(std::io::stderr(), "Error flushing stdout: {error}");
    }
    status
}

/// What follows a utility: the memory as it was, and its descriptors closed.
#[inline(never)]
fn after(status: i32) -> Machine {
    // SAFETY: only the status is used later, and it is on the stack.
    if unsafe { image::put_back() }.is_err() {
        std::process::abort();
    }
    let Some(mut machine) = PARKED.take() else { std::process::abort() };
    let _ = descriptors::close_left_open(machine.lowest);
    machine.status = status & 255;
    machine
}

/// Whether a utility runs.
fn is_running() -> bool {
    let parked = PARKED.take();
    let is = parked.is_some();
    PARKED.set(parked);
    is
}

unsafe extern "C" {
    /// C's `exit`.
    fn __real_exit(status: i32) -> !;
}

/// What the linker calls in place of `exit`: ends the utility that runs, or else the program.
#[unsafe(no_mangle)]
extern "C" fn __wrap_exit(status: i32) -> ! {
    let status = if is_running() { after(status).run() } else { status };
    // SAFETY: it takes any number.
    unsafe { __real_exit(status) }
}

/// The last that was redirected first.
fn restore(saved: Vec<Saved>) {
    saved.into_iter().rev().for_each(Saved::put_back);
}

/// Redirects one descriptor, and notes what it was.
fn redirect(
    redirection: &Redirection,
    status: i32,
    lowest: i32,
    saved: &mut Vec<Saved>,
) -> Result<(), String> {
    let Redirection { fd, kind, .. } = *redirection;
    let target = parse::expand(&redirection.target, status);
    if (3..lowest).contains(&fd) {
        return Err(format!("{fd}: a preopened directory is not redirected"));
    }
    let bad = |fd: &str| format!("{fd}: Bad file descriptor");
    let save = |saved: &mut Vec<Saved>| {
        saved.push(Saved::of(fd).map_err(|errno| errno.to_string())?);
        Ok::<(), String>(())
    };
    if kind == Kind::Duplicate {
        save(saved)?;
        if target == "-" {
            let _ = calls::close(fd);
            return Ok(());
        }
        let from: i32 = target.parse().map_err(|_| "Syntax error: Bad fd number".to_owned())?;
        return calls::dup2(from, fd).map(drop).map_err(|_| bad(&target));
    }
    let (flags, verb) = match kind {
        Kind::Read => (O_RDONLY, "open"),
        Kind::Append => (O_WRONLY | O_CREAT | O_APPEND, "create"),
        _ => (O_WRONLY | O_CREAT | O_TRUNC, "create"),
    };
    let path = CString::new(target.as_str()).map_err(|error| error.to_string())?;
    let file = match calls::open(&path, flags | O_CLOEXEC, 0o666) {
        Ok(file) => Fd::new(file),
        Err(errno) => return Err(format!("cannot {verb} {target}: {}", reason(errno, kind))),
    };
    let file = descriptors::out_of_the_way(file.number()).map_err(|errno| errno.to_string())?;
    save(saved)?;
    calls::dup2(file.number(), fd).map(drop).map_err(|errno| errno.to_string())
}

/// The words of dash.
fn reason(errno: Errno, kind: Kind) -> String {
    match errno {
        Errno::ENOENT | Errno::ENOTDIR if kind == Kind::Read => "No such file".to_owned(),
        Errno::ENOENT | Errno::ENOTDIR => "Directory nonexistent".to_owned(),
        Errno::EISDIR => "Is a directory".to_owned(),
        other => other.to_string(),
    }
}
