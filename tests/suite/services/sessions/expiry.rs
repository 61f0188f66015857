//! The end of a session by its time (B114). Its end however much it is used is tested beside the code, because that takes a minute.

use std::thread::sleep;
use std::time::Duration;

use super::{id, kept, line, with_every_store};

#[test]
fn a_session_ends_when_it_is_not_used() {
    with_every_store(&[("session.user.ttl", "1")], |site| {
        let id = site.sign_in("set-a-1");
        // Used in time, again and again, it lives on.
        for _ in 0..3 {
            sleep(Duration::from_millis(500));
            assert_eq!(site.read(Some(&id)), "old 1 -");
        }
        sleep(Duration::from_millis(1_200));
        assert_eq!(site.read(Some(&id)), "new - -", "B114");
    });
}

#[test]
fn redis_has_been_told_when_it_ends() {
    let Some(site) = kept("redis", &[]) else { return };
    site.sign_in("set-a-1");
    let redis = site.redis.as_ref().unwrap();
    let keys = redis.ask("KEYS sessions:session:user:*");
    let key = keys.lines().find(|line| line.starts_with("sessions:")).unwrap();
    let left: i64 = redis.ask(&format!("TTL {key}")).lines().next().unwrap()[1..].parse().unwrap();
    assert!((86_000..=86_400).contains(&left), "B114: {left} s");
}

#[test]
fn a_cookie_with_a_time_of_its_own_gets_more_with_the_session() {
    let settings = [("session.user.ttl", "1"), ("cookie.login.max_age", "1000")];
    let site = kept("memory", &settings).unwrap();
    let answer = site.get("/do/set-a-1", None);
    assert!(line(&answer).unwrap().contains("; Max-Age=1000"));
    let id = id(&answer).unwrap();
    sleep(Duration::from_millis(300));
    let again = line(&site.get("/read", Some(&id))).expect("more than a tenth of the second has passed");
    assert!(again.contains(&id) && again.contains("; Max-Age=1000"), "{again}");
}
