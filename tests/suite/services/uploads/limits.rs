//! What of a form is refused, where large files go, and how they are kept.

use std::os::unix::fs::PermissionsExt;

use kalgan::testing::{self, Client};
use serde_json::{Value, json};

use super::functions::{app, hash, open_files, wait_until_closed};
use super::{TYPE, form, noise};

fn client(settings: &[(&str, &str)]) -> Client {
    testing::client_with(app(), &[&[("environment.is_prod", "true")], settings].concat())
}

/// A form that is cut off behind some text.
fn cut(parts: &[(&str, &[u8])], behind: &str) -> Vec<u8> {
    let whole = form(parts);
    let end = whole.windows(behind.len()).position(|window| window == behind.as_bytes()).unwrap() + behind.len();
    whole[..end].to_vec()
}

#[test]
fn malformed_forms_are_the_clients_mistake() {
    let client = client(&[]);
    let note = &[("name=note", b"some text".as_slice())][..];
    let long_head = format!("name=note\r\nX: {}", "x".repeat(1 << 20));
    let many_fields = format!("name=note{}", "\r\nX: y".repeat(300));
    let long_boundary = format!("multipart/form-data; boundary={}", "x".repeat(71));
    for (what, kind, body, status) in [
        ("another type", "application/x-www-form-urlencoded", form(note), 415),
        ("no type", "", form(note), 415),
        ("no boundary", "multipart/form-data", form(note), 400),
        ("an empty boundary", "multipart/form-data; boundary=\"\"", form(note), 400),
        ("a boundary that is too long", &long_boundary, form(note), 400),
        ("a boundary with other characters", "multipart/form-data; boundary=\"a*b\"", form(note), 400),
        ("another boundary", "multipart/form-data; boundary=other", form(note), 400),
        ("nothing", TYPE, Vec::new(), 400),
        ("no form", TYPE, noise(1, 100), 400),
        ("no form, and long", TYPE, noise(1, 1 << 20), 400),
        ("cut in a head", TYPE, cut(note, "form-data;"), 400),
        ("cut in a text", TYPE, cut(note, "some"), 400),
        ("cut in a boundary", TYPE, cut(note, "text\r\n----"), 400),
        ("cut before the end", TYPE, cut(note, "text\r\n------form"), 400),
        ("cut in a file", TYPE, cut(&[("name=f; filename=f", &noise(2, 500_000))], "name=f; filename=f\r\n\r\n"), 400),
        ("a head of 1 MB", TYPE, form(&[(&long_head, b"")]), 400),
        ("a head of 300 fields", TYPE, form(&[(&many_fields, b"")]), 400),
        ("a part without a name", TYPE, form(&[("x=y", b"")]), 400),
        ("a file without a name of its field", TYPE, form(&[("filename=a", b"")]), 400),
        ("a name of a file as RFC 7578 forbids it", TYPE, form(&[("name=f; filename*=UTF-8''a", b"")]), 400),
        ("a text that is not UTF-8", TYPE, form(&[("name=note", b"\xff")]), 400),
        ("a colon missing in a head", TYPE, form(&[("name=a\r\nno field", b"")]), 400),
    ] {
        for path in ["/form", "/large"] {
            let answer = client.post(path).body(kind, body.clone()).send();
            assert_eq!(answer.status(), status, "{what}");
            assert!(!answer.text().contains("boundary"), "{what}: the reason is for the log");
        }
        wait_until_closed(|| open_files(client.process()));
    }
    let latin = [b"name=\"\xfc\"".as_slice(), b"filename=\"\xfc\"; name=f"];
    for head in latin {
        let body = [b"------form\r\nContent-Disposition: form-data; ", head, b"\r\n\r\nx\r\n------form--\r\n"].concat();
        assert_eq!(client.post("/form").body(TYPE, body).send().status(), 400);
    }
}

#[test]
fn sizes_and_numbers_have_limits() {
    let settings = [("upload.max_part_size", "1000"), ("upload.max_parts", "3"), ("server.max_body_size", "2500")];
    let client = client(&settings);
    let files = |lengths: &[usize]| {
        let contents: Vec<_> = lengths.iter().map(|length| noise(1, *length)).collect();
        form(&contents.iter().map(|content| ("name=file; filename=f", &content[..])).collect::<Vec<_>>())
    };
    let texts = |length: usize| {
        let text = "x".repeat(length);
        form(&[("name=note", text.as_bytes()); 3])
    };
    for (path, body, status) in [
        ("/form", files(&[1000, 1000]), 200),
        ("/form", files(&[1001]), 413),
        ("/form", files(&[1, 1, 1]), 200),
        ("/form", files(&[1, 1, 1, 1]), 413),
        ("/form", files(&[1000, 1000, 500]), 413),
        ("/parts", files(&[1001]), 413),
        ("/parts", files(&[1, 1, 1, 1]), 413),
        // A route that takes a larger body takes no more text than others: it is in memory.
        ("/large", files(&[1000, 1000, 1000]), 200),
        ("/large", texts(800), 200),
        ("/large", texts(900), 413),
    ] {
        assert_eq!(client.post(path).body(TYPE, body.clone()).send().status(), status, "{path}, {} bytes", body.len());
    }
}

