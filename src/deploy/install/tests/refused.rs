//! What is refused before anything changes.

use std::fs;
use std::path::Path;

use super::system::Folder;
use crate::deploy::install::description::Description;
use crate::deploy::install::{Kind, Wish};

/// The error of a wish, which must leave everything as it is.
fn refused(folder: &Folder, wish: Wish) -> String {
    let (tree, calls) = (folder.tree(), folder.system.calls.borrow().len());
    let error = folder.run(wish).unwrap_err().to_string();
    assert_eq!((folder.tree(), folder.system.calls.borrow().len()), (tree, calls), "{error}");
    error
}

fn installed() -> (Folder, std::path::PathBuf) {
    let folder = Folder::new();
    let binary = folder.binary("first", folder.description("1.0.0", 1));
    folder.run(folder.wish(Kind::Install, binary.clone())).unwrap();
    (folder, binary)
}

#[test]
fn what_is_no_program_for_this_machine() {
    let (folder, binary) = installed();
    let script = folder.home.path().join("script");
    fs::write(&script, "#!/bin/sh\nexit 1\n").unwrap();
    let error = refused(&folder, folder.wish(Kind::Upgrade, script));
    assert!(error.contains("is no program for Linux"), "{error}");

    let mut foreign = fs::read(&binary).unwrap();
    let number: u16 = if cfg!(target_arch = "x86_64") { 183 } else { 62 };
    foreign[18..20].copy_from_slice(&number.to_le_bytes());
    let path = folder.home.path().join("foreign");
    fs::write(&path, foreign).unwrap();
    let error = refused(&folder, folder.wish(Kind::Upgrade, path));
    let name = if cfg!(target_arch = "x86_64") { "it is for AArch64" } else { "it is for x86-64" };
    assert!(error.contains("is for another processor") && error.contains(name), "{error}");

    let error = refused(&folder, folder.wish(Kind::Upgrade, folder.home.path().to_path_buf()));
    assert!(error.contains("is no file"), "{error}");
    // Nobody ever writes to it.
    let fifo = folder.home.path().join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    assert!(refused(&folder, folder.wish(Kind::Upgrade, fifo)).contains("is no file"));
    assert!(refused(&folder, folder.wish(Kind::Upgrade, "/nowhere".into())).contains("cannot be read"));
}

#[test]
fn another_site_unless_the_name_is_given() {
    let (folder, _) = installed();
    let other = Description { name: "blog".to_string(), ..folder.description("1.0.0", 1) };
    let binary = folder.binary("other", other);
    let error = refused(&folder, folder.wish(Kind::Upgrade, binary.clone()));
    assert!(
        error.contains("is the site `blog`, and what is deployed is `shop`") && error.contains("--name"),
        "{error}"
    );
    folder.run(Wish { is_named: true, ..folder.wish(Kind::Upgrade, binary) }).unwrap();
}

#[test]
fn a_build_for_development_unless_told() {
    let folder = Folder::new();
    let binary = folder.binary("debug", Description { is_release: false, ..folder.description("1.0.0", 1) });
    let error = refused(&folder, folder.wish(Kind::Install, binary.clone()));
    assert!(error.contains("a build for development") && error.contains("--set environment.is_prod=true"), "{error}");
    fs::create_dir(folder.root.path().join("etc/shop")).unwrap();
    folder.write("etc/shop/environment", "KALGAN__ENVIRONMENT__IS_PROD=true\n");
    folder.run(folder.wish(Kind::Install, binary)).unwrap();
    assert!(
        folder
            .read("etc/shop/environment")
            .starts_with("KALGAN__ENVIRONMENT__IS_PROD=true\nKALGAN__SECURITY__SECRET_KEY=k")
    );
}

