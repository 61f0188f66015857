//! Requests of one session at the same time.

use super::{id, line, with_every_store};

#[test]
fn changes_of_different_keys_are_both_kept() {
    with_every_store(&[], |site| {
        let id = site.sign_in("set-c-0");
        site.while_slow("/slow/set-a-1", &id, || {
            site.get("/do/set-b-2", Some(&id));
        });
        assert_eq!(site.read(Some(&id)), "old 1 2");
    });
}

#[test]
fn of_many_requests_none_is_lost() {
    with_every_store(&[], |site| {
        let id = site.sign_in("set-c-0");
        std::thread::scope(|scope| {
            for index in 0..8 {
                let id = &id;
                scope.spawn(move || site.get(&format!("/do/flash-m{index}"), Some(id)));
            }
        });
        let page = site.get("/page", Some(&id));
        for index in 0..8 {
            assert!(page.text().contains(&format!("m{index}")), "{}", page.text());
        }
    });
}

#[test]
fn a_slower_request_does_not_bring_back_a_session_that_was_ended() {
    with_every_store(&[], |site| {
        let old = site.sign_in("set-a-1");
        let slow = site.while_slow("/slow/set-a-9", &old, || {
            site.get("/do/destroy", Some(&old));
        });
        assert_eq!((slow.status(), line(&slow)), (200, None));
        assert_eq!(site.read(Some(&old)), "new - -");
    });
}

#[test]
fn a_slower_request_does_not_bring_back_an_id_that_was_given_up() {
    with_every_store(&[], |site| {
        let old = site.sign_in("set-a-1");
        let mut new = None;
        let slow = site.while_slow("/slow/renew+set-a-9", &old, || {
            new = id(&site.get("/do/renew+set-b-2", Some(&old)));
        });
        assert_eq!((slow.status(), line(&slow)), (200, None));
        assert_eq!((site.read(Some(&old)), site.read(new.as_deref())), ("new - -".to_string(), "old 1 2".to_string()));
    });
}