#[test]
fn a_route_may_take_more_or_less_than_others() {
    let client = client(&[("server.max_body_size", "100")]);
    for (path, kind, length, status) in [
        ("/small", "text/plain", 10, 200),
        ("/small", "text/plain", 11, 413),
        ("/ignored", "text/plain", 100, 200),
        ("/ignored", "text/plain", 101, 413),
        ("/large", "text/plain", 101, 415),
        ("/ignored", TYPE, 101, 413),
        ("/small", TYPE, 11, 413),
    ] {
        let answer = client.post(path).body(kind, vec![b'x'; length]).send();
        assert_eq!(answer.status(), status, "{path} {kind} {length}");
    }
}

#[test]
fn large_files_are_on_disk_and_gone_with_their_request() {
    for (memory, sizes, on_disk) in [
        ("65536", &[65_536, 0, 65_536][..], 0),
        ("65536", &[65_537], 1),
        // One file for all of them.
        ("65536", &[5_000_000, 10, 3_000_000], 1),
        // So many small ones that they are not kept in memory all.
        ("1000", &[1000; 16], 0),
        ("1000", &[1000; 17], 1),
        ("0", &[1], 1),
        ("0", &[0], 0),
    ] {
        let client = client(&[("upload.max_memory", memory)]);
        let contents: Vec<_> = sizes.iter().zip(1..).map(|(length, seed)| noise(seed, *length)).collect();
        let parts: Vec<_> = contents.iter().map(|content| ("name=file; filename=f", &content[..])).collect();
        let answer = client.post("/form").body(TYPE, form(&parts)).send();
        assert_eq!(answer.status(), 200);
        let read: Value = serde_json::from_str(answer.text()).unwrap();
        assert_eq!(read["on_disk"], on_disk, "{memory} {sizes:?}");
        for (field, content) in read["fields"].as_array().unwrap().iter().zip(&contents) {
            assert_eq!(field[1]["hash"], hash(content), "{memory} {sizes:?}");
        }
        wait_until_closed(|| open_files(client.process()));
        let folder = client.process().data().path().join("uploads");
        assert_eq!(folder.exists(), on_disk > 0);
        assert!(!folder.exists() || folder.read_dir().unwrap().next().is_none(), "the file has a name");
    }
}

#[test]
fn a_form_that_breaks_off_leaves_no_temporary_file() {
    let client = client(&[]);
    let large = noise(1, 2_000_000);
    let mut body = form(&[("name=file; filename=f", &large), ("name=note", b"end")]);
    body.truncate(1_900_000);
    assert_eq!(client.post("/form").body(TYPE, body).send().status(), 400);
    wait_until_closed(|| open_files(client.process()));
    assert_eq!(client.process().data().path().join("uploads").read_dir().unwrap().count(), 0);
}

#[test]
fn a_folder_that_cannot_be_written_to_fails_the_request_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    std::fs::write(&path, "a file where a folder should be").unwrap();
    let client = client(&[("data.path", path.to_str().unwrap())]);
    let send = |length| client.post("/form").body(TYPE, form(&[("name=file; filename=f", &noise(1, length))])).send();
    let answer = send(100_000);
    assert_eq!(answer.status(), 500);
    assert!(!answer.text().contains("data"), "{}", answer.text());
    assert_eq!(send(100).status(), 200);
}

#[test]
fn a_file_can_be_read_in_several_ways_and_sent_on() {
    let client = client(&[]);
    for length in [0, 1, 65_536, 65_537, 1_000_003] {
        let content = noise(length as u64, length);
        let body = form(&[("name=a; filename=a", &noise(7, 70_000)), ("name=file; filename=f", &content)]);
        let answer = client.post(&format!("/read/{length}")).body(TYPE, body.clone()).send();
        assert_eq!(answer.status(), 200, "{length}");
        assert!(answer.body() == &content, "{length}");
        if length > 0 {
            let answer = client.post(&format!("/read/{}", length - 1)).body(TYPE, body).send();
            assert_eq!(answer.status(), 413, "{length}");
        }
    }
    wait_until_closed(|| open_files(client.process()));
}

#[test]
fn a_file_is_kept_whole_and_over_no_other() {
    let client = client(&[]);
    let folder = tempfile::tempdir().unwrap();
    for (name, length) in [("small", 100), ("large", 1_000_000)] {
        let path = folder.path().join(name);
        let send = |how: &str, content: &[u8], path: &std::path::Path| {
            let path = path.to_str().unwrap().as_bytes();
            let body = form(&[("name=file; filename=f", content), ("name=path", path)]);
            client.post(&format!("/save/{how}")).body(TYPE, body).send().status()
        };
        let (first, second) = (noise(1, length), noise(2, length));
        assert_eq!(send("new", &first, &path), 200, "{name}");
        assert!(std::fs::read(&path).unwrap() == first, "{name}");
        assert_eq!(send("new", &second, &path), 409, "{name}");
        assert!(std::fs::read(&path).unwrap() == first, "{name}");
        assert_eq!(send("over", &second, &path), 200, "{name}");
        assert!(std::fs::read(&path).unwrap() == second, "{name}");
        assert_eq!(send("new", &first, &folder.path().join("absent/file")), 500, "{name}");
        // The permissions of any new file.
        let other = folder.path().join("other");
        std::fs::write(&other, "").unwrap();
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode();
        assert_eq!(mode(&path), mode(&other));
    }
    let names = folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(json!(names), json!(["large", "other", "small"]));
}