#[test]
fn credentials_that_are_not_there_are_all_named() {
    let folder = Folder::new();
    let credentials = ["pay".to_string(), "mail".to_string()].to_vec();
    let binary = folder.binary("first", Description { credentials, ..folder.description("1.0.0", 1) });
    let error = refused(&folder, folder.wish(Kind::Install, binary.clone()));
    assert!(error.contains("credential `pay`") && error.contains("credential `mail`"), "{error}");
    assert!(error.contains("install -m 600 /dev/stdin /etc/shop/credentials/mail"), "{error}");

    let secret = folder.home.path().join("secret");
    fs::write(&secret, "hidden text").unwrap();
    let given = |ids: &[&str]| ids.iter().map(|id| (id.to_string(), secret.clone())).collect::<Vec<_>>();
    let wish = Wish { credentials: given(&["pay", "mial"]), ..folder.wish(Kind::Install, binary.clone()) };
    let error = refused(&folder, wish);
    assert!(error.contains("no setting names a credential `mial`; did you mean `mail`?"), "{error}");
    let told = folder
        .run(Wish { credentials: given(&["pay", "mail"]), ..folder.wish(Kind::Install, binary.clone()) })
        .unwrap();
    assert!(!told.concat().contains("hidden text"), "{told:?}");
    let tree = folder.tree();
    assert_eq!(tree[Path::new("etc/shop/credentials/pay")], (0o600, b"hidden text".to_vec()));
    assert_eq!(tree[Path::new("etc/shop/credentials")].0, 0o700);
    // They are in place from now on.
    folder.run(folder.wish(Kind::Install, binary)).unwrap();
    assert_eq!(folder.tree(), tree);
}

#[test]
fn no_nginx_unless_it_is_not_wanted() {
    let folder = Folder::new();
    fs::remove_dir_all(folder.root.path().join("etc/nginx")).unwrap();
    let binary = folder.binary("first", folder.description("1.0.0", 1));
    let error = refused(&folder, folder.wish(Kind::Install, binary.clone()));
    assert!(error.contains("NGINX is not installed") && error.contains("--no-nginx"), "{error}");
    folder.run(Wish { nginx: Some(false), ..folder.wish(Kind::Install, binary.clone()) }).unwrap();
    assert!(!folder.root.path().join("etc/nginx").exists());
    // It is remembered.
    folder.run(folder.wish(Kind::Install, binary)).unwrap();
}

#[test]
fn files_changed_by_hand() {
    let (folder, binary) = installed();
    let (unit, site) = ("etc/systemd/system/shop.service", "etc/nginx/sites-available/shop");
    folder.write(unit, "by hand\n");
    folder.write(site, "by hand as well\n");
    let error = refused(&folder, folder.wish(Kind::Install, binary));
    assert!(
        error.contains(&format!("/{unit}")) && error.contains(&format!("/{site}")) && error.contains("--force"),
        "{error}"
    );

    // An upgrade that would write NGINX's file as it was written last leaves it alone.
    let second = folder.binary("second", folder.description("1.1.0", 1));
    let error = refused(&folder, folder.wish(Kind::Upgrade, second.clone()));
    assert!(error.contains(unit) && !error.contains(site), "{error}");
    let told = folder.run(Wish { force: true, ..folder.wish(Kind::Upgrade, second) }).unwrap().join("\n");
    assert!(told.contains("is kept as `/etc/systemd/system/shop.service.old`"), "{told}");
    assert_eq!(folder.read(&format!("{unit}.old")), "by hand\n");
    assert_eq!(folder.read(&format!("{site}.old")), "by hand as well\n");
    assert!(folder.read(unit).starts_with("# 1.1.0\n"));
}

#[test]
fn an_upgrade_leaves_alone_what_was_changed_by_hand_and_would_not_change() {
    let (folder, _) = installed();
    let site = "etc/nginx/sites-available/shop";
    folder.write(site, "with a certificate\n");
    let second = folder.binary("second", folder.description("1.1.0", 1));
    let told = folder.run(folder.wish(Kind::Upgrade, second)).unwrap().join("\n");
    assert!(told.contains("`/etc/nginx/sites-available/shop` was changed by hand; it stays so"), "{told}");
    assert_eq!(folder.read(site), "with a certificate\n");
}

