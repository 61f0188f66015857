//! Every field of the answers for static files, over a real socket. The table of cases needs nothing but the standard library: the
//! unit tests of `server` run it as well, against a site whose files have encodings also in a debug build.

pub mod cases;
pub mod subject;

use std::io::Read;

use super::server::Server;
use subject::Subject;

/// The stylesheet of the manual on this server, with what a plain request tells of it.
pub fn stylesheet(server: &Server) -> Subject {
    let page = server.get("/en").body;
    let (_, address) = page.split_once("<link rel=\"stylesheet\" href=\"").expect("the page has a stylesheet");
    let (path, version) =
        address.split('"').next().and_then(|address| address.split_once('?')).expect("it has a version");
    let plain = server.get(path);
    let encoded = |name: &str| {
        let (answer, body) = server.bytes(path, &[("accept-encoding", name)]);
        if name == "gzip" && answer.header("content-encoding") == name {
            let mut decoded = String::new();
            flate2::read::GzDecoder::new(&body[..]).read_to_string(&mut decoded).expect("it is gzip");
            assert_eq!(decoded, plain.body);
        }
        (answer.header("content-encoding") == name).then(|| (name.to_string(), body))
    };
    let mut encoded: Vec<_> = ["br", "zstd", "gzip"].into_iter().filter_map(encoded).collect();
    encoded.sort_by_key(|(_, body)| body.len());
    Subject {
        server: server.origin.trim_start_matches("http://").to_string(),
        path: path.to_string(),
        version: version.to_string(),
        mime: "text/css; charset=utf-8".to_string(),
        hash: kalgan::source::assets::hash(plain.body.as_bytes()),
        date: plain.headers.get("last-modified").map(|date| date.to_str().unwrap().to_string()),
        body: plain.body.into_bytes(),
        encoded,
    }
}

#[test]
fn every_field_of_every_answer_is_as_the_rfcs_say() {
    let server = Server::start(&["environment.is_prod=true"]);
    let subject = stylesheet(&server);
    let cases = cases::all(&subject);
    assert!(cases.len() >= 100, "{} cases", cases.len());
    subject.check_one_by_one(&cases);
    subject.check_pipelined(&cases);
}
