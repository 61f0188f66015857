//! What is done about a deployment that was killed: it took nothing back, and wrote no record of what it did.

use std::fs;
use std::path::{Path, PathBuf};

use super::system::{Folder, Killed, Tree};
use crate::deploy::install::description::Description;
use crate::deploy::install::{Kind, Wish};

/// A folder in which a version is installed, for so many processes.
fn installed(processes: u16) -> (Folder, PathBuf) {
    let folder = Folder::new();
    let binary = folder.binary("first", folder.description("1.0.0", processes));
    folder.run(folder.wish(Kind::Install, binary.clone())).unwrap();
    (folder, binary)
}

/// Nothing of the deployment is left but what these folders hold.
fn is_gone(folder: &Folder, kept: &[&str], at: Killed) {
    let (active, enabled, running) = folder.system.state();
    assert_eq!((active.len(), enabled.len(), running.len()), (1, 0, 0), "{at:?}: {active:?} {enabled:?}");
    let ours: Vec<PathBuf> = folder.tree().into_keys().filter(|path| path.to_string_lossy().contains("shop")).collect();
    let left: Vec<_> = ours.iter().filter(|path| !kept.iter().any(|kept| path.starts_with(kept))).collect();
    assert!(left.is_empty(), "{at:?}: {left:?}");
}

#[test]
fn a_first_installation_is_removed_wherever_it_was_killed() {
    for processes in [1, 3] {
        Killed::everywhere(|at| {
            let folder = Folder::new();
            let binary = folder.binary("first", folder.description("1.0.0", processes));
            let is_killed = folder.kill(folder.wish(Kind::Install, binary), at);
            folder.uninstall(true).unwrap();
            is_gone(&folder, &[], at);
            is_killed
        });
    }
}

#[test]
fn a_first_installation_is_done_in_another_way_wherever_it_was_killed() {
    let (expected, _) = installed(1);
    Killed::everywhere(|at| {
        let folder = Folder::new();
        let several = folder.binary("several", folder.description("1.0.0", 3));
        let is_killed = folder.kill(folder.wish(Kind::Install, several), at);
        let one = folder.binary("first", folder.description("1.0.0", 1));
        folder.run(folder.wish(Kind::Install, one)).unwrap_or_else(|error| panic!("{at:?}: {error}"));
        assert_eq!(folder.system.state(), expected.system.state(), "{at:?}");
        assert_eq!(units(&folder), units(&expected), "{at:?}");
        let record = folder.read("etc/shop/deploy.json");
        assert_eq!(record, expected.read("etc/shop/deploy.json"), "{at:?}");
        is_killed
    });
}

#[test]
fn an_upgrade_completes_a_first_installation_that_was_killed() {
    let (expected, _) = installed(1);
    let second = |folder: &Folder| folder.binary("second!", folder.description("1.1.0", 1));
    expected.run(expected.wish(Kind::Upgrade, second(&expected))).unwrap();
    Killed::everywhere(|at| {
        let folder = Folder::new();
        let binary = folder.binary("first", folder.description("1.0.0", 1));
        let is_killed = folder.kill(folder.wish(Kind::Install, binary), at);
        // The command refuses where nothing was begun.
        if folder.root.path().join("etc/shop/deploy.json").exists() {
            folder.run(folder.wish(Kind::Upgrade, second(&folder))).unwrap_or_else(|error| panic!("{at:?}: {error}"));
            assert_eq!(contents(&folder.tree()), contents(&expected.tree()), "{at:?}");
        }
        is_killed
    });
}

fn units(folder: &Folder) -> Vec<PathBuf> {
    folder.tree().into_keys().filter(|path| path.starts_with("etc/systemd")).collect()
}

/// What a deployment puts in place, as far as it does not depend on what was deployed before.
fn contents(tree: &Tree) -> Vec<String> {
    let others = ["versions", "public", "next", "previous", ".units"].map(|name| Path::new("opt/shop").join(name));
    let ours = tree.iter().filter(|(path, _)| !others.iter().any(|other| path.starts_with(other)));
    ours.map(|(path, (mode, bytes))| format!("{} {mode:o} {}", path.display(), String::from_utf8_lossy(bytes)))
        .collect()
}

#[test]
fn from_one_process_to_several_and_back_is_undone_or_removed_wherever_it_was_killed() {
    for (before, after) in [(1, 3), (3, 1)] {
        Killed::everywhere(|at| {
            let (folder, first) = installed(before);
            let (tree, state) = (folder.tree(), folder.system.state());
            let second = folder.binary("second", folder.description("1.0.0", after));
            let is_killed = folder.kill(folder.wish(Kind::Install, second), at);
            folder.run(folder.wish(Kind::Install, first)).unwrap_or_else(|error| panic!("{at:?}: {error}"));
            assert_eq!(folder.system.state(), state, "{at:?}");
            assert_eq!(contents(&folder.tree()), contents(&tree), "{at:?}");
            is_killed
        });
        Killed::everywhere(|at| {
            let (folder, _) = installed(before);
            let second = folder.binary("second", folder.description("1.0.0", after));
            let is_killed = folder.kill(folder.wish(Kind::Install, second), at);
            folder.uninstall(false).unwrap_or_else(|error| panic!("{at:?}: {error}"));
            is_gone(&folder, &["etc/shop"], at);
            is_killed
        });
    }
}

