//! The progress bar: on a terminal, and only once the work has taken a moment.

use super::args::Talk;
use crate::format::{human_bytes, mode_letters};
use crate::progress::{Progress, Stage};
use crate::tree::{EntryKind, TreeEntry};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Work that ends sooner shows no bar.
const PATIENCE: Duration = Duration::from_millis(400);

/// Draws what the library tells.
pub(crate) struct Bar {
    bar: ProgressBar,
    talk: Talk,
    started: Instant,
    /// Whether a bar may be drawn and is not yet.
    waiting: AtomicBool,
}

impl Bar {
    pub(crate) fn new(talk: Talk) -> Self {
        let wanted = talk == Talk::Normal && std::io::stderr().is_terminal();
        Self {
            bar: ProgressBar::hidden(),
            talk,
            started: Instant::now(),
            waiting: AtomicBool::new(wanted),
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.waiting.store(false, Ordering::Relaxed);
        self.bar.finish_and_clear();
    }

    fn show_if_long(&self) {
        if self.waiting.load(Ordering::Relaxed)
            && self.started.elapsed() > PATIENCE
            && self.waiting.swap(false, Ordering::Relaxed)
        {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}

impl Progress for Bar {
    fn begin(&self, stage: Stage, total: Option<u64>) {
        let (label, counts) = match stage {
            Stage::Reading => ("reading directories", "{pos}"),
            Stage::Comparing => ("comparing files", "{pos}/{len}"),
            Stage::Baking => ("baking", "{pos}/{len}"),
            Stage::Linking => ("linking", ""),
            Stage::Writing => ("writing", "{bytes}/{total_bytes}"),
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
        self.show_if_long();
    }

    fn advance(&self, units: u64) {
        self.show_if_long();
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
            EntryKind::Directory | EntryKind::Symlink { .. } => String::new(),
        };
        eprintln!("{letters} {size:>10} {path}");
    }
}
