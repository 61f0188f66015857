//! A folder in the place of `/`, and what runs in it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tempfile::TempDir;

use crate::deploy::install::description::{Description, Process, Text};
use crate::deploy::install::machine::{Call, Ended};
use crate::deploy::install::{Deployment, Kind, Machine, Record, Wish, record};
use crate::deploy::{Choices, Layout};
use crate::error::Error;

/// What systemd knows, what was called, and which call is to fail.
#[derive(Default)]
pub(super) struct System {
    pub(super) active: RefCell<BTreeSet<String>>,
    pub(super) enabled: RefCell<BTreeSet<String>>,
    /// The version that each active service was started with.
    pub(super) running: RefCell<BTreeMap<String, String>>,
    /// The calls that change something.
    pub(super) calls: RefCell<Vec<String>>,
    /// The number of the call that fails, counted from 0.
    pub(super) failing: Cell<Option<usize>>,
    /// The number of the call in which the deployment is killed.
    pub(super) killing: Cell<Option<usize>>,
    /// Calls that fail always.
    pub(super) fails_on: RefCell<Vec<String>>,
    /// What systemd says of units that are not as they should be, and of processes.
    pub(super) shows: RefCell<BTreeMap<String, String>>,
    /// What systemd remarks about units that it accepts.
    pub(super) remarks: RefCell<String>,
    /// The services that NGINX asks, as its file said when it read it last. Where there are any, one of them must run whatever is called.
    pub(super) asked: RefCell<Vec<String>>,
    /// What binaries say of themselves, for each number of instances.
    descriptions: RefCell<BTreeMap<Vec<u8>, BTreeMap<u16, Description>>>,
}

/// A machine in a folder.
pub(super) struct Folder {
    pub(super) system: Rc<System>,
    pub(super) root: TempDir,
    /// Where binaries come from.
    pub(super) home: TempDir,
    pub(super) address: String,
}

pub(super) type Tree = BTreeMap<PathBuf, (u32, Vec<u8>)>;

