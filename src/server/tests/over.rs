//! Each request is told of once when it is over, however it was answered.

use super::*;

/// What was told of the requests that a client sends before it closes its side, each as status, path and bytes.
async fn told_of(text: &str) -> (Vec<String>, String) {
    let (mut client, site, running) = open(ROOM);
    client.write_all(text.as_bytes()).await.unwrap();
    client.shutdown().await.unwrap();
    let answer = rest(&mut client).await;
    running.await.unwrap();
    let told = site.over.lock().unwrap().clone();
    (told, answer)
}

fn request(method: &str, target: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n")
}

#[tokio::test]
async fn every_way_to_be_answered_is_told_once_with_status_path_and_bytes() {
    let paths = ["/at-once?token=1", "/hello", "/large", "/panic", "/panic-at-once"];
    let requests: String = paths.map(|path| request("GET", path)).concat() + &request("HEAD", "/large");
    let (told, answers) = told_of(&requests).await;
    let expected = [
        "200 /at-once 7",
        "200 /hello 5",
        "200 /large 1048576",
        "500 /panic 0",
        "500 /panic-at-once 0",
        "200 /large 0",
    ];
    assert_eq!(told, expected);
    assert_eq!(answers.matches("x-request-id: ").count(), 6, "every answer has an id");
}

#[tokio::test]
async fn what_is_refused_before_it_is_a_request_is_told_too() {
    for (text, expected) in [
        ("GET / HTTP/1.1\r\n\r\n", "400 / 0"),
        ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "501  0"),
        ("nonsense\r\n\r\n", "400  0"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400  0"),
        (&format!("GET / HTTP/1.1\r\nHost: a\r\nx: {}\r\n\r\n", "x".repeat(70_000)), "431  0"),
    ] {
        assert_eq!(told_of(text).await.0, [expected], "{text:.40}");
    }
}

#[tokio::test]
async fn a_client_that_goes_away_is_told_with_what_it_took() {
    let (mut client, site, running) = open(16_384);
    client.write_all(request("GET", "/large").as_bytes()).await.unwrap();
    until(&mut client, "\r\n\r\n").await;
    drop(client);
    running.await.unwrap();
    let told = site.over.lock().unwrap().clone();
    assert!(told.len() == 1 && told[0].starts_with("200 /large "), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_cut_has_no_status() {
    let (mut client, site, running) = open(ROOM);
    client.write_all(request("GET", "/wait").as_bytes()).await.unwrap();
    site.entered.notified().await;
    running.abort();
    assert!(running.await.is_err());
    assert_eq!(*site.over.lock().unwrap(), ["none /wait 0"]);
}
