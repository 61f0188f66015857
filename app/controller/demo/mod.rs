//! The live demo: small programs whose source stands on their own pages.

pub mod account;
pub mod contact;
pub mod guest_book;

use std::time::Duration;

use kalgan::{BoxError, Context, Process, Response, db, sqlx};
use serde::Serialize;

use super::page;
use crate::template::prose;

/// What is written in the demo is forgotten after a day.
const DAY: i64 = 86_400;

/// How often what is older is looked for.
const HOUR: Duration = Duration::from_secs(3600);

/// A page of the demo, as its controller describes it.
pub struct Demo {
    /// The page's name: that of its route, of its template and of its messages.
    pub name: &'static str,
    /// The pages of the manual that explain what is used.
    pub explained: &'static [&'static str],
    /// The files that it is made of, by name.
    pub files: &'static [(&'static str, &'static str)],
}

/// A file as the page shows it.
#[derive(Serialize)]
struct Source {
    name: &'static str,
    html: String,
}

impl Demo {
    /// The page, with what its controller adds. `mistake` is the id of a message about what the visitor sent; with one the status is 422.
    pub fn show(&self, mistake: Option<&str>, own: Context) -> Response {
        let mut context = page::frame(self.name);
        context.insert("mistake", &mistake);
        context.insert("explained", self.explained);
        context.insert("sources", &self.sources());
        context.extend(own);
        let response = Response::render(format!("demo/{}.html", self.name), context);
        if mistake.is_some() { response.with_status(422) } else { response }
    }

    fn sources(&self) -> Vec<Source> {
        let source = |(name, text): &(&'static str, &str)| {
            let language = name.rsplit('.').next().unwrap_or_default();
            Source { name, html: prose::figure(if language == "rs" { "rust" } else { language }, "", text) }
        };
        self.files.iter().map(source).collect()
    }
}

/// Forgets what is older than a day, every hour for as long as the process runs.
pub async fn forget_daily(process: Process) -> Result<(), BoxError> {
    process.every("forgetting of the demo", HOUR, |process| async move {
        if let Err(error) = forget(&process).await {
            eprintln!("what is older than a day could not be forgotten: {error}");
        }
    });
    Ok(())
}

async fn forget(process: &Process) -> Result<(), BoxError> {
    let pool = db::sqlite_pool(process)?;
    for table in ["guest_book WHERE written", "account WHERE made"] {
        let statement = format!("DELETE FROM {table} < unixepoch() - ?");
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(DAY).execute(pool).await?;
    }
    Ok(())
}
