//! Each check meets a machine that is right and machines on which one thing is wrong.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::{Finding, Report, State, Visit, examine, sandbox, unit::Unit};
use crate::deploy::{Choices, Layout, Subject};
use crate::site::Outside;
use crate::snapshot::{self, Asset, Encoding, Limits, Place, Route, Setting, Snapshot, Value, Variant};

const KEY: &str = "7f3c9a1be05d4826f1c7a09e3b5d8264";

const NGINX: &str = r#"
map $http_upgrade $kalgan_shop_connection { default upgrade; "" ""; }
upstream kalgan_shop { server unix:/run/shop/http.sock; keepalive 32; keepalive_timeout 60s; }
server { listen 80; return 301 https://$host$request_uri; }
server {
    listen 443 ssl;
    client_max_body_size 10m;
    proxy_read_timeout 65s;
    proxy_http_version 1.1;
    proxy_set_header Connection $kalgan_shop_connection;
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $host;
    location ~ "^/upload/[^/]+$" { client_max_body_size 50m; proxy_read_timeout 305s; proxy_pass http://kalgan_shop; }
    include snippets/static.conf;
    location / { proxy_pass http://kalgan_shop; }
}
"#;

const STATIC: &str = "location /static/ { root /opt/shop/public; try_files $uri =404; }
location = /robots.txt { root /opt/shop/public; }";

/// A machine below a folder, with one site that is deployed on it.
struct Machine {
    folder: tempfile::TempDir,
    snapshot: Snapshot,
    outside: Outside,
}

fn site() -> Snapshot {
    let place = Place { file: "config/site.yaml".into(), line: 1, column: 1 };
    let setting =
        |key: &'static str, value: Value| Setting { key: key.into(), value, only: None, place: place.clone() };
    let asset = |path: &'static str, is_root: bool, variants: Vec<Variant>| Asset {
        path: path.into(),
        is_root,
        is_patched: false,
        mime: "text/plain".into(),
        hash: "1".into(),
        version: "1".into(),
        body: b"content".into(),
        variants: variants.into(),
    };
    let gzip = Variant { encoding: Encoding::Gzip, body: b"short".into() };
    let route = Route {
        name: "upload".into(),
        paths: vec![snapshot::Path { language: None, pattern: "/upload/{id}".into() }].into(),
        host: None,
        controller: "upload::take".into(),
        middleware: Vec::new().into(),
        methods: Some(vec!["POST".into()].into()),
        requirements: vec![("id".into(), "[a-z]+".into())].into(),
        language: None,
        limits: Limits { max_body_size: Some(50 << 20), request_timeout: Some(300) },
        place: place.clone(),
    };
    Snapshot {
        name: "shop".into(),
        settings: vec![
            setting("mailer.password", Value::Credential("mail".into())),
            setting("static.root", Value::Text("root".into())),
        ]
        .into(),
        routes: vec![route].into(),
        assets: vec![asset("robots.txt", true, Vec::new()), asset("static/a.css", false, vec![gzip])].into(),
        ..crate::testing::empty()
    }
}

fn choices() -> Choices {
    let static_root = Some("/opt/shop/public".to_string());
    Choices { name: "shop".to_string(), static_root, ..Choices::default() }
}

impl Machine {
    fn right() -> Machine {
        let machine = Machine { folder: tempfile::tempdir().unwrap(), snapshot: site(), outside: Outside::default() };
        machine.write("etc/shop/deploy.json", &serde_json::to_string(&choices()).unwrap());
        machine.write("etc/shop/environment", &format!("# the key\nKALGAN__SECURITY__SECRET_KEY=\"{KEY}\"\n"));
        machine.write("etc/shop/credentials/mail", "a password\n");
        machine.write("etc/nginx/sites-available/shop", NGINX);
        machine.write("etc/nginx/snippets/static.conf", STATIC);
        machine.link("etc/nginx/sites-enabled/shop", "/etc/nginx/sites-available/shop");
        machine.link("opt/shop/versions/1.0.0-a/shop", std::env::current_exe().unwrap());
        machine.link("opt/shop/current", "versions/1.0.0-a");
        for (path, content) in [("robots.txt", "content"), ("static/a.css", "content"), ("static/a.css.gz", "short")] {
            machine.write(&format!("opt/shop/public/{path}"), content);
        }
        machine.write("etc/systemd/system/shop.service", &machine.printed_unit());
        machine.write(
            "etc/systemd/system/shop.service.d/more.conf",
            "[Service]\nLimitNOFILE=32768\nEnvironment=A=b \"KALGAN__SERVER__SHUTDOWN_TIMEOUT=31\"\n",
        );
        fs::create_dir_all(machine.at("var/lib/shop")).unwrap();
        machine
    }

    /// The service as this site's `deploy systemd` prints it.
    fn printed_unit(&self) -> String {
        let subject = Subject::new(self.snapshot.clone(), Outside::default()).unwrap();
        let files = crate::deploy::systemd(&subject, &choices()).unwrap();
        files.into_iter().find(|file| file.path.ends_with("shop.service")).unwrap().text
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn link(&self, path: &str, target: impl AsRef<Path>) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&path);
        symlink(target, path).unwrap();
    }

    /// Puts another text into NGINX's file.
    fn nginx(&self, from: &str, to: &str) {
        assert!(NGINX.contains(from), "{from}");
        self.write("etc/nginx/sites-available/shop", &NGINX.replace(from, to));
    }

    fn report(&self) -> Report {
        examine(Visit {
            layout: Layout::new("shop").rooted(self.folder.path()),
            snapshot: self.snapshot.clone(),
            outside: self.outside.clone(),
            nginx: None,
        })
    }

    fn findings(&self, check: &str) -> Vec<Finding> {
        self.report().findings.into_iter().filter(|finding| finding.check == check).collect()
    }
}

/// What is wrong on a machine that was right before this change: the first finding of the check.
fn wrong(check: &str, change: impl FnOnce(&mut Machine)) -> (State, String) {
    let mut machine = Machine::right();
    assert_eq!(machine.findings(check)[0].state, State::Fine, "{check}: {:?}", machine.findings(check));
    change(&mut machine);
    let finding = machine.findings(check).remove(0);
    assert!(!finding.advice.is_empty() || finding.state == State::Fine, "{finding:?}");
    (finding.state, finding.found)
}

/// As [`wrong`], where that must be a problem with these words in it.
fn problem(check: &str, words: &str, change: impl FnOnce(&mut Machine)) {
    let (state, found) = wrong(check, change);
    assert!(state == State::Problem && found.contains(words), "{check}: {state:?}: {found}");
}

fn warning(check: &str, words: &str, change: impl FnOnce(&mut Machine)) {
    let (state, found) = wrong(check, change);
    assert!(state == State::Warning && found.contains(words), "{check}: {state:?}: {found}");
}

#[test]
fn a_machine_on_which_all_is_right_has_no_problem() {
    let report = Machine::right().report();
    let wrong: Vec<_> = report.findings.iter().filter(|it| it.state != State::Fine).collect();
    // The text above is not the one that `deploy nginx` prints, and of another machine's systemd nothing is known.
    assert!(wrong.iter().all(|it| ["nginx build", "systemd"].contains(&it.check)), "{wrong:#?}");
    assert!(report.ok);
}

#[test]
fn no_secret_is_told() {
    let machine = Machine::right();
    machine.write("etc/shop/environment", "KALGAN__SECURITY__SECRET_KEY=changeme-changeme-changeme-changeme\n");
    machine.write("etc/shop/credentials/mail", "quite-secret");
    fs::set_permissions(machine.at("etc/shop/credentials/mail"), fs::Permissions::from_mode(0o644)).unwrap();
    let text = serde_json::to_string(&machine.report()).unwrap();
    assert!(text.contains("looks like an example") && text.contains("0644"), "{text}");
    assert!(!text.contains("changeme") && !text.contains("quite-secret"), "{text}");
}

#[test]
fn settings_that_do_not_load_are_told_line_by_line_and_the_rest_waits() {
    problem("settings", "KALGAN__SERVER__PROT", |machine| {
        machine.write("etc/shop/environment", "KALGAN__SERVER__PROT=1\nKALGAN__SERVER__PORT=many\n");
        assert_eq!(machine.findings("settings").len(), 2);
        assert_eq!(machine.findings("clock")[0].state, State::Skipped);
    });
    problem("choices", "is broken", |machine| machine.write("etc/shop/deploy.json", "{"));
}

#[test]
fn credentials_are_there_full_and_private() {
    let mail = "etc/shop/credentials/mail";
    problem("credentials", "is missing", |machine| fs::remove_file(machine.at(mail)).unwrap());
    problem("settings", "needs the credential", |machine| fs::remove_file(machine.at(mail)).unwrap());
    problem("credentials", "is empty", |machine| machine.write(mail, " \n"));
    for (check, words) in [("credentials", "is no file"), ("settings", "which is no file")] {
        problem(check, words, |machine| {
            fs::remove_file(machine.at(mail)).unwrap();
            // Nobody ever writes to it.
            assert!(std::process::Command::new("mkfifo").arg(machine.at(mail)).status().unwrap().success());
        });
    }
    problem("credentials", "mode 0640", |machine| {
        fs::set_permissions(machine.at(mail), fs::Permissions::from_mode(0o640)).unwrap();
    });
    problem("environment file", "mode 0604", |machine| {
        fs::set_permissions(machine.at("etc/shop/environment"), fs::Permissions::from_mode(0o604)).unwrap();
    });
}

#[cfg(feature = "secrets")]
#[test]
fn a_secret_key_is_there_long_and_no_example() {
    // systemd reads on behind a backslash, and so does the doctor.
    let machine = Machine::right();
    machine.write("etc/shop/environment", &format!("KALGAN__SECURITY__SECRET_KEY=\\\n{KEY}\n"));
    assert_eq!(machine.findings("secret key")[0].state, State::Fine);
    for (text, words) in [
        ("", "is not there"),
        ("KALGAN__SECURITY__SECRET_KEY=7f3c9a1be05d4826", "has 16 characters"),
        ("KALGAN__SECURITY__SECRET_KEY=abababababababababababababababababab", "looks like an example"),
        ("KALGAN__SECURITY__SECRET_KEY='Change me, I am only here for a while!'", "looks like an example"),
    ] {
        problem("secret key", words, |machine| machine.write("etc/shop/environment", text));
    }
}

#[test]
fn an_address_that_somebody_else_has_is_told_with_the_name() {
    const TABLE: &str = "Num RefCount Protocol Flags Type St Inode Path\n0: 00000002 00000000 00010000 0001 01 4711 /run/shop/http.sock\n";
    let process = |machine: &Machine, program: &str| {
        machine.write("proc/net/unix", TABLE);
        machine.write("proc/12/comm", "squatter\n");
        machine.link("proc/12/fd/3", "socket:[4711]");
        machine.link("proc/12/exe", program);
    };
    problem("address", "taken by `squatter` (process 12)", |machine| process(machine, "/usr/bin/squatter"));
    let (state, _) = wrong("address", |machine| process(machine, "/opt/shop/versions/1.0.0-a/shop"));
    assert_eq!(state, State::Fine);
    let (state, _) = wrong("address", |machine| machine.write("proc/net/unix", TABLE));
    assert_eq!(state, State::Skipped, "the process of another user is not seen");

    problem("address", "port 8081 is taken by `squatter`", |machine| {
        let choices = Choices { socket: crate::deploy::Socket::Tcp, instances: 2, ..choices() };
        machine.write("etc/shop/deploy.json", &serde_json::to_string(&choices).unwrap());
        machine.outside.flags.push(("server.port".to_string(), "8080".to_string()));
        process(machine, "/usr/bin/squatter");
        let line = "0: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4711 1\n";
        machine.write("proc/net/tcp", &format!("head\n{line}"));
    });
}

#[test]
fn a_folder_for_data_can_be_written_to() {
    problem("data folder", "is not a folder", |machine| {
        fs::remove_dir(machine.at("var/lib/shop")).unwrap();
        machine.write("var/lib/shop", "");
    });
    assert_eq!(super::data::space("head\n/dev/a b 100 95 5 95% /x\n"), Some((5, 95)));
    assert_eq!(super::data::space("head\n"), None);
    let left = fs::read_dir(Machine::right().at("var/lib/shop")).unwrap().count();
    assert_eq!(left, 0, "the check leaves nothing");
}

#[test]
fn another_version_than_this_binary_is_told() {
    warning("version", "is not this binary", |machine| {
        fs::remove_file(machine.at("opt/shop/versions/1.0.0-a/shop")).unwrap();
        machine.write("opt/shop/versions/1.0.0-a/shop", "another");
    });
    warning("version", "process 9 runs `/opt/shop/versions/0.9.0-b/shop`", |machine| {
        machine.link("proc/9/exe", "/opt/shop/versions/0.9.0-b/shop");
    });
    let advice = |instances: u16, cgroup: &str| {
        let machine = Machine::right();
        let choices = Choices { instances, ..choices() };
        machine.write("etc/shop/deploy.json", &serde_json::to_string(&choices).unwrap());
        machine.link("proc/9/exe", "/opt/shop/versions/0.9.0-b/shop");
        machine.write("proc/9/cgroup", cgroup);
        machine.findings("version").remove(0).advice
    };
    assert_eq!(advice(2, "0::/system.slice/system-shop.slice/shop@2.service\n"), "`systemctl restart shop@2.service`");
    assert_eq!(advice(2, "0::/user.slice\n"), "`systemctl restart 'shop@*.service'`");
    assert_eq!(advice(1, ""), "`systemctl restart shop.service`");
    assert!(super::versions::too_old("systemd 246 (246.1-1)\n+PAM").unwrap().found.contains("246"));
    assert_eq!(super::versions::too_old("systemd 252 (252.39-1~deb12u1)\n"), None);
}

#[test]
fn a_process_may_have_as_many_files_as_it_needs() {
    let limit = |limit: &'static str| {
        move |machine: &mut Machine| {
            machine.write("etc/systemd/system/shop.service.d/zz.conf", &format!("[Service]\n{limit}\n"))
        }
    };
    problem("open files", "allows 4096", limit("LimitNOFILE=4096:524288"));
    warning("open files", "allows 16384", limit("LimitNOFILE=16384"));
    assert_eq!(wrong("open files", limit("LimitNOFILE=infinity")).0, State::Fine);
}

