//! The commands that deploy, with the built binary and beneath a folder, where nothing is started: what they put in place, what they refuse,
//! and that nothing is left of what was refused.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use tempfile::TempDir;

use super::deploy::skip;

/// A folder in the place of `/`; none where systemd's own program, which makes its links, is not there.
fn root() -> Option<TempDir> {
    let asked = Command::new("systemctl").arg("--version").output();
    asked.inspect_err(|error| skip("systemctl", error)).ok()?;
    let root = tempfile::tempdir().expect("a temporary folder can be made");
    for folder in ["etc/nginx/sites-available", "etc/nginx/sites-enabled", "opt", "var/lib"] {
        fs::create_dir_all(root.path().join(folder)).expect("a folder can be made");
    }
    Some(root)
}

/// What a command of a binary writes, and whether it succeeded.
fn deploy(binary: &Path, root: &TempDir, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(binary);
    command.arg("deploy").args(arguments).arg("--root").arg(root.path());
    let output = command.output().expect("the binary can be run");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.success(), text)
}

fn own() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_kalgan"))
}

/// Another version of the binary: the same with more behind its end.
fn another(folder: &Path, behind: &str) -> PathBuf {
    let path = folder.join(behind);
    copy(&path, behind);
    path
}

/// Copies the binary, with more behind its end. Another process does it: a file that this one has open for writing cannot be run, and some
/// other test may be starting a program at this moment, which has all open files until it has begun.
fn copy(place: &Path, behind: &str) {
    let script = r#"cp "$0" "$1" && printf %s "$2" >> "$1""#;
    let copied = Command::new("sh").args(["-c", script]).args([own(), place]).arg(behind).status();
    assert!(copied.is_ok_and(|status| status.success()), "the binary can be copied");
}

/// Everything beneath a folder: rights, and contents or where a link leads to.
fn tree(folder: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut tree = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry can be read").path();
        let data = fs::symlink_metadata(&path).expect("it is there");
        let content = match (data.is_symlink(), data.is_dir()) {
            (true, _) => fs::read_link(&path).expect("a link can be read").to_string_lossy().into_owned().into_bytes(),
            (_, true) => Vec::new(),
            _ => fs::read(&path).expect("a file can be read"),
        };
        if data.is_dir() {
            tree.extend(self::tree(&path));
        }
        tree.insert(path, (data.permissions().mode() & 0o7777, content));
    }
    tree
}

const CHOSEN: [&str; 7] =
    ["install", "--domain", "shop.example", "--set", "environment.is_prod=true", "--name", "shop"];

