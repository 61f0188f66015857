//! What a deployment does, and that each step of it is taken back.

use std::fs;
use std::path::Path;

use super::system::Folder;
use crate::deploy::Choices;
use crate::deploy::install::{Kind, Wish};

/// A folder with one version in it, and the path of the next one.
fn upgradable(processes: u16) -> (Folder, std::path::PathBuf) {
    let folder = Folder::new();
    let first = folder.binary("first", folder.description("1.0.0", processes));
    folder.run(folder.wish(Kind::Install, first)).unwrap();
    let second = folder.binary("second!", folder.description("1.1.0", processes));
    (folder, second)
}

#[test]
fn a_first_installation_puts_everything_in_place_in_order() {
    let folder = Folder::new();
    let binary = folder.binary("first", folder.description("1.0.0", 1));
    let told = folder.run(folder.wish(Kind::Install, binary.clone())).unwrap();
    let version = fs::read_link(folder.root.path().join("opt/shop/current")).unwrap();
    let version = version.to_str().unwrap().strip_prefix("versions/1.0.0-").unwrap();
    assert!(version.len() == 12 && version.bytes().all(|byte| byte.is_ascii_hexdigit()), "{version}");
    let tree = folder.tree();
    let mode = |path: &str| tree[std::path::Path::new(path)].0;
    assert_eq!(mode(&format!("opt/shop/versions/1.0.0-{version}/shop")), 0o755);
    assert_eq!([mode("etc/shop"), mode("etc/shop/environment"), mode("etc/shop/deploy.json")], [0o700, 0o600, 0o600]);
    assert_eq!(
        [mode("opt/shop"), mode("opt/shop/public"), mode("etc/systemd/system/shop.service")],
        [0o755, 0o755, 0o644]
    );
    assert_eq!(folder.read("etc/shop/environment"), format!("KALGAN__SECURITY__SECRET_KEY={}\n", "k".repeat(64)));
    assert_eq!(
        fs::read_link(folder.root.path().join("etc/nginx/sites-enabled/shop")).unwrap().to_str(),
        Some("../sites-available/shop")
    );
    assert!(!told.concat().contains(&"k".repeat(8)), "the key is shown: {told:?}");
    assert!(folder.root.path().join("opt/shop/previous").symlink_metadata().is_err());
    let calls = folder.system.calls.borrow().join("\n");
    let expected = [
        "shop version",
        "shop key",
        "systemd-analyze verify",
        "nginx -t -q",
        "systemctl daemon-reload",
        "systemctl start shop-trial.service",
        "shop assets export /opt/shop/public",
        "systemctl enable shop.socket shop-admin.socket shop.service",
        "systemctl start shop.socket shop-admin.socket",
        "systemctl start shop.service",
        "shop healthcheck --address unix:/run/shop/admin.sock",
        "systemctl reload nginx.service",
    ];
    let mut rest = &*calls;
    for call in expected {
        rest = rest.split_once(call).unwrap_or_else(|| panic!("`{call}` is not called in its turn:\n{calls}")).1;
    }

    // Once more with the same choices: nothing is done.
    folder.system.calls.borrow_mut().clear();
    let told = folder.run(folder.wish(Kind::Install, binary)).unwrap();
    assert_eq!(folder.system.calls.borrow().join("\n"), "");
    assert_eq!(folder.tree(), tree);
    assert!(told.iter().all(|line| line.starts_with("unchanged: ") || line.starts_with("  address")), "{told:#?}");
}

#[test]
fn a_dry_run_changes_nothing_and_tells_every_step() {
    let folder = Folder::new();
    let binary = folder.binary("first", folder.description("1.0.0", 2));
    let before = folder.tree();
    let lines = folder.lines(folder.wish(Kind::Install, binary.clone())).unwrap();
    assert_eq!((folder.tree(), folder.system.calls.borrow().len()), (before, 0));
    assert!(lines.iter().all(|line| line.starts_with("would ")), "{lines:#?}");
    let told = folder.run(folder.wish(Kind::Install, binary)).unwrap();
    let planned: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix("would ")).collect();
    assert_eq!(told[..planned.len()], planned);
}

/// Lets each call of a program fail in turn, and interrupts before each step, until nothing is left to fail; each time everything is as
/// it was.
fn every_failure_is_taken_back(folder: &Folder, kind: Kind, binary: &std::path::Path) {
    let (tree, state) = (folder.tree(), folder.system.state());
    let mut failures = 0;
    loop {
        folder.system.calls.borrow_mut().clear();
        folder.system.failing.set(Some(failures));
        let Err(error) = folder.run(folder.wish(kind, binary.to_path_buf())) else { break };
        let error = error.to_string();
        let failed = folder.system.calls.borrow()[failures].clone();
        assert!(
            error.contains("everything was taken back") || error.contains("nothing was changed"),
            "{failed}: {error}"
        );
        assert!(error.contains("no reason"), "{failed}: {error}");
        assert_eq!(folder.tree(), tree, "{failed}: {error}");
        assert_eq!(folder.system.state(), state, "{failed}: {error}");
        failures += 1;
    }
    assert!(failures > 6, "only {failures} calls could fail");
}

