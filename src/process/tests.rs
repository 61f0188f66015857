use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::FutureExt;

use super::*;
use crate::site::Outside;

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
        inner.reached(Stage::Stopping).await;
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
            tasks.reached(Stage::Stopping).await;
            assert!(asked.load(Ordering::Relaxed));
        },
        async {
            asked.store(true, Ordering::Relaxed);
            tasks.stop(Duration::ZERO).await;
        }
    );
    tasks.reached(Stage::Stopping).await;
}

#[tokio::test]
async fn who_is_asked_to_stop_hears_it_before_the_requests_are_answered() {
    let tasks = Tasks::default();
    tasks.tell_asked();
    tasks.reached(Stage::Asked).await;
    assert!(tasks.reached(Stage::Stopping).now_or_never().is_none());
    tasks.stop(Duration::ZERO).await;
    tasks.tell_asked();
    tasks.reached(Stage::Stopping).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_done_again_and_again_outlives_a_panic_and_ends_with_the_process() {
    static TIMES: AtomicUsize = AtomicUsize::new(0);
    let (process, log) = (crate::testing::request("/").process().clone(), crate::captured_log::CapturedLog::start());
    process.every("rounds", Duration::from_secs(10), |_| async {
        assert!(TIMES.fetch_add(1, Ordering::Relaxed) != 1, "the second\ntime");
    });
    tokio::time::sleep(Duration::from_secs(35)).await;
    assert_eq!(TIMES.load(Ordering::Relaxed), 3);
    let lines = log.take();
    assert!(lines.iter().any(|line| line.contains("rounds") && line.contains(r"the second\ntime")), "{lines:?}");
    assert!(process.stop(Duration::from_secs(1)).await.is_empty(), "the pause is broken off");
    tokio::time::sleep(Duration::from_secs(35)).await;
    assert_eq!(TIMES.load(Ordering::Relaxed), 3);
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

#[tokio::test(start_paused = true)]
async fn many_who_ask_whether_a_process_is_ready_cost_its_services_one_look_a_second() {
    let data = DataFolder::temporary().unwrap();
    let settings = Settings::load(&crate::testing::empty(), Outside::default()).unwrap();
    let process = Process::new(settings, data, States::default());
    assert_eq!(process.readiness().await.phase, Phase::Starting);
    let (looks, is_well) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(true)));
    let (counted, well) = (looks.clone(), is_well.clone());
    process.set_serving(move |_| {
        let (counted, well) = (counted.clone(), well.clone());
        async move {
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(300)).await;
            let reason = (!well.load(Ordering::Relaxed)).then(|| "gone".to_string());
            vec![Check { name: "database", reason, duration: Duration::ZERO }]
        }
        .boxed()
    });
    let ask = async || process.readiness().await.is_ready();
    let all = futures_util::future::join_all((0..50).map(|_| ask())).await;
    assert!(all.iter().all(|is_ready| *is_ready));
    assert_eq!(looks.load(Ordering::Relaxed), 1);
    is_well.store(false, Ordering::Relaxed);
    assert!(ask().await, "what was found holds for a second");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let all = futures_util::future::join_all((0..50).map(|_| ask())).await;
    assert!(all.iter().all(|is_ready| !is_ready));
    assert_eq!(looks.load(Ordering::Relaxed), 2);
    process.tell_asked();
    assert_eq!(process.readiness().await.phase, Phase::Stopping);
    assert_eq!(looks.load(Ordering::Relaxed), 2, "a process that stops asks nobody");
}
