use std::os::unix::fs::PermissionsExt;
use std::sync::Barrier;

use super::*;
use crate::site::Outside;
use crate::testing;

const KEY: &str = "one key of more than thirty-two letters";
const OTHER: &str = "other key of more than thirty-two letters";

fn keys(pairs: &[(&str, &str)]) -> Result<Keys, Error> {
    let flags = pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    let settings = Settings::load(&testing::empty(), Outside { flags, ..Outside::default() }).unwrap();
    Keys::new(&settings, &DataFolder::temporary().unwrap())
}

fn message(pairs: &[(&str, &str)]) -> String {
    keys(pairs).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn a_signature_holds_for_its_text_and_its_purpose() {
    let keys = keys(&[(CURRENT, KEY)]).unwrap();
    let signature = keys.sign("mail", "text");
    assert_eq!(signature.len(), SIGNATURE);
    assert!(keys.verify("mail", "text", &signature));
    assert!(!keys.verify("mails", "text", &signature) && !keys.verify("mail", "texts", &signature));
    assert!(!keys.verify("mai", "ltext", &signature) && !keys.verify("", "mail\0text", &signature));
    assert!(!keys.verify("mail", "text", "") && !keys.verify("mail", "text", &signature[1..]));
    // What follows the signature would be read as text.
    assert!(!keys.verify("l", "text", &format!("{signature}mai")));
}

#[test]
fn an_encrypted_value_holds_for_its_name() {
    let keys = keys(&[(CURRENT, KEY)]).unwrap();
    let value = keys.encrypt("a", "text").unwrap();
    assert_eq!(keys.decrypt("a", &value).as_deref(), Some("text"));
    assert!(keys.decrypt("b", &value).is_none() && keys.decrypt("a", &value[1..]).is_none());
}

#[test]
fn the_previous_key_only_reads() {
    let (old, new) = (keys(&[(CURRENT, KEY)]).unwrap(), keys(&[(CURRENT, OTHER)]).unwrap());
    let both = keys(&[(CURRENT, OTHER), (PREVIOUS, KEY)]).unwrap();
    let (signature, value) = (old.sign("p", "t"), old.encrypt("a", "t").unwrap());
    assert!(both.verify("p", "t", &signature) && !new.verify("p", "t", &signature));
    assert!(both.decrypt("a", &value).is_some() && new.decrypt("a", &value).is_none());
    assert!(new.verify("p", "t", &both.sign("p", "t")));
}

#[test]
fn a_key_must_be_there_in_production_and_long_everywhere() {
    let absent = message(&[("environment.is_prod", "true")]);
    for word in [
        "`security.secret_key`",
        "command `key`",
        "openssl rand -hex 32",
        "KALGAN__SECURITY__SECRET_KEY",
        "!credential",
    ] {
        assert!(absent.contains(word), "{absent}");
    }
    let short = message(&[(CURRENT, "too-short-to-be-a-key")]);
    assert!(short.contains("has 21 characters and must have at least 32") && !short.contains("too-short"), "{short}");
    assert!(message(&[(CURRENT, KEY), (PREVIOUS, "x")]).contains(PREVIOUS));
    assert_eq!(random_key().unwrap().len(), 64);
    assert_ne!(random_key().unwrap(), random_key().unwrap());
}

#[test]
fn development_makes_a_key_and_keeps_it() {
    let data = DataFolder::temporary().unwrap();
    let key = kept::read_or_make(&data).unwrap();
    assert_eq!(kept::read_or_make(&data).unwrap(), key);
    let mode = std::fs::metadata(data.path().join("secret_key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let names = || std::fs::read_dir(data.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names().collect::<Vec<_>>(), ["secret_key"], "nothing is left beside it");
}

#[test]
fn a_kept_key_that_is_broken_is_told() {
    let data = DataFolder::temporary().unwrap();
    for content in [&b""[..], b"short\n", b"\xff\xfe", &[b'g'; 64]] {
        std::fs::write(data.file("secret_key").unwrap(), content).unwrap();
        let error = kept::read_or_make(&data).unwrap_err().to_string();
        assert!(error.contains("secret_key` holds no key of 64 hexadecimal digits; remove it"), "{error}");
    }
    let data = DataFolder::temporary().unwrap();
    std::fs::create_dir(data.file("secret_key").unwrap()).unwrap();
    let error = kept::read_or_make(&data).unwrap_err().to_string();
    assert!(error.contains("cannot be read at") && error.contains("`data.path`"), "{error}");
}

#[test]
fn those_who_start_together_agree() {
    for _ in 0..20 {
        let data = DataFolder::temporary().unwrap();
        let barrier = Barrier::new(8);
        let keys: Vec<String> = std::thread::scope(|scope| {
            let start = || {
                scope.spawn(|| {
                    barrier.wait();
                    kept::read_or_make(&data).unwrap()
                })
            };
            let threads: Vec<_> = (0..8).map(|_| start()).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    }
}

#[test]
fn a_refused_cookie_is_logged_without_its_value() {
    let log = crate::captured_log::CapturedLog::start();
    let client = testing::client_with(
        crate::App::new(testing::empty, crate::controller::Dispatch::default()),
        &[("environment.is_prod", "true")],
    );
    let parts = http::Request::builder().header("cookie", "team=forged-value").body(()).unwrap().into_parts().0;
    let site = client.process().site().unwrap();
    let nobody = crate::http::Client::direct(None);
    let Ok(request) = crate::Request::new(site, client.process().clone(), parts, nobody) else {
        panic!("it is readable")
    };
    assert_eq!((request.signed_cookie("team"), request.private_cookie("team")), (None, None));
    let lines = log.take().join("\n");
    assert!(lines.matches("cookie=\"team\"").count() == 2 && !lines.contains("forged-value"), "{lines}");
}
