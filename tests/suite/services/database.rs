//! Databases: SQLite's file, and PostgreSQL and MariaDB as real servers. What holds for all engines is written once and run for each.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};
use std::time::Duration;

use kalgan::controller::{Dispatch, controller};
use kalgan::testing::{self, Client};
use kalgan::{App, BoxError, Failure, Request, Response, db, health, sqlx};
use tempfile::TempDir;

use crate::pages::read;
use crate::server::Server;
use crate::servers::PASSWORD;
use crate::servers::mariadb::MariaDb;
use crate::servers::postgres::Postgres;

/// The command line of the process that a test starts.
const ARGUMENTS: &str = "KALGAN_TEST_DATABASE_ARGUMENTS";

type Settings = Vec<(String, String)>;

fn app() -> App {
    let controllers = [
        ("note::add", controller(add)),
        ("note::count", controller(count)),
        ("note::missing", controller(missing)),
        ("health::show", controller(show_health)),
    ];
    App::new(|| read("database"), Dispatch::new(controllers, []))
}

async fn add(request: Request) -> Result<Response, BoxError> {
    let text = request.parameter("text").unwrap_or_default().to_string();
    if let Ok(pool) = db::pg_pool(&request) {
        sqlx::query("INSERT INTO note (text) VALUES ($1)").bind(text).execute(pool).await?;
    } else if let Ok(pool) = db::mysql_pool(&request) {
        sqlx::query("INSERT INTO note (text) VALUES (?)").bind(text).execute(pool).await?;
    } else {
        sqlx::query("INSERT INTO note (text) VALUES (?)").bind(text).execute(db::sqlite_pool(&request)?).await?;
    }
    Ok(Response::text("added"))
}

async fn count(request: Request) -> Result<String, BoxError> {
    const COUNT: &str = "SELECT count(*) FROM note";
    let count: i64 = if let Ok(pool) = db::pg_pool(&request) {
        sqlx::query_scalar(COUNT).fetch_one(pool).await?
    } else if let Ok(pool) = db::mysql_pool(&request) {
        sqlx::query_scalar(COUNT).fetch_one(pool).await?
    } else {
        sqlx::query_scalar(COUNT).fetch_one(db::sqlite_pool(&request)?).await?
    };
    Ok(count.to_string())
}

/// A row that is not there, without a word about it.
async fn missing(request: Request) -> Result<String, BoxError> {
    let row = sqlx::query_scalar("SELECT text FROM note WHERE id = -1");
    Ok(row.fetch_one(db::sqlite_pool(&request)?).await?)
}

async fn show_health(request: Request) -> health::Report {
    health::check(&request).await
}

fn client(settings: &Settings) -> Client {
    let settings: Vec<_> = settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    testing::client_with(app(), &[&[("environment.is_prod", "false")], &settings[..]].concat())
}

fn with(settings: &Settings, more: &[(&str, &str)]) -> Settings {
    let more = more.iter().map(|(key, value)| (key.to_string(), value.to_string()));
    settings.iter().cloned().chain(more).collect()
}

/// The settings of a file of SQLite in a folder.
fn sqlite(folder: &TempDir) -> Settings {
    vec![("db.path".to_string(), folder.path().join("deep/notes.sqlite3").display().to_string())]
}

#[test]
#[ignore = "it is the process that the other tests here start"]
fn the_process_of_a_site() {
    let Ok(arguments) = std::env::var(ARGUMENTS) else { return };
    let code = testing::run(app(), std::iter::once("site").chain(arguments.split(' ')));
    std::process::exit(i32::from(code != ExitCode::SUCCESS));
}

/// A command of the site in a folder, as a process of its own.
fn command(folder: &Path, settings: &Settings, words: &str) -> Command {
    let pairs: String = settings.iter().map(|(key, value)| format!(" --set {key}={value}")).collect();
    let site = folder.join("app");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["services::database::the_process_of_a_site", "--exact", "--ignored", "--nocapture"]);
    command.env(ARGUMENTS, format!("{words} --site {} --set environment.is_prod=false{pairs}", site.display()));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Exit code, standard output and standard error of a command.
