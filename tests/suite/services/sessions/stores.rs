//! Stores that go away and come back, and sessions that outlive their process.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use kalgan::testing;

use super::{app, id, kept};

#[test]
fn while_redis_is_away_requests_are_refused_and_nothing_acknowledged_is_lost() {
    let Some(mut site) = kept("redis", &[]) else { return };
    let id = site.sign_in("set-a-1");
    site.redis.as_mut().unwrap().kill();
    for address in ["/read", "/do/set-a-2", "/page"] {
        let answer = site.get(address, Some(&id));
        assert_eq!(answer.status(), 503, "{address}, B112: {}", answer.text());
    }
    assert_eq!(site.get("/do/set-a-2", None).status(), 503, "a session that cannot be kept");
    assert_eq!(site.get("/read", None).status(), 200, "without a cookie the store is not asked");
    site.redis.as_mut().unwrap().start_again();
    assert_eq!(site.read(Some(&id)), "old 1 -");
    site.get("/do/set-a-2", Some(&id));
    assert_eq!(site.read(Some(&id)), "old 2 -");
}

#[test]
fn a_server_that_was_started_anew_between_two_requests_is_not_noticed() {
    let Some(mut site) = kept("redis", &[]) else { return };
    let mut id = site.sign_in("set-a-1");
    for address in ["/do/set-b-2", "/do/renew+set-b-3", "/read"] {
        let redis = site.redis.as_mut().unwrap();
        redis.kill();
        redis.start_again();
        let answer = site.get(address, Some(&id));
        assert_eq!(answer.status(), 200, "{address}");
        id = super::id(&answer).unwrap_or(id);
    }
    assert_eq!(site.read(Some(&id)), "old 1 3");
}

#[test]
fn anonymous_goes_on_without_a_session() {
    let Some(mut site) = kept("redis", &[("session.on_error", "anonymous")]) else { return };
    let id = site.sign_in("set-a-1");
    site.redis.as_mut().unwrap().kill();
    assert_eq!(site.read(Some(&id)), "new - -");
    let answer = site.get("/do/set-a-2", Some(&id));
    assert_eq!((answer.status(), super::id(&answer)), (200, None));
    assert_eq!(super::id(&site.get("/do/set-a-2", None)), None);
    site.redis.as_mut().unwrap().start_again();
    assert_eq!(site.read(Some(&id)), "old 1 -", "what was written meanwhile is dropped, what was there is there");
}

#[test]
fn a_process_starts_before_its_redis_does() {
    let Some(mut redis) = crate::servers::redis::Redis::start() else { return };
    redis.kill();
    let (app, _) = app();
    let server = redis.address().replace("redis://", "redis://:hunter2@");
    let settings = [("environment.is_prod", "false"), ("session.store", "redis"), ("cache.server", &server)];
    let client = testing::client_with(app, &settings);
    let answer = client.get("/do/set-a-1").send();
    assert_eq!(answer.status(), 503);
    assert!(answer.text().contains("Redis") && !answer.text().contains("hunter2"), "{}", answer.text());
    redis.start_again();
    redis.ask("CONFIG SET requirepass hunter2");
    assert_eq!(client.get("/do/set-a-1").send().status(), 200);
}

/// The variable by which the test below tells its child what to do.
const FOLDER: &str = "KALGAN_TEST_SESSIONS_IN";

#[test]
fn sessions_in_a_file_outlive_a_process_that_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "services::sessions::stores::serves_until_it_is_killed", "--nocapture"]);
    let mut child = child.env(FOLDER, folder.path()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let ids: Vec<String> = lines
        .find_map(|line| Some(line.split_once("ids ")?.1.to_string()))
        .unwrap()
        .split(' ')
        .map(str::to_string)
        .collect();
    child.kill().unwrap();
    child.wait().unwrap();
    let settings = [("session.store", "sqlite"), ("data.path", folder.path().to_str().unwrap())];
    let client = testing::client_with(app().0, &settings);
    let read = |id: &str| client.get("/read").cookie("LOGIN", id).send().text().to_string();
    assert_eq!(ids.iter().map(|id| read(id)).collect::<Vec<_>>(), ["old 1 2", "new - -"]);
}

/// The child of the test above; by itself it does nothing.
#[test]
fn serves_until_it_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let client = testing::client_with(app().0, &[("session.store", "sqlite"), ("data.path", &folder)]);
    let make = || id(&client.get("/do/set-a-1").send()).unwrap();
    let (lasting, ended) = (make(), make());
    client.get("/do/set-b-2").cookie("LOGIN", &lasting).send();
    client.get("/do/destroy").cookie("LOGIN", &ended).send();
    println!("ids {lasting} {ended}");
    std::thread::sleep(std::time::Duration::from_secs(600));
}

#[test]
fn settings_that_do_not_fit_stop_the_start() {
    for (settings, words) in [
        (&[("session.store", "file")][..], "must be `memory`, `sqlite` or `redis`"),
        (&[("session.store", "redis")], "`cache.server`"),
        (&[("session.store", "memory"), ("server.instances", "2")], "several processes serve the site"),
        (&[("session.on_error", "ignore")], "must be `refuse` or `anonymous`"),
        (&[("session.user.cookie", "lgin")], "no cookie"),
        (&[("session.shop.cookie", "login")], "one cookie"),
        (&[("cache.server", "http://user:hunter2@host")], "not the address of a Redis server"),
    ] {
        let started = std::panic::catch_unwind(|| testing::client_with(app().0, settings));
        let Err(panic) = started else { panic!("{settings:?} is accepted") };
        let text = panic.downcast_ref::<String>().unwrap();
        assert!(text.contains(words) && !text.contains("hunter2"), "{text}");
    }
}
