//! Whether a process can work, while what it needs comes and goes.

use super::*;
use crate::servers::postgres::Postgres;
use crate::servers::redis::Redis;

/// The site's own address says no more than this.
fn own(watched: &Watched) -> (u16, String) {
    let (head, body) = watched.raw(&get("/readyz"));
    assert!(head.contains("cache-control: no-store\r\n"), "{head}");
    (status(&head), body)
}

/// What is asked is well, then it is not, then it is again.
fn falls_and_rises(watched: &Watched, name: &str, mut kill: impl FnMut(bool)) {
    assert_eq!(own(watched), (200, "ready".to_string()));
    let (status, told) = watched.admin("/readyz");
    assert!(status == 200 && told.contains(&format!(r#"{{"name":"{name}","ok":true,"milliseconds":"#)), "{told}");
    kill(true);
    until("it is not ready", || own(watched) == (503, "not ready".to_string()));
    let (status, told) = watched.admin("/readyz");
    assert!(status == 503 && told.starts_with(r#"{"ready":false,"phase":"serving","#), "{told}");
    assert!(told.contains(&format!(r#"{{"name":"{name}","ok":false,"#)) && told.contains(r#""reason":""#), "{told}");
    assert_eq!(watched.raw(&get("/healthz")).1, "ok", "it is alive all the same");
    kill(false);
    until("it is ready again", || own(watched) == (200, "ready".to_string()));
    // The log is written by a thread of its own, so its lines may come later than the answers.
    until("the log tells of each time that it was not ready, and of the end of it", || {
        let log = watched.server.log();
        let [fallen, risen] =
            ["not ready for requests", "ready for requests again"].map(|text| log.matches(text).count());
        fallen > 0 && fallen == risen
    });
}

#[test]
fn a_process_is_not_ready_while_its_redis_server_is_away() {
    let Some(mut redis) = Redis::start() else { return };
    let watched = Watched::start(&[&format!("cache.server={}", redis.address())]);
    falls_and_rises(&watched, "cache", |is_end| if is_end { redis.kill() } else { redis.start_again() });
}

#[test]
fn a_process_is_not_ready_while_its_database_is_away() {
    let Some(mut postgres) = Postgres::start() else { return };
    let watched = Watched::start(&[&format!("db.url={}", postgres.url())]);
    falls_and_rises(&watched, "database", |is_end| if is_end { postgres.kill() } else { postgres.start_again() });
    let scrape = watched.scrape();
    let state = |state| scrape.value("kalgan_db_connections", &[("state", state)]).unwrap();
    assert!(state("idle") + state("used") >= 1.0);
    assert_eq!(scrape.value("kalgan_db_connections_limit", &[]), Some(10.0));
}

#[test]
fn mail_is_no_reason_to_send_visitors_away() {
    let mail = ["mailer.transport=smtp", "mailer.server=127.0.0.1", "mailer.port=9", "mailer.tls=none"];
    let watched = Watched::start(&[&mail[..], &["mailer.sender=site@example.com"]].concat());
    assert_eq!(own(&watched), (200, "ready".to_string()));
    assert_eq!(watched.scrape().value("kalgan_mail_queue_size", &[]), Some(0.0));
}

#[test]
fn a_site_answers_where_it_has_a_page_of_its_own() {
    let watched = Watched::start(&[]);
    let own = get("/healthz").replace("localhost", "own.example");
    assert_eq!(watched.raw(&own).1, "the site's own");
    assert_eq!(watched.raw(&get("/healthz")).1, "ok");
    let (head, _) = watched.raw(&get("/readyz").replace("GET", "POST"));
    assert!(status(&head) == 405 && head.contains("allow: GET, HEAD\r\n"), "{head}");
    let (head, body) = watched.raw(&get("/healthz").replace("GET", "HEAD"));
    assert_eq!((status(&head), &*body), (200, ""));
    for path in ["/healthz/", "/Healthz", "/readyz/x"] {
        assert_eq!(status(&watched.raw(&get(path)).0), 404, "{path}");
    }
}

#[test]
fn load_balancers_that_ask_by_address_are_answered() {
    let watched = Watched::start(&["server.hosts=own.example"]);
    assert_eq!(status(&watched.raw(&get("/")).0), 421);
    assert_eq!(watched.raw(&get("/readyz")).1, "ready");
    assert_eq!(watched.raw(&get("/healthz").replace("localhost", "own.example")).1, "the site's own");
}

#[test]
fn health_can_be_switched_off_at_the_sites_address() {
    let watched = Watched::start(&["server.health=false"]);
    assert_eq!(status(&watched.raw(&get("/healthz")).0), 404);
    assert_eq!(watched.admin("/readyz").0, 200);
}
