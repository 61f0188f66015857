use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::pause::Pause;
use super::{Mode, Noticing, Watch};
use crate::source::workspace::Touched;

/// A site's folder in a folder of its own.
fn site() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["templates/a.html", "templates/b.html", "templates/part/c.html", "static/site.css"] {
        let path = folder.path().join("app").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "old").unwrap();
    }
    folder
}

fn watch(folder: &Path, mode: Mode) -> Watch {
    Watch::start(folder, Noticing { mode, pause: Duration::ZERO }).unwrap()
}

fn paths(paths: &[&str]) -> Option<Touched> {
    Some(Touched::Paths(paths.iter().map(ToString::to_string).collect()))
}

/// What is told until nothing more comes in for a while.
fn told_by_and_by(watch: &mut Watch, is_enough: impl Fn(&BTreeSet<String>) -> bool) -> BTreeSet<String> {
    let (mut told, start) = (BTreeSet::new(), Instant::now());
    while !is_enough(&told) {
        assert!(start.elapsed() < Duration::from_secs(5), "not enough was told: {told:?}");
        match watch.touched() {
            Some(Touched::Paths(paths)) => told.extend(paths),
            Some(Touched::All) => drop(told.insert("everything".to_string())),
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    }
    told
}

#[test]
fn the_setting_names_what_it_may_be() {
    assert_eq!("poll".parse(), Ok(Mode::Poll));
    assert_eq!("inotify".parse::<Mode>(), Err("is `inotify`; it may be `auto`, `events` or `poll`".to_string()));
}

mod events {
    use super::*;

    /// A site, its folder, and the watch of it.
    fn watched() -> (TempDir, std::path::PathBuf, Watch) {
        let folder = site();
        let app = folder.path().join("app");
        let watch = watch(&app, Mode::Events);
        (folder, app, watch)
    }

    #[test]
    fn a_file_counts_when_it_is_closed() {
        let (_folder, app, mut watch) = watched();
        assert_eq!(watch.touched(), None);
        let mut file = fs::File::create(app.join("templates/a.html")).unwrap();
        assert_eq!(watch.touched(), None);
        file.write_all(b"half").unwrap();
        let allowed = fs::Permissions::from_mode(0o600);
        file.set_permissions(allowed).unwrap();
        assert_eq!(watch.touched(), None);
        drop(file);
        assert_eq!(watch.touched(), paths(&["templates/a.html"]));
        assert_eq!(watch.touched(), None);
    }

    #[test]
    fn a_file_that_is_saved_again_waits_for_the_second_end() {
        let (_folder, app, mut watch) = watched();
        fs::write(app.join("templates/a.html"), "first").unwrap();
        let file = fs::File::create(app.join("templates/a.html")).unwrap();
        fs::write(app.join("templates/b.html"), "whole").unwrap();
        assert_eq!(watch.touched(), paths(&["templates/b.html"]));
        drop(file);
        assert_eq!(watch.touched(), paths(&["templates/a.html"]));
    }

    #[test]
    fn between_two_saves_the_end_of_the_second_is_waited_for() {
        let (_folder, app, mut watch) = watched();
        fs::write(app.join("templates/a.html"), "first").unwrap();
        let mut file = fs::File::create(app.join("templates/a.html")).unwrap();
        let writing = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(5));
            file.write_all(b"second").unwrap();
        });
        // What was before the first save is too old, and what the first one wrote is gone.
        assert_eq!(watch.touched(), paths(&["templates/a.html"]));
        assert_eq!(fs::read_to_string(app.join("templates/a.html")).unwrap(), "second");
        writing.join().unwrap();
    }

    #[test]
    fn a_file_that_is_saved_again_while_it_is_read_is_read_again() {
        let (_folder, app, mut watch) = watched();
        fs::write(app.join("templates/a.html"), "first").unwrap();
        let read = watch.touched().unwrap();
        assert_eq!(watch.touched_meanwhile(&read), None);
        let mut file = fs::File::create(app.join("templates/a.html")).unwrap();
        let writing = std::thread::spawn(move || file.write_all(b"second").unwrap());
        assert_eq!(watch.touched_meanwhile(&read), paths(&["templates/a.html"]));
        writing.join().unwrap();
        // Of one that is not being read nobody waits for the end.
        let file = fs::File::create(app.join("templates/b.html")).unwrap();
        assert_eq!(watch.touched_meanwhile(&read), None);
        drop(file);
        assert_eq!(watch.touched(), paths(&["templates/b.html"]));
    }

    #[test]
    fn files_are_moved_into_place_added_renamed_and_deleted() {
        let (_folder, app, mut watch) = watched();
        fs::write(app.join("templates/.a.tmp"), "new").unwrap();
        assert_eq!(watch.touched(), None);
        fs::rename(app.join("templates/.a.tmp"), app.join("templates/a.html")).unwrap();
        assert_eq!(watch.touched(), paths(&["templates/a.html"]));
        fs::write(app.join("templates/new.html"), "").unwrap();
        assert_eq!(watch.touched(), paths(&["templates/new.html"]));
        fs::rename(app.join("templates/new.html"), app.join("static/new.html")).unwrap();
        assert_eq!(watch.touched(), paths(&["static/new.html", "templates/new.html"]));
        fs::remove_file(app.join("static/new.html")).unwrap();
        assert_eq!(watch.touched(), paths(&["static/new.html"]));
        fs::set_permissions(app.join("static/site.css"), fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(watch.touched(), paths(&["static/site.css"]));
        fs::hard_link(app.join("templates/a.html"), app.join("templates/again.html")).unwrap();
        assert_eq!(watch.touched(), paths(&["templates/again.html"]));
    }

    #[test]
    fn a_file_that_is_written_anew_is_never_missing() {
        let (_folder, app, mut watch) = watched();
        let (file, backup) = (app.join("templates/a.html"), app.join("templates/a.html~"));
        fs::rename(&file, &backup).unwrap();
        let mut writing = fs::File::create(&file).unwrap();
        writing.write_all(b"ne").unwrap();
        // The one that is written anew is kept back, however long that takes.
        assert_eq!(watch.touched(), paths(&["templates/a.html~"]));
        writing.write_all(b"w").unwrap();
        drop(writing);
        fs::remove_file(&backup).unwrap();
        assert_eq!(watch.touched(), paths(&["templates/a.html", "templates/a.html~"]));
    }

    #[test]
    fn new_moved_and_deleted_folders_are_followed() {
        let (folder, app, mut watch) = watched();
        fs::create_dir_all(app.join("templates/x/y")).unwrap();
        fs::write(app.join("templates/x/y/d.html"), "").unwrap();
        assert_eq!(watch.touched(), paths(&["templates/x"]));
        fs::write(app.join("templates/x/y/d.html"), "again").unwrap();
        assert_eq!(watch.touched(), paths(&["templates/x/y/d.html"]));
        fs::rename(app.join("templates/x"), app.join("templates/z")).unwrap();
        assert_eq!(watch.touched(), paths(&["templates/x", "templates/z"]));
        fs::write(app.join("templates/z/y/d.html"), "moved").unwrap();
        assert_eq!(watch.touched(), paths(&["templates/z/y/d.html"]));
        fs::rename(app.join("templates/z"), folder.path().join("outside")).unwrap();
        assert_eq!(watch.touched(), paths(&["templates/z"]));
        fs::write(folder.path().join("outside/y/d.html"), "elsewhere").unwrap();
        assert_eq!(watch.touched(), None);
        fs::remove_dir_all(app.join("templates/part")).unwrap();
        assert_eq!(watch.touched(), paths(&["templates/part", "templates/part/c.html"]));
    }

    #[test]
    fn what_links_lead_to_is_followed_inside_the_site() {
        let (folder, app, mut watch) = watched();
        fs::create_dir_all(app.join(".shared/deep")).unwrap();
        fs::write(app.join(".shared/deep/e.html"), "").unwrap();
        symlink("../.shared", app.join("templates/shared")).unwrap();
        symlink("a.html", app.join("templates/link.html")).unwrap();
        symlink("later.html", app.join("templates/dangling.html")).unwrap();
        symlink(folder.path(), app.join("templates/outside")).unwrap();
        symlink("..", app.join("templates/round")).unwrap();
        let Some(Touched::Paths(told)) = watch.touched() else { panic!("nothing is told") };
        assert!(told.contains("templates/shared") && told.contains("templates/link.html"), "{told:?}");

        fs::write(app.join(".shared/deep/e.html"), "new").unwrap();
        assert_eq!(watch.touched(), paths(&["templates/shared/deep/e.html"]));
        fs::write(app.join("templates/a.html"), "new").unwrap();
        assert_eq!(watch.touched(), paths(&["templates/a.html", "templates/link.html"]));
        fs::write(app.join("templates/later.html"), "new").unwrap();
        assert_eq!(watch.touched(), paths(&["templates/dangling.html", "templates/later.html"]));
        fs::write(folder.path().join("file"), "").unwrap();
        assert_eq!(watch.touched(), None);
        fs::remove_file(app.join("templates/shared")).unwrap();
        let Some(Touched::Paths(told)) = watch.touched() else { panic!("nothing is told") };
        assert!(told.contains("templates/shared"), "{told:?}");
        fs::write(app.join(".shared/deep/e.html"), "unseen").unwrap();
        assert_eq!(watch.touched(), None);
    }

    #[test]
    fn a_link_is_turned_to_another_folder_in_one_step() {
        let (_folder, app, mut watch) = watched();
        for name in [".one", ".two"] {
            fs::create_dir(app.join(name)).unwrap();
            fs::write(app.join(name).join("f.html"), name).unwrap();
        }
        symlink("../.one", app.join("templates/current")).unwrap();
        assert_eq!(watch.touched(), paths(&["templates/current"]));
        symlink("../.two", app.join("templates/.next")).unwrap();
        fs::rename(app.join("templates/.next"), app.join("templates/current")).unwrap();
        assert_eq!(watch.touched(), paths(&["templates/current"]));
        fs::write(app.join(".two/f.html"), "new").unwrap();
        assert_eq!(watch.touched(), paths(&["templates/current/f.html"]));
        fs::write(app.join(".one/f.html"), "new").unwrap();
        assert_eq!(watch.touched(), None);
    }

    #[test]
    fn the_site_itself_may_go_away_and_come_back() {
        let (folder, app, mut watch) = watched();
        fs::rename(&app, folder.path().join("aside")).unwrap();
        assert_eq!(watch.touched(), Some(Touched::All));
        fs::write(folder.path().join("aside/templates/a.html"), "aside").unwrap();
        assert_eq!(watch.touched(), None);
        fs::rename(folder.path().join("aside"), &app).unwrap();
        assert_eq!(watch.touched(), Some(Touched::All));
        fs::write(app.join("templates/a.html"), "back").unwrap();
        assert_eq!(watch.touched(), paths(&["templates/a.html"]));
        fs::remove_dir_all(&app).unwrap();
        assert_eq!(watch.touched(), Some(Touched::All));
        fs::create_dir_all(app.join("templates")).unwrap();
        assert_eq!(watch.touched(), Some(Touched::All));
        fs::write(app.join("templates/a.html"), "anew").unwrap();
        assert_eq!(watch.touched(), paths(&["templates/a.html"]));
    }

    #[test]
    fn a_name_that_is_not_utf_8_touches_its_folder() {
        let (_folder, app, mut watch) = watched();
        fs::write(app.join("templates").join(std::ffi::OsStr::from_bytes(b"\xff.html")), "").unwrap();
        assert_eq!(watch.touched(), paths(&["templates"]));
    }

    #[test]
    fn more_events_than_the_queue_holds_touch_everything() {
        let most = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
        let most: usize = most.trim().parse().unwrap();
        let (_folder, app, mut watch) = watched();
        // Equal events in a row are one, so two files take turns.
        for _ in 0..most {
            for name in ["a.html", "b.html"] {
                fs::write(app.join("templates").join(name), "").unwrap();
            }
            if most > 100_000 {
                return eprintln!("the queue of this machine is too long to be filled");
            }
        }
        assert_eq!(watch.touched(), Some(Touched::All));
        fs::write(app.join("templates/part/c.html"), "after").unwrap();
        assert_eq!(watch.touched(), paths(&["templates/part/c.html"]));
    }

    #[tokio::test]
    async fn who_waits_is_woken_by_an_edit() {
        let (_folder, app, mut watch) = watched();
        let waiting = tokio::spawn(watch.signal().wait());
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        fs::write(app.join("templates/a.html"), "new").unwrap();
        waiting.await.unwrap();
        assert_eq!(watch.touched(), paths(&["templates/a.html"]));
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_woken_when_the_pause_is_over() {
    let folder = site();
    let app = folder.path().join("app");
    let hour = Duration::from_secs(3600);
    let mut watch = Watch::start(&app, Noticing { mode: Mode::Auto, pause: hour }).unwrap();
    for (name, is_told) in [("a.html", true), ("b.html", false)] {
        fs::write(app.join("templates").join(name), "new").unwrap();
        watch.signal().wait().await;
        assert_eq!(watch.touched().is_some(), is_told);
    }
    // The bell says once that there is a time to wait for now; after that nobody is woken before it.
    let start = tokio::time::Instant::now();
    watch.signal().wait().await;
    assert_eq!((watch.touched(), start.elapsed() < hour / 2), (None, true));
    watch.signal().wait().await;
    assert!(start.elapsed() > hour / 2);
}

mod polling {
    use super::*;

    #[test]
    fn files_that_are_changed_added_and_deleted_are_told() {
        let folder = site();
        let app = folder.path().join("app");
        let mut watch = watch(&app, Mode::Poll);
        fs::write(app.join("templates/a.html"), "new").unwrap();
        fs::remove_file(app.join("templates/b.html")).unwrap();
        fs::create_dir(app.join("i18n")).unwrap();
        fs::write(app.join("templates/.hidden"), "new").unwrap();
        let told = told_by_and_by(&mut watch, |told| told.len() >= 3);
        assert_eq!(told, ["i18n", "templates/a.html", "templates/b.html"].map(String::from).into());
        fs::rename(&app, folder.path().join("aside")).unwrap();
        assert!(told_by_and_by(&mut watch, |told| !told.is_empty()).contains("everything"));
    }

    #[tokio::test]
    async fn who_waits_is_woken_and_the_thread_ends_with_the_watch() {
        let folder = site();
        let app = folder.path().join("app");
        let watch = watch(&app, Mode::Poll);
        let bell = std::sync::Arc::downgrade(&watch.bell);
        let waiting = tokio::spawn(watch.signal().wait());
        tokio::task::yield_now().await;
        fs::write(app.join("templates/a.html"), "new").unwrap();
        waiting.await.unwrap();
        drop(watch);
        let start = Instant::now();
        while bell.strong_count() > 0 {
            assert!(start.elapsed() < Duration::from_secs(5), "the thread goes on");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[test]
    fn the_way_of_noticing_can_be_another_one_later() {
        let folder = site();
        let app = folder.path().join("app");
        let mut watch = watch(&app, Mode::Poll);
        watch.set(Noticing { mode: Mode::Auto, pause: Duration::ZERO }).unwrap();
        assert_eq!(watch.touched(), Some(Touched::All));
        fs::write(app.join("templates/a.html"), "new").unwrap();
        told_by_and_by(&mut watch, |told| told.contains("templates/a.html"));
    }
}

#[test]
fn what_was_touched_is_kept_until_the_time_is_over() {
    let (start, second) = (Instant::now(), Duration::from_secs(1));
    let mut pause = Pause::new(2 * second);
    assert_eq!((pause.take(start), pause.due()), (None, None));
    pause.keep(paths(&["a"]).unwrap());
    assert_eq!(pause.take(start), paths(&["a"]));
    pause.keep(paths(&["b"]).unwrap());
    assert_eq!(pause.due(), Some(start + 2 * second));
    assert_eq!(pause.take(start + second), None);
    pause.keep(paths(&["c"]).unwrap());
    assert_eq!(pause.take(start + 2 * second), paths(&["b", "c"]));
    pause.keep(paths(&["d"]).unwrap());
    pause.keep(Touched::All);
    pause.set(Duration::ZERO);
    assert_eq!(pause.take(start + 2 * second), Some(Touched::All));
}
