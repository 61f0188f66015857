//! The text that a scrape gets: OpenMetrics 1.0, or the older text format of Prometheus for who asks for that alone.
//!
//! Names follow both: base units, counters end in `_total`. Those of the process itself are the ones that all of Prometheus' own libraries
//! use, so that ready-made dashboards find them.

use std::fmt::Error;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, MetricEncoder, NoLabelSet, prometheus_text, text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::histogram::Times;
use super::system::System;
use super::{Gathered, Lookups, Metrics};

/// What a text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// OpenMetrics 1.0.0.
    OpenMetrics,
    /// The text format 0.0.4 of Prometheus.
    Prometheus,
}

impl Format {
    /// The format for what the header `Accept` says: OpenMetrics, unless only the other one is asked for.
    pub fn for_accept(accept: &str) -> Format {
        let accepts = |kind: &str| accept.to_ascii_lowercase().contains(kind);
        match accepts("text/plain") && !accepts("openmetrics") {
            true => Format::Prometheus,
            false => Format::OpenMetrics,
        }
    }

    /// The media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Format::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// The text for a scrape.
pub fn expose(metrics: Arc<Metrics>, gathered: Gathered, format: Format) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scrape { metrics, gathered, system: System::read() }));
    let mut output = String::new();
    let written = match format {
        Format::OpenMetrics => text::encode(&mut output, &registry),
        Format::Prometheus => prometheus_text::encode(&mut output, &registry),
    };
    written.expect("a text takes all that is written to it");
    output
}

/// All that one scrape shows.
#[derive(Debug)]
struct Scrape {
    metrics: Arc<Metrics>,
    gathered: Gathered,
    system: System,
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder) -> Result<(), Error> {
        let mut families = Families(encoder);
        self.requests(&mut families)?;
        self.connections(&mut families)?;
        self.services(&mut families)?;
        self.system(&mut families)
    }
}

impl Scrape {
    fn requests(&self, families: &mut Families) -> Result<(), Error> {
        let requests = &self.metrics.requests;
        let routes = requests.routes();
        let mut family = families.family(
            "kalgan_http_requests",
            "Requests that were answered, by the name of the route, the method and the status.",
            (MetricType::Counter, None),
        )?;
        for (name, route) in &routes {
            for (method, status, count) in route.counts() {
                let labels = [("route", &**name), ("method", method), ("status", &*status)];
                counted(&mut family.encode_family(&labels)?, &count)?;
            }
        }
        let mut family = families.family(
            "kalgan_http_request_duration",
            "Time from the head of a request to the end of its answer, by the name of the route.",
            (MetricType::Histogram, Some(&Unit::Seconds)),
        )?;
        for (name, route) in &routes {
            let times = route.durations().times();
            if times.count > 0 {
                timed(&mut family.encode_family(&[("route", &**name)])?, &times)?;
            }
        }
        families.gauge(
            "kalgan_http_requests_in_flight",
            "Requests that are being answered.",
            None,
            &requests.in_flight.value(),
        )
    }

    fn connections(&self, families: &mut Families) -> Result<(), Error> {
        let connections = &self.metrics.connections;
        let accepted = connections.accepted.value();
        families.counter("kalgan_connections_accepted", "Connections that were taken.", None, &accepted)?;
        families.gauge("kalgan_connections_open", "Connections that are open.", None, &connections.open.value())?;
        families.gauge(
            "kalgan_connections_limit",
            "Most connections that may be open; further ones wait.",
            None,
            &connections.limit.value(),
        )?;
        let received = connections.received.value();
        let bytes = Some(&Unit::Bytes);
        families.counter("kalgan_received", "Bytes that came from clients, heads included.", bytes, &received)?;
        let sent = connections.sent.value();
        families.counter("kalgan_sent", "Bytes that were sent to clients, heads included.", bytes, &sent)
    }

