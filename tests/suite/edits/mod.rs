//! A site's folder that is edited while the built binary serves it: what is saved shows on the next request.
//!
//! Every edit has a number, and each file shows it at both of its ends, so that neither an old file nor half a file goes unnoticed.

mod files;
mod noticing;
mod saves;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::server::Server;

/// Enough text that a file takes more than one block of the disk.
const FILLER: &str = "between the ends of a file lies text, and half of a file has only one of its ends; ";

/// A small site on disk, a process that serves it, and one connection to that.
struct Site {
    folder: TempDir,
    server: Server,
    agent: ureq::Agent,
}

impl Site {
    /// Starts the binary with these settings, each `key=value`.
    fn start(settings: &[&str]) -> Site {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("config/site.yaml", setting(0)),
            ("routes/pages.yaml", PAGES.to_string()),
            ("routes/moving.yaml", route(0)),
            ("i18n/en/messages.yaml", messages(0)),
            ("templates/base.html", "<main>{% block body %}{% endblock %}</main>".to_string()),
            ("templates/manual/en/page.html", page(0)),
            ("templates/part.html", marked("part", 0)),
            ("static/site.css", stylesheet(0)),
        ] {
            write(&folder.path().join("app").join(path), &text);
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_kalgan"));
        command.arg("--site").arg(folder.path().join("app"));
        // Pages are compared as they are, so they get no script.
        let settings = [settings, &["environment.live_reload=false"]].concat();
        let server = Server::start_command(command, &settings);
        let agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
        Site { folder, server, agent }
    }

    /// A file or folder of the site.
    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join("app").join(path)
    }

    /// Writes a file of the site, and the folders that it lies in.
    fn write(&self, path: &str, text: &str) {
        write(&self.path(path), text);
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    /// Status and body of an answer.
    fn get(&self, path: &str) -> (u16, String) {
        let answer = self.agent.get(format!("{}{path}", self.server.origin)).call();
        let mut answer = answer.unwrap_or_else(|error| panic!("{path}: {error}\n{}", self.server.log()));
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    fn status(&self, path: &str) -> u16 {
        self.get(path).0
    }

    /// Asks until an answer shows what it should.
    fn wait_for(&self, path: &str, is_shown: impl Fn(u16, &str) -> bool) {
        let start = Instant::now();
        loop {
            let (status, body) = self.get(path);
            if is_shown(status, &body) {
                return;
            }
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "{path} is still {status}: {body}\n{}",
                self.server.log()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The routes that stay. Their controller renders the template that is named after them.
const PAGES: &str = "
routes:
  - page: {path: /page, controller: 'page::show'}
  - extra: {path: /extra, controller: 'page::show'}
  - others: {path: /others, controller: 'page::show'}
";

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A text with a number at both ends.
fn marked(name: &str, number: usize) -> String {
    format!("<b>{name} begins {number}.</b>{}<b>{name} ends {number}.</b>", FILLER.repeat(100))
}

fn page(number: usize) -> String {
    let rest = r#"<i>{{ "page"|url }}</i>{{ "first"|trans }} {{ "last"|trans }} {% include "part.html" %}"#;
    format!("{{% extends \"base.html\" %}}{{% block body %}}{}{rest}{{% endblock %}}", marked("page", number))
}

fn messages(number: usize) -> String {
    let between: String = (0..50).map(|line| format!("line_{line}: {FILLER}\n")).collect();
    format!("first: message begins {number}.\n{between}last: message ends {number}.\n")
}

fn route(number: usize) -> String {
    format!("routes:\n  - moving:\n      path: /at-{number}\n      controller: page::show\n")
}

/// A setting that shows in the address of every page.
fn setting(number: usize) -> String {
    let between: String = (0..50).map(|line| format!("  line_{line}: {FILLER}\n")).collect();
    format!("filler:\n{between}server:\n  public_url: https://example.com/at-{number}\nstatic:\n  path: /static\n")
}

fn stylesheet(number: usize) -> String {
    format!("/* {number} */ {} .end-{number} {{ margin: 0; }}", "p { margin: 0; } ".repeat(400))
}
