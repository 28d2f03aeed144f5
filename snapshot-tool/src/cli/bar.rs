//! The progress bar: on a terminal, and only once the work has taken a moment.

use super::metadata_text::mode_letters;
use super::say::say;
use crate::cli::args::Talk;
use crate::format::human_bytes;
use crate::progress::{Progress, Stage};
use crate::tree::{EntryKind, TreeEntry};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Work that ends sooner shows no bar.
const PATIENCE: Duration = Duration::from_millis(400);

/// How often a bar that nothing moves is drawn again.
const TICK: Duration = Duration::from_millis(150);

/// Draws what the library tells.
pub(crate) struct Bar {
    bar: ProgressBar,
    talk: Talk,
    /// Whether the work is done, after which nothing may be drawn. Locked while a bar is shown
    /// or taken away.
    done: Arc<Mutex<bool>>,
}

impl Bar {
    pub(crate) fn new(talk: Talk) -> Self {
        let bar = ProgressBar::hidden();
        let done = Arc::new(Mutex::new(false));
        if talk == Talk::Normal && std::io::stderr().is_terminal() {
            let (bar, done) = (bar.clone(), Arc::clone(&done));
            thread::spawn(move || {
                thread::sleep(PATIENCE);
                let done = done.lock().unwrap_or_else(PoisonError::into_inner);
                // A command that tells of no work has no stage.
                if !*done && !bar.message().is_empty() {
                    bar.set_draw_target(ProgressDrawTarget::stderr());
                    bar.enable_steady_tick(TICK);
                }
            });
        }
        Self { bar, talk, done }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Progress for Bar {
    fn begin(&self, stage: Stage, total: Option<u64>) {
        let (label, counts) = match stage {
            Stage::Reading => ("reading directories", "{pos}"),
            Stage::Comparing => ("comparing files", "{pos}/{len}"),
            Stage::Baking => ("baking", "{pos}/{len}"),
            Stage::Linking => ("linking", ""),
            Stage::Initialising => ("running the program's function", ""),
            Stage::Writing => ("writing", "{decimal_bytes}/{decimal_total_bytes}"),
            Stage::Pushing => ("pushing", "{decimal_bytes}/{decimal_total_bytes}"),
            Stage::Pulling => ("pulling", "{decimal_bytes}/{decimal_total_bytes}"),
            Stage::Compiling => ("compiling", "{elapsed}"),
        };
        let template = match total {
            Some(_) => format!("{{msg:20}} [{{bar:30}}] {counts}"),
            None => format!("{{msg:20}} {{spinner}} {counts}"),
        };
        if let Ok(style) = ProgressStyle::with_template(&template) {
            self.bar.set_style(style.progress_chars("=> "));
        }
        self.bar.set_length(total.unwrap_or(0));
        self.bar.set_position(0);
        self.bar.set_message(label);
    }

    fn advance(&self, units: u64) {
        self.bar.inc(units);
    }

    fn entry(&self, path: &str, entry: &TreeEntry) {
        if self.talk != Talk::Verbose {
            return;
        }
        let letters = mode_letters(&entry.kind, entry.metadata.mode);
        let size = match &entry.kind {
            EntryKind::File { len, .. } => human_bytes(*len),
            EntryKind::HardLink { .. } => "hard link".to_owned(),
            EntryKind::CharDevice { .. } => "device".to_owned(),
            EntryKind::Fifo => "pipe".to_owned(),
            EntryKind::Directory | EntryKind::DescriptorDirectory | EntryKind::Symlink { .. } => {
                String::new()
            }
        };
        say(format_args!("{letters} {size:>10} {path}"));
    }

    fn detail(&self, text: &str) {
        if self.talk == Talk::Verbose {
            eprintln!("wasm-vfs: {text}");
        }
    }

    fn end(&self) {
        self.finish();
    }
}

impl Bar {
    /// Takes the bar away; nothing is drawn any more.
    pub(super) fn finish(&self) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        *done = true;
        self.bar.finish_and_clear();
    }
}
