//! What a binary says of itself to the one that deploys it: only a version itself knows its settings, and so its units and its NGINX file.
//!
//! The command `deploy describe` prints it as JSON. The two may be of different releases of Kalgan, so a field is only ever added, with a default.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::record;
use crate::deploy::{self, Choices, File, Layout, Socket, Subject};
use crate::error::Error;
use crate::snapshot::Asset;

/// The setting that is made once, where the site signs anything.
const SECRET_KEY: &str = "security.secret_key";

/// A version and what it needs on the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(crate) struct Description {
    /// The site's crate, and its version.
    pub(crate) name: String,
    pub(crate) release: String,
    /// Whether it was built for production.
    pub(crate) is_release: bool,
    /// Whether it signs and no setting says with what.
    pub(crate) needs_secret_key: bool,
    /// What `!credential` and `!env` in its settings name.
    pub(crate) credentials: Vec<String>,
    pub(crate) variables: Vec<String>,
    /// The migrations in it, by the names of their files.
    pub(crate) migrations: Vec<String>,
    /// How much its static files take when they are written to a folder.
    pub(crate) static_bytes: u64,
    /// The folder that they are written to, where NGINX serves them.
    pub(crate) static_root: Option<String>,
    /// These files and their compressed forms, by their paths in that folder, with a hash of each; none where nothing is written.
    pub(crate) static_files: Option<BTreeMap<String, String>>,
    /// A host that it answers for.
    pub(crate) host: String,
    /// Where people find it.
    pub(crate) public_url: String,
    pub(crate) processes: Vec<Process>,
    /// The units that the machine's start begins with.
    pub(crate) enabled: Vec<String>,
    /// The unit that tries it.
    pub(crate) trial: String,
    /// All of its files; those for NGINX are told by their paths.
    pub(crate) files: Vec<Text>,
}

/// One of the processes that serve the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    pub(crate) service: String,
    /// The units of its sockets.
    pub(crate) sockets: Vec<String>,
    /// Where it answers, and where it says how it is: `unix:PATH` or host and port.
    pub(crate) address: String,
    pub(crate) admin: String,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Text {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) mode: u32,
}

impl Description {
    /// What this binary is and needs, with these choices.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where the choices do not fit the settings.
    pub(crate) fn new(subject: &Subject, choices: &Choices) -> Result<Self, Error> {
        choices.check()?;
        let layout = Layout::of(choices);
        let (snapshot, settings) = (&subject.snapshot, &subject.settings);
        let is_given = settings.exists(SECRET_KEY) || subject.unknown.contains(SECRET_KEY);
        let hosts = settings.get_vec("server.hosts")?;
        let host = choices.domains.iter().chain(&hosts).find(|host| !host.contains('*'));
        let files = deploy::systemd(subject, choices)?.into_iter().chain(deploy::nginx(subject, choices)?);
        let (name, release) = (snapshot.name.to_string(), snapshot.release.to_string());
        let sizes = snapshot.assets.iter().flat_map(|asset| {
            std::iter::once(asset.body.len()).chain(asset.variants.iter().map(|variant| variant.body.len()))
        });
        Ok(Description {
            name,
            release,
            is_release: snapshot.is_prod,
            needs_secret_key: cfg!(feature = "secrets") && !is_given,
            credentials: subject.credentials.iter().cloned().collect(),
            variables: subject.variables.iter().cloned().collect(),
            migrations: snapshot.migrations.iter().map(|migration| migration.file.to_string()).collect(),
            static_bytes: sizes.map(|size| size as u64).sum(),
            static_root: choices.static_root.clone(),
            static_files: choices.static_root.as_ref().map(|_| static_files(&snapshot.assets)),
            host: host.cloned().unwrap_or_else(|| "localhost".to_string()),
            public_url: public_url(settings.get::<Option<String>>("server.public_url")?, choices),
            processes: processes(&layout, subject, choices)?,
            enabled: enabled(&layout, choices),
            trial: layout.trial(),
            files: files.map(Text::from).collect(),
        })
    }
}

impl From<File> for Text {
    fn from(file: File) -> Self {
        Text { path: file.path, text: file.text, mode: file.mode }
    }
}

/// What an export writes. Where a file has the name of another one's compressed form, it is the file that is written.
fn static_files(assets: &[Asset]) -> BTreeMap<String, String> {
    let variants = assets.iter().flat_map(|asset| {
        asset.variants.iter().map(|it| (format!("{}.{}", asset.path, it.encoding.extension()), &it.body))
    });
    let all = variants.chain(assets.iter().map(|asset| (asset.path.to_string(), &asset.body)));
    all.map(|(path, body)| (path, record::hash(body))).collect()
}

fn public_url(setting: Option<String>, choices: &Choices) -> String {
    let scheme = if choices.tls.is_some() { "https" } else { "http" };
    let host = choices.domains.iter().find(|domain| !domain.contains('*'));
    setting.or_else(|| host.map(|host| format!("{scheme}://{host}/"))).unwrap_or_default()
}

fn processes(layout: &Layout, subject: &Subject, choices: &Choices) -> Result<Vec<Process>, Error> {
    let process = |instance: Option<u16>| {
        let address = match choices.socket {
            Socket::Unix => format!("unix:{}", layout.http_socket(instance).display()),
            Socket::Tcp => format!("127.0.0.1:{}", choices.port(&subject.settings, instance)?),
        };
        let (service, sockets) = (layout.service(instance), vec![layout.socket(instance), layout.admin(instance)]);
        Ok(Process { service, sockets, address, admin: format!("unix:{}", layout.admin_socket(instance).display()) })
    };
    choices.instances().into_iter().map(process).collect()
}

fn enabled(layout: &Layout, choices: &Choices) -> Vec<String> {
    match choices.has_several() {
        true => vec![layout.target()],
        false => vec![layout.socket(None), layout.admin(None), layout.service(None)],
    }
}
