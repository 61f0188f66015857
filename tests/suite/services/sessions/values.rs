//! What is written to a session is there in the next request, and what templates see of it.

use super::{id, kept, line, with_every_store};

/// B109, B110, B111
#[test]
fn values_are_kept_for_the_visitor() {
    with_every_store(&[], |site| {
        assert_eq!(site.read(None), "new - -");
        let answer = site.get("/do/set-a-1+set-b-2", None);
        assert_eq!(answer.text(), r#"Some("1") Some("2")"#, "B116");
        let id = id(&answer).unwrap();
        assert_eq!(site.read(Some(&id)), "old 1 2");
        assert_eq!(line(&site.get("/do/remove-a+set-b-3", Some(&id))), None, "the browser has the id already");
        assert_eq!(site.read(Some(&id)), "old - 3");
        site.get("/do/clear+set-a-4", Some(&id));
        assert_eq!(site.read(Some(&id)), "old 4 -");
        assert_eq!(site.read(None), "new - -", "nobody else has it");
    });
}

#[test]
fn a_session_that_nobody_wrote_to_is_none() {
    let site = kept("memory", &[]).unwrap();
    for address in ["/read", "/plain", "/page", "/do/remove-a", "/do/clear", "/do/renew"] {
        assert_eq!(line(&site.get(address, None)), None, "{address}");
    }
}

#[test]
fn an_error_page_keeps_the_session_too() {
    with_every_store(&[], |site| {
        let answer = site.get("/fail/set-a-1", None);
        assert_eq!(answer.status(), 404);
        assert_eq!(site.read(id(&answer).as_deref()), "old 1 -");
    });
}

#[test]
fn a_new_id_keeps_the_values_and_the_old_one_is_worth_nothing() {
    with_every_store(&[], |site| {
        let old = site.sign_in("set-a-1");
        let new = id(&site.get("/do/renew+set-b-2", Some(&old))).unwrap();
        assert_ne!(old, new, "B115");
        assert_eq!((site.read(Some(&new)), site.read(Some(&old))), ("old 1 2".to_string(), "new - -".to_string()));
    });
}

#[test]
fn an_end_removes_session_and_cookie() {
    with_every_store(&[], |site| {
        let old = site.sign_in("set-a-1");
        let answer = site.get("/do/destroy", Some(&old));
        assert!(line(&answer).unwrap().contains("Max-Age=0"), "{:?}", line(&answer));
        assert_eq!((id(&answer).unwrap(), site.read(Some(&old))), (String::new(), "new - -".to_string()));
        assert_eq!(site.get("/do/destroy", None).status(), 200, "B113: without a cookie nothing is to be done");
        // A message about the end begins another session.
        let old = site.sign_in("set-a-1");
        let new = id(&site.get("/do/destroy+flash-bye", Some(&old))).unwrap();
        assert!(!new.is_empty() && new != old);
        assert!(site.get("/page", Some(&new)).text().contains("bye"));
        assert_eq!(site.read(Some(&old)), "new - -");
    });
}

#[test]
fn a_message_is_shown_once_and_templates_see_values() {
    with_every_store(&[], |site| {
        let id = site.sign_in("set-a-Ann+flash-first+flash-second");
        let page = site.get("/page", Some(&id));
        let (first, second) = (r#"<p class="note">first</p>"#, r#"<p class="note">second</p>"#);
        assert!(page.text().contains(&format!("{first}{second}")), "{}", page.text());
        assert!(page.text().contains("<b>Ann</b>"));
        assert!(!site.get("/page", Some(&id)).text().contains("first"), "it was read");
        assert_eq!(site.read(Some(&id)), "old Ann -");
        assert!(site.get("/page", None).text().contains("<b>nobody</b>"));
    });
}

#[test]
fn a_session_that_the_settings_do_not_name_is_a_mistake_and_no_panic() {
    let site = kept("memory", &[]).unwrap();
    let answer = site.get("/unnamed", None);
    assert_eq!(answer.status(), 500, "B113");
    assert!(answer.text().contains("did you mean `user`"), "{}", answer.text());
}
