//! What takes too long to be seen from outside, and what is only seen in the log.

use std::collections::BTreeMap;

use super::*;
use crate::captured_log::CapturedLog;
use crate::controller::Dispatch;
use crate::launch::App;
use crate::testing::{self, Client};
use store::{Record, now};

const HOUR: u64 = 3_600_000;

fn client(settings: &[(&str, &str)]) -> Client {
    let own = [("session.user.max_age", "60"), ("session.user.ttl", "100")];
    testing::client_with(App::new(testing::empty, Dispatch::default()), &[&own[..], settings].concat())
}

fn sessions(client: &Client) -> &Sessions {
    Sessions::of(client.process()).unwrap()
}

#[test]
fn a_session_ends_however_much_it_is_used() {
    let client = client(&[]);
    let (sessions, id) = (sessions(&client), Id::new().unwrap());
    let rules = sessions.rules("user").unwrap();
    let made = |ago: u64| Record { created: now() - ago, expires: now() + HOUR, values: BTreeMap::new() };
    let loaded = |ago| {
        client.block_on(async {
            sessions.store().unwrap().create(&id.key("user"), made(ago)).await.unwrap();
            sessions.load(&id, rules).await.unwrap()
        })
    };
    assert!(loaded(50_000).is_some());
    assert_eq!(loaded(61_000), None, "B114: `max_age` is over");
    // More time never goes beyond that.
    let left = rules.expires(now() - 50_000) - now();
    assert!(left <= 10_000, "{left}");
}

#[test]
fn not_every_request_writes() {
    let client = client(&[("session.user.max_age", "100000")]);
    let rules = sessions(&client).rules("user").unwrap();
    let made = now();
    assert!(!rules.is_worth_extending(made + 100_000, made + 109_000));
    assert!(rules.is_worth_extending(made + 100_000, made + 111_000));
}

#[test]
fn a_store_that_does_not_answer_does_not_fill_the_log() {
    let client = client(&[("session.on_error", "anonymous")]);
    let log = CapturedLog::start();
    for _ in 0..100 {
        sessions(&client).complain(&Error::Service("it is away".to_string()));
    }
    let lines = log.take();
    assert!(lines.len() == 1 && lines[0].contains("it is away"), "{lines:?}");
}

#[test]
fn stores_say_whether_they_can_be_reached() {
    let own = client(&[]);
    own.block_on(check(own.process())).unwrap();
    #[cfg(feature = "redis")]
    {
        // Port 1 is nobody's.
        let away = client(&[("session.store", "redis"), ("cache.server", "redis://u:hunter2@127.0.0.1:1/")]);
        let error = away.block_on(check(away.process())).unwrap_err().to_string();
        assert!(error.contains("127.0.0.1:1") && !error.contains("hunter2"), "{error}");
        #[cfg(feature = "cache")]
        away.block_on(crate::service::cache::check(away.process())).unwrap_err();
    }
}
