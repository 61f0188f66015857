//! The steps that bring a database up to date.

use super::Text;

/// One step: a file of SQL that is run once in each database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its number, by which the steps are sorted and told apart.
    pub number: i64,
    /// Its name for people: the file's, without number and ending.
    pub name: Text,
    /// The engine that it is for; `None` where it is for every one.
    pub engine: Option<Engine>,
    /// The statements, with `\n` at the ends of lines whatever the file has, so that a checkout on another system is the same step.
    pub sql: Text,
    /// The file, relative to the site's folder: for messages to people.
    pub file: Text,
}

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    /// SQLite, in the process itself.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    MySql,
}

impl Engine {
    /// All of them.
    pub const ALL: [Engine; 3] = [Engine::Sqlite, Engine::Postgres, Engine::MySql];

    /// Its name in settings and folders.
    pub const fn name(self) -> &'static str {
        match self {
            Engine::Sqlite => "sqlite",
            Engine::Postgres => "postgres",
            Engine::MySql => "mysql",
        }
    }
}