    fn services(&self, families: &mut Families) -> Result<(), Error> {
        let Metrics { templates, cache, sessions, .. } = &*self.metrics;
        let mut family = families.family(
            "kalgan_template_render_duration",
            "Time in which a template became text.",
            (MetricType::Histogram, Some(&Unit::Seconds)),
        )?;
        timed(&mut family, &templates.times())?;
        families.lookups("kalgan_cache", "Look-ups in the cache", cache)?;
        families.lookups("kalgan_session", "Look-ups of the session that a cookie names", sessions)?;
        if let Some(pool) = self.gathered.pool {
            let mut family =
                families.family("kalgan_db_connections", "Connections to the database.", (MetricType::Gauge, None))?;
            for (state, count) in [("idle", pool.idle), ("used", pool.used)] {
                family.encode_family(&[("state", state)])?.encode_gauge(&count)?;
            }
            families.gauge("kalgan_db_connections_limit", "Most connections to the database.", None, &pool.limit)?;
        }
        match self.gathered.mails_waiting {
            Some(count) => families.gauge("kalgan_mail_queue_size", "Mails that wait to be sent.", None, &count),
            None => Ok(()),
        }
    }

    fn system(&self, families: &mut Families) -> Result<(), Error> {
        let (system, gathered) = (&self.system, &self.gathered);
        let (seconds, bytes) = (Some(&Unit::Seconds), Some(&Unit::Bytes));
        let mut family = families.family("kalgan_build", "What runs here.", (MetricType::Info, None))?;
        family.encode_info(&[
            ("name", &*gathered.name),
            ("version", &*gathered.version),
            ("kalgan_version", gathered.kalgan_version),
            ("assets_version", &*gathered.assets_version),
        ])?;
        let started = self.metrics.started.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        families.gauge("process_start_time", "When the process started, since 1970.", seconds, &started)?;
        if let Some(time) = &system.cpu_seconds {
            families.counter("process_cpu", "Processor time that was used.", seconds, time)?;
        }
        if let Some(size) = &system.resident_bytes {
            families.gauge("process_resident_memory", "Memory that is in use.", bytes, size)?;
        }
        if let Some(size) = &system.virtual_bytes {
            families.gauge("process_virtual_memory", "Addresses that are in use.", bytes, size)?;
        }
        if let Some(count) = &system.open_files {
            families.gauge("process_open_fds", "Open file descriptors, sockets among them.", None, count)?;
        }
        match &system.max_files {
            Some(count) => families.gauge("process_max_fds", "Most file descriptors that may be open.", None, count),
            None => Ok(()),
        }
    }
}

/// Where families of figures are written.
struct Families<'e>(DescriptorEncoder<'e>);

impl Families<'_> {
    fn family<'f>(
        &'f mut self,
        name: &'f str,
        help: &str,
        (kind, unit): (MetricType, Option<&'static Unit>),
    ) -> Result<MetricEncoder<'f>, Error> {
        self.0.encode_descriptor(name, help, unit, kind)
    }

    fn counter(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&'static Unit>,
        value: &impl EncodeCounterValue,
    ) -> Result<(), Error> {
        counted(&mut self.family(name, help, (MetricType::Counter, unit))?, value)
    }

    fn gauge(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&'static Unit>,
        value: &impl EncodeGaugeValue,
    ) -> Result<(), Error> {
        self.family(name, help, (MetricType::Gauge, unit))?.encode_gauge(value)
    }

    /// Two counters of one kind of look-up.
    fn lookups(&mut self, name: &str, help: &str, lookups: &Lookups) -> Result<(), Error> {
        let (hits, misses) = (lookups.hits.value(), lookups.misses.value());
        self.counter(&format!("{name}_hits"), &format!("{help} that found something."), None, &hits)?;
        self.counter(&format!("{name}_misses"), &format!("{help} that found nothing."), None, &misses)
    }
}

fn counted(encoder: &mut MetricEncoder, value: &impl EncodeCounterValue) -> Result<(), Error> {
    encoder.encode_counter::<NoLabelSet, _, f64>(value, None)
}

fn timed(encoder: &mut MetricEncoder, times: &Times) -> Result<(), Error> {
    encoder.encode_histogram::<NoLabelSet>(times.sum, times.count, &times.buckets, None)
}