impl Folder {
    /// A machine with NGINX on which nothing is deployed.
    pub(super) fn new() -> Folder {
        let (root, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for folder in ["opt", "etc/systemd/system", "etc/nginx/sites-available", "etc/nginx/sites-enabled", "var/lib"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        let system = Rc::new(System::default());
        system.active.borrow_mut().insert("nginx.service".to_string());
        Folder { system, root, home, address: answering() }
    }

    /// A binary of this processor that says this of itself, and other things for other numbers of instances.
    pub(super) fn binary(&self, content: &str, description: Description) -> PathBuf {
        let mut bytes = vec![0; 64];
        fs::File::open("/proc/self/exe").unwrap().read_exact(&mut bytes).unwrap();
        bytes.extend(content.bytes());
        let files = exported(&bytes).map(|(path, body)| (path, record::hash(&body)));
        let description = Description { static_files: Some(files.into()), ..description };
        let path = self.home.path().join(content);
        fs::write(&path, &bytes).unwrap();
        let instances = u16::try_from(description.processes.len()).unwrap();
        self.system.descriptions.borrow_mut().entry(bytes).or_default().insert(instances, description);
        path
    }

    /// What a version says of itself: so many processes, and a unit with this text in it.
    pub(super) fn description(&self, release: &str, processes: u16) -> Description {
        let process = |number: u16| {
            let instance = if processes > 1 { format!("@{number}") } else { String::new() };
            Process {
                service: format!("shop{instance}.service"),
                sockets: vec![format!("shop{instance}.socket"), format!("shop-admin{instance}.socket")],
                address: self.address.clone(),
                admin: "unix:/run/shop/admin.sock".to_string(),
            }
        };
        let at = if processes > 1 { "@" } else { "" };
        let unit = |name: String, text: &str| Text {
            path: Path::new("/etc/systemd/system").join(name),
            text: format!("# {text}\nExecStart=/opt/shop/current/shop serve\n"),
            mode: 0o644,
        };
        let nginx =
            Text { path: "/etc/nginx/sites-available/shop".into(), text: "server {}\n".to_string(), mode: 0o644 };
        let page = Text { path: "/opt/shop/maintenance.html".into(), text: "later\n".to_string(), mode: 0o644 };
        Description {
            name: "shop".to_string(),
            release: release.to_string(),
            is_release: true,
            needs_secret_key: true,
            static_root: Some("/opt/shop/public".to_string()),
            host: "shop.example".to_string(),
            public_url: "http://shop.example/".to_string(),
            processes: (1..=processes).map(process).collect(),
            enabled: match processes {
                1 => ["shop.socket", "shop-admin.socket", "shop.service"].map(str::to_string).to_vec(),
                _ => vec!["shop.target".to_string()],
            },
            trial: "shop-trial.service".to_string(),
            files: [
                unit(format!("shop{at}.service"), release),
                unit(format!("shop{at}.socket"), "socket"),
                unit(format!("shop-admin{at}.socket"), "socket"),
                unit("shop-trial.service".to_string(), "trial"),
                nginx,
                page,
            ]
            .into_iter()
            .chain((processes > 1).then(|| unit("shop.target".to_string(), "all")))
            .collect(),
            ..Description::default()
        }
    }

    pub(super) fn layout(&self) -> Layout {
        Layout::new("shop").rooted(self.root.path())
    }

    fn machine(&self, stop: &Arc<AtomicBool>) -> Machine {
        let (system, root) = (Rc::clone(&self.system), self.root.path().to_path_buf());
        Machine::new(self.layout(), true, Box::new(move |call| system.ask(&root, call)), Arc::clone(stop))
    }

    pub(super) fn wish(&self, kind: Kind, binary: PathBuf) -> Wish {
        let choices = Choices { name: "shop".to_string(), ..Choices::default() };
        let record = Record::read(&self.layout()).unwrap().unwrap_or_default();
        Wish {
            kind,
            binary,
            record: record.choosing(&choices),
            credentials: Vec::new(),
            nginx: None,
            force: false,
            is_named: false,
            dry_run: false,
        }
    }

    /// Carries a wish out, and gives the lines that were told.
    pub(super) fn run(&self, wish: Wish) -> Result<Vec<String>, Error> {
        self.run_until(wish, usize::MAX)
    }

    /// The same, interrupted when so many lines have been told.
    pub(super) fn run_until(&self, wish: Wish, lines: usize) -> Result<Vec<String>, Error> {
        let stop = Arc::new(AtomicBool::new(false));
        let machine = self.machine(&stop);
        let told = RefCell::new(Vec::new());
        let deployment = Deployment::plan(&machine, wish)?;
        let last = deployment.run(&machine, 3, &|line| {
            told.borrow_mut().push(line.to_string());
            if told.borrow().len() > lines {
                stop.store(true, Ordering::Relaxed);
            }
        })?;
        let mut told = told.into_inner();
        told.extend(last);
        Ok(told)
    }

    /// Carries a wish out, killed as a step begins, or in a call; nothing is taken back then. Gives whether it came so far.
    pub(super) fn kill(&self, wish: Wish, at: Killed) -> bool {
        self.system.calls.borrow_mut().clear();
        self.system.killing.set(if let Killed::InCall(number) = at { Some(number) } else { None });
        let told = Cell::new(0);
        let run = AssertUnwindSafe(|| {
            let machine = self.machine(&Arc::default());
            Deployment::plan(&machine, wish).unwrap().run(&machine, 3, &|_| {
                if at == Killed::BeforeStep(told.replace(told.get() + 1)) {
                    killed();
                }
            })
        });
        let is_killed = catch_unwind(run).map(Result::unwrap).is_err();
        self.system.killing.set(None);
        is_killed
    }

    /// The plan alone.
    pub(super) fn lines(&self, wish: Wish) -> Result<Vec<String>, Error> {
        Ok(Deployment::plan(&self.machine(&Arc::default()), Wish { dry_run: true, ..wish })?.lines())
    }

    pub(super) fn uninstall(&self, purge: bool) -> Result<(), Error> {
        let machine = self.machine(&Arc::default());
        let record = Record::read(&self.layout()).unwrap();
        super::super::plan_removal(&machine, record.as_ref(), purge)?.run(&machine, &|_| {})
    }

    /// What is told of what an uninstallation left.
    pub(super) fn stays(&self) -> Vec<String> {
        super::super::stays(&self.machine(&Arc::default()))
    }

    /// Everything beneath the folder: rights, and contents or where a link leads to.
    pub(super) fn tree(&self) -> Tree {
        let mut tree = Tree::new();
        walk(self.root.path(), self.root.path(), &mut tree);
        tree
    }

    pub(super) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.path().join(path.trim_start_matches('/'))).unwrap()
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        fs::write(self.root.path().join(path.trim_start_matches('/')), text).unwrap();
    }
}

