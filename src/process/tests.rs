use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

#[test]
fn states_are_found_by_type() {
    let mut states = States::default();
    states.insert(1_u8);
    states.insert("text");
    states.insert(2_u8);
    assert_eq!((states.get::<u8>(), states.get::<&str>(), states.get::<u16>()), (Some(&2), Some(&"text"), None));
}

#[tokio::test(start_paused = true)]
async fn tasks_are_awaited_when_the_process_stops() {
    let tasks = Arc::new(Tasks::default());
    let ended = Arc::new(Mutex::new(Vec::new()));
    let note = |name: &'static str| ended.lock().unwrap().push(name);
    let (inner, outer) = (tasks.clone(), ended.clone());
    tasks.spawn("drains", async move {
        inner.stopping().await;
        let second = outer.clone();
        inner.spawn("follows", async move { second.lock().unwrap().push("follows") });
        tokio::time::sleep(Duration::from_secs(3)).await;
        outer.lock().unwrap().push("drains");
    });
    tasks.spawn("panics", async { panic!("a mistake") });
    tasks.spawn("never", std::future::pending());
    note("asked");
    assert_eq!(tasks.stop(Duration::from_secs(10)).await, ["never"]);
    assert_eq!(*ended.lock().unwrap(), ["asked", "follows", "drains"]);
}

#[tokio::test]
async fn stopping_ends_also_for_those_who_ask_late() {
    let tasks = Tasks::default();
    let asked = AtomicBool::new(false);
    tokio::join!(
        async {
            tasks.stopping().await;
            assert!(asked.load(Ordering::Relaxed));
        },
        async {
            asked.store(true, Ordering::Relaxed);
            tasks.stop(Duration::ZERO).await;
        }
    );
    tasks.stopping().await;
}

#[test]
fn the_data_folder_is_made_for_this_user_alone_and_is_no_source() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let data = DataFolder::new(parent.path().join("data"));
    let file = data.file("deep/file").unwrap();
    assert_eq!(file, parent.path().join("data/deep/file"));
    assert_eq!(data.path().metadata().unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(std::fs::read_to_string(data.path().join(".gitignore")).unwrap(), "*\n");
    std::fs::write(parent.path().join("occupied"), "").unwrap();
    let error = DataFolder::new(parent.path().join("occupied")).file("x").unwrap_err().to_string();
    assert!(error.contains("occupied") && error.contains("data.path"), "{error}");
}
