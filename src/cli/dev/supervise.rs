//! What `dev` does when something happens: a save starts a build, a new binary replaces the old one, a process that ended is started
//! again.
//!
//! One loop takes one event at a time. What takes time (cargo, the processes of the site, pauses) runs beside it and reports by an event.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::cargo::{self, Outcome};
use super::changes;
use super::inputs::Stamp;
use super::messages::{Fault, Progress};
use super::notice::{self, count, say, time};
use super::process::{Happening, Identity, Launch, Process};
use super::program::Program;

/// How long a new process may take to get ready while the old one goes on.
const PATIENCE: Duration = Duration::from_secs(20);

/// The pause before a process that ended is started again. It doubles each time, up to the second.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// A process that lived this long had a good start, so that the next pause is the shortest.
const GOOD_START: Duration = Duration::from_secs(10);

/// What happened.
#[derive(Debug)]
pub(super) enum Event {
    /// These inputs of the binary were saved.
    Changed(Vec<PathBuf>),
    /// Something about the process of this number.
    Process(u64, Happening),
    /// The process of this number has had its time to get ready.
    Late(u64),
    /// The pause before the next start is over.
    Again,
}

/// Builds and runs the site.
pub(super) struct Supervisor {
    program: Program,
    /// More arguments for cargo.
    more: Vec<OsString>,
    launch: Launch,
    events: UnboundedSender<Event>,
    /// Attends to processes, also to those that are ending.
    attended: JoinSet<()>,
    /// At most one build.
    builds: JoinSet<Outcome>,
    /// The site's files as the latest build has found them.
    site_files: BTreeMap<PathBuf, Stamp>,
    /// Waits for the repair of the site's files, where they hindered the build.
    repairs: JoinSet<PathBuf>,
    /// Takes connections.
    current: Option<Process>,
    /// Is getting ready to.
    next: Option<Process>,
    progress: Progress,
    /// How many processes were started.
    started: u64,
    /// When what is going on began: a build, or a start.
    since: Instant,
    /// When the current process was ready.
    ready_at: Instant,
    pause: Duration,
    /// Whether the terminal was told what is served, and where.
    has_greeted: bool,
}

impl Supervisor {
    /// A supervisor, and what it is to be given together with the events that others send.
    pub(super) fn new(program: Program, more: Vec<OsString>, launch: Launch) -> (Supervisor, UnboundedReceiver<Event>) {
        let (events, receiver) = mpsc::unbounded_channel();
        let supervisor = Supervisor {
            program,
            more,
            launch,
            events,
            attended: JoinSet::new(),
            builds: JoinSet::new(),
            site_files: BTreeMap::new(),
            repairs: JoinSet::new(),
            current: None,
            next: None,
            progress: Progress::Done,
            started: 0,
            since: Instant::now(),
            ready_at: Instant::now(),
            pause: PAUSES.0,
            has_greeted: false,
        };
        (supervisor, receiver)
    }

    /// Where others send events.
    pub(super) fn events(&self) -> UnboundedSender<Event> {
        self.events.clone()
    }

    /// Runs the site until the future is ready.
    pub(super) async fn run(&mut self, mut events: UnboundedReceiver<Event>, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        self.start();
        loop {
            tokio::select! {
                () = &mut stop => return,
                Some(event) = events.recv() => self.handle(event).await,
                Some(Ok(outcome)) = self.builds.join_next() => self.built(outcome),
                Some(Ok(file)) = self.repairs.join_next() => self.changed(&[file]).await,
                Some(_) = self.attended.join_next() => {}
            }
        }
    }

    /// Ends the build and all processes, which let requests in flight finish.
    pub(super) async fn end(mut self) {
        self.builds.shutdown().await;
        (self.current, self.next) = (None, None);
        while self.attended.join_next().await.is_some() {}
    }

    async fn handle(&mut self, event: Event) {
        match event {
            Event::Changed(files) => self.changed(&files).await,
            Event::Process(number, Happening::Ready(greeting)) => self.ready(number, &greeting),
            Event::Process(number, Happening::Ended(reason)) => self.ended(number, &reason),
            Event::Late(number) => self.late(number),
            Event::Again if self.current.is_none() && self.next.is_none() => self.start(),
            Event::Again => {}
        }
    }

    /// Starts a build. One that is running is ended: what it would make is out of date, the person waits for the newest, and cargo
    /// keeps what was already compiled.
    async fn changed(&mut self, files: &[PathBuf]) {
        // The build that is running has written it.
        if !self.builds.is_empty() && files.iter().all(|file| file.ends_with("Cargo.lock")) {
            return;
        }
        self.builds.shutdown().await;
        self.repairs.shutdown().await;
        self.site_files = changes::site_files(&self.launch.site);
        self.since = Instant::now();
        say(format_args!("{} changed, building…", named(files, &self.program.folder)));
        self.tell(Progress::Running);
        self.builds.spawn(cargo::build(self.program.clone(), self.more.clone()));
    }

