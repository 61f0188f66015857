//! The queue in the database: what it outlives.

use std::time::{Duration, Instant};

use kalgan::testing::{self, Client};
use kalgan::{db, sqlx};

use super::{app, client, enqueue, plain, post, process, subjects};
use crate::servers::mariadb::MariaDb;
use crate::servers::postgres::Postgres;
use crate::servers::smtp::Smtp;

#[test]
fn mails_outlive_a_server_that_is_killed_and_started_again() {
    let Some(mut smtp) = Smtp::start(&[]) else { return };
    let site = client(&smtp, &[]);
    let names = |range: std::ops::Range<usize>| range.map(|number| format!("mail {number:02}")).collect::<Vec<_>>();
    for name in names(0..10) {
        assert_eq!(enqueue(&site, "ana@example.com", &name), 200);
    }
    smtp.kill();
    for name in names(10..20) {
        assert_eq!(enqueue(&site, "ana@example.com", &name), 200, "the queue takes mails while the server is away");
    }
    smtp.start_again();
    let mut arrived = subjects(&smtp.wait_for(20));
    // One whose answer was lost with the server may come twice, none may be missing.
    arrived.dedup();
    assert_eq!(arrived, names(0..20), "table B 20");
}

#[test]
fn mails_outlive_a_process_that_is_killed() {
    let Some(mut smtp) = Smtp::start(&[]) else { return };
    smtp.kill();
    let data = tempfile::tempdir().unwrap();
    let settings = [plain(smtp.port), vec![("data.path", data.path().display().to_string())]].concat();
    let server = process(&settings, &[]);
    for name in ["one", "two", "three"] {
        let form = [("email", "ana@example.com"), ("subject", name)];
        assert_eq!(post(&server, "/queue", &form), (200, "waiting".to_string()));
    }
    // Dropping it ends it by SIGKILL.
    drop(server);
    smtp.start_again();
    assert!(smtp.mails().is_empty());
    let server = process(&settings, &[]);
    assert_eq!(subjects(&smtp.wait_for(3)), ["one", "three", "two"], "table B 20");
    let (status, log) = server.stop();
    assert!(status.success() && log.contains("a mail was sent"), "{log}");
    assert!(!log.contains("It is your turn."), "the log says nothing of what mails say: {log}");
}

#[test]
fn one_recipient_who_is_refused_or_put_off_keeps_the_mail_from_nobody_else() {
    let Some(smtp) = Smtp::start(&[]) else { return };
    let site = client(&smtp, &[]);
    let letter = kalgan::mail::letter().to("refused@example.com").to("never@example.com").to("ana@example.com");
    site.block_on(letter.cc("ana@example.com").subject("all").text("x").enqueue(site.process())).unwrap();
    let mails = smtp.wait_for(1);
    assert_eq!(mails[0]["to"], serde_json::json!(["ana@example.com"]));
    assert!(mails[0]["headers"]["to"].as_str().unwrap().contains("refused@example.com"));
}

#[test]
fn a_full_queue_takes_no_more() {
    let Some(mut smtp) = Smtp::start(&[]) else { return };
    smtp.kill();
    let site = client(&smtp, &[("mailer.queue_size", "2")]);
    let statuses: Vec<_> = (0..3).map(|_| enqueue(&site, "ana@example.com", "x")).collect();
    assert_eq!(statuses, [200, 200, 503]);
    smtp.start_again();
    smtp.wait_for(2);
}

#[test]
fn what_is_due_is_sent_before_the_process_ends() {
    let Some(smtp) = Smtp::start(&[]) else { return };
    let site = client(&smtp, &[]);
    for number in 0..30 {
        assert_eq!(enqueue(&site, "ana@example.com", &format!("mail {number}")), 200);
    }
    // The client stops as a process does.
    drop(site);
    assert_eq!(smtp.mails().len(), 30);
}

#[test]
fn two_processes_share_the_queue_of_one_database_and_send_each_mail_once() {
    let Some(smtp) = Smtp::start(&[]) else { return };
    let data = tempfile::tempdir().unwrap();
    let settings = [plain(smtp.port), vec![("data.path", data.path().display().to_string())]].concat();
    let servers = [process(&settings, &[]), process(&settings, &[])];
    for number in 0..40 {
        let name = format!("mail {number:02}");
        let form = [("email", "ana@example.com"), ("subject", name.as_str())];
        assert_eq!(post(&servers[number % 2], "/queue", &form).0, 200);
    }
    smtp.wait_for(40);
    for server in servers {
        assert!(server.stop().0.success());
    }
    let mut arrived = subjects(&smtp.mails());
    assert_eq!(arrived.len(), 40, "none twice: {arrived:?}");
    arrived.dedup();
    assert_eq!(arrived.len(), 40);
}