#[test]
fn each_weaker_line_of_a_sandbox_is_named() {
    let shipped = Unit::parse(
        "[Service]\nProtectSystem=strict\nProtectHome=yes\nNoNewPrivileges=yes\nCapabilityBoundingSet=\nUMask=0077\n\
         RestrictAddressFamilies=AF_INET AF_UNIX\nSystemCallFilter=@system-service\nSystemCallFilter=~@privileged\nPrivateTmp=yes\n",
    );
    let found = |text: &str| -> Vec<String> {
        sandbox::weaker(&shipped, &Unit::parse(text)).into_iter().map(|trouble| trouble.found).collect()
    };
    let same = "[Service]\nProtectSystem=strict\nProtectHome=true\nNoNewPrivileges=1\nCapabilityBoundingSet=\nUMask=0077\n\
                RestrictAddressFamilies=AF_UNIX\nSystemCallFilter=@system-service\nSystemCallFilter=~@privileged\nPrivateTmp=yes\n";
    assert_eq!(found(same), Vec::<String>::new());
    for (from, to, words) in [
        ("ProtectSystem=strict", "ProtectSystem=full", "has `ProtectSystem=full`, which is weaker"),
        ("ProtectHome=true\n", "", "does not have `ProtectHome=`"),
        ("NoNewPrivileges=1", "NoNewPrivileges=no", "`NoNewPrivileges=no`"),
        ("CapabilityBoundingSet=", "CapabilityBoundingSet=CAP_NET_ADMIN", "`CapabilityBoundingSet=CAP_NET_ADMIN`"),
        ("UMask=0077", "UMask=0022", "`UMask=0022`"),
        ("AF_UNIX", "AF_UNIX AF_NETLINK", "AF_NETLINK`, which is weaker"),
        ("SystemCallFilter=~@privileged\n", "", "`SystemCallFilter=@system-service`, which is weaker"),
        ("PrivateTmp=yes\n", "PrivateTmp=yes\nPrivateTmp=no\n", "PrivateTmp=no"),
    ] {
        let found = found(&same.replace(from, to));
        assert!(found.len() == 1 && found[0].contains(words), "{to}: {found:?}");
    }
}