#[test]
fn the_page_of_maintenance_is_the_operators_to_change() {
    let (folder, binary) = installed();
    folder.write("opt/shop/maintenance.html", "back at noon\n");
    folder.run(folder.wish(Kind::Install, binary.clone())).unwrap();
    assert_eq!(folder.read("opt/shop/maintenance.html"), "back at noon\n");
    folder.run(Wish { force: true, ..folder.wish(Kind::Install, binary) }).unwrap();
    assert_eq!(folder.read("opt/shop/maintenance.html.old"), "back at noon\n");
}

#[test]
fn files_of_somebody_else() {
    let folder = Folder::new();
    let binary = folder.binary("first", folder.description("1.0.0", 1));
    folder.write("etc/systemd/system/shop.service", "[Service]\n");
    let error = refused(&folder, folder.wish(Kind::Install, binary.clone()));
    assert!(error.contains("made by somebody else"), "{error}");
    folder.run(Wish { force: true, ..folder.wish(Kind::Install, binary) }).unwrap();
    assert_eq!(folder.read("etc/systemd/system/shop.service.old"), "[Service]\n");
}

#[test]
fn a_name_that_others_have() {
    let folder = Folder::new();
    let binary = folder.binary("first", folder.description("1.0.0", 2));
    let at = |path: &str| folder.root.path().join(path);
    let others = [
        ("etc/passwd", "root:x:0:0::/root:/bin/sh\nshop:x:33:33::/:/bin/sh\n", "the user `shop`"),
        ("usr/lib/systemd/system/shop.service", "[Service]\n", "the unit `/usr/lib/systemd/system/shop.service`"),
        ("etc/systemd/system/shop.socket", "[Socket]\n", "the unit `/etc/systemd/system/shop.socket`"),
        ("lib/systemd/system/shop.target", "[Unit]\n", "the unit `/lib/systemd/system/shop.target`"),
        ("usr/lib/systemd/system/shop@.service", "[Service]\n", "the unit `/usr/lib/systemd/system/shop@.service`"),
        ("usr/lib/systemd/system/shop-admin@.socket", "[Socket]\n", "shop-admin@.socket`"),
        (
            "run/systemd/generator.late/shop.service",
            "[Service]\n",
            "the unit `/run/systemd/generator.late/shop.service`",
        ),
        ("etc/shop/shop.conf", "", "the folder `/etc/shop`, in which is `shop.conf`"),
        ("opt/shop/bin", "", "the folder `/opt/shop`, in which is `bin`"),
        ("var/lib/shop/rows", "", "the folder `/var/lib/shop`, in which is `rows`"),
    ];
    for (path, text, named) in others {
        let had_folder = at(path).parent().unwrap().is_dir();
        fs::create_dir_all(at(path).parent().unwrap()).unwrap();
        folder.write(path, text);
        let error = refused(&folder, folder.wish(Kind::Install, binary.clone()));
        assert!(error.contains(named) && error.contains("`--name`") && error.contains("`--force`"), "{error}");
        folder.lines(Wish { force: true, ..folder.wish(Kind::Install, binary.clone()) }).unwrap();
        fs::remove_file(at(path)).unwrap();
        if !had_folder {
            fs::remove_dir(at(path).parent().unwrap()).unwrap();
        }
    }
    // What an installation that was taken back or killed leaves, and what is made by hand for the first one, is not in the way.
    fs::create_dir_all(at("var/lib/private/shop")).unwrap();
    folder.write("var/lib/private/shop/site.sqlite3", "");
    std::os::unix::fs::symlink("private/shop", at("var/lib/shop")).unwrap();
    fs::create_dir_all(at("opt/shop/versions")).unwrap();
    fs::create_dir_all(at("etc/shop/credentials")).unwrap();
    folder.write("etc/shop/environment", "A=b\n");
    folder.run(folder.wish(Kind::Install, binary.clone())).unwrap();
    assert_eq!(folder.tree()[Path::new("etc/shop")].0, 0o700);

    // Neither is what `uninstall` leaves, nor a user that came later.
    folder.uninstall(false).unwrap();
    folder.write("etc/passwd", others[0].1);
    folder.run(folder.wish(Kind::Install, binary)).unwrap();
}
