//! How requests are passed on to the site.

use super::Plan;
use super::limits::{ONCE, ONCE_STREAMED};

/// The request's own id, whoever answers it. A location with any `add_header` needs it among them, because there those of the server do not
/// hold.
pub(super) const REQUEST_ID: &str = "add_header X-Request-Id $request_id always;";

impl Plan<'_> {
    /// The directives that hold for all locations of the site. None of them stands in a location, because a single one there would take
    /// all others of its kind away.
    pub(super) fn proxy(&self) -> String {
        [self.limits(), self.forwarded(), self.retries(), self.kept(), self.maintenance()].join("\n")
    }

    fn limits(&self) -> String {
        let (size, patience) = (self.common.size(), self.common.patience());
        format!(
            "    # As much as `server.max_body_size`; what is larger gets 413 from NGINX already.\n    client_max_body_size {size};\n    \
             # A slow client costs NGINX little and the site nothing: requests and answers are held here.\n    proxy_request_buffering on;\n    \
             proxy_buffering on;\n    proxy_buffer_size 16k;\n    proxy_buffers 8 16k;\n    proxy_busy_buffers_size 32k;\n    \
             proxy_connect_timeout 5s;\n    # Longer than `server.request_timeout`, so that the site's own answer is what the visitor gets; no less than \
             `server.shutdown_timeout`\n    # and 20 seconds, because requests may wait that long at the socket while a process restarts; an hour where the site has no limit: a\n    \
             # route that may be silent for longer has one of its own. A WebSocket or an event stream must say something at least as often.\n    \
             proxy_read_timeout {patience};\n    \
             proxy_send_timeout {patience};\n    # The site compresses by itself: static files when it was built, pages as they are made, and \
             never what is dangerous to\n    # compress. Caches on the way learn that there is a compressed form beside the plain one.\n    \
             gzip off;\n    gzip_vary on;\n"
        )
    }

    fn forwarded(&self) -> String {
        let (variable, scheme) = (&self.variable, self.scheme());
        format!(
            "    proxy_http_version 1.1;\n    proxy_set_header Connection ${variable}_upgrade;\n    \
             proxy_set_header Upgrade $http_upgrade;\n    proxy_set_header Host $host;\n    \
             # Who asked, as NGINX saw it. What the client itself claims is replaced, not passed on.\n    \
             proxy_set_header X-Forwarded-For $remote_addr;\n    proxy_set_header X-Forwarded-Proto {scheme};\n    \
             proxy_set_header X-Forwarded-Host $host;\n    proxy_set_header X-Request-Id $request_id;\n    \
             proxy_set_header Forwarded \"\";\n    proxy_redirect off;\n    \
             # Every answer tells the id of its own request, a file's and a kept copy's too: that which the copy came with is another visitor's.\n    \
             proxy_hide_header X-Request-Id;\n    {REQUEST_ID}\n"
        )
    }

    fn retries(&self) -> String {
        let what = match self.choices.has_several() {
            true => "Where an instance refuses or breaks the connection another is asked, but for what goes once",
            false => "There is no other to ask; only where a kept connection turns out to be closed is a new one tried",
        };
        let mut text = format!(
            "    # {what}.\n    # Never twice what may have had an effect: NGINX itself does not repeat a POST, PATCH or LOCK that has been sent. All other methods \
             but the\n    # safe ones, PUT and DELETE too, it would: so they go another way, once and no more, and statuses that nobody is told lead \
             there.\n    proxy_next_upstream error timeout;\n    proxy_next_upstream_tries 2;\n    proxy_next_upstream_timeout 10s;\n    \
             error_page {ONCE} = @once;\n"
        );
        if self.streams() {
            text.push_str(&format!("    error_page {ONCE_STREAMED} = @once_streamed;\n"));
        }
        text + "    recursive_error_pages on;\n"
    }

    /// The cache, which the settings of `shared` belong to.
    fn kept(&self) -> String {
        let (variable, scheme) = (&self.variable, self.scheme());
        format!(
            "    # What says `private` or `no-store`, sets a cookie or does not say `public` is never kept; `Vary` is honoured, so each language\n    \
             # has its own copy. One that is too old is asked for again; only while the site cannot be reached is it better than nothing.\n    \
             # There is no lock (`proxy_cache_lock`): it would make visitors of one private page wait for each other, half a second each.\n    proxy_cache ${variable}_cache;\n    \
             proxy_cache_key \"$request_method {scheme} $host $request_uri\";\n    proxy_cache_convert_head off;\n    proxy_no_cache \
             ${variable}_unkept;\n    proxy_cache_use_stale error timeout;\n    \
             proxy_cache_revalidate on;\n"
        )
    }

    fn maintenance(&self) -> String {
        let (home, page) = (self.layout.home(), self.layout.maintenance());
        let name = page.file_name().unwrap_or_default().to_string_lossy().into_owned();
        format!(
            "    # Only NGINX's own errors, where no process answers, show the page; what the site answers is passed on, its 503 too.\n    \
             proxy_intercept_errors off;\n    error_page 502 504 =503 /.kalgan/{name};\n    location = /.kalgan/{name} {{\n        internal;\n        \
             root {};\n        types {{ }}\n        default_type \"text/html; charset=utf-8\";\n        {REQUEST_ID}\n        add_header Retry-After 10 always;\n        \
             add_header Cache-Control no-store always;\n        try_files /{name} =503;\n    }}\n",
            home.display()
        )
    }
}
