//! What the policy admits, held against what is sent.

use std::path::Path;
use std::sync::Arc;

use kalgan::site::{Context, Outside, Settings, Site, Value, View};
use kalgan::source::{self, Options};
use kalgan::{Kwargs, State};

use super::{MARKUP, client, inline, sources};

const POLICY: &str = "content-security-policy";

#[test]
fn what_the_author_wrote_is_admitted_and_what_was_injected_is_not() {
    let client = client(&[]);
    for (page, count) in [
        ("constant", 6),
        ("computed", 7),
        ("injected", 7),
        ("other", 2),
        ("html", 1),
        ("both", 8),
        ("filter", 7),
        ("string", 4),
    ] {
        let answer = client.get(&format!("/{page}")).send();
        let policy = answer.header(POLICY).unwrap_or_else(|| panic!("{page} has no policy")).to_string();
        let (own, injected): (Vec<_>, Vec<_>) =
            inline(answer.text()).into_iter().partition(|element| !MARKUP.contains(&element.text));
        assert_eq!(own.len(), count, "{page}: {own:?}");
        for element in own {
            assert!(element.is_admitted(&policy), "{page}: {element:?} {policy}");
        }
        for element in injected {
            assert!(!element.is_admitted(&policy), "{page}: {element:?} {policy}");
        }
        assert!(!policy.contains("script-src 'self' 'unsafe-inline'"));
    }
}

#[test]
fn only_what_the_page_needs_is_admitted() {
    let client = client(&[]);
    let of =
        |page: &str, directive: &str| sources(client.get(page).send().header(POLICY).unwrap_or_default(), directive);
    assert_eq!(of("/plain", "script-src"), ["'self'"]);
    assert_eq!(of("/docs", "script-src"), ["'self'"]);
    assert_eq!(of("/json", "script-src"), ["'self'"]);
    assert_eq!(of("/constant", "script-src").len(), 4);
    let other = of("/other", "script-src");
    assert!(other.contains(&"https://cdn.example/lib/".to_string()) && other.len() == 3, "{other:?}");
    assert!(of("/other", "style-src").contains(&"https://fonts.example/css2".to_string()));
}

#[test]
fn a_nonce_is_another_one_each_time_and_is_kept_by_nobody() {
    let client = client(&[]);
    let nonce = |page: &str| {
        let answer = client.get(page).send();
        assert!(answer.header("etag").is_none(), "{page}");
        assert_eq!(answer.header("cache-control"), Some("private, no-cache"), "{page}");
        let sources = sources(answer.header(POLICY).unwrap(), "script-src");
        sources.into_iter().find(|source| source.starts_with("'nonce-")).unwrap()
    };
    let nonces = ["/computed", "/computed", "/public", "/html", "/filter"].map(nonce);
    for (place, nonce) in nonces.iter().enumerate() {
        assert_eq!(nonce.len(), "'nonce-'".len() + 32);
        assert!(!nonces[..place].contains(nonce), "{nonces:?}");
    }
    let constant = client.get("/constant").send();
    assert!(!constant.header(POLICY).unwrap().contains("nonce-"));
    let tag = constant.header("etag").expect("a page without a nonce has a tag").to_string();
    let known = client.get("/constant").header("if-none-match", &tag).send();
    assert_eq!((known.status(), known.header(POLICY)), (304, constant.header(POLICY)));
}

/// A child's block that goes on in its parent's script is read as if it were markup.
#[test]
fn a_start_tag_in_a_string_of_a_script_stays_in_the_string() {
    let answer = client(&[]).get("/string").send();
    let (before, rest) = answer.text().split_once("window.string = \"<style nonce=").unwrap();
    let (nonce, rest) = rest.split_at(32);
    assert!(nonce.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{nonce}");
    assert!(rest.starts_with(" media=print>b { order: 5 }</style>\";</script>"), "{rest}");
    assert!(before.ends_with(&format!("<script nonce={nonce}>")), "{before}");
}

/// Neither a mail nor an answer that is no page has to do with the nonce and the templates that it was made of.
#[test]
fn what_is_no_page_has_no_part_in_its_policy() {
    let client = client(&[("mailer.sender", "site@example.com"), ("mailer.transport", "log")]);
    for page in ["/letter", "/data"] {
        let answer = client.get(page).send();
        assert_eq!(answer.status(), 200, "{page}");
        let policy = answer.header(POLICY).unwrap();
        assert_eq!((sources(policy, "script-src"), sources(policy, "style-src")), (own(), own()), "{page}");
        assert!(answer.header("etag").is_some(), "{page}");
        assert_eq!(answer.header("cache-control"), Some("public, max-age=600"), "{page}");
    }
    let mails = kalgan::mail::sent(client.process());
    let html = mails[0].html.as_deref().unwrap();
    assert!(html.contains("<style media=\"all\">h2") && html.contains("<script nonce=\"\">"), "{html}");
    assert!(inline(html).iter().all(|element| element.nonce().is_none_or(|nonce| nonce == "'nonce-'")), "{html}");
}

#[test]
fn what_was_kept_is_admitted_when_the_controller_says_so() {
    let answer = client(&[]).get("/kept").send();
    let policy = answer.header(POLICY).unwrap();
    assert!(inline(answer.text())[0].is_admitted(policy), "{policy}");
}

fn own() -> Vec<String> {
    vec!["'self'".to_string()]
}

#[test]
fn settings_and_controllers_have_the_last_word() {
    let own = client(&[]).get("/own").send();
    assert_eq!(own.header(POLICY), Some("img-src 'none'; frame-ancestors *"));
    assert_eq!((own.header("referrer-policy"), own.header("x-frame-options")), (Some("no-referrer"), None));
    let off = client(&[("security.headers.content_security_policy", "off")]).get("/computed").send();
    assert_eq!(off.header(POLICY), None);
    assert_eq!(inline(off.text()).iter().filter(|element| element.nonce().is_some()).count(), 1, "the one asked for");
    let spaced = client(&[("security.headers.content_security_policy", " auto ")]).get("/computed").send();
    let policy = spaced.header(POLICY).unwrap();
    assert!(inline(spaced.text()).iter().all(|element| element.is_admitted(policy)), "{policy}");
    let settings = [("security.headers.content_security_policy", "default-src 'none'; style-src {styles}")];
    let own = client(&settings).get("/constant").send();
    let policy = own.header(POLICY).unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("script-src"), "{policy}");
}