fn every_interruption_is_taken_back(folder: &Folder, kind: Kind, binary: &std::path::Path) {
    let (tree, state) = (folder.tree(), folder.system.state());
    folder.system.failing.set(None);
    let steps = folder.lines(folder.wish(kind, binary.to_path_buf())).unwrap().len();
    assert!(steps > 10, "only {steps} steps could be interrupted");
    for step in 0..steps {
        let error = folder.run_until(folder.wish(kind, binary.to_path_buf()), step);
        // Behind the last step that does something there is nothing to interrupt.
        let Err(error) = error else { panic!("step {step} of {steps} was not interrupted") };
        assert!(error.to_string().contains("it was interrupted"), "{error}");
        assert_eq!(folder.tree(), tree, "{error}");
        assert_eq!(folder.system.state(), state, "{error}");
    }
}

#[test]
fn a_first_installation_is_taken_back_wherever_it_fails() {
    for processes in [1, 3] {
        let folder = Folder::new();
        let binary = folder.binary("first", folder.description("1.0.0", processes));
        every_interruption_is_taken_back(&folder, Kind::Install, &binary);
        every_failure_is_taken_back(&folder, Kind::Install, &binary);
    }
}

#[test]
fn an_upgrade_is_taken_back_wherever_it_fails() {
    for processes in [1, 3] {
        let (folder, second) = upgradable(processes);
        every_interruption_is_taken_back(&folder, Kind::Upgrade, &second);
        every_failure_is_taken_back(&folder, Kind::Upgrade, &second);
    }
}

#[test]
fn from_one_process_to_several_and_back_is_taken_back_wherever_it_fails() {
    for (before, after) in [(1, 3), (3, 1)] {
        let folder = Folder::new();
        let first = folder.binary("first", folder.description("1.0.0", before));
        folder.run(folder.wish(Kind::Install, first)).unwrap();
        let second = folder.binary("second", folder.description("1.0.0", after));
        every_failure_is_taken_back(&folder, Kind::Install, &second);
        let (active, enabled, running) = folder.system.state();
        assert_eq!(running.len(), usize::from(after), "{running:?}");
        let left: Vec<_> = active.iter().chain(&enabled).filter(|unit| unit.contains('@') != (after > 1)).collect();
        let expected = ["nginx.service", "shop.target", "shop.target"];
        assert!(left.iter().all(|unit| expected.contains(&unit.as_str())), "{left:?}");
        assert_eq!(folder.root.path().join("etc/systemd/system/shop.service").exists(), after == 1);
    }
}

#[test]
fn a_socket_that_changes_is_opened_anew_and_closed_again_on_failure() {
    let folder = Folder::new();
    let first = folder.binary("first", folder.description("1.0.0", 1));
    folder.run(folder.wish(Kind::Install, first)).unwrap();
    let mut description = folder.description("1.1.0", 1);
    description.files[1].text.push_str("ListenStream=another\n");
    let second = folder.binary("second", description);
    every_failure_is_taken_back(&folder, Kind::Install, &second);
    let calls = folder.system.calls.borrow().join("\n");
    let (stopped, opened) = (calls.find("stop shop.socket"), calls.find("start shop.socket"));
    assert!(stopped.is_some() && stopped < opened && opened < calls.find("start shop.service"), "{calls}");
}

#[test]
fn what_systemd_leaves_out_of_a_unit_is_told_and_is_no_failure() {
    let folder = Folder::new();
    let binary = folder.binary("first", folder.description("1.0.0", 1));
    *folder.system.remarks.borrow_mut() =
        "UNITS/shop.service:7: Unknown key 'X' in section [Service], ignoring.\n".to_string();
    let told = folder.run(folder.wish(Kind::Install, binary)).unwrap().join("\n");
    let note =
        "note: systemd says of `/etc/systemd/system/shop.service:7`: Unknown key 'X' in section [Service], ignoring.";
    assert!(told.contains(note), "{told}");
}

