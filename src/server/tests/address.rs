//! What can be listened on, and what is said where it cannot.

use std::sync::Arc;

use tokio::io::AsyncWriteExt;

use super::*;

/// B2, B22: an IPv6 address with brackets or without.
#[tokio::test]
async fn addresses_that_cannot_be_used_are_explained() {
    let taken = Listener::bind("127.0.0.1", 0).await.unwrap();
    let port = taken.address().unwrap().port();
    for (address, port, expected) in [
        ("127.0.0.1", port, "a process listens there already"),
        ("192.0.2.1", 0, "does not belong to this machine"),
        ("127.0.0.1:80", 0, "carries a port"),
        ("", 0, "is empty"),
        ("no such host", 0, "no known host name"),
        ("unix:", 0, "the path is missing"),
        ("unix:/no/such/folder/socket", 0, "the folder does not exist"),
    ] {
        let error = Listener::bind(address, port).await.unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains('\n'), "{address}: {error}");
    }
    assert!(Listener::bind("localhost", 0).await.is_ok());
    for address in ["[::1]", "::1"] {
        // A machine without IPv6 is no reason to fail.
        match Listener::bind(address, 0).await {
            Ok(listener) => assert!(listener.to_string().starts_with("http://[::1]:")),
            Err(error) => assert!(error.to_string().contains("does not belong to this machine"), "{error}"),
        }
    }
}

#[tokio::test]
async fn a_socket_file_replaces_a_stale_one_and_goes_with_its_listener() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let address = format!("unix:{}", path.display());
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let listener = Listener::bind(&address, 0).await.unwrap();
    assert_eq!(listener.to_string(), address);
    let error = Listener::bind(&address, 0).await.unwrap_err().to_string();
    assert!(error.contains("another process listens there"), "{error}");
    let served = tokio::spawn(serve(listener, Options::default(), Arc::new(Site::default()), std::future::pending()));
    let mut client = tokio::net::UnixStream::connect(&path).await.unwrap();
    client.write_all(GET.as_bytes()).await.unwrap();
    until(&mut client, "hello").await;
    served.abort();
    let _ = served.await;
    assert!(!path.exists());
    std::fs::write(&path, "text").unwrap();
    let error = Listener::bind(&address, 0).await.unwrap_err().to_string();
    assert!(error.contains("no socket"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "text");
}