#[test]
fn a_version_is_put_in_place_once_and_leaves_when_it_is_removed() {
    let Some(root) = root() else { return };
    let empty = tree(root.path());
    let (done, text) = deploy(own(), &root, &[&CHOSEN[..], &["--dry-run"]].concat());
    assert!(done && text.lines().all(|line| line.starts_with("would ")), "{text}");
    assert_eq!(tree(root.path()), empty, "a dry run changes nothing");

    let (done, text) = deploy(own(), &root, &[&CHOSEN[..], &["--static-root"]].concat());
    assert!(done && text.contains("is in place as version"), "{text}");
    let at = |path: &str| root.path().join(path);
    let current = fs::read_link(at("opt/shop/current")).expect("the link is there");
    assert!(at("opt/shop").join(&current).join("shop").is_file(), "{}", current.display());
    assert!(at("opt/shop/public/static/css/manual.css").is_file());
    assert!(
        fs::read_link(at("etc/systemd/system/multi-user.target.wants/shop.service")).is_ok(),
        "it starts with the machine"
    );
    let environment = fs::read_to_string(at("etc/shop/environment")).expect("it is there");
    let key = environment.trim().strip_prefix("KALGAN__SECURITY__SECRET_KEY=").expect("it has a key");
    assert!(key.len() == 64 && !text.contains(key), "{text}");
    let mode = |path| fs::metadata(at(path)).expect("it is there").permissions().mode() & 0o7777;
    assert_eq!([mode("etc/shop"), mode("etc/shop/environment"), mode("etc/shop/deploy.json")], [0o700, 0o600, 0o600]);
    let with_key = tree(root.path())
        .into_iter()
        .filter(|(_, (_, content))| content.windows(key.len()).any(|window| window == key.as_bytes()));
    assert_eq!(
        with_key.map(|(path, _)| path).collect::<Vec<_>>(),
        [at("etc/shop/environment")],
        "the key is in one file"
    );

    let installed = tree(root.path());
    let (done, text) = deploy(own(), &root, &["install", "--name", "shop"]);
    assert!(
        done && text.lines().all(|line| line.starts_with("unchanged: ") || line.starts_with("  address")),
        "{text}"
    );
    assert!(tree(root.path()) == installed, "a second installation changes something");

    let (done, text) = deploy(own(), &root, &[&CHOSEN[..1], &CHOSEN[3..], &["--fresh"]].concat());
    assert!(done && text.contains("the choice `domains` was [\"shop.example\"] and is []"), "{text}");
    assert!(text.contains("the choice `static_root` was \"/opt/shop/public\" and is null"), "{text}");
    assert_eq!(fs::read_to_string(at("etc/shop/environment")).expect("it is there"), environment, "the key stays");

    fs::create_dir_all(at("opt/other/bin")).expect("a folder can be made");
    let (done, text) = deploy(own(), &root, &["uninstall", "--name", "other", "--purge"]);
    assert!(
        !done && text.contains("the folder `/opt/other`, in which is `bin`") && at("opt/other/bin").is_dir(),
        "{text}"
    );

    let (done, text) = deploy(own(), &root, &["uninstall", "--name", "shop", "--purge"]);
    assert!(done, "{text}");
    let left: Vec<PathBuf> = tree(root.path()).into_keys().filter(|path| !empty.contains_key(path)).collect();
    assert!(left.iter().all(|path| path.is_dir()), "{left:?}");
}

#[test]
fn another_version_takes_over_and_gives_back_and_what_is_none_is_refused() {
    let Some(root) = root() else { return };
    let home = tempfile::tempdir().expect("a temporary folder can be made");
    let (done, text) = deploy(own(), &root, &CHOSEN);
    assert!(done, "{text}");
    let current = || fs::read_link(root.path().join("opt/shop/current")).expect("the link is there");
    let first = current();
    let second = another(home.path(), "second");
    let upgrade = |binary: &Path| {
        deploy(own(), &root, &["upgrade", binary.to_str().expect("its path is UTF-8"), "--name", "shop"])
    };
    let (done, text) = upgrade(&second);
    assert!(done && current() != first, "{text}");
    assert_eq!(fs::read_link(root.path().join("opt/shop/previous")).expect("the link is there"), first);
    let (done, text) = deploy(own(), &root, &["rollback", "--name", "shop"]);
    assert!(done && current() == first, "{text}");

    let before = tree(root.path());
    let script = home.path().join("script");
    fs::write(&script, "#!/bin/sh\nexit 1\n").expect("a file can be written");
    let foreign = another(home.path(), "foreign");
    let mut bytes = fs::read(&foreign).expect("it can be read");
    let number: u16 = if cfg!(target_arch = "x86_64") { 183 } else { 62 };
    bytes[18..20].copy_from_slice(&number.to_le_bytes());
    fs::write(&foreign, bytes).expect("it can be written");
    let other = Path::new("/bin/true");
    for (binary, reason) in [
        (&*script, "is no program for Linux"),
        (&*foreign, "is for another processor"),
        (other, "is not the binary of a site made with Kalgan"),
    ] {
        let (done, text) = upgrade(binary);
        assert!(!done && text.contains(reason), "{}: {text}", binary.display());
        assert!(tree(root.path()) == before, "{}: something was changed", binary.display());
    }

    let unit = root.path().join("etc/systemd/system/shop.service");
    fs::write(&unit, "by hand\n").expect("a file can be written");
    let by_hand = tree(root.path());
    let (done, text) = deploy(own(), &root, &CHOSEN);
    assert!(!done && text.contains("/etc/systemd/system/shop.service") && text.contains("--force"), "{text}");
    assert!(tree(root.path()) == by_hand, "something was changed");
    let (done, text) = deploy(own(), &root, &[&CHOSEN[..], &["--force"]].concat());
    assert!(done, "{text}");
    assert_eq!(fs::read_to_string(unit.with_extension("service.old")).expect("it is kept"), "by hand\n");
}

