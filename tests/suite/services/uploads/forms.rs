//! What is read of a form.

use kalgan::testing::{self, Answer, Client};
use serde_json::{Value, json};

use super::functions::{app, hash};
use super::{BOUNDARY, TYPE, form, form_between, noise};

fn client() -> Client {
    testing::client_with(app(), &[("environment.is_prod", "true")])
}

fn value(answer: &Answer) -> Value {
    assert_eq!(answer.status(), 200, "{}", answer.text());
    serde_json::from_str(answer.text()).unwrap()
}

#[test]
fn texts_and_files_are_read_as_they_were_sent() {
    let client = client();
    let body = form(&[
        ("name=\"my field\"", "two\r\nlines & 100%41".as_bytes()),
        ("name=\"typed\"\r\nContent-Type: text/plain; charset=utf-8", "größer".as_bytes()),
        ("name=empty", b""),
        ("name=\"file\"; filename=\"my file.png\"\r\nContent-Type: image/png", b"\x89PNG\r\n\x1a\n\0\xff--"),
        ("name=\"file\"; filename=\"../../über.txt\"", b"x"),
    ]);
    let read = value(&client.post("/form").body(TYPE, body).send());
    // B63: all lines, nothing decoded, spaces kept (C17), a part with a type of its own.
    assert_eq!(read["fields"][0], json!(["my field", "two\r\nlines & 100%41"]));
    assert_eq!(read["fields"][1], json!(["typed", "größer"]));
    assert_eq!(read["fields"][2], json!(["empty", ""]));
    // B64: the bytes as they are, the name with its space.
    let expected = json!({
        "name": "my file.png",
        "raw": "my file.png",
        "declared": "image/png",
        "sniffed": "image/png",
        "len": 12,
        "hash": hash(b"\x89PNG\r\n\x1a\n\0\xff--"),
    });
    assert_eq!(read["fields"][3][1], expected);
    let second = &read["fields"][4][1];
    assert_eq!((&second["name"], &second["raw"]), (&json!("über.txt"), &json!("../../über.txt")));
    assert_eq!((&second["declared"], &second["sniffed"]), (&json!("application/octet-stream"), &json!(null)));
    assert_eq!(read["on_disk"], 0);
}

#[test]
fn of_the_same_field_the_last_counts_and_all_are_there() {
    let body = form(&[
        ("name=note", b"first"),
        ("name=file; filename=a", b"1"),
        ("name=note", b"second"),
        ("name=file; filename=b", b"22"),
    ]);
    let read = value(&client().post("/form").body(TYPE, body).send());
    assert_eq!(read["note"], "second", "B63");
    assert_eq!(read["notes"], json!(["first", "second"]));
    assert_eq!((&read["file"], &read["files"]), (&json!(2), &json!([1, 2])), "B64, B55i");
}

#[test]
fn a_file_input_without_a_file_is_none_and_an_empty_file_is_one() {
    let body = form(&[
        ("name=\"file\"; filename=\"\"\r\nContent-Type: application/octet-stream", b""),
        ("name=note", b"between"),
    ]);
    let read = value(&client().post("/form").body(TYPE, body).send());
    assert_eq!((&read["file"], &read["fields"]), (&json!(null), &json!([["note", "between"]])), "B64");
    let body = form(&[("name=\"file\"; filename=\"empty.txt\"", b""), ("name=\"file\"; filename=\"\"", b"nameless")]);
    let read = value(&client().post("/form").body(TYPE, body).send());
    assert_eq!(read["files"], json!([0, 8]), "B64: an empty file gave other bytes of the request");
    assert_eq!(read["fields"][0][1]["hash"], hash(b""));
    assert_eq!(read["fields"][1][1]["name"], "file");
}

#[test]
fn a_content_that_occurs_earlier_in_the_request_is_itself() {
    // B64: the first file's content was looked for in the whole request.
    for content in ["Host", "form-data", "\r\n\r\n", "--", "\r\n------for", "\r\n", "\r", BOUNDARY] {
        let body = form(&[("name=\"file\"; filename=\"Host\"", content.as_bytes()), ("name=note", b"end")]);
        let read = value(&client().post("/form").header("x-host", "Host").body(TYPE, body).send());
        assert_eq!(read["fields"][0][1]["hash"], hash(content.as_bytes()), "{content:?}");
        assert_eq!(read["note"], "end", "{content:?}");
    }
}

#[test]
fn boundaries_of_all_kinds_are_understood() {
    let client = client();
    for (kind, boundary) in [
        ("multipart/form-data; boundary=\"in quotes\"", "in quotes"),
        ("multipart/form-data;boundary=nospace", "nospace"),
        ("MULTIPART/Form-Data; charset=utf-8; BOUNDARY=Case", "Case"),
        ("multipart/form-data; boundary=\"a+(b)?.\"", "a+(b)?."),
        ("multipart/form-data; boundary=a+(b)?=:", "a+(b)?=:"),
        ("multipart/form-data; boundary=--", "--"),
    ] {
        let body = form_between(boundary, &[("name=note", b"text"), ("name=file; filename=a", b"\r\n--a+b")]);
        let read = value(&client.post("/form").body(kind, body).send());
        assert_eq!((&read["note"], &read["file"]), (&json!("text"), &json!(7)), "B64: {kind}");
    }
}