#[test]
fn the_service_as_printed_is_as_strong_as_itself_and_weaker_with_a_line_less() {
    let machine = Machine::right();
    assert_eq!(machine.findings("sandbox")[0].state, State::Fine);
    let printed = machine.printed_unit();
    assert!(printed.contains("\nProtectSystem=strict\n"), "{printed}");
    machine.write("etc/systemd/system/shop.service", &printed.replace("\nProtectSystem=strict\n", "\n"));
    assert!(machine.findings("sandbox")[0].found.contains("ProtectSystem"), "{:?}", machine.findings("sandbox"));
}

#[test]
fn nginx_has_a_file_that_can_be_read() {
    problem("nginx file", "no file of NGINX has the upstream `kalgan_shop`", |machine| {
        fs::remove_file(machine.at("etc/nginx/sites-enabled/shop")).unwrap();
    });
    problem("nginx file", "ends within a block", |machine| machine.nginx("location / {", "location / { if ($a) {"));
    problem("nginx file", "no `server`", |machine| machine.nginx("http://kalgan_shop", "http://other"));
}

#[test]
fn nginx_lets_through_what_the_site_takes() {
    let size = "nginx body size";
    problem(size, "is 9m where the site takes", |machine| {
        machine.nginx("client_max_body_size 10m", "client_max_body_size 9m")
    });
    problem(size, "is 1m where the site takes", |machine| machine.nginx("client_max_body_size 10m;", ""));
    problem(size, "is 10m where the route `upload` takes", |machine| machine.nginx("client_max_body_size 50m;", ""));
    assert_eq!(wrong(size, |machine| machine.nginx("50m", "0")).0, State::Fine);
    let timeouts = "nginx timeouts";
    problem(timeouts, "is 30s, and an answer may take 60", |machine| {
        machine.nginx("proxy_read_timeout 65s", "proxy_read_timeout 30s")
    });
    warning(timeouts, "is 60s, and an answer", |machine| machine.nginx("proxy_read_timeout 65s;", ""));
    problem(timeouts, "the route `upload` may take 300", |machine| machine.nginx("proxy_read_timeout 305s;", ""));
}