#[test]
fn postgresql_keeps_the_queue_for_several_processes() {
    let Some(database) = Postgres::start() else { return };
    each_mail_is_sent_once(database.settings());
}

#[test]
fn mariadb_keeps_the_queue_for_several_processes() {
    let Some(database) = MariaDb::start() else { return };
    each_mail_is_sent_once(database.settings());
}

#[test]
fn sqlite_keeps_the_queue_for_several_processes() {
    let data = tempfile::tempdir().unwrap();
    each_mail_is_sent_once(vec![("data.path".to_string(), data.path().display().to_string())]);
}

/// Two processes that begin at the same time, and one mail that the server refuses for good.
fn each_mail_is_sent_once(database: Vec<(String, String)>) {
    let Some(smtp) = Smtp::start(&[]) else { return };
    let own = plain(smtp.port);
    let settings = own.iter().map(|(key, value)| (*key, value.as_str()));
    let settings: Vec<_> = settings.chain(database.iter().map(|(key, value)| (key.as_str(), value.as_str()))).collect();
    let sites = [testing::client_with(app(), &settings), testing::client_with(app(), &settings)];
    for number in 0..30 {
        assert_eq!(enqueue(&sites[number % 2], "ana@example.com", &format!("mäil {number:02}")), 200);
    }
    assert_eq!(enqueue(&sites[0], "refused@example.com", "no 🎂"), 200);
    smtp.wait_for(30);
    let start = Instant::now();
    while left(&sites[1]) != [("no 🎂".to_string(), true)] {
        assert!(start.elapsed() < Duration::from_secs(60), "{:?}", left(&sites[1]));
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(sites);
    let arrived = subjects(&smtp.mails());
    assert_eq!(arrived, (0..30).map(|number| format!("mäil {number:02}")).collect::<Vec<_>>(), "table B 20");
}

#[test]
fn a_mail_that_another_process_is_sending_is_left_alone_until_that_process_is_gone() {
    let Some(mut smtp) = Smtp::start(&[]) else { return };
    smtp.kill();
    let site = client(&smtp, &[]);
    for name in ["of nobody", "of a dead process", "of a living process"] {
        assert_eq!(enqueue(&site, "ana@example.com", name), 200);
    }
    // A claim that nobody has renewed, and one that lasts.
    for (name, until) in [("of a dead process", 1_i64), ("of a living process", i64::MAX / 2)] {
        let statement = "UPDATE kalgan_mail SET claimed_by = 'another', claimed_until = ? WHERE subject = ?";
        let statement = sqlx::query(statement).bind(until).bind(name);
        site.block_on(statement.execute(db::sqlite_pool(site.process()).unwrap())).unwrap();
    }
    // One that somebody has broken by hand holds up no other.
    assert_eq!(enqueue(&site, "ana@example.com", "broken"), 200);
    let statement = sqlx::query("UPDATE kalgan_mail SET recipient = 'nobody', due = 1 WHERE subject = 'broken'");
    site.block_on(statement.execute(db::sqlite_pool(site.process()).unwrap())).unwrap();
    smtp.start_again();
    smtp.wait_for(2);
    // What is due is tried once more before the process ends.
    drop(site);
    assert_eq!(subjects(&smtp.mails()), ["of a dead process", "of nobody"]);
}

/// The mails in the table: the subject, and whether it was given up with the server's words.
fn left(site: &Client) -> Vec<(String, bool)> {
    const STATEMENT: &str = "SELECT subject, failed, reason FROM kalgan_mail";
    let process = site.process();
    let rows: Vec<(String, i64, Option<String>)> = site.block_on(async {
        if let Ok(pool) = db::pg_pool(process) {
            sqlx::query_as(STATEMENT).fetch_all(pool).await.unwrap()
        } else if let Ok(pool) = db::mysql_pool(process) {
            sqlx::query_as(STATEMENT).fetch_all(pool).await.unwrap()
        } else {
            sqlx::query_as(STATEMENT).fetch_all(db::sqlite_pool(process).unwrap()).await.unwrap()
        }
    });
    let told = |reason: Option<String>| reason.is_some_and(|reason| reason.contains("nobody of that name"));
    rows.into_iter().map(|(subject, failed, reason)| (subject, failed > 0 && told(reason))).collect()
}
