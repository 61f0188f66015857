//! The Content-Security-Policy of each page (Content Security Policy Level 3): what its templates need, and no more.
//!
//! In production, what each template needs is known when the site is made, and the policy of a page of one template without a nonce is
//! ready. Any other, and in development, where templates change, each is put together for the answer.

use std::borrow::Cow;

use ahash::AHashMap;
use http::HeaderValue;

use super::rules;
use crate::error::Error;
use crate::http::Rendered;
use crate::site::{Needs, Settings, Site};
use crate::snapshot;

/// What stands for `auto`. Scripts and styles are those of the site, and those that stand in its templates. Attributes `style`, which can do little harm, stay
/// allowed. The rest closes ways around that.
const MADE: &str = "script-src 'self' {scripts}; style-src 'self' {styles}; style-src-attr 'unsafe-inline'; object-src 'none'; \
                    base-uri 'self'; frame-ancestors 'self'";

/// For static files, which are constant: nobody can have put a script into them, and those that their author wrote are not known.
const FILES: &str = "object-src 'none'; base-uri 'self'; frame-ancestors 'self'";

/// The policies of one site.
#[derive(Debug)]
pub(super) struct Policy {
    /// With `{scripts}` and `{styles}` in it.
    text: Cow<'static, str>,
    /// What `static.path` names, where that is on another origin.
    cdn: Option<String>,
    /// Of what no template was rendered for.
    base: HeaderValue,
    /// By template, those that need something; none in development.
    pages: Option<AHashMap<Box<str>, Prepared>>,
}

/// The policy of the pages of one template.
#[derive(Debug)]
struct Prepared {
    needs: Needs,
    value: HeaderValue,
}

impl Policy {
    /// What the settings ask for; none where it is switched off.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where it cannot be sent.
    pub(super) fn new(site: &Site) -> Result<Option<Self>, Error> {
        let Some(text) = text(&site.settings, MADE)? else { return Ok(None) };
        let cdn = cdn(&site.settings)?;
        let mut policy = Policy { text, cdn, base: HeaderValue::from_static("default-src 'self'"), pages: None };
        policy.base = policy.with(&Needs::default(), None);
        if site.settings.is_prod() {
            let needs = site.renderer.names().map(|name| (name, site.renderer.needs(name)));
            let pages = needs.filter(|(_, needs)| *needs != Needs::default()).map(|(name, needs)| {
                let value = policy.with(&needs, None);
                (name.into(), Prepared { needs, value })
            });
            policy.pages = Some(pages.collect());
        }
        Ok(Some(policy))
    }

    /// That of static files; none where it is switched off.
    ///
    /// # Errors
    ///
    /// As [`Policy::new`].
    pub(super) fn of_files(site: &Site) -> Result<Option<HeaderValue>, Error> {
        let Some(text) = text(&site.settings, FILES)? else { return Ok(None) };
        let policy = Policy { text, cdn: cdn(&site.settings)?, base: HeaderValue::from_static(FILES), pages: None };
        Ok(Some(policy.with(&Needs::default(), None)))
    }

    /// That of an answer which was made of these templates, perhaps with a nonce and with a style of the framework's own.
    pub(super) fn of_page(
        &self,
        site: &Site,
        rendered: &Rendered<'_>,
        (nonce, style): (Option<&str>, Option<&str>),
    ) -> HeaderValue {
        let needs = match rendered {
            Rendered::Nothing => Cow::Owned(Needs::default()),
            Rendered::One(name) => match self.prepared(name) {
                Some(prepared) if nonce.is_none() && style.is_none() => return prepared.value.clone(),
                _ => self.needs(site, name),
            },
            Rendered::Several(names) => {
                let needs = names.iter().map(|name| self.needs(site, name));
                Cow::Owned(needs.fold(Needs::default(), |all, needs| all.and(&needs)))
            }
        };
        let needs = match style {
            Some(style) => Cow::Owned(needs.and(&Needs { styles: style.to_string(), ..Needs::default() })),
            None => needs,
        };
        if nonce.is_none() && *needs == Needs::default() {
            return self.base.clone();
        }
        self.with(&needs, nonce)
    }

    fn prepared(&self, template: &str) -> Option<&Prepared> {
        self.pages.as_ref()?.get(template)
    }

    /// What a template needs. Looking through all that it is made of is for development, and for a name that the engine took another
    /// template for.
    fn needs(&self, site: &Site, template: &str) -> Cow<'_, Needs> {
        match self.prepared(template) {
            Some(prepared) => Cow::Borrowed(&prepared.needs),
            None if self.pages.is_some() && site.renderer.contains(template) => Cow::Owned(Needs::default()),
            None => Cow::Owned(site.renderer.needs(template)),
        }
    }

    fn with(&self, needs: &Needs, nonce: Option<&str>) -> HeaderValue {
        let nonce = nonce.map(|nonce| format!("'nonce-{nonce}'"));
        let sources = |needed: &str| {
            let all = [self.cdn.as_deref().unwrap_or_default(), needed, nonce.as_deref().unwrap_or_default()];
            all.into_iter().filter(|source| !source.is_empty()).collect::<Vec<_>>().join(" ")
        };
        let text =
            filled(&filled(&self.text, "{scripts}", &sources(&needs.scripts)), "{styles}", &sources(&needs.styles));
        HeaderValue::try_from(text).expect("the setting is visible ASCII, and so are hashes, addresses and nonces")
    }
}

/// The text with sources in a place; without any, the space before it goes too.
fn filled(text: &str, place: &str, sources: &str) -> String {
    match sources {
        "" => text.replace(&format!(" {place}"), "").replace(place, ""),
        sources => text.replace(place, sources),
    }
}

/// The text of the setting, or what stands for `auto`.
fn text(settings: &Settings, auto: &'static str) -> Result<Option<Cow<'static, str>>, Error> {
    let text = rules::policy(settings)?;
    Ok(text.map(|text| if snapshot::is_auto(&text) { Cow::Borrowed(auto) } else { Cow::Owned(text) }))
}

/// The source for static files, where `static.path` names another origin: all below that path, and nothing else of a host with files of
/// many people.
fn cdn(settings: &Settings) -> Result<Option<String>, Error> {
    let address = settings.get::<Option<String>>("static.path")?.unwrap_or_default();
    let folder = address.split(['?', '#']).next().unwrap_or_default().trim().trim_end_matches('/');
    Ok(snapshot::source(&format!("{folder}/"), true))
}