#[test]
fn what_stands_around_the_parts_is_passed_over() {
    let around = [b"preamble\r\n".to_vec(), form(&[("name=note", b"text")]), noise(1, 100_000)].concat();
    assert_eq!(value(&client().post("/form").body(TYPE, around).send())["note"], "text");
}

#[test]
fn many_small_parts_are_read_in_order() {
    let heads: Vec<String> = (0..1000).map(|number| format!("name=note; x={number}")).collect();
    let texts: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
    let parts: Vec<_> = heads.iter().zip(&texts).map(|(head, text)| (head.as_str(), text.as_bytes())).collect();
    let read = value(&client().post("/form").body(TYPE, form(&parts)).send());
    assert_eq!(read["notes"], json!(texts));
}

#[test]
fn texts_become_a_value_of_ones_own() {
    let client = client();
    for (parts, status, expected) in [
        (
            &[("name=title", "a & b=c"), ("name=count", "2"), ("name=tags", "x"), ("name=tags", "y")][..],
            200,
            "a & b=c 2 x+y",
        ),
        (&[("name=title", "a"), ("name=count", "1"), ("name=f; filename=f", "no text")], 200, "a 1 "),
        (&[("name=title", "a"), ("name=count", "many")], 400, ""),
        (&[("name=title", "a")], 400, ""),
    ] {
        let parts: Vec<_> = parts.iter().map(|(head, text)| (*head, text.as_bytes())).collect();
        let answer = client.post("/parse").body(TYPE, form(&parts)).send();
        assert_eq!(answer.status(), status, "{parts:?}");
        assert!(status != 200 || answer.text() == expected, "{parts:?}: {}", answer.text());
    }
}

#[test]
fn parts_come_one_by_one_and_nothing_is_kept() {
    let (large, other) = (noise(1, 3_000_000), noise(2, 300_000));
    let body = form(&[
        ("name=title", b"text"),
        ("name=skipped; filename=s", &other),
        ("name=\"photo\"; filename=\"C:\\me\\p.jpg\"\r\nContent-Type: image/jpeg", &large),
    ]);
    let read = value(&client().post("/parts").body(TYPE, body).send());
    let octets = "application/octet-stream";
    let expected =
        json!([["title", false, null, octets, hash(b"text")], ["photo", true, "p.jpg", "image/jpeg", hash(&large)],]);
    assert_eq!((&read["parts"], &read["on_disk"]), (&expected, &json!(0)));
}

#[test]
fn a_field_of_either_kind_of_form_is_found_by_name() {
    let client = client();
    let field = |kind: &str, body: Vec<u8>| client.post("/field").body(kind, body).send();
    let plain = "application/x-www-form-urlencoded";
    // B55g, B62: the last of a name.
    assert_eq!(field(plain, b"token=a&token=b+c&x=1".to_vec()).text(), "Some(\"b c\")");
    assert_eq!(field(plain, b"x=1".to_vec()).text(), "None");
    assert_eq!(field(TYPE, form(&[("name=token", b"a"), ("name=token", b"b c")])).text(), "Some(\"b c\")");
    assert_eq!(field(TYPE, form(&[("name=token; filename=f", b"a")])).text(), "None");
    // C16: only of forms.
    assert_eq!(field("application/json", b"token=a".to_vec()).text(), "None");
    assert_eq!(field("", b"token=a".to_vec()).text(), "None");
    assert_eq!(field(plain, b"token=%FF".to_vec()).status(), 400);
    assert_eq!(field(TYPE, b"token=a".to_vec()).status(), 400);
}

#[test]
fn a_middleware_may_read_the_form_before_the_controller() {
    let client = client();
    let body = |token: &[u8]| form(&[("name=token", token), ("name=file; filename=a", &noise(3, 200_000))]);
    assert_eq!(client.post("/checked/form").body(TYPE, body(b"wrong")).send().status(), 403);
    let read = value(&client.post("/checked/form").body(TYPE, body(b"right")).send());
    assert_eq!((&read["file"], &read["on_disk"]), (&json!(200_000), &json!(1)));
    // The stream is gone then, and that is said instead of giving an empty form.
    assert_eq!(client.post("/checked/parts").body(TYPE, body(b"right")).send().status(), 500);
    for (order, status) in [("forms", 204), ("form-parts", 500), ("parts-form", 500)] {
        let answer = client.post(&format!("/twice/{order}")).body(TYPE, body(b"right")).send();
        assert_eq!(answer.status(), status, "{order}");
    }
}

#[test]
fn a_form_that_nobody_reads_does_no_harm() {
    let answer = client().post("/ignored").body(TYPE, form(&[("name=a", b"b")])).send();
    assert_eq!((answer.status(), answer.text()), (200, "0 bytes"));
}
