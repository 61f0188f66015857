//! The least that serving files can cost: hyper, a table, and every answer made before the first request.
//!
//! `bare PORT FOLDER` serves the files of a folder from memory, and the `.gz` beside them to clients that take gzip. It checks
//! nothing that a real server must check; it is there to be compared with.

use std::collections::HashMap;
use std::convert::Infallible;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// One file, as it is and compressed.
struct File {
    tag: HeaderValue,
    plain: (HeaderMap, Bytes),
    gzip: Option<(HeaderMap, Bytes)>,
    unchanged: HeaderMap,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(port), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("usage: bare PORT FOLDER".into());
    };
    let mut files = HashMap::new();
    read(Path::new(&folder), "", &mut files)?;
    let files = Arc::new(files);
    let listener = TcpListener::bind(("127.0.0.1", port.parse()?)).await?;
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let files = files.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| std::future::ready(Ok::<_, Infallible>(answer(&files, &request))));
            http1::Builder::new().serve_connection(TokioIo::new(socket), service).await
        });
    }
}

fn answer(files: &HashMap<String, File>, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    let Some(file) = files.get(request.uri().path()) else {
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    };
    if request.headers().get(IF_NONE_MATCH) == Some(&file.tag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.headers_mut() = file.unchanged.clone();
        return response;
    }
    let accepted = request.headers().get(ACCEPT_ENCODING).and_then(|accepted| accepted.to_str().ok());
    let gzip = file.gzip.as_ref().filter(|_| accepted.is_some_and(|accepted| accepted.contains("gzip")));
    let (headers, body) = gzip.unwrap_or(&file.plain);
    *response.headers_mut() = headers.clone();
    *response.body_mut() = Full::new(body.clone());
    response
}

fn read(folder: &Path, address: &str, files: &mut HashMap<String, File>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("a name is not UTF-8")?;
        let address = format!("{address}/{name}");
        if path.is_dir() {
            read(&path, &address, files)?;
        } else if !name.ends_with(".gz") {
            let number = files.len();
            files.insert(address, file(&path, name, number)?);
        }
    }
    Ok(())
}

fn file(path: &Path, name: &str, number: usize) -> Result<File, Box<dyn Error>> {
    let tag = HeaderValue::try_from(format!("\"{number:032}\""))?;
    let unchanged = HeaderMap::from_iter([
        (ETAG, tag.clone()),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (VARY, HeaderValue::from_static("accept-encoding")),
    ]);
    let mut headers = unchanged.clone();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    let plain = (headers.clone(), Bytes::from(fs::read(path)?));
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    let gzip = fs::read(path.with_file_name(format!("{name}.gz"))).ok().map(|bytes| (headers, Bytes::from(bytes)));
    Ok(File { tag, plain, gzip, unchanged })
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        _ => "application/octet-stream",
    }
}
