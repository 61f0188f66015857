//! Mail: letters of texts and templates, sent by SMTP at once or from a queue (B160).
//!
//! 1. A [`Letter`] is put together and built into the bytes of a message ([`message`]); nothing that somebody wrote can add a header.
//! 2. The way that the settings name ([`options`]) takes it: the server ([`smtp`]), a folder ([`mod@folder`]), or the memory ([`mod@sent`]).
//! 3. What may wait goes into the [`queue`], which a task empties.

mod address;
mod folder;
mod letter;
mod message;
mod options;
mod page;
mod queue;
mod sent;
mod smtp;

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use lettre::message::Mailbox;

pub use address::Address;
pub use letter::Letter;
pub use page::sent_page;
pub use sent::{SentAttachment, SentMail};

use super::Start;
use crate::error::{Error, one_line};
use crate::process::{AsProcess, DataFolder, Process};
use folder::Folder;
use message::Outgoing;
use options::Options;
#[cfg(feature = "db")]
use queue::Table;
use queue::{Memory, Queue, Store};
use sent::Sent;
use smtp::Smtp;

/// Begins a mail.
pub fn letter() -> Letter {
    Letter::default()
}

/// Sends a plain text to one recipient, as the function of this name did in Kalgan 0.9 (B160); it takes the request or process besides.
///
/// # Errors
///
/// As [`Letter::send`].
pub async fn send_email(process: &impl AsProcess, to: &str, subject: &str, body: &str) -> Result<(), Error> {
    letter().to(to).subject(subject).text(body).send(process).await
}

/// The last 50 mails that the transport `log` took, the newest last: for tests. Empty with other transports.
///
/// ```no_run
/// # let client = kalgan::testing::client(unimplemented!());
/// client.post("/sign-up").form(&[("email", "ana@example.com")]).send();
/// let mails = kalgan::mail::sent(client.process());
/// assert_eq!(mails[0].to, ["ana@example.com"]);
/// ```
pub fn sent(process: &impl AsProcess) -> Vec<SentMail> {
    match process.process().service() {
        Some(Mailer { way: Way::Log(sent), .. }) => sent.all(),
        _ => Vec::new(),
    }
}

/// What the process keeps of this service.
struct Mailer {
    sender: Option<Mailbox>,
    way: Way,
    /// Where mails go that cannot be sent and would be lost.
    undelivered: Folder,
}

/// Where mail goes.
enum Way {
    Smtp(Box<Smtp>, Box<Waiting>),
    File(Folder),
    Log(Sent),
    Nowhere,
}

/// The queue, which is made when it is wanted for the first time: it may lie in the database, whose service comes up beside this one.
struct Waiting {
    size: u32,
    queue: OnceLock<Queue>,
}

impl Waiting {
    fn queue(&self, process: &Process) -> &Queue {
        self.queue.get_or_init(|| Queue::new(store(process, self.size)))
    }
}

/// Where mails wait: in the database, where there is one.
fn store(process: &Process, size: u32) -> Store {
    #[cfg(feature = "db")]
    if let Some(pool) = super::db::pool(process) {
        return Store::Table(Box::new(Table::new(pool.clone(), size)));
    }
    let _ = process;
    Store::Memory(Memory::new(size))
}

impl Letter {
    /// Sends the mail, and waits until the server has accepted it: for all recipients, or, with an error, for none. A page that need not
    /// tell its visitor how it went is answered faster with [`Letter::enqueue`].
    ///
    /// # Errors
    ///
    /// [`Error::Request`] (status 400) for an address, a subject, a header or an attachment that cannot be sent, with the name of the
    /// method that was given it: often it is the visitor's. [`Error::Service`] (status 503), with the server's words, where the server
    /// is not reached or refuses the mail, and where the letter has no recipient or no text. [`Error::Setting`] without a sender or a
    /// server. [`Error::File`] where the transport `file` cannot write.
    pub async fn send(&self, process: &impl AsProcess) -> Result<(), Error> {
        let mailer = mailer(process.process())?;
        let outgoing = self.build(mailer.sender.as_ref())?;
        match &mailer.way {
            Way::Smtp(smtp, _) => {
                let delivered = smtp.deliver(&outgoing.envelope, &outgoing.bytes).await;
                delivered.map_err(|undelivered| Error::Service(undelivered.reason))
            }
            way => way.keep(self, mailer, outgoing).await,
        }
    }

    /// Puts the mail into the queue, from which a task sends it, and again where the server puts it off or is away. When this returns, the
    /// mail is kept: in the site's database, where the site has one, else in memory. The transports `file` and `log` have no queue and
    /// take the mail at once.
    ///
    /// In rare cases, when a process ends between the server's answer and its note of it, a mail from the database comes twice.
    ///
    /// # Errors
    ///
    /// As [`Letter::send`] for what is wrong in the letter. [`Error::Service`] (status 503) where `mailer.queue_size` mails wait already or
    /// the database does not answer; what the mail server says comes later, and stands in the log.
    pub async fn enqueue(&self, process: &impl AsProcess) -> Result<(), Error> {
        let mailer = mailer(process.process())?;
        let outgoing = self.build(mailer.sender.as_ref())?;
        match &mailer.way {
            Way::Smtp(_, waiting) => waiting.queue(process.process()).add(&outgoing).await,
            way => way.keep(self, mailer, outgoing).await,
        }
    }
}