#[test]
fn nginx_closes_idle_connections_first() {
    let check = "nginx keep-alive";
    problem(check, "for 2m", |machine| machine.nginx("keepalive_timeout 60s", "keepalive_timeout 2m"));
    warning(check, "has no `keepalive`", |machine| machine.nginx("keepalive 32;", ""));
    warning(check, "after one request", |machine| machine.nginx("proxy_http_version 1.1;", ""));
    warning(check, "after one request", |machine| {
        machine.nginx("proxy_set_header Connection $kalgan_shop_connection;", "")
    });
}

#[test]
fn nginx_tells_who_asks_and_the_site_believes_it() {
    problem("nginx headers", "`X-Forwarded-For`", |machine| {
        machine.nginx("proxy_set_header X-Forwarded-For $remote_addr;", "")
    });
    problem("nginx headers", "`Host`", |machine| {
        machine.nginx("location / {", "location / { proxy_set_header X-Other 1;");
    });
    let more = "etc/systemd/system/shop.service.d/zz.conf";
    problem("trusted proxies", "does not have `unix`", |machine| {
        machine.write(more, "[Service]\nEnvironment=KALGAN__SERVER__TRUSTED_PROXIES=127.0.0.1\n");
    });
    problem("trusted proxies", "does not have `127.0.0.1`", |machine| {
        machine.nginx("unix:/run/shop/http.sock", "127.0.0.1:7878")
    });
    let (state, _) = wrong("trusted proxies", |machine| {
        machine.nginx("unix:/run/shop/http.sock", "127.0.0.1:7878");
        machine.write(more, "[Service]\nEnvironment=KALGAN__SERVER__TRUSTED_PROXIES=127.0.0.0/8\n");
    });
    assert_eq!(state, State::Fine);
}

