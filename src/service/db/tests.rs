use super::*;
use crate::site::Outside;
use crate::snapshot::{Place, Setting, Snapshot, Value};

/// Settings of a file with these values.
fn settings(values: &[(&'static str, Value)]) -> Settings {
    let setting = |(key, value): &(&'static str, Value)| Setting {
        key: (*key).into(),
        value: value.clone(),
        only: None,
        place: Place { file: "config/app.yaml".into(), line: 1, column: 1 },
    };
    let snapshot = Snapshot { settings: values.iter().map(setting).collect(), ..crate::testing::empty() };
    Settings::load(&snapshot, Outside::default()).expect("the values are of the right types")
}

fn texts(values: &[(&'static str, &'static str)]) -> Settings {
    settings(&values.iter().map(|(key, value)| (*key, Value::Text((*value).into()))).collect::<Vec<_>>())
}

/// The engine of the pool that settings make; the reason where they make none.
async fn engine(settings: &Settings) -> Result<&'static str, String> {
    let made = start(settings, &DataFolder::new("/nowhere")).map_err(|error| {
        assert!(matches!(error, Error::Setting(_)), "{error:?}");
        error.to_string()
    })?;
    Ok(made.map_or("none", |database| database.pool.engine()))
}

#[tokio::test]
async fn without_settings_it_is_sqlite_in_the_data_folder() {
    assert_eq!(engine(&texts(&[])).await.as_deref(), Ok("SQLite"));
    let database = start(&texts(&[]), &DataFolder::new("/nowhere")).unwrap().unwrap();
    assert_eq!(database.file.as_ref().map(|file| file.path()), Some(std::path::Path::new("/nowhere/site.sqlite3")));
    let database = start(&texts(&[("db.path", "a/b.db")]), &DataFolder::new("/nowhere")).unwrap().unwrap();
    assert_eq!(database.file.as_ref().map(|file| file.path()), Some(std::path::Path::new("a/b.db")), "B156");
}

/// B159
#[tokio::test]
async fn the_engine_is_what_the_settings_name() {
    for (values, expected) in [
        (&[("db.url", "postgres://localhost/site")][..], "PostgreSQL"),
        (&[("db.url", "postgresql:///site?host=/run/postgresql&sslmode=verify-full")], "PostgreSQL"),
        (&[("db.url", "mysql://user:secret@localhost/site")], "MySQL"),
        (&[("db.url", "MariaDB://localhost/site")], "MySQL"),
        (&[("db.url", "sqlite:///tmp/a.db")], "SQLite"),
        (&[("db.engine", "postgres")], "PostgreSQL"),
        (&[("db.engine", "mysql"), ("db.server", "/run/mysqld")], "MySQL"),
        (&[("db.engine", "postgres"), ("db.url", "postgres://localhost/site")], "PostgreSQL"),
        (&[("db.url", ""), ("db.engine", "")], "SQLite"),
    ] {
        assert_eq!(engine(&texts(values)).await.as_deref(), Ok(expected), "{values:?}");
    }
}

#[tokio::test]
async fn settings_that_do_not_fit_are_refused_without_the_password() {
    for (values, expected) in [
        (&[("db.engine", "oracle")][..], "`db.engine` (config/app.yaml:1:1) is `oracle` and must be"),
        (&[("db.url", "oracle://u:hidden@localhost")], "must begin with `sqlite://`"),
        (&[("db.url", "hidden")], "must begin with `sqlite://`"),
        (&[("db.url", "mysql://u:hidden@localhost"), ("db.engine", "postgres")], "is that of `mysql`; leave one"),
        (&[("db.url", "postgres://u:hidden@localhost:port/site")], "is not the address of a database"),
        (&[("db.url", "postgres://u:hidden@localhost/site?sslmode=maybe")], "is not the address of a database"),
        (&[("db.server", "localhost")], "set `db.engine` to `postgres` or `mysql`"),
        (&[("db.path", ":memory:")], "in memory"),
        (&[("db.url", "sqlite::memory:")], "in memory"),
        (&[("db.url", "sqlite://a.db?mode=memory")], "in memory"),
    ] {
        let reason = engine(&texts(values)).await.expect_err(expected);
        assert!(reason.contains(expected) && !reason.contains("hidden"), "{values:?}: {reason}");
    }
}

#[test]
fn a_password_of_digits_needs_no_quotes() {
    let values = [("db.engine", Value::Text("postgres".into())), ("db.password", Value::Integer(271_828))];
    let config = Config::new(&settings(&values)).unwrap().unwrap();
    assert_eq!(config.server.password.as_deref(), Some("271828"), "B155");
}

#[test]
fn a_server_is_found_by_name_or_by_the_folder_of_its_socket() {
    let config = |values: &[(&'static str, &'static str)]| Config::new(&texts(values)).unwrap().unwrap();
    let place = [("db.server", "db.example"), ("db.user", "site"), ("db.name", "shop")];
    let options = postgres::options(&config(&[&[("db.engine", "postgres")], &place[..]].concat())).unwrap();
    assert_eq!(
        (options.get_host(), options.get_username(), options.get_database()),
        ("db.example", "site", Some("shop"))
    );
    let options = mysql::options(&config(&[&[("db.engine", "mysql")], &place[..]].concat())).unwrap();
    assert_eq!((options.get_host(), options.get_port(), options.get_username()), ("db.example", 3306, "site"));
    let socket = |engine| config(&[("db.engine", engine), ("db.server", "/run/db")]);
    let found = postgres::options(&socket("postgres")).unwrap();
    assert_eq!(found.get_socket().map(|path| path.display().to_string()).as_deref(), Some("/run/db"));
    let found = mysql::options(&socket("mysql")).unwrap();
    assert_eq!(found.get_socket().map(|path| path.display().to_string()).as_deref(), Some("/run/db/mysqld.sock"));
}

#[tokio::test]
async fn what_is_kept_shows_no_password() {
    let database = start(&texts(&[("db.url", "postgres://u:hidden@localhost/site")]), &DataFolder::new("/nowhere"));
    let shown = format!("{:?}", database.unwrap().unwrap());
    assert!(shown.contains("Postgres") && !shown.contains("hidden"), "{shown}");
}
