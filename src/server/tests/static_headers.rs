//! The table of `tests/suite/static_headers`, over a real socket, against files that have encodings.

use super::static_site::{self, BODY, ENCODED, FILE, HASH, VERSION};
use super::*;
use crate::controller::Dispatch;
use crate::server::{Pipeline, Serving};
use crate::snapshot::Snapshot;

#[path = "../../../tests/suite/static_headers/cases.rs"]
mod cases;
#[path = "../../../tests/suite/static_headers/subject.rs"]
mod subject;

/// The example of RFC 9110, as seconds and as text.
const DATE: (u64, &str) = (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT");

/// A file of a server that runs as long as the runtime does.
async fn subject(date: Option<u64>) -> subject::Subject {
    let site = static_site::site(Snapshot { date, ..static_site::snapshot(&[]) });
    let pipeline = Pipeline::new(Serving::new(site, &Dispatch::new([], [])).unwrap(), static_site::process());
    let listener = Listener::bind("127.0.0.1", 0).await.unwrap();
    let server = listener.address().unwrap().to_string();
    tokio::spawn(serve(listener, Options::default(), Arc::new(pipeline), std::future::pending()));
    subject::Subject {
        server,
        path: FILE.to_string(),
        version: VERSION.to_string(),
        mime: "text/css; charset=utf-8".to_string(),
        hash: HASH.to_string(),
        date: date.map(|_| DATE.1.to_string()),
        body: BODY.to_vec(),
        encoded: ENCODED.map(|(encoding, body)| (encoding.name().to_string(), body.to_vec())).to_vec(),
    }
}

async fn check(date: Option<u64>) {
    let subject = subject(date).await;
    let checking = tokio::task::spawn_blocking(move || {
        let cases = cases::all(&subject);
        assert!(cases.len() >= 100, "{} cases", cases.len());
        subject.check_one_by_one(&cases);
        subject.check_pipelined(&cases);
    });
    checking.await.unwrap();
}

/// B141
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_field_of_every_answer_is_as_the_rfcs_say() {
    check(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn files_with_a_date_tell_it_and_conditions_with_a_date_count() {
    check(Some(DATE.0)).await;
}