#[test]
fn nginx_goes_first_where_it_serves_the_static_files_and_turns_to_no_address_before_somebody_listens() {
    for (socket_changes, goes_first) in [(false, true), (true, false)] {
        let folder = Folder::new();
        let with_files = |kind, binary| {
            let wish = folder.wish(kind, binary);
            let choices =
                Choices { static_root: Some("/opt/shop/public".to_string()), ..wish.record.choices().unwrap() };
            Wish { record: wish.record.clone().choosing(&choices), ..wish }
        };
        let first = folder.binary("first", folder.description("1.0.0", 1));
        folder.run(with_files(Kind::Install, first)).unwrap();
        let mut description = folder.description("1.1.0", 1);
        let changed = ["/etc/nginx/sites-available/shop", "/etc/systemd/system/shop.socket"];
        for file in description.files.iter_mut().filter(|file| changed.iter().any(|path| file.path == Path::new(path)))
        {
            if socket_changes || file.path == Path::new(changed[0]) {
                file.text.push_str("another address\n");
            }
        }
        let second = folder.binary("second", description);
        folder.system.calls.borrow_mut().clear();
        folder.run(with_files(Kind::Install, second)).unwrap();
        let calls = folder.system.calls.borrow().join("\n");
        let (reload, answers) = (calls.find("reload nginx.service").unwrap(), calls.find("healthcheck").unwrap());
        assert_eq!(reload < answers, goes_first, "{calls}");
    }
}

#[test]
fn what_is_chosen_otherwise_is_told_and_what_it_costs() {
    let folder = Folder::new();
    let first = folder.binary("first", folder.description("1.0.0", 1));
    let told = folder.run(folder.wish(Kind::Install, first)).unwrap().join("\n");
    assert!(!told.contains("note:"), "nothing was chosen before: {told}");
    let second = folder.binary("second", folder.description("1.0.0", 3));
    let wish = folder.wish(Kind::Install, second);
    let choices = Choices { instances: 3, ..wish.record.choices().unwrap() };
    let lines = folder.lines(Wish { record: wish.record.clone().choosing(&choices), ..wish }).unwrap().join("\n");
    assert!(lines.contains("note: the choice `instances` was 1 and is 3"), "{lines}");
    assert!(lines.contains("the site is away for a moment"), "{lines}");
}

#[test]
fn a_unit_whose_comments_alone_change_disturbs_nothing_that_runs() {
    let folder = Folder::new();
    let first = folder.binary("first", folder.description("1.0.0", 1));
    folder.run(folder.wish(Kind::Install, first.clone())).unwrap();
    for name in ["shop.service", "shop.socket"] {
        let path = format!("etc/systemd/system/{name}");
        folder.write(&path, &format!("; of before\n\n{}", folder.read(&path)));
    }
    folder.system.calls.borrow_mut().clear();
    folder.run(Wish { force: true, ..folder.wish(Kind::Install, first) }).unwrap();
    let calls = folder.system.calls.borrow().join("\n");
    assert!(calls.contains("daemon-reload") && !calls.contains("stop") && !calls.contains("start shop.s"), "{calls}");
}

#[test]
fn what_a_killed_deployment_left_undone_is_done() {
    let (folder, second) = upgradable(1);
    let record = folder.read("etc/shop/deploy.json");
    folder.run(folder.wish(Kind::Upgrade, second.clone())).unwrap();
    let tree = folder.tree();
    let again = |expected: &[&str]| {
        folder.system.calls.borrow_mut().clear();
        folder.run(folder.wish(Kind::Upgrade, second.clone())).unwrap();
        assert_eq!(folder.system.calls.borrow()[..], *expected);
    };
    again(&[]);

    // The process is of the version before.
    let old = fs::read_link(folder.root.path().join("opt/shop/previous")).unwrap();
    let old = folder.layout().on_disk(folder.layout().home()).join(old).join("shop");
    fs::create_dir_all(folder.root.path().join("proc/17")).unwrap();
    std::os::unix::fs::symlink(old, folder.root.path().join("proc/17/exe")).unwrap();
    let shows = |text: &str| folder.system.shows.borrow_mut().insert("shop.service".to_string(), text.to_string());
    shows("MainPID=17\nNeedDaemonReload=no\n");
    let restarted = ["systemctl restart shop.service", "shop healthcheck --address unix:/run/shop/admin.sock"];
    again(&restarted);
    shows("MainPID=0\nNeedDaemonReload=yes\n");
    again(&[&["systemctl daemon-reload"][..], &restarted].concat());

    // Nothing was read, as the record says, which is written last.
    folder.system.shows.borrow_mut().clear();
    folder.write("etc/shop/deploy.json", &record);
    folder.system.calls.borrow_mut().clear();
    folder.run(folder.wish(Kind::Upgrade, second.clone())).unwrap();
    let calls = folder.system.calls.borrow().join("\n");
    assert!(calls.contains("daemon-reload") && calls.contains(restarted[0]), "{calls}");
    fs::remove_dir_all(folder.root.path().join("proc")).unwrap();
    assert_eq!(folder.tree(), tree);
}

