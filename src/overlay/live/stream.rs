//! The event stream of one page (server-sent events, HTML Standard section 9.2).

use std::convert::Infallible;
use std::time::Duration;

use futures_util::stream;
use tokio::sync::watch::Receiver;

use super::Hub;
use super::event::Position;
use super::hub::State;
use crate::http::Response;

/// How long changes are gathered before they are told: an editor that saves ten files makes one event.
const BURST: Duration = Duration::from_millis(30);

/// How often a line is sent that means nothing. Only by sending is a browser noticed that has gone.
const BEAT: Duration = Duration::from_secs(15);

/// What a stream begins with: how many milliseconds after its end the browser asks for it again, where the script does not.
const HELLO: &str = "retry: 500\n\n";

/// The stream for a page that was served in the state that its tag carries.
pub(super) fn answer(hub: &Hub, since: &str) -> Response {
    let page =
        Page { position: Position::of_page(hub, since), states: hub.subscribe(), hub: hub.clone(), is_new: true };
    let pieces = stream::unfold(page, |mut page| async move {
        let piece = page.next().await?;
        Some((Ok::<_, Infallible>(piece), page))
    });
    Response::stream("text/event-stream", pieces).with_cache("no-store").until_shutdown()
}

/// A page that listens.
struct Page {
    position: Position,
    states: Receiver<State>,
    hub: Hub,
    is_new: bool,
}

impl Page {
    /// What is sent next; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        if std::mem::take(&mut self.is_new) {
            return Some(format!("{HELLO}{}", self.news().unwrap_or_default()));
        }
        loop {
            match tokio::time::timeout(BEAT, self.states.changed()).await {
                Err(_) => return Some(":\n\n".to_string()),
                Ok(Err(_)) => return None,
                Ok(Ok(())) => tokio::time::sleep(BURST).await,
            }
            if let Some(news) = self.news() {
                return Some(news);
            }
        }
    }

    fn news(&mut self) -> Option<String> {
        let event = self.position.event(&self.hub, &self.states.borrow_and_update())?;
        Some(format!("data: {event}\n\n"))
    }
}
