//! The controllers and the middleware of the site in `tests/sites/uploads`.

use std::hash::{DefaultHasher, Hasher};

use futures_util::TryStreamExt;
use kalgan::controller::{ControllerFn, Dispatch, MiddlewareFn, controller, middleware};
use kalgan::upload::{self, Content, Field, File};
use kalgan::{App, AsProcess, Failure, Outcome, Request, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

pub fn app() -> App {
    let controllers: [(&'static str, ControllerFn); 11] = [
        ("upload::form", controller(form)),
        ("upload::parse", controller(parse)),
        ("upload::parts", controller(parts)),
        ("upload::field", controller(field)),
        ("upload::checked", controller(checked)),
        ("upload::twice", controller(twice)),
        ("upload::ignored", controller(|request: Request| format!("{} bytes", request.body().len()))),
        ("upload::save", controller(save)),
        ("upload::read", controller(read)),
        ("upload::stored", controller(stored)),
        ("upload::open", controller(|request: Request| open_files(&request).to_string())),
    ];
    let length: (&'static str, ControllerFn) =
        ("upload::length", controller(|request: Request| request.body().len().to_string()));
    let first: MiddlewareFn = middleware(first);
    let dispatch = Dispatch::new(controllers.into_iter().chain([length]), [("look::first", first)]);
    App::new(|| crate::pages::read("uploads"), dispatch)
}

/// How many temporary files of uploads this process has open.
pub fn open_files(process: &impl AsProcess) -> usize {
    let folder = process.process().data().path().join("uploads");
    let links = std::fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| entry.unwrap().path().read_link().ok());
    links.filter(|link| link.starts_with(&folder)).count()
}

/// Waits until it has none open: they are closed beside the answer. The limit only keeps a mistake from hanging the tests.
#[track_caller]
pub fn wait_until_closed(open: impl Fn() -> usize) {
    for _ in 0..12_000 {
        if open() == 0 {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("a temporary file stays open");
}

/// A number that tells contents apart.
pub fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

async fn described(file: &File) -> Result<Value, Failure> {
    let bytes = file.bytes(u64::MAX).await?;
    Ok(json!({
        "name": file.file_name(),
        "raw": file.raw_file_name(),
        "declared": file.declared_type(),
        "sniffed": file.sniffed_type(),
        "len": file.len(),
        "hash": hash(&bytes),
    }))
}

async fn form(request: Request) -> Result<Response, Failure> {
    let form = upload::form(&request).await?;
    let mut fields = Vec::new();
    for Field { name, content, .. } in form.fields() {
        fields.push(match content {
            Content::Text(text) => json!([name, text]),
            Content::File(file) => json!([name, described(file).await?]),
        });
    }
    let last = form.text("note");
    let texts: Vec<_> = form.texts("note").collect();
    let files = form.files("file").map(File::len).collect::<Vec<_>>();
    let file = form.file("file").map(File::len);
    let on_disk = open_files(&request);
    Ok(Response::json(
        &json!({ "fields": fields, "note": last, "notes": texts, "file": file, "files": files, "on_disk": on_disk }),
    ))
}

#[derive(Deserialize)]
struct Order {
    title: String,
    count: u8,
    #[serde(default)]
    tags: Vec<String>,
}

async fn parse(request: Request) -> Result<String, Failure> {
    let order: Order = upload::form(&request).await?.parse()?;
    Ok(format!("{} {} {}", order.title, order.count, order.tags.join("+")))
}

async fn parts(request: Request) -> Result<Response, Failure> {
    let mut parts = upload::parts(&request)?;
    let mut seen = Vec::new();
    while let Some(mut part) = parts.next().await? {
        // What is not read is passed over.
        if part.name() == "skipped" {
            continue;
        }
        let mut hasher = DefaultHasher::new();
        while let Some(piece) = part.chunk().await? {
            assert!(!piece.is_empty());
            hasher.write(&piece);
        }
        seen.push(json!([part.name(), part.is_file(), part.file_name(), part.declared_type(), hasher.finish()]));
    }
    Ok(Response::json(&json!({ "parts": seen, "on_disk": open_files(&request) })))
}

async fn field(request: Request) -> Result<String, Failure> {
    Ok(format!("{:?}", request.form_field("token").await?))
}

/// Looks for a token before the controller sees the form, as a check against forged forms does.
async fn first(request: &mut Request) -> Outcome {
    match request.form_field("token").await {
        Ok(Some(token)) if token == "right" => Outcome::Continue,
        Ok(_) => Outcome::Answer(Response::error(403)),
        Err(failure) => Outcome::Answer(Response::failed(failure)),
    }
}

async fn checked(request: Request) -> Result<Response, Failure> {
    match request.parameter("reading") {
        Some("parts") => parts(request).await,
        _ => form(request).await,
    }
}

async fn twice(request: Request) -> Result<Response, Failure> {
    match request.parameter("order") {
        Some("forms") => {
            let (first, second) = (upload::form(&request).await?, upload::form(&request.clone()).await?);
            assert!(std::ptr::eq(&*first, &*second));
        }
        Some("form-parts") => {
            upload::form(&request).await?;
            upload::parts(&request)?;
        }
        _ => {
            upload::parts(&request)?;
            upload::form(&request).await?;
        }
    }
    Ok(Response::empty())
}

async fn save(request: Request) -> Result<Response, Failure> {
    let form = upload::form(&request).await?;
    let file = form.file("file").ok_or_else(|| Failure::new(400, "no file"))?;
    let path = form.text("path").unwrap_or_default();
    let saved = match request.parameter("how") {
        Some("over") => file.save_over(path).await,
        _ => file.save_as(path).await,
    };
    match saved {
        Ok(()) => Ok(Response::text("saved")),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(Failure::because(409, error)),
        Err(error) => Err(Failure::from_error(error)),
    }
}

/// For `benches/uploads`: the length of the file, which is not read again.
async fn stored(request: Request) -> Result<String, Failure> {
    let form = upload::form(&request).await?;
    let file = form.file("file").ok_or_else(|| Failure::new(400, "no file"))?;
    Ok(file.len().to_string())
}

/// The file by each of the ways to read it, which must be the same.
async fn read(request: Request) -> Result<Response, Failure> {
    let form = upload::form(&request).await?;
    let file = form.file("file").ok_or_else(|| Failure::new(400, "no file"))?;
    let limit = request.parameter("limit").and_then(|limit| limit.parse().ok()).unwrap_or(u64::MAX);
    let bytes = file.bytes(limit).await?;
    let streamed: Vec<_> = file.stream().try_collect().await.map_err(Failure::from_error)?;
    let mut read = Vec::new();
    file.reader().read_to_end(&mut read).await.map_err(Failure::from_error)?;
    assert!(streamed.concat() == bytes && read == bytes && file.len() == bytes.len() as u64);
    // It may be sent after the form is gone.
    Ok(Response::stream("application/octet-stream", file.stream()))
}
