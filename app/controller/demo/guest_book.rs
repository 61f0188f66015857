//! The guest book: a form with a picture, a table in SQLite, and a message that is shown once.

use kalgan::sqlx::{self, Row, sqlite::SqliteRow};
use kalgan::{BoxError, Failure, Request, Response, context, db, session, trans, upload, url};
use serde::Serialize;

use super::Demo;

const PAGE: Demo = Demo {
    name: "guest_book",
    explained: &["uploads", "csrf", "database", "sessions"],
    files: &[
        ("app/controller/demo/guest_book.rs", include_str!("guest_book.rs")),
        ("app/templates/demo/guest_book.html", include_str!("../../templates/demo/guest_book.html")),
        ("app/routes/try_it.yaml", include_str!("../../routes/try_it.yaml")),
        ("app/migrations/001_guest_book.sql", include_str!("../../migrations/001_guest_book.sql")),
    ],
};

/// What a picture may be, told by its first bytes and not by its name.
const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// Most bytes of a picture; the route takes a form that is a little larger.
const MOST: u64 = 2 << 20;

/// An entry as the page shows it.
#[derive(Serialize)]
struct Entry {
    id: i64,
    name: String,
    text: String,
    language: String,
    written: String,
    has_picture: bool,
}

/// The book.
pub async fn show(request: Request) -> Result<Response, BoxError> {
    page(&request, None, "", "").await
}

/// A new entry.
pub async fn sign(request: Request) -> Result<Response, BoxError> {
    let form = upload::form(&request).await?;
    let field = |name| form.text(name).unwrap_or_default().trim();
    let (name, text) = (field("name"), field("text"));
    if !(1..=80).contains(&name.chars().count()) || !(1..=1000).contains(&text.chars().count()) {
        return page(&request, Some("demo.guest_book.incomplete"), name, text).await;
    }
    let mut picture = None;
    if let Some(file) = form.file("picture") {
        let Some(media_type) = file.sniffed_type().filter(|found| PICTURES.contains(found)) else {
            return page(&request, Some("demo.guest_book.no_picture"), name, text).await;
        };
        picture = Some((file.bytes(MOST).await?, media_type));
    }
    sqlx::query("INSERT INTO guest_book (name, text, language, picture, picture_type) VALUES (?, ?, ?, ?, ?)")
        .bind(name)
        .bind(text)
        .bind(request.language())
        .bind(picture.as_ref().map(|(bytes, _)| &bytes[..]))
        .bind(picture.as_ref().map(|(_, media_type)| *media_type))
        .execute(db::sqlite_pool(&request)?)
        .await?;
    let visitor = session::of(&request, "visitor").await?;
    visitor.flash("done", trans!(request, "demo.guest_book.thanks", name = name));
    Ok(Response::redirect_with(303, &url!(request, "guest_book")?))
}

/// The picture of an entry.
pub async fn picture(request: Request) -> Result<Response, BoxError> {
    let id: i64 = request.parameter("id").unwrap_or_default().parse()?;
    let found: Option<(Vec<u8>, String)> =
        sqlx::query_as("SELECT picture, picture_type FROM guest_book WHERE id = ? AND picture IS NOT NULL")
            .bind(id)
            .fetch_optional(db::sqlite_pool(&request)?)
            .await?;
    let (bytes, media_type) = found.ok_or_else(|| Failure::new(404, format!("entry {id} has no picture")))?;
    // A visitor sent these bytes: nothing but a picture may be made of them.
    Ok(Response::bytes(&media_type, bytes)
        .with_header("x-content-type-options", "nosniff")
        .with_header("content-security-policy", "default-src 'none'; sandbox")
        .with_cache("private, max-age=86400"))
}

async fn page(request: &Request, mistake: Option<&str>, name: &str, text: &str) -> Result<Response, BoxError> {
    let entries: Vec<Entry> = sqlx::query(
        "SELECT id, name, text, language, strftime('%Y-%m-%d %H:%M', written, 'unixepoch') AS written,
         picture IS NOT NULL AS has_picture FROM guest_book ORDER BY id DESC LIMIT 50",
    )
    .try_map(|row: SqliteRow| {
        Ok(Entry {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            text: row.try_get("text")?,
            language: row.try_get("language")?,
            written: row.try_get("written")?,
            has_picture: row.try_get("has_picture")?,
        })
    })
    .fetch_all(db::sqlite_pool(request)?)
    .await?;
    Ok(PAGE.show(mistake, context! { "entries" => entries, "name" => name, "text" => text }))
}