    fn built(&mut self, outcome: Outcome) {
        let executable = match outcome {
            Outcome::Built(executable) => executable,
            Outcome::Failed(faults) => return self.failed(faults),
            Outcome::Refused(fault) => {
                let seen = std::mem::take(&mut self.site_files);
                self.repairs.spawn(changes::site_saved(self.launch.site.clone(), seen));
                return self.failed(vec![fault]);
            }
        };
        let took = time(self.since.elapsed());
        let is_same = self.current.as_ref().is_some_and(|current| current.binary == Identity::of(&executable));
        self.program.executable = executable;
        if is_same {
            self.next = None;
            say(format_args!("built in {took}, the binary is as before"));
            return self.tell(Progress::Done);
        }
        say(format_args!("built in {took}, restarting"));
        // The old process's pages wait for the new one; only that one tells its own that all is done.
        self.progress = Progress::Done;
        self.pause = PAUSES.0;
        self.start();
    }

    fn failed(&mut self, faults: Vec<Fault>) {
        say(format_args!("the build failed: {}", count(faults.len(), "error")));
        self.tell(Progress::Failed(faults));
    }

    /// Starts the newest binary. One that is getting ready is not needed any more.
    fn start(&mut self) {
        self.started += 1;
        let (number, events) = (self.started, self.events.clone());
        let tell = move |happening| {
            // Nobody listens any more when `dev` ends.
            let _ = events.send(Event::Process(number, happening));
        };
        match Process::start(&self.launch, &self.program.executable, number, tell) {
            Ok((process, attended)) => {
                self.attended.spawn(attended);
                self.next = Some(process);
                if self.current.is_some() {
                    self.later(PATIENCE, Event::Late(number));
                }
            }
            Err(error) => {
                self.next = None;
                let reason = format!("`{}` cannot be started: {error}", self.program.executable.display());
                self.not_started(&reason);
            }
        }
    }

    fn ready(&mut self, number: u64, greeting: &str) {
        let Some(next) = self.next.take_if(|next| next.number == number) else { return };
        match std::mem::replace(&mut self.has_greeted, true) {
            true => say(format_args!("ready again after {}", time(self.since.elapsed()))),
            false => {
                // A closed standard output is no reason not to serve.
                let _ = crate::cli::print(greeting);
                say("a save of a Rust file builds and restarts it, other edits show at once; Ctrl+C ends it");
            }
        }
        self.ready_at = Instant::now();
        // The old process, if there is one, is asked to stop only now that the new one takes connections.
        self.current = Some(next);
        self.tell(self.progress.clone());
    }

    fn ended(&mut self, number: u64, reason: &str) {
        if self.next.take_if(|next| next.number == number).is_some() {
            self.not_started(reason);
        } else if self.current.take_if(|current| current.number == number).is_some() {
            if self.ready_at.elapsed() >= GOOD_START {
                self.pause = PAUSES.0;
            }
            say(format_args!("the site has ended by itself ({reason})"));
            if self.next.is_none() {
                self.again();
            }
        }
    }

    fn late(&mut self, number: u64) {
        if self.next.take_if(|next| next.number == number).is_some() {
            self.not_started(&format!("it was not ready within {} seconds", PATIENCE.as_secs()));
        }
    }

    /// The old process goes on, where there is one; else it is tried again.
    fn not_started(&mut self, reason: &str) {
        if self.current.is_none() {
            say(format_args!("the site did not start ({})", notice::first_line(reason)));
            return self.again();
        }
        say(format_args!("the new binary did not start ({}), the old one goes on", notice::first_line(reason)));
        let fault = Fault::of(reason);
        let message = format!("the new binary did not start: {}", fault.message);
        self.tell(Progress::Failed(vec![Fault { message, ..fault }]));
    }

    fn again(&mut self) {
        say(format_args!("it is started again in {}", time(self.pause)));
        self.since = Instant::now();
        self.later(self.pause, Event::Again);
        self.pause = (self.pause * 2).min(PAUSES.1);
    }

    fn later(&mut self, pause: Duration, event: Event) {
        let events = self.events.clone();
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            // Nobody listens any more when `dev` ends.
            let _ = events.send(event);
        });
    }

    fn tell(&mut self, progress: Progress) {
        if let Some(current) = &self.current {
            current.tell(&progress);
        }
        self.progress = progress;
    }
}

/// The saved files in a few words: `app/main.rs`, `app/main.rs and 2 more`.
fn named(files: &[PathBuf], folder: &Path) -> String {
    let first = files.first().map(|file| file.strip_prefix(folder).unwrap_or(file).display().to_string());
    match (first, files.len()) {
        (None, _) => "an input".to_owned(),
        (Some(first), 1) => first,
        (Some(first), number) => format!("{first} and {} more", number - 1),
    }
}
