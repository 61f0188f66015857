//! Sign up, sign in, sign out: argon2id, a session with a new id, and no more than a few attempts a minute.

use std::time::Duration;

use kalgan::{BoxError, Request, Response, cache, context, csrf, db, password, session, sqlx, trans, url};
use serde::Deserialize;

use super::Demo;

const PAGE: Demo = Demo {
    name: "account",
    explained: &["passwords", "sessions", "csrf", "cache", "database"],
    files: &[
        ("app/controller/demo/account.rs", include_str!("account.rs")),
        ("app/templates/demo/account.html", include_str!("../../templates/demo/account.html")),
        ("app/routes/try_it.yaml", include_str!("../../routes/try_it.yaml")),
        ("app/migrations/002_accounts.sql", include_str!("../../migrations/002_accounts.sql")),
    ],
};

/// Most attempts of one client, or for one name, in a minute.
const ATTEMPTS: u64 = 10;

/// What the form sends.
#[derive(Deserialize)]
struct Account {
    name: String,
    password: String,
}

/// The form, or who is signed in.
pub async fn show(request: Request) -> Result<Response, BoxError> {
    let visitor = session::of(&request, "visitor").await?;
    let account = visitor.get::<String>("account");
    Ok(PAGE.show(None, context! { "account" => account, "name" => "" }))
}

/// A new account, which is signed in at once.
pub async fn sign_up(request: Request) -> Result<Response, BoxError> {
    let form: Account = request.form()?;
    if let Some(refused) = too_many(&request, &form).await? {
        return Ok(refused);
    }
    let is_part = |letter: char| letter.is_alphanumeric() || ".-_".contains(letter);
    let is_name = (3..=40).contains(&form.name.chars().count()) && form.name.chars().all(is_part);
    if !is_name || form.password.chars().count() < 8 {
        return Ok(refused(&form, "demo.account.unfit"));
    }
    let hash = password::hash(&request, &form.password).await?;
    let made = sqlx::query("INSERT INTO account (name, password) VALUES (?, ?) ON CONFLICT (name) DO NOTHING")
        .bind(&form.name)
        .bind(hash)
        .execute(db::sqlite_pool(&request)?)
        .await?;
    match made.rows_affected() {
        1 => welcome(&request, &form.name).await,
        _ => Ok(refused(&form, "demo.account.taken")),
    }
}

/// The password of an account.
pub async fn sign_in(request: Request) -> Result<Response, BoxError> {
    let form: Account = request.form()?;
    if let Some(refused) = too_many(&request, &form).await? {
        return Ok(refused);
    }
    let found: Option<(String, String)> = sqlx::query_as("SELECT name, password FROM account WHERE name = ?")
        .bind(&form.name)
        .fetch_optional(db::sqlite_pool(&request)?)
        .await?;
    let verified = match &found {
        Some((_, hash)) => password::verify(&request, &form.password, hash).await?,
        // It takes as long as a wrong password, so that nobody can find out who has an account.
        None => password::verify_nothing(&request, &form.password).await?,
    };
    match found {
        Some((name, _)) if verified.is_right => welcome(&request, &name).await,
        _ => Ok(refused(&form, "demo.account.wrong")),
    }
}

/// The end of the session.
pub async fn sign_out(request: Request) -> Result<Response, BoxError> {
    let visitor = session::of(&request, "visitor").await?;
    visitor.destroy();
    visitor.flash("done", trans!(request, "demo.account.goodbye"));
    Ok(Response::redirect_with(303, &url!(request, "account")?))
}

/// Who has proved to be somebody gets a new session and a new token: what was known of the old ones is worth nothing any more.
async fn welcome(request: &Request, name: &str) -> Result<Response, BoxError> {
    let visitor = session::of(request, "visitor").await?;
    visitor.renew();
    csrf::rotate(request)?;
    visitor.insert("account", name)?;
    visitor.flash("done", trans!(request, "demo.account.welcome", name = name));
    Ok(Response::redirect_with(303, &url!(request, "account")?))
}

/// Counts an attempt, by client and by name; the answer to one too many.
async fn too_many(request: &Request, form: &Account) -> Result<Option<Response>, BoxError> {
    let attempts = cache::of(request)?;
    let client = request.client_address().map(|address| address.to_string()).unwrap_or_default();
    for key in [format!("attempts:client:{client}"), format!("attempts:name:{}", form.name.to_lowercase())] {
        if attempts.increment(&key, Duration::from_secs(60)).await? > ATTEMPTS {
            let response = refused(form, "demo.wait").with_status(429);
            return Ok(Some(response.with_header("retry-after", "60")));
        }
    }
    Ok(None)
}

fn refused(form: &Account, mistake: &str) -> Response {
    PAGE.show(Some(mistake), context! { "account" => None::<&str>, "name" => form.name })
}