/// A shell whose mounts nobody else sees and that end with it; none where that is not allowed.
fn own_mounts() -> Option<Command> {
    let may = |flags: &[&str]| {
        let asked = Command::new("unshare").args(flags).args(["mount", "-t", "tmpfs", "none", "/mnt"]).output();
        asked.is_ok_and(|output| output.status.success())
    };
    let flags = [&["--mount"][..], &["--mount", "--map-root-user"]].into_iter().find(|flags| may(flags));
    if flags.is_none() {
        skip("unshare --mount", &std::io::ErrorKind::PermissionDenied.into());
    }
    let mut command = Command::new("unshare");
    command.args(flags?).args(["sh", "-euc"]);
    Some(command)
}

#[test]
fn static_files_that_are_mounted_are_as_before_where_an_upgrade_breaks_off_behind_them() {
    let (Some(root), Some(mut shell)) = (root(), own_mounts()) else { return };
    let home = tempfile::tempdir().expect("a temporary folder can be made");
    let second = another(home.path(), "second");
    // One file system in another, and a folder in the way of the step behind the export, until it is taken away.
    let script = r#"
        css=$PUBLIC/static/css
        mkdir -p "$PUBLIC"
        mount -t tmpfs none "$PUBLIC"
        mkdir -p "$css"
        mount -t tmpfs none "$css"
        deploy() { command=$1; shift; "$BINARY" deploy $command "$@" --name shop --root "$ROOT"; }
        deploy install --set environment.is_prod=true --static-root /srv/static
        echo old >"$css/manual.css"
        echo old >"$PUBLIC/robots.txt"
        echo kept >"$css/own.css"
        cp -a "$PUBLIC" "$KEPT/before"
        mkdir -p "$ROOT/opt/shop/previous/in-the-way"
        ! deploy upgrade "$SECOND" || exit 9
        cp -a "$PUBLIC" "$KEPT/broken-off"
        rm -r "$ROOT/opt/shop/previous"
        deploy upgrade "$SECOND"
        cp -a "$PUBLIC" "$KEPT/after"
    "#;
    shell.arg(script).env("BINARY", own()).env("SECOND", second).env("ROOT", root.path());
    shell.env("PUBLIC", root.path().join("srv/static")).env("KEPT", home.path());
    let output = shell.output().expect("unshare can be run");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success() && text.contains("everything was taken back"), "{text}");
    let kept = |name: &str| tree_and_times(&home.path().join(name));
    let (before, broken_off, after) = (kept("before"), kept("broken-off"), kept("after"));
    assert!(before == broken_off, "{text}\n{:?}\n{:?}", before.keys(), broken_off.keys());
    assert!(before.keys().eq(after.keys()), "{:?}\n{:?}", before.keys(), after.keys());
    let text = |path: &str| String::from_utf8_lossy(&after[Path::new(path)].1).into_owned();
    assert_eq!(text("static/css/own.css"), "kept\n");
    assert!(text("static/css/manual.css").len() > 1000 && text("robots.txt").len() > 10);
}

/// Everything beneath a folder, by its path there, as [`tree`] gives it, and when it was changed.
fn tree_and_times(folder: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>, Option<SystemTime>)> {
    let entries = tree(folder).into_iter().map(|(path, (mode, content))| {
        let data = fs::symlink_metadata(&path).expect("it is there");
        let time = (!data.is_dir()).then(|| data.modified().expect("there is a time"));
        let path = path.strip_prefix(folder).expect("it lies beneath").to_path_buf();
        (path, (mode, content, time))
    });
    entries.collect()
}