#[test]
fn an_upgrade_restarts_one_process_after_the_other_and_keeps_the_way_back() {
    let (folder, second) = upgradable(2);
    let first = fs::read_link(folder.root.path().join("opt/shop/current")).unwrap();
    folder.system.calls.borrow_mut().clear();
    folder.run(folder.wish(Kind::Upgrade, second.clone())).unwrap();
    let calls = folder.system.calls.borrow().join("\n");
    let order = ["restart shop@1.service", "healthcheck", "restart shop@2.service", "healthcheck"];
    let mut rest = &*calls;
    for call in order {
        rest = rest.split_once(call).unwrap_or_else(|| panic!("{call}: {calls}")).1;
    }
    assert!(!calls.contains("nginx"), "its file is the same: {calls}");
    assert!(!calls.contains("stop"), "{calls}");
    assert_eq!(fs::read_link(folder.root.path().join("opt/shop/previous")).unwrap(), first);
    // Files of the first version stay for pages that are open.
    assert_eq!(fs::read_dir(folder.root.path().join("opt/shop/public/static")).unwrap().count(), 3);

    let previous = folder.layout().version_binary(first.file_name().unwrap().to_str().unwrap());
    folder.run(folder.wish(Kind::Rollback, folder.layout().on_disk(previous))).unwrap();
    assert_eq!(fs::read_link(folder.root.path().join("opt/shop/current")).unwrap(), first);
    assert!(folder.read("etc/systemd/system/shop@.service").starts_with("# 1.0.0\n"));
    assert!(folder.system.running.borrow().values().all(|version| *version == first.to_string_lossy()));
}

#[test]
fn what_cannot_be_taken_back_is_named() {
    let (folder, second) = upgradable(1);
    // The new version does not start, and neither does the old one again.
    folder.system.fails_on.borrow_mut().push("systemctl restart shop.service".to_string());
    let error = folder.run(folder.wish(Kind::Upgrade, second)).unwrap_err().to_string();
    assert!(
        error.contains("not everything could be taken back") && error.contains("`shop.service` does not run as before"),
        "{error}"
    );
    assert!(error.contains("the last line"), "the journal is not told: {error}");
    assert!(folder.read("etc/systemd/system/shop.service").starts_with("# 1.0.0\n"), "the rest is taken back");
}

#[test]
fn old_versions_go_and_those_that_are_linked_stay() {
    let (folder, _) = upgradable(1);
    for number in 2..7 {
        let name = format!("build {number}");
        let binary = folder.binary(&name, folder.description(&format!("1.{number}.0"), 1));
        folder.run(folder.wish(Kind::Upgrade, binary)).unwrap();
    }
    let mut names: Vec<String> = fs::read_dir(folder.root.path().join("opt/shop/versions"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy()[..5].to_string())
        .collect();
    names.sort();
    assert_eq!(names, ["1.4.0", "1.5.0", "1.6.0"]);
}

#[test]
fn uninstalling_leaves_secrets_and_state_unless_told_otherwise() {
    let folder = Folder::new();
    let before = folder.tree();
    let binary = folder.binary("first", folder.description("1.0.0", 2));
    folder.run(folder.wish(Kind::Install, binary.clone())).unwrap();
    fs::create_dir_all(folder.root.path().join("var/lib/private/shop")).unwrap();
    folder.write("var/lib/private/shop/site.sqlite3", "rows");
    folder.uninstall(false).unwrap();
    let left: Vec<_> = folder.tree().into_keys().filter(|path| !before.contains_key(path)).collect();
    let left: Vec<_> = left.iter().map(|path| path.to_str().unwrap()).collect();
    let expected =
        ["etc/shop", "etc/shop/deploy.json", "etc/shop/environment", "var/lib/private", "var/lib/private/shop"];
    assert_eq!(left[..5], expected, "{left:?}");
    let (active, enabled, _) = folder.system.state();
    assert_eq!((active.len(), enabled.len()), (1, 0), "{active:?}");

    // The choices and the key are still there for another time.
    let key = folder.read("etc/shop/environment");
    folder.run(folder.wish(Kind::Install, binary)).unwrap();
    assert_eq!(folder.read("etc/shop/environment"), key);
    folder.uninstall(true).unwrap();
    let left = folder.tree().into_keys().filter(|path| !before.contains_key(path)).count();
    assert_eq!(left, 1, "only the folder that systemd makes for all services is left");
}
