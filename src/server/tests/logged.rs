//! What the log says of a failure, and what it never says.

use crate::App;
use crate::captured_log::CapturedLog;
use crate::controller::{Dispatch, controller};
use crate::http::{Failure, Response};
use crate::snapshot::Snapshot;
use crate::source::{self, Options};
use crate::testing;

const ROUTES: &str = "routes:
  - panic: {path: /panic, controller: panic}
  - refuse: {path: /refuse, controller: refuse}
";

fn site() -> Snapshot {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("routes.yaml"), ROUTES).unwrap();
    std::fs::write(folder.path().join("settings.yaml"), "router: {path: routes.yaml}\n").unwrap();
    let options = Options { name: "logged".into(), release: "1".into(), is_prod: false, minify: None };
    source::read(folder.path(), &options).snapshot
}

fn panicking() -> Response {
    panic!("on purpose")
}

/// B150, B169: Kalgan 0.9 showed passwords and cookies in the log.
#[test]
fn a_failure_is_one_line_with_its_reason_and_without_what_the_client_sent() {
    let controllers = [
        ("panic", controller(panicking)),
        ("refuse", controller(|| -> Result<Response, Failure> { Err(Failure::new(403, "not\nyours")) })),
    ];
    let client = testing::client(App::new(site, Dispatch::new(controllers, [])));
    let log = CapturedLog::start();
    for (address, level, status, reason) in [
        ("/nowhere", "INFO", "404", "no route answers `/nowhere`"),
        ("/refuse", "INFO", "403", "not\\nyours"),
        ("/panic", "ERROR", "500", "on purpose"),
    ] {
        let call = client.post(&format!("{address}?token=hunter2")).cookie("sid", "hunter2");
        let answer = call.header("authorization", "Bearer hunter2").form(&[("password", "hunter2")]).send();
        assert_eq!(answer.status().to_string(), status);
        let lines = log.take();
        assert_eq!(lines.len(), 1, "{lines:?}");
        let told = [level, &format!("status={status}"), &format!("path=\"{address}\""), "method=POST", reason];
        assert!(told.iter().all(|piece| lines[0].contains(piece)), "{told:?} in {lines:?}");
        assert!(!lines[0].contains("hunter2"), "{lines:?}");
    }
}
