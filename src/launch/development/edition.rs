//! One state of a site in development, as the server asks it.

use std::pin::Pin;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;

use super::Developing;
use crate::error::Error;
use crate::http::{Request, Response};
use crate::overlay::live::{Dressing, Editor, Page};
use crate::problem::Problem;
use crate::server::{Development, Serving, Undressed};
use crate::site::Site;

/// The setting that says how an editor is opened.
const EDITOR: &str = "environment.editor";

/// Where the mails are shown that were kept instead of sent.
#[cfg(feature = "mail")]
const MAIL_PATH: &str = "/_kalgan/mail";

/// One state of a site in development.
pub(super) struct Edition {
    developing: Arc<Developing>,
    /// What its pages get; none where live reload is switched off.
    dressing: Option<Dressing>,
}

impl Edition {
    /// That of a site which is to be served as this generation.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where a setting about development does not fit.
    pub(super) fn new(developing: Arc<Developing>, site: &Site, generation: u64) -> Result<Edition, Error> {
        let settings = &site.settings;
        let editor = settings.get::<Option<String>>(EDITOR)?.filter(|address| !address.is_empty());
        let editor = editor.map(|address| Editor::parse(&address)).transpose();
        developing
            .hub
            .set_editor(editor.map_err(|reason| Error::Setting(format!("{} {reason}", settings.name(EDITOR))))?);
        let hub = &developing.hub;
        let is_live = settings.get_bool("environment.live_reload")?;
        let dressing = is_live.then(|| Dressing::new(hub, generation, site.urls.mount()));
        Ok(Edition { developing, dressing })
    }
}

impl Development for Edition {
    fn refresh(&self, current: &ArcSwap<Serving>) {
        self.developing.refresh(current);
    }

    fn next_edit(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let signal = self.developing.editing().overlay.signal();
        Box::pin(signal.wait())
    }

    fn answer(&self, request: &Request) -> Option<Response> {
        #[cfg(feature = "mail")]
        if request.uri().path() == MAIL_PATH {
            return Some(crate::service::mail::sent_page(request.clone()));
        }
        self.dressing.as_ref()?;
        self.developing.hub.answer(request)
    }

    fn dress(&self, page: Undressed<'_>) -> Option<Bytes> {
        let Undressed { method, asked, host, headers, body } = page;
        self.dressing.as_ref()?.dress(Page { method, asked, host, headers, body })
    }

    fn problems(&self) -> Vec<Problem> {
        self.developing.problems().to_vec()
    }

    fn link(&self, problem: &Problem) -> Option<String> {
        self.developing.hub.link(&problem.file, problem.line, problem.column)
    }
}