#[test]
fn the_web_server_may_read_what_is_written_whatever_the_umask_is() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let root = folder.path().to_str().expect("its path is UTF-8");
    let run = |arguments: &str| {
        let script = format!("umask 077; exec '{}' {arguments}", own().display());
        let output = Command::new("sh").args(["-c", &script]).output().expect("there is a shell");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run(&format!("deploy nginx --name shop --output '{root}/out'"));
    run(&format!("deploy systemd --name shop --output '{root}/out'"));
    run(&format!("assets export '{root}/out/opt/shop/public'"));
    for (path, (mode, _)) in tree(&folder.path().join("out")) {
        let is_list = path.ends_with(".kalgan-export.json");
        let expected = if is_list {
            0o600
        } else if path.is_dir() {
            0o755
        } else {
            0o644
        };
        assert_eq!(mode, expected, "{}", path.display());
    }
}

#[test]
fn a_binary_named_without_a_folder_is_the_one_here_and_choices_are_for_install_alone() {
    let Some(root) = root() else { return };
    let home = tempfile::tempdir().expect("a temporary folder can be made");
    let (done, text) = deploy(own(), &root, &CHOSEN);
    assert!(done, "{text}");
    // There is a command of the system by that name.
    another(home.path(), "ls");
    let mut command = Command::new(own());
    command.current_dir(home.path()).args(["deploy", "upgrade", "ls", "--name", "shop", "--dry-run", "--root"]);
    let output = command.arg(root.path()).output().expect("the binary can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    for command in [&["upgrade", "/proc/self/exe"][..], &["rollback"], &["uninstall"]] {
        for flags in [["--set", "log.level=debug"], ["--port", "1"], ["--credentials", "/"], ["--overlay", "/"]] {
            let (done, text) = deploy(own(), &root, &[command, &flags, &["--name", "shop"]].concat());
            assert!(!done && text.contains(flags[0]) && text.contains("deploy install"), "{command:?}: {text}");
        }
    }
}

#[test]
fn folders_of_static_files_below_the_deployments_own_go_with_it_also_those_of_before() {
    let Some(root) = root() else { return };
    for folder in ["/opt/shop/files", "/opt/shop/other"] {
        let (done, text) = deploy(own(), &root, &[&CHOSEN[..], &["--static-root", folder]].concat());
        assert!(done && root.path().join(&folder[1..]).join("static/css/manual.css").is_file(), "{text}");
    }
    let (done, text) = deploy(own(), &root, &["uninstall", "--name", "shop"]);
    assert!(done && !text.contains("which no deployment made"), "{text}");
    assert!(!root.path().join("opt/shop").exists(), "{:?}", tree(&root.path().join("opt")));
}

#[test]
fn who_may_not_see_what_is_deployed_gets_no_plan() {
    let Some(root) = root() else { return };
    let (done, text) = deploy(own(), &root, &CHOSEN);
    assert!(done, "{text}");
    let name = ["--name", "shop", "--dry-run", "--root"];
    for command in [&["install"][..], &["uninstall"]] {
        let mut nobody = Command::new("setpriv");
        nobody.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(readable(&root).as_os_str());
        let output = nobody.arg("deploy").args(command).args(name).arg(root.path()).output();
        let output = match output {
            Err(error) => return skip("setpriv", &error),
            Ok(output) => output,
        };
        let text = String::from_utf8_lossy(&output.stderr);
        if text.contains("setresuid failed") || text.contains("setgroups failed") {
            return skip("setpriv", &std::io::Error::from(std::io::ErrorKind::PermissionDenied));
        }
        assert!(!output.status.success() && text.contains("/etc/shop") && text.contains("sudo"), "{text}");
    }
}

/// The binary where everybody may run it: the folder of a checkout may be its owner's alone.
fn readable(root: &TempDir) -> PathBuf {
    let open = fs::Permissions::from_mode(0o755);
    fs::set_permissions(root.path(), open.clone()).expect("the folder is ours");
    let place = root.path().join("kalgan");
    if !place.exists() {
        copy(&place, "");
        fs::set_permissions(&place, open).expect("the file is ours");
    }
    place
}
