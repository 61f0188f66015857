//! Where log lines go: standard error, one line an event.

use tracing_subscriber::EnvFilter;

use crate::error::one_line;

/// Opens the log file again, where lines go to one: whoever has moved it away asks for that by `SIGUSR1`.
pub(super) fn reopen() {}

/// Starts logging: `RUST_LOG` chooses what is shown, else `info`. A panic becomes a log line with its place.
///
/// A second call changes nothing, so that several sites may run in one test process.
pub(super) fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(terminal);
    if subscriber.try_init().is_ok() {
        std::panic::set_hook(Box::new(|panic| tracing::error!("{}", one_line(&panic.to_string()))));
    }
}