impl Way {
    /// Takes a mail without a server.
    async fn keep(&self, letter: &Letter, mailer: &Mailer, outgoing: Outgoing) -> Result<(), Error> {
        match self {
            Way::File(folder) => {
                let (recipients, subject) = (outgoing.envelope.to().len(), &*outgoing.subject);
                let path = folder.put(vec![outgoing.bytes.clone()]).await?;
                tracing::info!(recipients, subject, "a mail was written to `{}`", path.display());
                Ok(())
            }
            Way::Log(sent) => {
                sent.put(letter, mailer.sender.as_ref(), &outgoing);
                Ok(())
            }
            Way::Smtp(..) | Way::Nowhere => Err(Error::Setting(
                "there is no mail server: set `mailer.server` and `mailer.sender`, or another `mailer.transport`"
                    .to_string(),
            )),
        }
    }
}

fn mailer(process: &Process) -> Result<&Mailer, Error> {
    process.service().ok_or_else(|| Error::Service("the mailer has not been started".to_string()))
}

/// Reads the settings and prepares what they ask for.
///
/// # Errors
///
/// [`Error::Setting`] with all settings that do not fit; [`Error::Service`] where TLS cannot be set up; [`Error::File`] where the
/// folder of the transport `file` cannot be made.
pub(super) fn start(start: &mut Start<'_>) -> Result<(), Error> {
    let options = Options::read(start.settings())?;
    let undelivered = Folder(start.data.path().join("mail/undelivered"));
    let way = match options.way {
        options::Way::Smtp(server) => {
            let waiting = Waiting { size: options.queue_size, queue: OnceLock::new() };
            Way::Smtp(Box::new(Smtp::new(*server)?), Box::new(waiting))
        }
        options::Way::File(path) => Way::File(folder(path, start.data)?),
        options::Way::Log => Way::Log(Sent::default()),
        options::Way::Nowhere => Way::Nowhere,
    };
    start.states.insert(Mailer { sender: options.sender, way, undelivered });
    Ok(())
}

fn folder(path: Option<std::path::PathBuf>, data: &DataFolder) -> Result<Folder, Error> {
    let folder = match path {
        Some(path) => Folder(path),
        None => Folder(data.folder("mail")?),
    };
    folder.make()?;
    Ok(folder)
}

/// Starts the task that empties the queue.
pub(super) fn run(process: &Process) {
    if let Some(Mailer { way: Way::Smtp(..), .. }) = process.service() {
        process.spawn("mail", queue::work(process.clone()));
    }
}

/// Writes what is left of a queue in memory to files, so that nothing is lost without a word.
pub(super) async fn end(process: &Process) {
    let Some(Mailer { way: Way::Smtp(_, waiting), undelivered, .. }) = process.service() else { return };
    for entry in waiting.queue.get().map(|queue| queue.store.leftovers()).unwrap_or_default() {
        keep_undelivered(undelivered, &entry).await;
    }
}

/// Writes a mail of the queue to a file, with its recipient on a line of its own before the mail's headers, for a person to look at.
async fn keep_undelivered(folder: &Folder, entry: &queue::Entry) {
    let (recipient, subject) = (entry.recipient.to_string(), one_line(&entry.subject));
    let header = Bytes::from(format!("X-Kalgan-Recipient: {recipient}\r\n"));
    match folder.put(vec![header, entry.message.clone()]).await {
        Ok(path) => tracing::warn!(recipient, %subject, "a mail was not sent and lies in `{}`", path.display()),
        Err(error) => tracing::error!(recipient, %subject, "a mail was not sent and is lost: {error}"),
    }
}

/// How long the database may take to count the mails that wait.
const COUNTING: Duration = Duration::from_secs(1);

/// How many mails wait to be sent; `None` where there is no queue, or the database that keeps it does not answer.
pub(super) async fn waiting(process: &Process) -> Option<u64> {
    let Mailer { way: Way::Smtp(_, waiting), .. } = process.service()? else { return None };
    tokio::time::timeout(COUNTING, waiting.queue(process).store.waiting()).await.ok()?.ok()
}

/// Whether mail can be sent, for the report on health: whether the server is reached and accepts the login, or the folder is there. `None`
/// where nothing is to be reached.
pub(crate) async fn check(process: &Process) -> Option<Result<(), String>> {
    let Mailer { way, .. } = process.service()?;
    match way {
        Way::Smtp(smtp, _) => Some(smtp.check().await.map_err(|undelivered| undelivered.reason)),
        Way::File(folder) => Some(folder.make().map_err(|error| error.to_string())),
        Way::Log(_) | Way::Nowhere => None,
    }
}
