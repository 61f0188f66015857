//! What is removed, and what is somebody else's.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::system::{Folder, Killed};
use crate::deploy::Choices;
use crate::deploy::install::{Kind, Wish};

fn installed(wish: impl FnOnce(Wish) -> Wish) -> (Folder, PathBuf) {
    let folder = Folder::new();
    let binary = folder.binary("first", folder.description("1.0.0", 1));
    folder.run(wish(folder.wish(Kind::Install, binary.clone()))).unwrap();
    (folder, binary)
}

#[test]
fn what_others_have_of_a_name_stays_where_nothing_was_deployed() {
    for (path, named) in [
        ("opt/shop/bin/program", "the folder `/opt/shop`, in which is `bin`"),
        ("opt/shop/versions/1.2/lib", "the folder `/opt/shop/versions/1.2`, in which is `lib`"),
        ("etc/shop/shop.conf", "the folder `/etc/shop`, in which is `shop.conf`"),
        ("var/lib/shop/rows", "the folder `/var/lib/shop`, in which is `rows`"),
        ("etc/systemd/system/shop.service", "the unit `/etc/systemd/system/shop.service`"),
        ("usr/lib/systemd/system/shop.target", "the unit `/usr/lib/systemd/system/shop.target`"),
    ] {
        let folder = Folder::new();
        fs::create_dir_all(folder.root.path().join("opt/shop/versions")).unwrap();
        fs::create_dir_all(folder.root.path().join(path).parent().unwrap()).unwrap();
        folder.write(path, "theirs");
        let tree = folder.tree();
        let error = folder.uninstall(true).unwrap_err().to_string();
        assert!(error.contains("nothing is deployed as `shop`") && error.contains(named), "{error}");
        assert_eq!(folder.tree(), tree);
    }
}

#[test]
fn what_an_installation_leaves_that_was_killed_at_its_beginning_is_removed() {
    let folder = Folder::new();
    let before = folder.tree();
    fs::create_dir_all(folder.root.path().join("opt/shop/versions/1.0.0-0123456789ab")).unwrap();
    folder.write("opt/shop/versions/1.0.0-0123456789ab/.shop.new", "half of it");
    symlink("versions/1.0.0-0123456789ab", folder.root.path().join("opt/shop/next")).unwrap();
    // A link of that name which leads to a site of somebody else.
    symlink("../sites-available/shop", folder.root.path().join("etc/nginx/sites-enabled/shop")).unwrap();
    folder.uninstall(false).unwrap();
    let left: Vec<PathBuf> = folder.tree().into_keys().filter(|path| !before.contains_key(path)).collect();
    assert_eq!(left, [Path::new("etc/nginx/sites-enabled/shop")]);
}

#[test]
fn what_somebody_put_beside_a_deployment_stays() {
    let choices =
        |wish: &Wish| Choices { static_root: Some("/opt/shop/files".to_string()), ..wish.record.choices().unwrap() };
    let (folder, _) = installed(|wish| Wish { record: wish.record.clone().choosing(&choices(&wish)), ..wish });
    fs::create_dir_all(folder.root.path().join("opt/shop/files/css")).unwrap();
    fs::create_dir(folder.root.path().join("opt/shop/backups")).unwrap();
    folder.write("opt/shop/backups/monday", "rows");
    folder.write("opt/shop/maintenance.html.old", "ours");
    folder.uninstall(true).unwrap();
    let left: Vec<PathBuf> = folder.tree().into_keys().filter(|path| path.starts_with("opt/shop")).collect();
    assert_eq!(left, ["opt/shop", "opt/shop/backups", "opt/shop/backups/monday"].map(PathBuf::from));
    assert!(folder.stays().join("\n").contains("kept `/opt/shop`, in which is `backups`"), "{:?}", folder.stays());
}

#[test]
fn a_link_of_nginx_that_is_not_ours_stays() {
    let link = |folder: &Folder| folder.root.path().join("etc/nginx/sites-enabled/shop");
    let (folder, _) = installed(|wish| wish);
    fs::remove_file(link(&folder)).unwrap();
    symlink("/srv/shop/nginx.conf", link(&folder)).unwrap();
    folder.uninstall(false).unwrap();
    assert_eq!(fs::read_link(link(&folder)).unwrap(), Path::new("/srv/shop/nginx.conf"));

    let (folder, _) = installed(|wish| Wish { nginx: Some(false), ..wish });
    symlink("../sites-available/shop", link(&folder)).unwrap();
    folder.uninstall(true).unwrap();
    assert!(link(&folder).is_symlink());
}

#[test]
fn who_wants_no_nginx_any_more_keeps_no_link_that_leads_nowhere() {
    let (folder, binary) = installed(|wish| wish);
    folder.run(Wish { nginx: Some(false), ..folder.wish(Kind::Install, binary) }).unwrap();
    let of_nginx = folder.tree().into_keys().filter(|path| path.starts_with("etc/nginx") && path.ends_with("shop"));
    assert_eq!(of_nginx.count(), 0);

    // Neither does who decides so when an installation with it was killed.
    Killed::everywhere(|at| {
        let folder = Folder::new();
        let binary = folder.binary("first", folder.description("1.0.0", 1));
        let is_killed = folder.kill(folder.wish(Kind::Install, binary.clone()), at);
        folder.run(Wish { nginx: Some(false), ..folder.wish(Kind::Install, binary) }).unwrap();
        assert!(!folder.root.path().join("etc/nginx/sites-enabled/shop").is_symlink(), "{at:?}");
        is_killed
    });
}

#[test]
fn who_wants_no_nginx_gets_none_after_another_installation_either() {
    let (folder, binary) = installed(|wish| Wish { nginx: Some(false), ..wish });
    folder.uninstall(false).unwrap();
    let lines = folder.lines(folder.wish(Kind::Install, binary)).unwrap().join("\n");
    assert!(!lines.to_lowercase().contains("nginx"), "{lines}");
}
