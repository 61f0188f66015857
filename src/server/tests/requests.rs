//! What is answered to requests of all kinds, well-formed and malformed.

use tokio::io::AsyncWriteExt;

use super::*;

/// B42: Kalgan 0.9 answered the first and closed.
#[tokio::test]
async fn requests_on_one_connection_are_answered_in_order() {
    let text = exchange(&format!(
        "{GET}HEAD / HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc{GET}"
    ))
    .await;
    assert_eq!(statuses(&text), ["200"; 4]);
    let bodies: Vec<&str> = text.split("\r\n\r\n").skip(1).map(|part| part.split("HTTP/").next().unwrap()).collect();
    assert_eq!(bodies, ["hello", "", "abc", "hello"]);
}

/// B58: a target in absolute form matched nothing in Kalgan 0.9.
#[tokio::test]
async fn targets_and_versions_of_all_kinds_are_served() {
    assert_eq!(statuses(&exchange("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n").await), ["200"]);
    assert_eq!(statuses(&exchange("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").await), ["200"]);
    // Without keep-alive, HTTP/1.0 gets one answer and the end.
    let (mut client, ..) = open(ROOM);
    client.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    assert!(rest(&mut client).await.ends_with("\r\n\r\nhello"));
}

/// B50: Kalgan 0.9 closed without a word, or panicked.
#[tokio::test]
async fn malformed_requests_are_refused_and_the_connection_ends() {
    let log = CapturedLog::start();
    for text in [
        "GARBAGE\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / / HTTP/1.1\r\n\r\n",
        "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        // The good request behind it must not be answered: after a mistake nobody knows where a request begins.
        let answer = exchange(&format!("{text}{GET}")).await;
        assert!(statuses(&answer) == ["400"] && answer.contains("connection: close\r\n"), "{text:?}: {answer:?}");
        let logged = log.take();
        assert!(logged.len() == 1 && logged[0].contains("malformed request"), "{text:?}: {logged:?}");
    }
    assert_eq!(statuses(&exchange("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n").await), ["501"]);
}

/// B45
#[tokio::test]
async fn heads_over_the_limits_are_refused() {
    let large = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(65_536));
    assert_eq!(statuses(&exchange(&large).await), ["431"]);
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: x\r\n".repeat(200));
    assert_eq!(statuses(&exchange(&many).await), ["431"]);
    let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(65_535));
    assert!(matches!(*statuses(&exchange(&long).await), ["414" | "431"]));
}

/// B44, B45: chunked bodies too, which Kalgan 0.9 did not understand.
#[tokio::test]
async fn bodies_over_the_limit_are_refused() {
    let head = "POST /echo HTTP/1.1\r\nHost: a\r\n";
    let text = exchange(&format!("{head}Content-Length: 11\r\n\r\n12345678901")).await;
    assert_eq!(statuses(&text), ["413"]);
    assert!(text.contains("connection: close\r\n"), "{text}");
    let text =
        exchange(&format!("{head}Transfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n6\r\n123456\r\n0\r\n\r\n")).await;
    assert_eq!(statuses(&text), ["413"]);
    let text =
        exchange(&format!("{head}Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n5\r\n67890\r\n0\r\n\r\n")).await;
    assert!(text.ends_with("1234567890"), "{text}");
    let text = exchange(&format!("{head}Transfer-Encoding: chunked\r\n\r\nnot a number\r\n")).await;
    assert_eq!(statuses(&text), ["400"]);
    let text = exchange(&format!("{head}Content-Length: 9\r\n\r\nshort")).await;
    assert_eq!(statuses(&text), ["400"]);
}