/// Where a deployment is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Killed {
    BeforeStep(usize),
    InCall(usize),
}

impl Killed {
    /// All places, until there are no more.
    pub(super) fn everywhere(mut kill: impl FnMut(Killed) -> bool) {
        let count = |at: fn(usize) -> Killed, kill: &mut dyn FnMut(Killed) -> bool| {
            (0..).take_while(|&number| kill(at(number))).count()
        };
        let counts = [count(Killed::BeforeStep, &mut kill), count(Killed::InCall, &mut kill)];
        assert!(counts.iter().sum::<usize>() > 12, "killed at {counts:?} places only");
    }
}

/// Ends a deployment as a signal would that cannot be caught.
fn killed() -> ! {
    resume_unwind(Box::new("killed"))
}

fn walk(root: &Path, folder: &Path, tree: &mut Tree) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let data = fs::symlink_metadata(&path).unwrap();
        let content = match (data.is_symlink(), data.is_dir()) {
            (true, _) => fs::read_link(&path).unwrap().to_string_lossy().into_owned().into_bytes(),
            (_, true) => b"folder".to_vec(),
            _ => fs::read(&path).unwrap(),
        };
        let name = path.strip_prefix(root).unwrap().to_path_buf();
        tree.insert(name, (data.permissions().mode() & 0o7777, content));
        if data.is_dir() {
            walk(root, &path, tree);
        }
    }
}

impl System {
    /// The same as [`System::call`], with what systemd remarks.
    fn ask(&self, root: &Path, call: &Call) -> io::Result<Ended> {
        let ended = self.call(root, call)?;
        let is_looked_at = ended.success && call.program == Path::new("systemd-analyze");
        let remarks = if is_looked_at { self.remarks.borrow().clone() } else { ended.errors };
        let errors = remarks.replace("UNITS", &root.join("opt/shop/.units").to_string_lossy());
        Ok(Ended { errors, ..ended })
    }

    fn call(&self, root: &Path, call: &Call) -> io::Result<Ended> {
        let program = call.program.to_string_lossy().into_owned();
        let arguments: Vec<&str> = call.arguments.iter().map(String::as_str).collect();
        let is_question = matches!(
            (&*program, &arguments[..]),
            ("systemctl", ["is-active" | "is-enabled" | "reset-failed" | "show", ..])
                | ("df" | "journalctl", _)
                | ("nginx", ["-v"])
                | (_, ["deploy", ..])
        );
        if !is_question && self.is_failure(root, call)? {
            return Ok(Ended {
                status: "exit status: 1".to_string(),
                errors: "no reason\n".to_string(),
                ..Ended::default()
            });
        }
        let ended = |success: bool, output: &str| {
            Ok(Ended { success, status: "exit status: 3".to_string(), output: output.to_string(), ..Ended::default() })
        };
        match (&*program, &arguments[..]) {
            ("systemctl", ["is-active", _, unit]) => ended(self.active.borrow().contains(*unit), ""),
            ("systemctl", ["is-enabled", _, unit]) => ended(self.enabled.borrow().contains(*unit), ""),
            ("systemctl", ["show", "--property=MainPID,NeedDaemonReload", unit]) => {
                ended(true, self.shows.borrow().get(*unit).map_or("MainPID=0\nNeedDaemonReload=no\n", String::as_str))
            }
            ("systemctl", ["show", ..]) => ended(true, "0123456789abcdef\n"),
            ("systemctl", [verb, units @ ..]) => match units.iter().find(|unit| !self.is_known(root, verb, unit)) {
                Some(unit) => ended(false, &format!("Unit {unit} not loaded.")),
                None => {
                    units.iter().for_each(|unit| self.systemctl(root, verb, unit));
                    ended(true, "")
                }
            },
            ("journalctl", _) => ended(true, "the last line\n"),
            ("df" | "nginx" | "systemd-analyze", _) => ended(true, ""),
            (_, ["deploy", "describe", ..]) => {
                let descriptions = &self.descriptions.borrow()[&fs::read(&call.program)?];
                let choices: Choices = serde_json::from_str(&call.input).unwrap();
                let description = descriptions.get(&choices.instances).or(descriptions.values().next()).unwrap();
                // As a real one, it finds the key in its environment.
                let has_key = call.environment.iter().flatten().any(|(name, _)| name == "KALGAN__SECURITY__SECRET_KEY");
                let needs_secret_key = description.needs_secret_key && !has_key;
                let description = Description { needs_secret_key, ..description.clone() };
                ended(true, &serde_json::to_string(&description).unwrap())
            }
            (_, ["key"]) => ended(true, &"k".repeat(64)),
            (_, ["assets", "export", folder, ..]) => {
                export(&call.program, Path::new(folder)).and_then(|()| ended(true, ""))
            }
            (_, ["version" | "healthcheck", ..]) => ended(true, ""),
            other => panic!("nobody should call {other:?}"),
        }
    }

