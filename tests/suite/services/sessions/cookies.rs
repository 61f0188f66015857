//! What a browser sends is believed only where the store knows it, and what it gets is safe.

use kalgan::testing;

use super::{app, id, kept, line, with_every_store};

#[test]
fn an_id_of_somebody_elses_making_is_never_taken_over() {
    with_every_store(&[], |site| {
        let forged = "A".repeat(43);
        assert_eq!(site.read(Some(&forged)), "new - -");
        let own = id(&site.get("/do/set-a-1", Some(&forged))).unwrap();
        assert_ne!(own, forged, "B115: session fixation");
        assert_eq!((site.read(Some(&forged)), site.read(Some(&own))), ("new - -".to_string(), "old 1 -".to_string()));
    });
}

#[test]
fn what_has_not_the_form_of_an_id_does_no_harm() {
    with_every_store(&[], |site| {
        let real = site.sign_in("set-a-1");
        let (longer, shorter, huge) = (format!("{real}A"), &real[1..], "A".repeat(100_000));
        for value in ["", "*", "%00", "user:1", "../../x", "' OR 1=1 --", &longer, shorter, &huge] {
            assert_eq!(site.read(Some(value)), "new - -", "{}", value.len());
        }
        assert_eq!(site.read(Some(&real)), "old 1 -");
    });
}

#[test]
fn a_foreign_key_of_the_server_cannot_be_read() {
    let Some(site) = kept("redis", &[]) else { return };
    let redis = site.redis.as_ref().unwrap();
    let foreign = "B".repeat(43);
    for key in [foreign.clone(), format!("sessions:session:{foreign}"), format!("sessions:session:user:{foreign}")] {
        redis.ask(&format!("SET {key} secret"));
        redis.ask(&format!("HSET h:{key} created 1 expires 99999999999999 v:a \"\\\"secret\\\"\""));
        assert_eq!(site.read(Some(&foreign)), "new - -", "B115");
    }
    // From the keys of the store nobody learns an id, nor from the values.
    let id = site.sign_in("set-a-1");
    let keys = redis.ask("KEYS *");
    assert!(keys.contains("sessions:session:user:"), "{keys}");
    assert!(!keys.contains(&id), "{keys}");
}

#[test]
fn the_cookie_has_the_attributes_of_its_settings() {
    let site = kept("memory", &[("cookie.login.path", "/do"), ("cookie.login.same_site", "strict")]).unwrap();
    let answer = site.get("/do/set-a-1", None);
    let line = line(&answer).unwrap();
    for attribute in ["; HttpOnly", "; SameSite=Strict", "; Path=/do"] {
        assert!(line.contains(attribute), "{line}");
    }
    assert!(!line.contains("Max-Age") && !line.contains("Secure"), "{line}");
    let removal = super::line(&site.get("/do/destroy", id(&answer).as_deref())).unwrap();
    assert!(removal.contains("; Path=/do") && removal.contains("Max-Age=0"), "{removal}");
}

#[test]
fn in_production_the_cookie_is_for_this_host_over_https_alone() {
    let (site, _) = app();
    let plain = [("environment.is_prod", "true"), ("session.user.cookie", ""), ("session.user.ttl", "60")];
    let client = testing::client_with(site, &plain);
    let answer = client.get("/do/set-a-1").send();
    // `cookie.login` is not this session's any more, and `cookie.user` is not described.
    let line = answer.header("set-cookie").unwrap();
    assert!(line.starts_with("__Host-user=") && line.contains("; Secure") && line.contains("; Path=/"), "{line}");
    let id = line["__Host-user=".len()..].split(';').next().unwrap();
    assert_eq!(client.get("/read").cookie("__Host-user", id).send().text(), "old 1 -");
    assert_eq!(client.get("/read").cookie("user", id).send().text(), "new - -");
}

#[test]
fn an_answer_that_gives_an_id_is_kept_by_no_shared_cache() {
    let site = kept("memory", &[]).unwrap();
    let answer = site.get("/do/set-a-1?public", None);
    assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    let answer = site.get("/do/set-a-2?public", id(&answer).as_deref());
    assert_eq!((answer.header("cache-control"), line(&answer)), (Some("public, max-age=60"), None));
}
