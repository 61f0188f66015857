//! What is said to the database about the queue, in the words of each engine.
//!
//! All times are milliseconds since 1970 of the database's own clock: the processes that share the queue need not agree on the time.

/// A claim lasts so many milliseconds, and is renewed by whoever is still sending. After a crash the mail is another's.
pub(super) const LEASE: u64 = 30_000;

/// Mails that were given up are kept so many milliseconds, for somebody to look at.
const KEPT: u64 = 30 * 24 * 60 * 60 * 1000;

/// The engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "which engines there are is a matter of features")]
pub(super) enum Engine {
    Sqlite,
    Postgres,
    MySql,
}

/// The statements of one engine; the comment names what is bound, in order.
pub(super) struct Statements {
    pub(super) create: Vec<String>,
    /// created and due are now; sender, recipient, subject, message
    pub(super) add: String,
    pub(super) count: String,
    /// the claim's name, the most mails
    pub(super) claim: String,
    /// the claim's name; gives id, sender, recipient, subject, message, attempts, age in milliseconds
    pub(super) claimed: String,
    /// the claim's name
    pub(super) renew: String,
    /// milliseconds until the next mail is due; null where none waits
    pub(super) next_due: String,
    /// id
    pub(super) sent: String,
    /// milliseconds until it is due, attempts to add, id, the claim's name
    pub(super) later: String,
    /// the reason, id
    pub(super) failed: String,
    pub(super) forget: String,
}

impl Statements {
    pub(super) fn new(engine: Engine) -> Self {
        let now = match engine {
            Engine::Sqlite => "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
            Engine::Postgres => "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
            // Both this and the session's time zone, which is UTC, know of no hour that comes twice.
            Engine::MySql => "CAST(unix_timestamp(now(3)) * 1000 AS SIGNED)",
        };
        let text = |text: &str| numbered(engine, &text.replace("{now}", now).replace("{lease}", &LEASE.to_string()));
        Statements {
            create: create(engine),
            add: text(
                "INSERT INTO kalgan_mail (created, due, sender, recipient, subject, message) VALUES ({now}, {now}, ?, ?, ?, ?)",
            ),
            count: text("SELECT count(*) FROM kalgan_mail WHERE failed = 0"),
            claim: text(claim(engine)),
            claimed: text(
                "SELECT id, sender, recipient, subject, message, attempts, {now} - created FROM kalgan_mail \
                 WHERE claimed_by = ? AND failed = 0 ORDER BY id",
            ),
            renew: text("UPDATE kalgan_mail SET claimed_until = {now} + {lease} WHERE claimed_by = ?"),
            next_due: text(
                "SELECT min(CASE WHEN claimed_until > due THEN claimed_until ELSE due END) - {now} FROM kalgan_mail \
                 WHERE failed = 0",
            ),
            sent: text("DELETE FROM kalgan_mail WHERE id = ?"),
            later: text(
                "UPDATE kalgan_mail SET due = {now} + ?, attempts = attempts + ?, claimed_until = 0, claimed_by = '' \
                 WHERE id = ? AND claimed_by = ?",
            ),
            failed: text(
                "UPDATE kalgan_mail SET failed = {now}, reason = ?, claimed_until = 0, claimed_by = '' WHERE id = ?",
            ),
            forget: text(&format!("DELETE FROM kalgan_mail WHERE failed > 0 AND failed < {{now}} - {KEPT}")),
        }
    }
}

/// One statement takes mails for one process: no other can take the same.
fn claim(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "UPDATE kalgan_mail SET claimed_by = ?, claimed_until = {now} + {lease} WHERE id IN (SELECT id FROM kalgan_mail \
             WHERE failed = 0 AND due <= {now} AND claimed_until <= {now} ORDER BY due, id LIMIT ?)"
        }
        Engine::Postgres => {
            "UPDATE kalgan_mail SET claimed_by = ?, claimed_until = {now} + {lease} WHERE id IN (SELECT id FROM kalgan_mail \
             WHERE failed = 0 AND due <= {now} AND claimed_until <= {now} ORDER BY due, id LIMIT ? FOR UPDATE SKIP LOCKED)"
        }
        Engine::MySql => {
            "UPDATE kalgan_mail SET claimed_by = ?, claimed_until = {now} + {lease} \
             WHERE failed = 0 AND due <= {now} AND claimed_until <= {now} ORDER BY due, id LIMIT ?"
        }
    }
}

fn create(engine: Engine) -> Vec<String> {
    let (id, text, bytes, end) = match engine {
        Engine::Sqlite => ("INTEGER PRIMARY KEY AUTOINCREMENT", "TEXT", "BLOB", ""),
        Engine::Postgres => ("BIGSERIAL PRIMARY KEY", "TEXT", "BYTEA", ""),
        Engine::MySql => (
            "BIGINT AUTO_INCREMENT PRIMARY KEY",
            "TEXT",
            "LONGBLOB",
            ", KEY kalgan_mail_due (failed, due), KEY kalgan_mail_claim (claimed_by)",
        ),
    };
    let options = if engine == Engine::MySql { " DEFAULT CHARACTER SET utf8mb4" } else { "" };
    let table = format!(
        "CREATE TABLE IF NOT EXISTS kalgan_mail (id {id}, created BIGINT NOT NULL, due BIGINT NOT NULL, \
         attempts BIGINT NOT NULL DEFAULT 0, sender {text} NOT NULL, recipient {text} NOT NULL, subject {text} NOT NULL, \
         message {bytes} NOT NULL, claimed_until BIGINT NOT NULL DEFAULT 0, claimed_by VARCHAR(32) NOT NULL DEFAULT '', \
         failed BIGINT NOT NULL DEFAULT 0, reason {text}{end}){options}"
    );
    let mut statements = vec![table];
    if engine != Engine::MySql {
        statements.push("CREATE INDEX IF NOT EXISTS kalgan_mail_due ON kalgan_mail (failed, due)".to_string());
        statements.push("CREATE INDEX IF NOT EXISTS kalgan_mail_claim ON kalgan_mail (claimed_by)".to_string());
    }
    statements
}

/// PostgreSQL numbers what is bound.
fn numbered(engine: Engine, text: &str) -> String {
    if engine != Engine::Postgres {
        return text.to_string();
    }
    let mut pieces = text.split('?');
    let first = pieces.next().unwrap_or_default().to_string();
    pieces.zip(1..).fold(first, |text, (piece, number)| format!("{text}${number}{piece}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_bound_is_numbered_for_postgresql_alone() {
        assert_eq!(numbered(Engine::Postgres, "a = ? AND b = ?"), "a = $1 AND b = $2");
        assert_eq!(numbered(Engine::MySql, "a = ? AND b = ?"), "a = ? AND b = ?");
        assert!(!Statements::new(Engine::Postgres).later.contains(['?', '{']));
    }
}
