//! What is done to the machine, in order; each step prints its name and what it saw.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::builds;
use crate::client::Client;
use crate::load::Outcome;
use crate::machine::{Machine, succeed, wait_for};
use crate::visit;

/// The name that the site answers to.
const HOST: &str = "site.example";

/// What the second build's credential is.
const SECRET: &str = "a credential that must stay one";

/// The version that serves, with another number of instances.
const AGAIN: [&str; 4] = ["/opt/kalgan/current/kalgan", "deploy", "install", "--instances"];

/// The load goes on for so long before and after what is done under it.
const AROUND: Duration = Duration::from_secs(2);

/// A slow client holds a process so long after that was asked to stop.
const SLOW: Duration = Duration::from_secs(5);

/// Boots, deploys, and does everything that an operator does.
pub fn run() {
    let folder = tempfile::Builder::new().prefix("deploy").tempdir_in(env!("CARGO_TARGET_TMPDIR"));
    let folder = folder.expect("a temporary folder can be made");
    say("building the second build");
    let second = builds::second(folder.path());
    say("booting a machine");
    let machine = Machine::boot(folder.path());
    let certificate = certificate(&machine, folder.path());
    machine.copy(builds::first(), "/srv/first");
    machine.copy(&second, "/srv/second");
    let boot = Boot { machine, certificate };
    boot.install();
    boot.visit("the binary");
    boot.scores();
    boot.doctor();
    boot.one_instance();
    boot.secrets();
    boot.static_files();
    boot.two_instances();
    boot.one_instance_again();
    boot.killed();
    boot.uninstall();
    say("all of it is well");
}

fn say(what: &str) {
    println!("deploy: {what}");
}

/// A machine and its site.
struct Boot {
    machine: Machine,
    /// The file with the certificate, in DER, on this side.
    certificate: std::path::PathBuf,
}