fn run(folder: &Path, settings: &Settings, words: &str) -> (bool, String, String) {
    told(&command(folder, settings, words).output().unwrap())
}

fn told(Output { status, stdout, stderr }: &Output) -> (bool, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, errors) = (text(stdout), text(stderr));
    assert!(!out.contains(PASSWORD) && !errors.contains(PASSWORD), "no command tells a password: {out}{errors}");
    (status.success(), out, errors)
}

/// A copy of the site, whose migrations may be edited.
fn copy() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sites/database/app");
    let copied = Command::new("cp").arg("-r").arg(original).arg(folder.path()).status().unwrap();
    assert!(copied.success());
    folder
}

/// B151, B157: one pool, whose statements work, and no pool of another engine.
fn pools_work(settings: &Settings, engine: &str) {
    let client = client(&with(settings, &[("db.max_connections", "3")]));
    assert_eq!((client.get("/count").send().text(), client.get("/add/third").send().status()), ("2", 200));
    assert_eq!(client.get("/count").send().text(), "3", "the migrations ran, and the note is there");
    let health = client.get("/health").send();
    assert_eq!(health.status(), 200, "{}", health.text());
    assert!(health.text().contains(r#""name":"database","ok":true"#) && health.text().contains("milliseconds"));
    let others = [
        ("SQLite", db::sqlite_pool(client.process()).err()),
        ("PostgreSQL", db::pg_pool(client.process()).err()),
        ("MySQL", db::mysql_pool(client.process()).err()),
    ];
    for (name, error) in others {
        assert_eq!(error.is_none(), name == engine, "{name}");
        let status = error.map(|error| Failure::from_error(error).status().as_u16());
        assert_eq!(status, (name != engine).then_some(503), "{name}");
    }
}

/// Migrations are run once, by whoever comes first, and a mistake in one changes nothing that was there. `pause` is a statement that
/// takes a second or so: whoever does not wait for the others then meets what they have begun.
fn migrations_run_once(settings: &Settings, takes_back: bool, pause: &str) {
    let site = copy();
    let folder = site.path();
    fs::write(migration(folder, "0_slow.sql"), format!("CREATE TABLE slow (id INTEGER);\n{pause};\n")).unwrap();
    let (ok, out, errors) = run(folder, settings, "migrate status");
    assert!(ok && out.matches("pending").count() == 3, "{out}{errors}");
    let (ok, out, _) = run(folder, settings, "migrate --dry-run");
    assert!(ok && out.matches("would apply").count() == 3, "{out}");
    assert!(run(folder, settings, "migrate status").1.matches("pending").count() == 3, "a dry run changes nothing");

    let together: Vec<_> = (0..4).map(|_| command(folder, settings, "migrate").spawn().unwrap()).collect();
    let ended: Vec<_> = together.into_iter().map(|process| told(&process.wait_with_output().unwrap())).collect();
    assert!(ended.iter().all(|(ok, _, _)| *ok), "{ended:?}");
    let applied: usize = ended.iter().map(|(_, out, _)| out.matches("applied migrations/").count()).sum();
    assert_eq!(applied, 3, "each migration was run by one of them: {ended:?}");
    let (ok, out, _) = run(folder, settings, "migrate");
    assert!(ok && out.contains("the database is up to date"), "{out}");

    let first = migration(folder, "2_first_note.sql");
    let text = fs::read_to_string(&first).unwrap();
    fs::write(&first, text.replace('\n', "\r\n")).unwrap();
    assert!(run(folder, settings, "migrate").0, "the ends of lines are a matter of the checkout");
    fs::write(&first, text.replace("second", "third")).unwrap();
    let (ok, _, errors) = run(folder, settings, "migrate");
    assert!(!ok && errors.contains("`migrations/2_first_note.sql` was changed after"), "{errors}");
    let (ok, out, _) = run(folder, settings, "migrate status");
    assert!(!ok && out.contains("changed since it was applied"), "{out}");
    fs::write(&first, text).unwrap();

    let wrong = migration(folder, "3_wrong.sql");
    fs::write(&wrong, "CREATE TABLE half (id INTEGER);\nINSERT INTO nowhere (id) VALUES (1);\n").unwrap();
    fs::write(migration(folder, "4_later.sql"), "CREATE TABLE later (id INTEGER);\n").unwrap();
    let (ok, _, errors) = run(folder, settings, "migrate");
    assert!(!ok && errors.contains("`migrations/3_wrong.sql` failed") && errors.contains("nowhere"), "{errors}");
    if !takes_back {
        let (ok, _, errors) = run(folder, settings, "migrate");
        assert!(!ok && errors.contains("3 (`migrations/3_wrong.sql`) was begun"), "{errors}");
        return;
    }
    let (_, out, _) = run(folder, settings, "migrate status");
    assert_eq!(out.matches("pending").count(), 2, "{out}");
    fs::write(&wrong, "CREATE TABLE half (id INTEGER);\n").unwrap();
    let (ok, out, errors) = run(folder, settings, "migrate");
    assert!(ok && out.matches("applied").count() == 2, "the table was not kept by the try that failed: {out}{errors}");

    fs::remove_file(migration(folder, "4_later.sql")).unwrap();
    let (ok, out, _) = run(folder, settings, "migrate status");
    assert!(ok && out.contains("applied, of another release"), "{out}");
    assert!(run(folder, settings, "migrate").0, "the release before must run on a newer database");
}

fn migration(folder: &Path, name: &str) -> PathBuf {
    folder.join("app/migrations").join(name)
}

/// While the server is away requests get 503, afterwards they work again, and nothing that was acknowledged is lost.
fn outage_is_survived(settings: &Settings, kill: impl FnOnce(), start_again: impl FnOnce()) {
    let client = client(settings);
    let added = (0..20).filter(|number| client.get(&format!("/add/{number}")).send().status() == 200).count();
    assert_eq!(added, 20);
    kill();
    for _ in 0..3 {
        let answer = client.get("/add/lost").send();
        assert_eq!(answer.status(), 503, "{}", answer.text());
        assert!(answer.text().contains("the database cannot be worked with at the moment"), "{}", answer.text());
    }
    let health = client.get("/health").send();
    assert_eq!(health.status(), 503);
    assert!(health.text().contains(r#""reason":"#) && !health.text().contains(PASSWORD), "{}", health.text());
    start_again();
    assert_eq!(client.get("/add/back").send().status(), 200, "the pool opens new connections");
    assert_eq!(client.get("/count").send().text(), (2 + added + 1).to_string());
}

/// A process starts while its server is down, and brings the database up to date when the server is there.
fn late_server_is_waited_for(settings: &Settings, start_again: impl FnOnce()) {
    let client = client(settings);
    let answer = client.get("/count").send();
    assert_eq!(answer.status(), 503, "{}", answer.text());
    start_again();
    let start = std::time::Instant::now();
    while client.get("/count").send().text() != "2" {
        assert!(start.elapsed() < Duration::from_secs(60), "the migrations are not run");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// B152, B153, B154: the settings `db.server`, `db.name` and `db.user` lead to the server.
#[test]
fn postgres_serves_a_site_and_survives() {
    let Some(mut server) = Postgres::start() else { return };
    let settings = server.settings();
    let by_port = vec![("db.url".to_string(), server.url())];
    server.kill();
    late_server_is_waited_for(&settings, || server.start_again());
    pools_work(&by_port, "PostgreSQL");
    let fresh = fresh(&settings, "fresh");
    migrations_run_once(&fresh, true, "SELECT pg_sleep(1)");
    let server = std::cell::RefCell::new(server);
    let other = self::fresh(&settings, "other");
    outage_is_survived(&other, || server.borrow_mut().kill(), || server.borrow_mut().start_again());
}

#[test]
fn mariadb_serves_a_site_and_survives() {
    let Some(mut server) = MariaDb::start() else { return };
    let settings = server.settings();
    let by_port = vec![("db.url".to_string(), server.url())];
    server.kill();
    late_server_is_waited_for(&settings, || server.start_again());
    pools_work(&by_port, "MySQL");
    migrations_run_once(&fresh(&settings, "fresh"), false, "DO SLEEP(1)");
    let server = std::cell::RefCell::new(server);
    let other = fresh(&settings, "other");
    outage_is_survived(&other, || server.borrow_mut().kill(), || server.borrow_mut().start_again());
}

/// The settings of another database on the same server, empty.
fn fresh(settings: &Settings, name: &str) -> Settings {
    let client = client(settings);
    let statement = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    client.block_on(async {
        let made = match db::pg_pool(client.process()) {
            Ok(pool) => sqlx::query(statement).execute(pool).await.map(|_| ()),
            Err(_) => sqlx::query(statement).execute(db::mysql_pool(client.process()).unwrap()).await.map(|_| ()),
        };
        made.unwrap();
    });
    with(settings, &[("db.name", name)])
}

#[test]
fn sqlite_makes_its_file_and_serves_a_site() {
    let folder = tempfile::tempdir().unwrap();
    pools_work(&sqlite(&folder), "SQLite");
    assert!(folder.path().join("deep/notes.sqlite3").is_file());
    let other = tempfile::tempdir().unwrap();
    migrations_run_once(&sqlite(&other), true, PAUSE);
}

/// What takes SQLite a second or so.
const PAUSE: &str = "INSERT INTO slow WITH RECURSIVE number(n) AS \
                     (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 2000000) SELECT n FROM number";

#[test]
fn a_process_that_is_asked_to_stop_finishes_the_migrations_that_it_has_begun() {
    let (site, data) = (copy(), tempfile::tempdir().unwrap());
    let (folder, settings) = (site.path(), sqlite(&data));
    fs::write(migration(folder, "3_slow.sql"), format!("CREATE TABLE slow (id INTEGER);\n{PAUSE};\n")).unwrap();
    let mut serving = command(folder, &settings, "serve --port 0").spawn().unwrap();
    let mut errors = BufReader::new(serving.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("applied the migration `migrations/2_first_note.sql`") {
        assert!(errors.read_line(&mut said).unwrap() > 0, "{said}");
    }
    assert!(Command::new("kill").arg(serving.id().to_string()).status().unwrap().success());
    errors.read_to_string(&mut said).unwrap();
    assert!(serving.wait().unwrap().success(), "{said}");
    assert!(said.contains("the migrations that have begun are finished first"), "{said}");
    let (ok, out, _) = run(folder, &settings, "migrate status");
    assert!(ok && !out.contains("pending") && out.contains("3_slow"), "{out}");
}

#[test]
fn a_row_that_is_missing_is_no_outage() {
    let folder = tempfile::tempdir().unwrap();
    let client = client(&sqlite(&folder));
    assert_eq!(client.get("/missing").send().status(), 500, "whether it is a 404 only the controller can say");
}

#[test]
fn a_site_that_asks_for_no_database_leaves_no_file() {
    let client = testing::client_with(
        App::new(
            || kalgan::snapshot::Snapshot { migrations: Vec::new().into(), ..read("database") },
            Dispatch::default(),
        ),
        &[("environment.is_prod", "false")],
    );
    let file = client.process().data().path().join("site.sqlite3");
    assert!(!file.exists());
    client.block_on(async {
        let pool = db::sqlite_pool(client.process()).unwrap();
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(pool).await.unwrap();
        let (keys, full): (i64, i64) = (
            sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(pool).await.unwrap(),
            sqlx::query_scalar("PRAGMA synchronous").fetch_one(pool).await.unwrap(),
        );
        assert_eq!((&*mode, keys, full), ("wal", 1, 2));
    });
    assert!(file.is_file(), "B156: it is made where it is missing");
}

#[test]
fn a_locked_file_is_waited_for_and_then_503() {
    let folder = tempfile::tempdir().unwrap();
    let client = client(&sqlite(&folder));
    let pool = db::sqlite_pool(client.process()).unwrap();
    let lock = client.block_on(pool.begin_with("BEGIN EXCLUSIVE")).unwrap();
    let answer = client.get("/add/locked").send();
    assert_eq!(answer.status(), 503, "{}", answer.text());
    client.block_on(lock.rollback()).unwrap();
    assert_eq!(client.get("/add/free").send().status(), 200);
    assert_eq!(client.get("/count").send().text(), "3");
}

#[test]
fn a_file_that_is_no_database_is_named_and_left_as_it_is() {
    let (site, folder) = (copy(), tempfile::tempdir().unwrap());
    let settings = sqlite(&folder);
    let file = folder.path().join("deep/notes.sqlite3");
    fs::create_dir(file.parent().unwrap()).unwrap();
    let bytes = b"these are somebody's notes and no database\n".repeat(200);
    fs::write(&file, &bytes).unwrap();
    let (ok, _, errors) = run(site.path(), &settings, "migrate");
    assert!(!ok && errors.contains("notes.sqlite3`: file is not a database"), "{errors}");
    let client = client(&with(&settings, &[("db.migrate_on_start", "false")]));
    let answer = client.get("/count").send();
    assert_eq!(answer.status(), 500);
    assert!(answer.text().contains("file is not a database"), "{}", answer.text());
    assert!(fs::read(&file).unwrap() == bytes, "nothing was written to it");
}

#[test]
fn a_process_that_is_killed_loses_nothing_that_it_acknowledged() {
    let (site, folder) = (copy(), tempfile::tempdir().unwrap());
    let settings = sqlite(&folder);
    let mut added = 2;
    for _ in 0..2 {
        let server = serve(site.path(), &settings);
        assert_eq!(server.get("/count").body, added.to_string());
        for number in 0..25 {
            assert_eq!(server.get(&format!("/add/{number}")).status, 200);
            added += 1;
        }
        // It is killed, without a word.
        drop(server);
    }
    assert_eq!(serve(site.path(), &settings).get("/count").body, added.to_string());
}

#[test]
fn two_processes_start_together_on_a_new_file() {
    let (site, folder) = (copy(), tempfile::tempdir().unwrap());
    let settings = sqlite(&folder);
    std::thread::scope(|scope| {
        let start = || scope.spawn(|| serve(site.path(), &settings));
        let (first, second) = (start(), start());
        let (first, second) = (first.join().unwrap(), second.join().unwrap());
        assert_eq!((first.get("/count").body, second.get("/count").body), ("2".to_string(), "2".to_string()));
    });
}

#[test]
fn production_serves_an_old_database_and_says_what_it_lacks() {
    let (site, folder) = (copy(), tempfile::tempdir().unwrap());
    let server = serve(site.path(), &with(&sqlite(&folder), &[("environment.is_prod", "true")]));
    assert_eq!(server.get("/count").status, 500, "there is no table");
    let (status, log) = server.stop();
    assert!(status.success() && log.contains("the database lacks migrations: `migrations/"), "{log}");
}

/// A process that serves the site in a folder.
fn serve(folder: &Path, settings: &Settings) -> Server {
    let script = format!(
        "{ARGUMENTS}=\"$*\" exec \"$0\" services::database::the_process_of_a_site --exact --ignored --nocapture"
    );
    let mut command = Command::new("sh");
    command.args(["-c", &script]).arg(std::env::current_exe().unwrap());
    command.arg("--site").arg(folder.join("app"));
    let settings: Vec<String> = settings.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let development = "environment.is_prod=false".to_string();
    let all: Vec<&str> = std::iter::once(&development).chain(&settings).map(String::as_str).collect();
    Server::start_command(command, &all)
}
