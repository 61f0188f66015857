//! Sites that run in a process of their own (`services/subprocess.rs`), with what these tests need of them.

use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kalgan::warp::{self, Filter};
use kalgan::{App, Error, Process};

use crate::services::process_site;

/// A site that is sent signals by itself while its templates are loaded, before it serves.
pub fn signalled() -> App {
    let done = AtomicBool::new(false);
    process_site::app().tera(move |_| {
        if !done.swap(true, Ordering::SeqCst) {
            for signal in ["-HUP", "-USR1"] {
                let sent = Command::new("kill").args([signal, &std::process::id().to_string()]).status();
                assert!(sent.is_ok_and(|status| status.success()), "{signal}");
            }
        }
    })
}

/// What [`stuck`] writes to the socket of systemd before and after it has held up the only worker.
pub const STUCK: &str = "X_STUCK=1";
pub const FREE: &str = "X_FREE=1";

/// A site with a page that holds up the thread which answers it, as no site should.
pub fn stuck() -> App {
    process_site::app().mount(|_| {
        warp::path!("stuck").map(|| {
            let socket = UnixDatagram::unbound().unwrap();
            let systemd = std::env::var("NOTIFY_SOCKET").unwrap();
            socket.send_to(STUCK.as_bytes(), &systemd).unwrap();
            // Many times the time of the watchdog.
            std::thread::sleep(Duration::from_secs(1));
            socket.send_to(FREE.as_bytes(), &systemd).unwrap();
            "free"
        })
    })
}

/// What the sites below log when their start waits for something that does not come.
pub const WAITS: &str = "it waits";

/// What is logged when what was begun is ended.
pub const ENDED: &str = "what was begun is ended";

/// A site whose hook does not come to its end.
pub fn waiting_hook() -> App {
    process_site::app().on_start(wait::<()>)
}

/// A site with a value that is never made.
pub fn waiting_state() -> App {
    process_site::app().state_from(wait::<u8>)
}

async fn wait<T>(process: Process) -> Result<T, Error> {
    let begun = process.clone();
    process.spawn("begun", async move {
        begun.stopping().await;
        tracing::info!("{ENDED}");
    });
    tracing::info!("{WAITS}");
    std::future::pending().await
}
