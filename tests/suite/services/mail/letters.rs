//! What is in a mail, and what can be wrong with it.

use kalgan::{Error, mail, testing};
use serde_json::{Value, json};

use super::{LOGO, app, client};
use crate::servers::smtp::Smtp;

/// The parts of a mail that are of a type.
fn part<'m>(mail: &'m Value, media_type: &str) -> &'m Value {
    let found = mail["parts"].as_array().unwrap().iter().find(|part| part["type"] == media_type);
    found.unwrap_or_else(|| panic!("no {media_type} in {mail:#}"))
}

#[test]
fn a_mail_of_templates_arrives_whole_in_the_language_of_the_page() {
    let Some(smtp) = Smtp::start(&[]) else { return };
    let site = client(&smtp, &[]);
    let form = [("name", "Señora \"Ana\" Núñez, <jefa>"), ("email", "ana@example.com")];
    assert_eq!(site.post("/es/registro").form(&form).send().status(), 200, "B160");
    let mails = smtp.mails();
    let [mail] = &mails[..] else { panic!("{mails:#?}") };
    assert_eq!(
        (&mail["from"], &mail["to"]),
        (&json!("cafe@example.com"), &json!(["ana@example.com", "archive@example.com"]))
    );
    let headers = &mail["headers"];
    assert_eq!(headers["subject"], "¡Bienvenida, Señora \"Ana\" Núñez, <jefa>!");
    assert_eq!(headers["from"], "Café Ünal <cafe@example.com>");
    assert_eq!(headers["to"], "\"Señora \\\"Ana\\\" Núñez, <jefa>\" <ana@example.com>");
    assert_eq!(headers["reply-to"], "Büro <office@example.com>");
    assert_eq!(headers["bcc"], Value::Null, "a blind copy shows to nobody");
    assert!(headers["message-id"].as_str().unwrap().ends_with("@example.com>"), "{headers}");
    assert!(headers["date"].is_string());
    let types: Vec<_> = mail["parts"].as_array().unwrap().iter().map(|part| part["type"].as_str().unwrap()).collect();
    let tree =
        ["multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"];
    assert_eq!(types[..6], tree);
    let text = part(mail, "text/plain")["text"].as_str().unwrap();
    assert_eq!(text.trim_end(), "Estimada Señora \"Ana\" Núñez, <jefa>: tu mesa está lista.");
    let html = part(mail, "text/html")["text"].as_str().unwrap();
    assert!(html.contains("Núñez, &lt;jefa&gt;: tu mesa está lista.</p>"), "what a visitor wrote is no markup: {html}");
    let (picture, file) = (part(mail, "image/png"), part(mail, "application/pdf"));
    assert_eq!((&picture["id"], &picture["bytes"]), (&json!("<logo>"), &json!(LOGO)));
    assert_eq!((&file["disposition"], &file["name"]), (&json!("attachment"), &json!("menú «día».pdf")));
    assert_eq!(file["bytes"], json!(LOGO));
}

#[test]
fn the_same_templates_make_a_mail_in_another_language_outside_of_requests() {
    let Some(smtp) = Smtp::start(&[]) else { return };
    let site = client(&smtp, &[]);
    let process = site.process();
    let letter = mail::letter().to("ana@example.com").cc("eva@example.com");
    let context = || kalgan::context! { "name" => "Ana" };
    let letter = letter.render_in(process, "en", "mail/welcome", context()).unwrap();
    site.block_on(letter.send(process)).unwrap();
    let old = mail::send_email(process, "eva@example.com", "Über uns", "Grüße\n.\nund mehr");
    site.block_on(old).unwrap();
    let mails = smtp.mails();
    assert_eq!(super::subjects(&mails), ["Welcome, Ana", "Über uns"], "B160");
    let of = |subject: &str| mails.iter().find(|mail| mail["headers"]["subject"] == subject).unwrap();
    assert_eq!(part(of("Welcome, Ana"), "text/plain")["text"], "Dear Ana, your table is waiting.\n");
    assert_eq!(part(of("Über uns"), "text/plain")["text"].as_str().unwrap().trim_end(), "Grüße\n.\nund mehr");
    let missing = mail::letter().to("ana@example.com").render_in(process, "en", "mail/none", context()).unwrap_err();
    assert!(missing.to_string().contains("`mail/none.txt` or `mail/none.html`"), "{missing}");
}

#[test]
fn what_a_visitor_wrote_adds_no_header_and_is_the_visitors_fault() {
    let Some(smtp) = Smtp::start(&[]) else { return };
    let site = client(&smtp, &[]);
    let status =
        |name: &str, email: &str| site.post("/en/sign-up").form(&[("name", name), ("email", email)]).send().status();
    assert_eq!(status("Ana", "ana@example.com\r\nBcc: all@example.com"), 400, "B160");
    assert_eq!(status("Ana\r\nBcc: all@example.com", "ana@example.com"), 400);
    assert_eq!(status("Ana", "ana@example.com, all@example.com"), 400);
    assert_eq!(status("Ana", ""), 400);
    let error = |letter: mail::Letter| site.block_on(letter.send(site.process())).unwrap_err();
    let letter = || mail::letter().to("ana@example.com").text("Hello");
    let wrong = [
        (letter().subject("Hello\r\nBcc: all@example.com"), "`subject`"),
        (letter().reply_to("ana"), "`reply_to`"),
        (letter().from("ana@"), "`from`"),
        (letter().attach("a\nb.txt", "text/plain", "a"), "`attach`"),
        (letter().attach("a.txt", "nonsense", "a"), "`nonsense` is no media type"),
        (letter().html("").inline("a\"b", "image/png", "a"), "`inline`"),
        (letter().header("X-One", "a\r\nX-Two: b"), "`X-One`"),
        (letter().header("X One", "a"), "`X One`"),
        (letter().header("bcc", "all@example.com"), "`bcc`"),
    ];
    for (letter, name) in wrong {
        let error = error(letter);
        assert!(matches!(error, Error::Request(_)) && error.to_string().contains(name), "{name}: {error}");
    }
    assert!(error(mail::letter().text("Hello")).to_string().contains("no recipient"));
    assert!(error(mail::letter().to("ana@example.com")).to_string().contains("is empty"));
    assert_eq!(smtp.mails(), [] as [Value; 0]);
}

