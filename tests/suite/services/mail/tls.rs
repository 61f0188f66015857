//! Encrypted connections: a certificate is trusted where the system trusts it, and nowhere else.

use super::{plain, post, process};
use crate::server::Server;
use crate::servers::smtp::{Smtp, certificate};

/// Not a word of it may ever be seen.
const PASSWORD: &str = "open-sesame-42";

/// The settings for a server that is spoken to in this way.
fn settings(port: u16, tls: &str, password: &str) -> Vec<(&'static str, String)> {
    let mut settings = plain(port);
    settings.retain(|(key, _)| !["mailer.tls", "mailer.server"].contains(key));
    settings.extend([
        ("mailer.server", "localhost".to_string()),
        ("mailer.tls", tls.to_string()),
        ("mailer.user", "ana".to_string()),
        ("mailer.password", password.to_string()),
    ]);
    settings
}

fn send(server: &Server) -> u16 {
    post(server, "/en/sign-up", &[("name", "Ana"), ("email", "ana@example.com")]).0
}

#[test]
fn both_ways_of_encryption_need_a_certificate_that_the_system_trusts() {
    let folder = tempfile::tempdir().unwrap();
    let Some((cert, key)) = certificate(folder.path()) else { return };
    for tls in ["tls", "starttls"] {
        let options = ["--tls", tls, "--cert", &cert, "--key", &key, "--user", "ana", "--password", PASSWORD];
        let Some(smtp) = Smtp::start(&options) else { return };
        let trusting = process(&settings(smtp.port, tls, PASSWORD), &[("SSL_CERT_FILE", &cert)]);
        assert_eq!(send(&trusting), 200, "{tls}\n{}", trusting.log());
        let mails = smtp.mails();
        assert_eq!((&mails[0]["tls"], &mails[0]["user"]), (&true.into(), &"ana".into()), "{tls}");

        let doubting = process(&settings(smtp.port, tls, PASSWORD), &[]);
        assert_eq!(send(&doubting), 503, "{tls}");
        doubting.wait_for_log("certificate", 1);

        let mistaken = process(&settings(smtp.port, tls, "wrong-word-7"), &[("SSL_CERT_FILE", &cert)]);
        assert_eq!(send(&mistaken), 503, "{tls}");
        let log = mistaken.wait_for_log("535", 1);
        assert!(!log.contains("wrong-word-7"), "{tls}: {log}");
        assert_eq!(smtp.mails().len(), 1, "{tls}");
    }
}

#[test]
fn a_server_that_offers_no_encryption_gets_neither_mail_nor_password() {
    let Some(smtp) = Smtp::start(&[]) else { return };
    let site = process(&settings(smtp.port, "starttls", PASSWORD), &[]);
    assert_eq!(send(&site), 503);
    site.wait_for_log("STARTTLS is not supported", 1);
    assert!(smtp.mails().is_empty());
}