#[test]
fn an_upgrade_comes_to_its_end_wherever_it_was_killed() {
    for processes in [1, 3] {
        Killed::everywhere(|at| {
            let (folder, _) = installed(processes);
            let second = folder.binary("second!", folder.description("1.1.0", processes));
            let is_killed = folder.kill(folder.wish(Kind::Upgrade, second.clone()), at);
            folder.run(folder.wish(Kind::Upgrade, second.clone())).unwrap_or_else(|error| panic!("{at:?}: {error}"));
            let current = fs::read_link(folder.root.path().join("opt/shop/current")).unwrap();
            let (_, _, running) = folder.system.state();
            assert_eq!(running.len(), usize::from(processes), "{at:?}");
            assert!(running.values().all(|version| *version == current.to_string_lossy()), "{at:?}: {running:?}");
            // It is done, and what was pending is forgotten.
            assert!(!folder.read("etc/shop/deploy.json").contains("pending"), "{at:?}");
            let told = folder.run(folder.wish(Kind::Upgrade, second)).unwrap();
            assert!(told.iter().all(|line| !line.starts_with("restart")), "{at:?}: {told:#?}");
            is_killed
        });
    }
}

#[test]
fn files_of_others_stay_when_what_was_to_replace_them_was_not_written() {
    let folder = Folder::new();
    let binary = folder.binary("first", folder.description("1.0.0", 1));
    folder.write("etc/systemd/system/shop.service", "[Service]\n");
    let step = "would replace `/etc/systemd/system/shop.service`";
    let lines = folder.lines(Wish { force: true, ..folder.wish(Kind::Install, binary.clone()) }).unwrap();
    let at = lines.iter().position(|line| line.starts_with(step)).unwrap();
    assert!(folder.kill(Wish { force: true, ..folder.wish(Kind::Install, binary) }, Killed::BeforeStep(at)));
    folder.uninstall(true).unwrap();
    assert_eq!(folder.read("etc/systemd/system/shop.service"), "[Service]\n");
}

#[test]
fn a_link_of_nginx_goes_that_a_deployment_made_before_it_was_killed() {
    Killed::everywhere(|at| {
        let folder = Folder::new();
        let binary = folder.binary("first", folder.description("1.0.0", 1));
        let wish = |has_nginx| Wish { nginx: Some(has_nginx), ..folder.wish(Kind::Install, binary.clone()) };
        folder.run(wish(false)).unwrap();
        let is_killed = folder.kill(wish(true), at);
        folder.uninstall(true).unwrap();
        is_gone(&folder, &[], at);
        is_killed
    });
}

#[test]
fn a_credential_reaches_the_process_whose_restart_was_not_come_to() {
    let folder = Folder::new();
    let secret = folder.home.path().join("secret");
    fs::write(&secret, "old").unwrap();
    let credentials = ["pay".to_string()].to_vec();
    let binary = folder.binary("first", Description { credentials, ..folder.description("1.0.0", 1) });
    let wish = || {
        let credentials = [("pay".to_string(), secret.clone())].to_vec();
        Wish { credentials, ..folder.wish(Kind::Install, binary.clone()) }
    };
    folder.run(wish()).unwrap();
    fs::write(&secret, "new").unwrap();
    let lines = folder.lines(wish()).unwrap();
    let at = lines.iter().position(|line| line.contains("the credential `pay` to")).unwrap();
    assert!(folder.kill(wish(), Killed::BeforeStep(at + 1)));
    assert_eq!(folder.read("etc/shop/credentials/pay"), "new");
    folder.system.calls.borrow_mut().clear();
    folder.run(wish()).unwrap();
    assert!(folder.system.calls.borrow().contains(&"systemctl restart shop.service".to_string()));
}

/// The processes are of this version, as systemd and the kernel tell.
fn runs(folder: &Folder, version: &Path) {
    let program = folder.layout().on_disk(folder.layout().home()).join(version).join("shop");
    fs::create_dir_all(folder.root.path().join("proc/17")).unwrap();
    std::os::unix::fs::symlink(program, folder.root.path().join("proc/17/exe")).unwrap();
    let text = "MainPID=17\nNeedDaemonReload=no\n".to_string();
    folder.system.shows.borrow_mut().insert("shop.service".to_string(), text);
}

#[test]
fn an_upgrade_that_was_killed_before_its_restart_goes_back_when_it_fails_again() {
    let (folder, _) = installed(1);
    let link = |name: &str| fs::read_link(folder.root.path().join("opt/shop").join(name)).unwrap();
    let first = link("current");
    let second = folder.binary("second!", folder.description("1.1.0", 1));
    let lines = folder.lines(folder.wish(Kind::Upgrade, second.clone())).unwrap();
    let at = lines.iter().position(|line| line.starts_with("would restart")).unwrap();
    assert!(folder.kill(folder.wish(Kind::Upgrade, second.clone()), Killed::BeforeStep(at)));
    assert_ne!(link("current"), first);
    assert_eq!(link("previous"), first);
    // As if it had been killed between the two links.
    fs::remove_file(folder.root.path().join("opt/shop/previous")).unwrap();
    runs(&folder, &first);

    // It starts, but does not get ready.
    folder.system.fails_on.borrow_mut().push("shop healthcheck --address unix:/run/shop/admin.sock".to_string());
    let error = folder.run(folder.wish(Kind::Upgrade, second.clone())).unwrap_err().to_string();
    assert!(error.contains("everything was taken back"), "{error}");
    assert_eq!(link("current"), first);
    assert_eq!(folder.system.state().2["shop.service"], first.to_string_lossy());

    // When it gets ready, the way back is the version that served.
    folder.system.fails_on.borrow_mut().clear();
    folder.run(folder.wish(Kind::Upgrade, second)).unwrap();
    assert_eq!(link("previous"), first);
    assert_ne!(link("current"), first);
}