#[test]
fn a_server_that_is_away_or_refuses_is_503_and_works_again_when_it_is_back() {
    let Some(mut smtp) = Smtp::start(&[]) else { return };
    let site = client(&smtp, &[]);
    let send = |email: &str| site.post("/en/sign-up").form(&[("name", "Ana"), ("email", email)]).send().status();
    assert_eq!(send("ana@example.com"), 200);
    // The connection of the first mail is still there, and breaks with the server.
    smtp.kill();
    assert_eq!(send("ana@example.com"), 503, "B160");
    let error = site.block_on(mail::send_email(site.process(), "ana@example.com", "", "x")).unwrap_err().to_string();
    assert!(error.contains(&format!("the mail server `127.0.0.1:{}`", smtp.port)), "{error}");
    smtp.start_again();
    assert_eq!(send("ana@example.com"), 200);
    let error = site.block_on(mail::send_email(site.process(), "refused@example.com", "", "x")).unwrap_err();
    assert!(matches!(error, Error::Service(_)) && error.to_string().contains("nobody of that name"), "{error}");
    assert_eq!(send("ana@example.com"), 200, "a connection after a refusal is as good as new");
    assert_eq!(smtp.mails().len(), 3);
}

#[test]
fn without_a_server_mails_go_to_a_folder_or_are_kept_for_the_developer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out").display().to_string();
    let site = testing::client_with(
        app(),
        &[("environment.is_prod", "false"), ("mailer.transport", "file"), ("mailer.path", &path)],
    );
    for subject in ["one", "two"] {
        assert_eq!(super::enqueue(&site, "ana@example.com", subject), 200);
    }
    let mut files: Vec<_> = std::fs::read_dir(&path).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let texts: Vec<_> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    assert!(texts[0].contains("Subject: one\r\n") && texts[1].contains("Subject: two\r\n"), "{texts:?}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&files[0]).unwrap().permissions());
    assert_eq!((mode & 0o777, mail::sent(site.process()).len()), (0o600, 0));

    let site = testing::client(app());
    let form = [("name", "<b>Ana</b>"), ("email", "ana@example.com")];
    assert_eq!(site.post("/en/sign-up").form(&form).send().status(), 200);
    let mails = mail::sent(site.process());
    let [mail] = &mails[..] else { panic!("{mails:?}") };
    assert_eq!(
        (&mail.to, &mail.bcc),
        (&vec!["\"<b>Ana</b>\" <ana@example.com>".to_string()], &vec!["archive@example.com".to_string()])
    );
    assert_eq!((mail.subject.as_str(), mail.attachments[1].size), ("Welcome, <b>Ana</b>", LOGO.len()));
    let page = site.get("/mails").send();
    assert_eq!(page.status(), 200);
    assert!(page.text().contains("<h2>Welcome, &lt;b&gt;Ana&lt;/b&gt;</h2>"), "{}", page.text());
    assert!(page.text().contains("<iframe sandbox title=\"HTML\" srcdoc=\"&lt;p&gt;Dear &amp;lt;b&amp;gt;Ana"));
    assert!(!page.text().contains("<b>Ana"));
    let production = [
        ("environment.is_prod", "true"),
        ("mailer.transport", "log"),
        ("security.secret_key", "a key of a test that is long enough"),
    ];
    assert_eq!(testing::client_with(app(), &production).get("/mails").send().status(), 404);
}

#[test]
fn the_page_of_kept_mails_is_there_in_development_alone() {
    let site = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sites/mail/app").display().to_string();
    let settings = |is_prod: &str| {
        vec![
            ("environment.is_prod", is_prod.to_string()),
            ("security.secret_key", "a key of a test that is long enough".to_string()),
            ("mailer.transport", "log".to_string()),
        ]
    };
    let form = [("name", "Ana"), ("email", "ana@example.com")];
    let development = super::process_with(&["--site", &site], &settings("false"), &[]);
    assert_eq!(super::post(&development, "/en/sign-up", &form).0, 200);
    let page = development.get("/_kalgan/mail");
    assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
    assert!(page.body.contains("<h2>Welcome, Ana</h2>") && page.body.contains("archive@example.com"), "{}", page.body);
    let production = super::process_with(&[], &settings("true"), &[]);
    assert_eq!(super::post(&production, "/en/sign-up", &form).0, 200);
    for path in ["/_kalgan/mail", "/mails"] {
        assert_eq!(production.get(path).status, 404, "{path}");
    }
}

#[test]
#[should_panic(
    expected = "`mailer.server` is not set, which the transport `smtp` needs; the setting `mailer.tls` (flag for mailer.tls) is `ssl`; it must be \
                `tls`, `starttls` or `none`; `mailer.password` is set without `mailer.user`"
)]
fn all_settings_that_do_not_fit_stop_the_start() {
    let settings = [
        ("environment.is_prod", "true"),
        ("security.secret_key", "a key of a test that is long enough"),
        ("mailer.tls", "ssl"),
        ("mailer.password", "hunter2"),
    ];
    testing::client_with(app(), &settings);
}
