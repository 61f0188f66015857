//! What `tracing` tells of, before it is told to the layers: the span of a request is made in the last moment, and its access line takes
//! a shorter way.

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Metadata, Subscriber};
use tracing_core::span::Current;

use super::access;
use crate::server::span;

/// The layers, and what comes before them. Most requests log nothing but their access line, which is in no span; all others find the
/// span of their request wherever it could be seen that there was none.
#[derive(Debug)]
pub(super) struct Recorder<S>(pub(super) S);

impl<S: Subscriber> Subscriber for Recorder<S> {
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        self.0.on_register_dispatch(subscriber);
    }

    fn register_callsite(&self, place: &'static Metadata<'static>) -> Interest {
        self.0.register_callsite(place)
    }

    fn enabled(&self, place: &Metadata<'_>) -> bool {
        self.0.enabled(place)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.0.max_level_hint()
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        if attributes.is_contextual() {
            span::begin();
        }
        self.0.new_span(attributes)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.0.record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.0.record_follows_from(span, follows);
    }

    fn event_enabled(&self, event: &Event<'_>) -> bool {
        self.0.event_enabled(event)
    }

    fn event(&self, event: &Event<'_>) {
        if event.is_contextual() {
            span::begin();
        }
        if !access::write(event) {
            self.0.event(event);
        }
    }

    fn enter(&self, span: &Id) {
        // The spans of a thread lie upon each other, that of the request below those that are entered while it is answered.
        span::begin();
        self.0.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.0.exit(span);
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.0.clone_span(id)
    }

    fn try_close(&self, id: Id) -> bool {
        self.0.try_close(id)
    }

    fn current_span(&self) -> Current {
        span::begin();
        self.0.current_span()
    }
}