/// B44: in Kalgan 0.9 a request ended with the first read that gave less than 4096 bytes. One of just that size was waited for until the
/// client gave up, and a body in a packet of its own was lost.
#[tokio::test]
async fn a_request_ends_where_it_says_and_not_where_a_packet_does() {
    let (mut client, site, _) = open(ROOM);
    for size in [4095, 4096, 8192] {
        let head = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
        let request = format!("{head}{}\r\n\r\n", "x".repeat(size - head.len() - 4));
        assert_eq!(request.len(), size);
        client.write_all(request.as_bytes()).await.unwrap();
        until(&mut client, "hello").await;
    }
    client.write_all(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n").await.unwrap();
    while site.paths().last().is_none_or(|path| path != "/echo") {
        tokio::task::yield_now().await;
    }
    for piece in ["bo", "dy"] {
        client.write_all(piece.as_bytes()).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert!(until(&mut client, "body").await.starts_with("HTTP/1.1 200"));
}

/// B50: in Kalgan 0.9 a panic. RFC 9112 section 2.2 lets a server take a line feed alone.
#[tokio::test]
async fn lines_may_end_in_a_line_feed_alone() {
    let text = exchange(&format!("GET / HTTP/1.1\nHost: a\n\n{GET}")).await;
    assert_eq!(statuses(&text), ["200", "200"]);
}

/// B44
#[tokio::test]
async fn a_body_is_asked_for_only_when_it_is_wanted() {
    let head = "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n";
    let (mut client, ..) = open(ROOM);
    client.write_all(format!("{head}Content-Length: 2\r\n\r\n").as_bytes()).await.unwrap();
    assert_eq!(until(&mut client, "\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(b"ok").await.unwrap();
    assert!(until(&mut client, "\r\n\r\nok").await.starts_with("HTTP/1.1 200"));
    client.write_all(format!("{head}Content-Length: 11\r\n\r\n").as_bytes()).await.unwrap();
    assert!(until(&mut client, "\r\n\r\n").await.starts_with("HTTP/1.1 413"));
}

/// B47, B149: Kalgan 0.9 lost a worker for each, and then the process.
#[tokio::test]
async fn a_panic_is_answered_and_the_connection_goes_on() {
    for path in ["/panic", "/panic-at-once"] {
        let text = exchange(&format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n{GET}")).await;
        assert_eq!(statuses(&text), ["500", "200"], "{path}");
        assert!(!text.contains("on purpose"), "{text}");
    }
}

#[tokio::test]
async fn an_answer_that_is_there_at_once_is_sent_like_any_other() {
    let now = |method: &str| format!("{method} /at-once HTTP/1.1\r\nHost: a\r\n\r\n");
    let text = exchange(&format!("{}{}{GET}", now("GET"), now("HEAD"))).await;
    assert_eq!(statuses(&text), ["200"; 3]);
    assert_eq!(text.matches("content-length: 7\r\n").count(), 2, "{text}");
    assert_eq!(text.matches("\r\n\r\nat once").count(), 1, "{text}");
    assert!(text.ends_with("hello") && !text.contains("connection: close"), "{text}");
}

#[tokio::test]
async fn hosts_with_and_without_a_port_are_understood() {
    let status =
        async |host: &str| exchange(&format!("GET / HTTP/1.0\r\nHost: {host}\r\n\r\n")).await[9..12].to_owned();
    for host in ["", "a", "example.org", "example.org:80", "EXAMPLE-1.org.", "127.0.0.1:7878", "[::1]:80", "a_b", "~"] {
        assert_eq!(status(host).await, "200", "{host}");
    }
    for host in ["a b", "a/b", "u@a", "a:b:c", "[::1", "a?", "<a>", "\u{fc}.de"] {
        assert_eq!(status(host).await, "400", "{host}");
    }
}

#[tokio::test]
async fn a_client_that_sends_on_still_reads_why_it_was_refused() {
    let server = Running::start(Options::default()).await;
    for head in ["POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 8000000\r\n\r\n", "GET / HTTP/1.1\r\nX: "] {
        let mut client = server.connect().await;
        client.write_all(head.as_bytes()).await.unwrap();
        client.write_all(&vec![b'x'; 8_000_000]).await.unwrap();
        let text = rest(&mut client).await;
        assert!(matches!(*statuses(&text), ["413" | "431"]), "{text}");
    }
}

#[tokio::test]
async fn a_body_that_nobody_reads_ends_the_connection_and_one_that_was_read_does_not() {
    let post = |path: &str| format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok");
    let text = exchange(&format!("{}{GET}", post("/echo"))).await;
    assert_eq!(statuses(&text), ["200", "200"]);
    assert!(!text.contains("connection: close"), "{text}");
    for path in ["/unread", "/at-once"] {
        let text = exchange(&format!("{}{GET}", post(path))).await;
        assert_eq!(statuses(&text), ["200"], "{path}");
        assert!(text.contains("connection: close\r\n"), "{path}: {text}");
    }
}