#[test]
fn every_kind_of_answer_has_them() {
    const NAMES: [&str; 6] = [
        "x-content-type-options",
        "referrer-policy",
        "x-frame-options",
        "cross-origin-opener-policy",
        "permissions-policy",
        POLICY,
    ];
    let client = client(&[]);
    for page in
        ["/constant", "/json", "/redirect", "/fail", "/docs", "/a/b/c", "/static/nothing", "/static/docs/", "/%ff"]
    {
        let answer = client.get(page).send();
        for name in NAMES {
            let values: Vec<_> = answer.headers().get_all(name).iter().collect();
            assert_eq!(values.len(), 1, "{page}: {name}");
        }
        assert_eq!(answer.header("strict-transport-security"), None, "{page} was not asked for over TLS");
    }
    let sheet = client.get("/static/site.css").send();
    let there: Vec<_> = NAMES.into_iter().filter(|name| sheet.header(name).is_some()).collect();
    assert_eq!(there, ["x-content-type-options", "referrer-policy"]);
    let development = kalgan::testing::client_with(super::app(), &[("environment.is_prod", "false")]);
    for (client, page) in [(&client, "/fail"), (&client, "/%ff"), (&development, "/fail"), (&development, "/a/b/c")] {
        let answer = client.get(page).send();
        let (policy, styles) = (answer.header(POLICY).unwrap().to_string(), inline(answer.text()));
        assert_eq!(styles.len(), 1, "{page}");
        assert!(styles[0].is_admitted(&policy), "{page}: the page of the framework needs {}", styles[0].hash());
    }
    assert_eq!(
        development.get("/computed").send().header(POLICY).map(str::len),
        client.get("/computed").send().header(POLICY).map(str::len)
    );
}

/// Each template of the sites that tests are made with, and of the manual.
#[test]
fn every_template_needs_what_is_rendered_of_it() {
    let mut seen = 0;
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sites = std::fs::read_dir(package.join("tests/sites")).unwrap().map(|site| site.unwrap().path());
    for folder in sites.chain([package.to_path_buf()]) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let options = Options { name, release: "1.0.0".into(), is_prod: true, minify: None };
        // Files of vendors, which are not here, make no difference to templates.
        let snapshot = source::read(&folder.join("app"), &options).snapshot;
        let outside = Outside { flags: vec![("environment.is_prod".into(), "true".into())], ..Outside::default() };
        let settings = Settings::load(&snapshot, outside).unwrap();
        let site = Site::new(snapshot, settings, &|tera| {
            for name in ["burst", "doubled", "markdown", "money", "shout"] {
                tera.register_filter(name, |value: Value, _: Kwargs, _: &State| value);
            }
            for name in ["answer", "basket", "once"] {
                tera.register_function(name, |_: Kwargs, _: &State| Value::none());
            }
            for name in ["prime", "square"] {
                tera.register_test(name, |_: Value, _: Kwargs, _: &State| true);
            }
        })
        .unwrap();
        for name in site.renderer.names() {
            let needs = site.renderer.needs(name);
            let nonce = |name: &str| (name == "csp_nonce").then(|| Value::normal_string("n"));
            let mut context = Context::new();
            context.insert("number", &5);
            context.insert("colour", "red");
            context.insert("markup", "");
            let page = site.renderer.render(name, context, &View { language: "en", values: Arc::new(nonce) });
            // Some need more than there is here.
            for element in page.iter().flat_map(|page| inline(page)) {
                let sources = if element.name == "script" { &needs.scripts } else { &needs.styles };
                let is_named = sources.split(' ').any(|source| source == element.hash());
                let has_nonce = element.nonce().as_deref() == Some("'nonce-n'");
                assert!(is_named != has_nonce, "{}: {name}: {element:?}", site.name);
                seen += 1;
            }
        }
    }
    assert!(seen > 15, "{seen}");
}