/// A certificate for the site that nobody has signed but itself.
fn certificate(machine: &Machine, folder: &Path) -> std::path::PathBuf {
    let (key, pem, der) = (folder.join("key.pem"), folder.join("certificate.pem"), folder.join("certificate.der"));
    let options = ["req", "-x509", "-nodes", "-days", "2", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    let name = ["-subj", "/CN=site.example", "-addext", "subjectAltName=DNS:site.example"];
    let kind = ["-addext", "basicConstraints=critical,CA:FALSE"];
    succeed(Command::new("openssl").args(options).args(name).args(kind).arg("-keyout").arg(&key).arg("-out").arg(&pem));
    succeed(Command::new("openssl").args(["x509", "-outform", "DER", "-in"]).arg(&pem).arg("-out").arg(&der));
    machine.copy(&key, "/etc/ssl/site.key");
    machine.copy(&pem, "/etc/ssl/site.crt");
    der
}

impl Boot {
    /// `deploy install`, first to look at it, then for real, then once more to no effect.
    fn install(&self) {
        say("install");
        let arguments = ["--domain", HOST, "--tls", "/etc/ssl/site.crt", "/etc/ssl/site.key"];
        let install =
            [&["/srv/first", "--set", "environment.is_prod=true", "deploy", "install"], &arguments[..]].concat();
        let planned = self.machine.run(&[&install[..], &["--dry-run"]].concat());
        assert!(planned.contains("/opt/kalgan"), "{planned}");
        assert!(!self.machine.path("/opt/kalgan").exists(), "a dry run writes nothing");
        self.machine.run(&install);
        let again = self.machine.run(&install);
        assert!(again.contains("unchanged"), "{again}");
    }

    /// The site as visitors see it.
    fn visit(&self, files_from: &str) {
        say(&format!("visitors, static files from {files_from}"));
        let mut visitor = self.machine.in_its_network(&std::env::current_exe().expect("this program has a file"));
        visitor.arg("visit").arg(HOST).arg(&self.certificate);
        let output = visitor.output().expect("nsenter can be run");
        assert!(output.status.success(), "{}", crate::machine::text(&output));
    }

    /// What systemd thinks of the units that run.
    fn scores(&self) {
        let output = self.machine.run(&["systemd-analyze", "security", "--no-pager", "kalgan.service"]);
        let overall = output.lines().find(|line| line.contains("Overall exposure level")).expect("it has a score");
        say(overall.trim());
        self.machine.run(&["systemd-analyze", "security", "--no-pager", "--threshold=6", "kalgan.service"]);
        let verified = self.machine.run(&["systemd-analyze", "verify", "kalgan.service", "kalgan.socket"]);
        assert_eq!(verified, "", "systemd finds nothing to say about the units");
    }

    /// What the binary thinks of the machine that it has been installed on, also when somebody has made a mistake there.
    fn doctor(&self) {
        let well = self.machine.run(&["/opt/kalgan/current/kalgan", "doctor"]);
        say(&format!("doctor: {}", well.lines().last().unwrap_or_default()));
        let nginx = "/etc/nginx/sites-available/kalgan";
        self.machine.run(&["sed", "-i.kept", "s/client_max_body_size 10m/client_max_body_size 1m/", nginx]);
        let ill = self.machine.fail(&["/opt/kalgan/current/kalgan", "doctor"]);
        assert!(ill.contains("client_max_body_size"), "it says what is wrong: {ill}");
        self.machine.run(&["mv", &format!("{nginx}.kept"), nginx]);
    }

    /// Everything that may happen to a site that one process serves, under load.
    fn one_instance(&self) {
        self.undisturbed("systemctl reload", || {
            self.machine.run(&["systemctl", "reload", "kalgan.service"]);
        });
        self.undisturbed("systemctl restart, while a slow client is served", || {
            self.beside_a_slow_client(|| {
                self.machine.run(&["systemctl", "restart", "kalgan.service"]);
            });
        });
        self.undisturbed("an upgrade to a build whose credential is missing", || {
            self.refused(&[], builds::CREDENTIAL);
        });
        std::fs::write(self.machine.path("/root/credential"), SECRET).expect("a credential can be written");
        let credential = format!("{}=/root/credential", builds::CREDENTIAL);
        self.undisturbed("an upgrade to a build that cannot start", || {
            self.refused(&["--credential", &credential], builds::NEEDED);
        });
        assert!(!self.first_page().contains(builds::SECOND), "the old build serves");
        self.set_variable(builds::NEEDED);
        let upgrade = ["/opt/kalgan/current/kalgan", "deploy", "upgrade", "/srv/second", "--credential", &credential];
        self.unharmed("deploy upgrade, while a slow client is served", || {
            self.beside_a_slow_client(|| {
                self.machine.run(&upgrade);
            });
        });
        assert!(self.first_page().contains(builds::SECOND), "the new build serves");
        self.unharmed("deploy rollback", || {
            self.machine.run(&["/opt/kalgan/current/kalgan", "deploy", "rollback"]);
        });
        assert!(!self.first_page().contains(builds::SECOND), "the old build serves again");
    }

    /// Does something by which the process is replaced, while it has a request that goes on for seconds after it was asked to stop, and is
    /// answered all the same. The client comes without NGINX, which would not bother the site with half a request.
    fn beside_a_slow_client(&self, action: impl FnOnce()) {
        let mut client = self.machine.connect("/run/kalgan/http.sock");
        client.write_all(b"GET /en HTTP/1.1\r\nHost: site.").expect("half a head can be sent");
        std::thread::scope(|scope| {
            let slow = scope.spawn(|| {
                let state = ["systemctl", "show", "--property=ActiveState", "kalgan.service"];
                wait_for("the process to stop", || self.machine.run(&state).contains("deactivating").then_some(()));
                sleep(SLOW);
                client.write_all(b"example\r\n\r\n").expect("the rest can be sent");
                let mut answer = String::new();
                client.read_to_string(&mut answer).expect("the answer can be read");
                answer
            });
            action();
            let answer = slow.join().expect("the slow client is answered");
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        });
    }

    /// The second build is refused, and it is said what it lacks.
    fn refused(&self, more: &[&str], lacks: &str) {
        let upgrade = ["/opt/kalgan/current/kalgan", "deploy", "upgrade", "/srv/second"];
        let told = self.machine.fail(&[&upgrade, more].concat());
        assert!(told.contains(lacks), "it says why: {told}");
    }

    /// What is secret is where only root can read it, and nowhere else.
    fn secrets(&self) {
        let environment = std::fs::read_to_string(self.machine.path("/etc/kalgan/environment")).expect("it is there");
        let key = environment.lines().find_map(|line| line.strip_prefix("KALGAN__SECURITY__SECRET_KEY="));
        for secret in [key.expect("the installation made a key"), SECRET] {
            let found = "! grep --recursive --files-with-matches --fixed-strings --file=/dev/stdin";
            let places = "/opt/kalgan /etc/systemd /etc/nginx /var/log /run/kalgan";
            let mut search = self.machine.command(&[
                "sh",
                "-c",
                &format!("{found} {places} && ! journalctl | grep -F -f /srv/secret"),
            ]);
            std::fs::write(self.machine.path("/srv/secret"), secret).expect("a file can be written");
            let input = std::fs::File::open(self.machine.path("/srv/secret")).expect("it is there");
            let output = search.stdin(input).output().expect("nsenter can be run");
            assert!(output.status.success(), "a secret is in {}", crate::machine::text(&output));
            std::fs::remove_file(self.machine.path("/srv/secret")).expect("it can be removed");
        }
        let readable = self.machine.run(&["find", "/etc/kalgan", "-perm", "/077"]);
        assert_eq!(readable, "", "others can read or change these");
    }

    /// The same site with its static files given by NGINX.
    fn static_files(&self) {
        say("static files by NGINX");
        self.reinstall(&["--static-root", "/opt/kalgan/public"]);
        self.visit("NGINX");
    }

    /// Two processes, of which one is killed.
    fn two_instances(&self) {
        say("two instances");
        let refused = self.machine.fail(&self.command(&["--instances", "2"]));
        assert!(refused.contains("session"), "sessions in memory cannot be shared: {refused}");
        let environment = self.machine.path("/etc/kalgan/environment");
        append(&environment, "KALGAN__SESSION__STORE=sqlite\n");
        self.machine.run(&["systemctl", "restart", "kalgan.service"]);
        self.unharmed("from one instance to two", || self.reinstall(&["--instances", "2"]));
        self.visit("NGINX, pages from two instances");
        self.undisturbed("systemctl restart, two instances", || {
            self.machine.run(&["systemctl", "restart", "kalgan@1.service"]);
            self.machine.run(&["systemctl", "restart", "kalgan@2.service"]);
        });
        self.unharmed("deploy upgrade, two instances", || {
            self.machine.run(&["/opt/kalgan/current/kalgan", "deploy", "upgrade", "/srv/second"]);
        });
        let outcome = self.under_load(|| {
            self.machine.run(&["systemctl", "kill", "--signal=KILL", "kalgan@1.service"]);
        });
        say(&format!("kill -9 of one instance of two: {outcome:?}"));
        // At 500 requests a second, a process that answers within milliseconds has no more than this in flight.
        assert!(outcome.failures.len() <= 8, "{:#?}", outcome.failures);
        let state = self.machine.run(&["systemctl", "is-active", "kalgan@1.service", "kalgan@2.service"]);
        assert_eq!(state.trim(), "active\nactive", "the killed one is there again");
    }

    /// Other numbers of processes, in the end one again, by the version that serves.
    fn one_instance_again(&self) {
        for (what, instances) in [("two to three", "3"), ("three to two", "2"), ("two to one", "1")] {
            self.unharmed(&format!("from {what} instances"), || {
                self.machine.run(&[&AGAIN[..], &[instances]].concat());
            });
        }
        let units = self.machine.run(&["systemctl", "list-units", "--all", "--plain", "--no-legend", "kalgan*"]);
        assert!(units.contains("kalgan.service") && !units.contains("kalgan@"), "{units}");
        let sockets = self.machine.run(&["ls", "/run/kalgan"]);
        assert_eq!(sockets, "admin.sock\nhttp.sock\n");
    }

    /// A deployment that is killed is done in another way, and another one is removed by what follows.
    fn killed(&self) {
        self.unharmed("a change to two instances that is killed, and one back to one instance", || {
            self.kill(&["2"]);
            self.machine.run(&[&AGAIN[..], &["1"]].concat());
        });
        let units = self.machine.run(&["ls", "/etc/systemd/system"]);
        assert!(units.contains("kalgan.service") && !units.contains("kalgan@"), "{units}");
        self.kill(&["2"]);
    }

    /// Begins a deployment and kills it when it comes to the trial.
    fn kill(&self, instances: &[&str]) {
        let command = [&AGAIN[..], instances].concat().join(" ");
        let script = "mkfifo /tmp/told; $1 >/tmp/told & while read -r line; do case $line in try*) kill -KILL $!;; esac; done </tmp/told; rm /tmp/told";
        self.machine.run(&["sh", "-c", script, "sh", &command]);
        let units = self.machine.run(&["ls", "/etc/systemd/system"]);
        assert!(units.contains("kalgan@.service"), "what it had written is there: {units}");
        let record = self.machine.run(&["cat", "/etc/kalgan/deploy.json"]);
        assert!(record.contains("\"pending\""), "it was killed before its end: {record}");
    }

    fn uninstall(&self) {
        say("uninstall");
        self.machine.run(&["/opt/kalgan/current/kalgan", "deploy", "uninstall"]);
        let units = self.machine.run(&["sh", "-c", "ls /etc/systemd/system"]);
        assert!(!units.contains("kalgan"), "{units}");
        assert!(self.machine.path("/var/lib/private/kalgan").exists(), "what the site wrote stays");
    }

    fn command<'a>(&self, more: &[&'a str]) -> Vec<&'a str> {
        let install = ["/srv/first", "--set", "environment.is_prod=true", "deploy", "install", "--domain", HOST];
        [&install[..], &["--tls", "/etc/ssl/site.crt", "/etc/ssl/site.key"], more].concat()
    }

    fn reinstall(&self, more: &[&str]) {
        self.machine.run(&self.command(more));
    }

    fn set_variable(&self, name: &str) {
        append(&self.machine.path("/etc/kalgan/environment"), &format!("{name}=1\n"));
    }

    /// The first page, as a visitor gets it.
    fn first_page(&self) -> String {
        let resolve = format!("{HOST}:443:127.0.0.1");
        let mut curl = self.machine.in_its_network(Path::new("curl"));
        curl.args(["--silent", "--show-error", "--insecure", "--resolve", &resolve, &format!("https://{HOST}/en")]);
        let output = curl.output().expect("curl can be run");
        assert!(output.status.success(), "{}", crate::machine::text(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Does something under load that leaves NGINX alone: no visitor may notice, and no connection to NGINX may end.
    fn undisturbed(&self, what: &str, action: impl FnOnce()) {
        assert_eq!(self.unharmed(what, action).again, 0, "{what}: connections to NGINX were lost");
    }

    /// Does something under load, and no visitor may notice. NGINX may read its files again, so it may close connections on which a request
    /// is just coming.
    fn unharmed(&self, what: &str, action: impl FnOnce()) -> Outcome {
        let outcome = self.under_load(action);
        say(&format!(
            "{what}: {} requests, {} of them forms, {} sent again over another connection, {} failed; half within {} ms, the longest {} ms",
            outcome.sent,
            outcome.forms,
            outcome.again,
            outcome.failures.len(),
            outcome.median,
            outcome.longest
        ));
        assert!(outcome.failures.is_empty(), "{what}: {:#?}\n{}", outcome.failures, self.journal());
        assert!(outcome.sent > 1500 && outcome.forms * 3 >= outcome.sent - 2, "the load was none: {outcome:?}");
        assert!(outcome.again * 50 < outcome.sent, "{what}: NGINX closes more than what waits: {outcome:?}");
        outcome
    }

    fn journal(&self) -> String {
        // NGINX tells of each connection to the site that was lost.
        let script = "journalctl --no-pager --lines=60; tail --lines=40 /var/log/nginx/error.log";
        self.machine.run(&["sh", "-c", script])
    }

    fn under_load(&self, action: impl FnOnce()) -> Outcome {
        let mut generator = self.machine.in_its_network(&std::env::current_exe().expect("this program has a file"));
        generator.arg("load").arg(HOST).arg(&self.certificate).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut generator = generator.spawn().expect("nsenter can be run");
        sleep(AROUND);
        action();
        sleep(AROUND);
        outcome(&mut generator)
    }
}

/// Ends a load and reads what came of it.
fn outcome(generator: &mut Child) -> Outcome {
    drop(generator.stdin.take());
    let output = generator.stdout.take().expect("its output is read here");
    let line = BufReader::new(output).lines().next().expect("it prints a line").expect("which can be read");
    assert!(generator.wait().expect("it ends").success());
    serde_json::from_str(&line).expect("the line is an outcome")
}

fn append(path: &Path, line: &str) {
    let mut file = std::fs::OpenOptions::new().append(true).open(path).expect("the file is there");
    file.write_all(line.as_bytes()).expect("a line can be added");
}

/// The visitor's `main`: everything that the site offers, over HTTPS.
pub fn visitor(host: &str, certificate: &str) {
    let certificate = std::fs::read(certificate).expect("the certificate can be read");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be made").block_on(visit::everything(Client::new(host, certificate)));
}
