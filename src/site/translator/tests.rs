use super::*;
use crate::captured_log::CapturedLog;
use crate::site::tests::language;

const ENGLISH: &[(&str, &str)] = &[
    ("braces", "{} {{name}} {missing} {name}"),
    ("items.one", "{count} item"),
    ("items.other", "{count} items"),
    ("items.zero", "no items"),
    ("only.english", "English"),
    ("title", "Title"),
    ("twice", "{a}{b}{a}"),
];

fn translator() -> Translator {
    let polish = &[
        ("items.few", "{count} rzeczy"),
        ("items.many", "{count} rzeczy!"),
        ("items.one", "rzecz"),
        ("items.other", "{count} rzeczy?"),
    ];
    let latvian = &[("items.one", "one"), ("items.other", "other"), ("items.zero", "zero")];
    let languages = [
        language("en", ENGLISH),
        language("es", &[("title", "Título")]),
        language("es-MX", &[("local", "México")]),
        language("lv", latvian),
        language("pl", polish),
        language("what ever", &[("items.one", "one"), ("items.other", "other")]),
    ];
    Translator::new(&languages, "en")
}

fn count(translator: &Translator, language: &str, count: &str) -> String {
    translator.translate(language, "items", &[("count", count.into())]).into_owned()
}

/// B123
#[test]
fn a_missing_message_falls_back_to_shorter_forms_then_to_the_default_then_to_its_id() {
    let translator = translator();
    for (language, id, text) in [
        ("es", "title", "Título"),
        ("es-MX", "local", "México"),
        ("es-MX", "title", "Título"),
        ("es-MX", "only.english", "English"),
        ("fr", "title", "Title"),
        ("", "title", "Title"),
        ("es", "no.such", "no.such"),
        ("es", "", ""),
        ("es", "items.no", "items.no"),
    ] {
        assert_eq!(translator.translate(language, id, &[]), text, "{language} {id}");
    }
    assert_eq!(Translator::new(&[], "").translate("en", "title", &[]), "title");
    assert_eq!(Translator::new(&[], "").default_language(), "");
}

/// B124
#[test]
fn values_are_put_in_once_and_never_read_again() {
    let translator = translator();
    let values = [("a", Cow::Borrowed("{b}")), ("b", Cow::Borrowed("{a}"))];
    assert_eq!(translator.translate("en", "twice", &values), "{b}{a}{b}");
    let name = [("name", Cow::Borrowed("Ann")), ("other", Cow::Borrowed("x"))];
    assert_eq!(translator.translate("en", "braces", &name), "{} {Ann} {missing} Ann");
    assert!(matches!(translator.translate("en", "title", &name), Cow::Borrowed("Title")));
}

#[test]
fn plural_forms_are_those_of_the_texts_language() {
    let translator = translator();
    for (language, number, text) in [
        ("en", "1", "1 item"),
        ("en", "2", "2 items"),
        ("en", "-1", "-1 item"),
        ("en", "1.0", "1.0 items"),
        ("en", "1.5", "1.5 items"),
        ("en", "0", "no items"),
        ("en", "many", "many items"),
        ("en", "", " items"),
        ("en", "99999999999999999999999999", "99999999999999999999999999 items"),
        ("pl", "1", "rzecz"),
        ("pl", "3", "3 rzeczy"),
        ("pl", "5", "5 rzeczy!"),
        ("pl", "1.5", "1.5 rzeczy?"),
        ("lv", "0", "zero"),
        ("lv", "10", "zero"),
        ("lv", "21", "one"),
        ("lv", "2", "other"),
        ("what ever", "1", "other"),
        ("es", "1", "1 item"),
    ] {
        assert_eq!(count(&translator, language, number), text, "{language} {number}");
    }
    assert_eq!(translator.translate("en", "items", &[]), "{count} items");
    assert_eq!(translator.translate("en", "items.one", &[]), "{count} item");
}

#[test]
fn the_language_is_negotiated_by_weight_and_then_by_shorter_forms() {
    // RFC 9110 section 12.5.4, RFC 4647 section 3.4
    let translator = translator();
    for (header, language) in [
        ("es", Some("es")),
        ("ES-mx", Some("es-MX")),
        ("es-AR, en;q=0.9", Some("es")),
        ("en;q=0.5, pl;q=0.8", Some("pl")),
        ("pl , es ;q=1.0", Some("pl")),
        ("fr, lv;q=0.1", Some("lv")),
        ("fr", None),
        ("fr, *;q=0.1", Some("en")),
        ("en;q=0, *", None),
        ("en-GB, en;q=0", None),
        ("", None),
        (";;;,,=,q=1,en;q=2,en;q=x,en;q=0.1234,é;q=1", None),
        ("zh-Hant-x-en", None),
    ] {
        assert_eq!(translator.negotiate(header), language, "{header}");
    }
    let longer = Translator::new(&[language("de", &[]), language("es-MX", &[])], "de");
    assert_eq!(longer.negotiate("es"), Some("es-MX"));
    assert_eq!(longer.negotiate("es, de;q=0.1"), Some("de"));
    assert_eq!(longer.negotiate(&"x,".repeat(100_000)), None);
    assert_eq!(Translator::new(&[], "").negotiate("en, *"), None);
}

#[test]
fn what_is_not_translated_is_logged_once() {
    let log = CapturedLog::start();
    let translator = translator();
    for _ in 0..3 {
        translator.translate("es", "only.english", &[]);
        translator.translate("es", "no.such", &[]);
        translator.translate("", "title", &[]);
    }
    let lines = log.take();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains(r#"language="es" id="only.english""#), "{lines:?}");
}