#[test]
fn static_files_are_this_binarys_and_nginx_reads_them() {
    warning("static addresses", "does not read `/static/` from `/opt/shop/public`", |machine| {
        machine.write("etc/nginx/snippets/static.conf", &STATIC.replace("/static/", "/assets/"));
    });
    warning("static addresses", "`/robots.txt`", |machine| {
        machine.write("etc/nginx/snippets/static.conf", &STATIC.replace("= /robots.txt", "= /favicon.ico"));
    });
    problem("static files", "1 of the static files", |machine| {
        machine.write("opt/shop/public/static/a.css", "c0ntent")
    });
    problem("static files", "`static/a.css.gz` among them", |machine| {
        fs::remove_file(machine.at("opt/shop/public/static/a.css.gz")).unwrap();
    });
}

#[test]
fn a_clock_is_later_than_the_build_and_kept_right() {
    problem("clock", "the site was built", |machine| machine.snapshot.date = Some(99_999_999_999));
    assert!(super::clock::drifting("NTPSynchronized=no\n").is_some());
    assert_eq!(super::clock::drifting("NTPSynchronized=yes\n"), None);
}

#[test]
fn what_this_binary_prints_is_right_for_it_also_below_a_path_on_a_port_and_in_several_processes() {
    let domains = vec!["example.com".to_string()];
    for (choices, public_url) in [
        (choices(), None),
        (Choices { domains: domains.clone(), ..choices() }, Some("https://example.com/docs")),
        (Choices { socket: crate::deploy::Socket::Tcp, ..choices() }, None),
        (Choices { instances: 2, static_root: None, ..choices() }, None),
    ] {
        let mut machine = Machine::right();
        if let Some(address) = public_url {
            let place = Place { file: "config/site.yaml".into(), line: 9, column: 1 };
            let value = Value::Text(address.into());
            let address = Setting { key: "server.public_url".into(), value, only: None, place };
            machine.snapshot.settings = [&machine.snapshot.settings[..], &[address]].concat().into();
        }
        machine.write("etc/shop/deploy.json", &serde_json::to_string(&choices).unwrap());
        let subject = Subject::new(machine.snapshot.clone(), Outside::default()).unwrap();
        fs::remove_dir_all(machine.at("etc/systemd/system")).unwrap();
        for unit in crate::deploy::systemd(&subject, &choices).unwrap() {
            machine.write(unit.path.strip_prefix("/").unwrap().to_str().unwrap(), &unit.text);
        }
        let printed = crate::deploy::nginx(&subject, &choices).unwrap().remove(0).text;
        machine.write("etc/nginx/sites-available/shop", &printed);
        let wrong: Vec<_> = machine.report().findings.into_iter().filter(|it| it.state != State::Fine).collect();
        assert!(wrong.iter().all(|it| it.check == "systemd"), "{choices:?}: {wrong:#?}");
        machine.write("etc/nginx/sites-available/shop", &printed.replace("keepalive", "# a word\nkeepalive"));
        assert!(machine.findings("nginx build")[0].found.contains("is the first that differs"));
    }
}

#[test]
fn a_machine_without_a_deployment_is_no_problem() {
    let machine = Machine {
        folder: tempfile::tempdir().unwrap(),
        snapshot: crate::testing::empty(),
        outside: Outside::default(),
    };
    let report = Machine {
        outside: Outside {
            variables: vec![("KALGAN__SECURITY__SECRET_KEY".to_string(), KEY.to_string())],
            ..Outside::default()
        },
        ..machine
    }
    .report();
    assert!(report.ok, "{:#?}", report.findings);
    let nothing =
        ["credentials", "environment file", "version", "sandbox", "nginx build", "nginx headers", "static files"];
    assert!(report.findings.iter().all(|it| !nothing.contains(&it.check)), "{:#?}", report.findings);
}