    /// Keeps what is called to change something. Gives whether it is to fail.
    fn is_failure(&self, root: &Path, call: &Call) -> io::Result<bool> {
        let shown = format!("{} {}", call.program.file_name().unwrap().to_string_lossy(), call.arguments.join(" "));
        let shown = shown.replace(&*root.to_string_lossy(), "");
        self.is_answered(&shown);
        let is_always = self.fails_on.borrow().contains(&shown);
        self.calls.borrow_mut().push(shown);
        let number = self.calls.borrow().len() - 1;
        if self.killing.get() == Some(number) {
            // What was called has done its work.
            self.killing.set(None);
            self.call(root, call)?;
            killed();
        }
        Ok(is_always || self.failing.get() == Some(number))
    }

    /// Visitors are answered at any time.
    fn is_answered(&self, next: &str) {
        let (asked, running) = (self.asked.borrow(), self.running.borrow());
        let answers = asked.is_empty() || asked.iter().any(|service| running.contains_key(service));
        assert!(answers, "nobody answers before `{next}`, after {:#?}", self.calls.borrow());
    }

    /// Whether systemd could do so with a unit: one without a file is only known as long as it is active, and can only be stopped then.
    fn is_known(&self, root: &Path, verb: &str, unit: &str) -> bool {
        let template =
            unit.split_once('@').zip(unit.rsplit_once('.')).map(|((name, _), (_, kind))| format!("{name}@.{kind}"));
        let mut files = [Some(unit.to_string()), template].into_iter().flatten();
        let has_file = files.any(|file| root.join("etc/systemd/system").join(file).exists());
        has_file || unit == "nginx.service" || (verb == "stop" && self.active.borrow().contains(unit))
    }

    fn systemctl(&self, root: &Path, verb: &str, unit: &str) {
        let unit = unit.to_string();
        match verb {
            "reload" if unit == "nginx.service" && !self.asked.borrow().is_empty() => {
                let site = fs::read_to_string(root.join("etc/nginx/sites-available/shop")).unwrap();
                *self.asked.borrow_mut() = site.split_whitespace().map(str::to_string).collect();
            }
            "enable" => drop(self.enabled.borrow_mut().insert(unit)),
            "disable" => drop(self.enabled.borrow_mut().remove(&unit)),
            "stop" => {
                self.active.borrow_mut().remove(&unit);
                self.running.borrow_mut().remove(&unit);
            }
            "start" | "restart" if !unit.contains("-trial") => {
                let current = fs::read_link(root.join("opt/shop/current")).unwrap_or_default();
                if unit.ends_with(".service") {
                    self.running.borrow_mut().insert(unit.clone(), current.to_string_lossy().into_owned());
                }
                self.active.borrow_mut().insert(unit);
            }
            _ => {}
        }
    }

    /// What is active and enabled, and which version each service runs.
    pub(super) fn state(&self) -> (BTreeSet<String>, BTreeSet<String>, BTreeMap<String, String>) {
        (self.active.borrow().clone(), self.enabled.borrow().clone(), self.running.borrow().clone())
    }
}

/// Writes as the real export does: over a file of the last version, and beside it.
fn export(binary: &Path, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder.join("static"))?;
    let new = folder.join("static/.new");
    exported(&fs::read(binary)?).into_iter().try_for_each(|(path, body)| {
        fs::write(&new, body)?;
        fs::rename(&new, folder.join(path))
    })
}

/// The static files of a binary: one that each version has, and one of its own.
fn exported(binary: &[u8]) -> [(String, Vec<u8>); 2] {
    [("static/site.css".to_string(), binary.to_vec()), (format!("static/{}.css", binary.len()), b"its own".to_vec())]
}

/// Answers every request with 200.
fn answering() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let _ = stream.read(&mut [0; 256]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        }
    });
    address
}
