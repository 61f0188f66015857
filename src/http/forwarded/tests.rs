use super::*;

/// What is believed: a proxy on this machine, a network of proxies, and socket files.
fn proxies() -> Proxies {
    of("127.0.0.1, 10.0.0.0/8,fd00::/8 ,unix").unwrap()
}

fn of(items: &str) -> Result<Proxies, String> {
    let items: Vec<String> = items.split(',').map(str::to_string).collect();
    Proxies::of(&items)
}

/// Who asks by these headers, a line each, over a connection from this address; `unix` is a socket file.
fn asking(peer: &str, lines: &[(&str, &[u8])]) -> Client {
    let mut request = http::Request::builder().uri("/").header("host", "site.example");
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    let (head, ()) = request.body(()).unwrap().into_parts();
    proxies().client(&head, peer.parse::<IpAddr>().ok().map(|address| (address, 4711).into()))
}

/// The same in short: address, scheme, host; a dash for what is not known.
fn told(peer: &str, lines: &[(&str, &str)]) -> String {
    let lines: Vec<(&str, &[u8])> = lines.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let Client { address, scheme, host, is_contradictory, .. } = asking(peer, &lines);
    if is_contradictory {
        assert_eq!((address, scheme, host), (None, None, None));
        return "contradictory".to_string();
    }
    let address = address.map(|address| address.to_string());
    let shown = [address.as_deref(), scheme.map(Scheme::as_str), host.as_deref()];
    shown.map(|value| value.unwrap_or("-")).join(" ")
}

const FOR: &str = "x-forwarded-for";
const PROTO: &str = "x-forwarded-proto";
const HOST: &str = "x-forwarded-host";
const FORWARDED: &str = "forwarded";

#[test]
fn a_peer_that_is_not_trusted_is_the_visitor_whatever_it_says() {
    let lies = [(FOR, "192.0.2.1"), (PROTO, "https"), (HOST, "evil.example"), (FORWARDED, "for=192.0.2.2;host=evil")];
    for peer in ["203.0.113.9", "2001:db8::9", "127.0.0.2", "11.0.0.1"] {
        assert_eq!(told(peer, &lies), format!("{peer} - -"));
    }
    let head = http::Request::builder().header(FOR, "192.0.2.1").body(()).unwrap().into_parts().0;
    assert_eq!(Proxies::default().client(&head, None), Client::direct(None), "nobody is trusted");
}

#[test]
fn a_trusted_peer_is_believed_what_it_added() {
    for (lines, expected) in [
        // Nothing is said: the proxy itself asks, as for its own checks.
        (&[][..], "127.0.0.1 - -"),
        (&[(FOR, ""), (FORWARDED, " , ")], "127.0.0.1 - -"),
        // One proxy, which replaces what came or puts its own behind it.
        (&[(FOR, "192.0.2.1"), (PROTO, "https"), (HOST, "site.example")], "192.0.2.1 https -"),
        (&[(FOR, "8.8.8.8, 192.0.2.1"), (PROTO, "https")], "192.0.2.1 https -"),
        (&[(FOR, "127.0.0.1, 192.0.2.1")], "192.0.2.1 - -"),
        (&[(FOR, "8.8.8.8"), (FOR, "192.0.2.1")], "192.0.2.1 - -"),
        (&[(FORWARDED, "for=8.8.8.8;proto=http"), (FORWARDED, "for=192.0.2.1;proto=https")], "192.0.2.1 https -"),
        (&[(FORWARDED, "for=8.8.8.8;host=evil.example, for=192.0.2.1")], "192.0.2.1 - -"),
        (&[(PROTO, "http, https"), (HOST, "evil.example, other.example:8443")], "- https other.example:8443"),
        // A chain: the inner one is 127.0.0.1, the outer one 10.0.0.7.
        (&[(FOR, "192.0.2.1, 10.0.0.7"), (PROTO, "https"), (HOST, "other.example")], "192.0.2.1 https other.example"),
        (&[(FOR, "8.8.8.8, 192.0.2.1, 10.0.0.7"), (PROTO, "https, http")], "192.0.2.1 https -"),
        (&[(FOR, "8.8.8.8, 192.0.2.1, 10.0.0.7"), (PROTO, "gopher, https, http")], "192.0.2.1 https -"),
        (&[(FOR, "8.8.8.8, 192.0.2.1, 198.51.100.7"), (PROTO, "https, http")], "198.51.100.7 http -"),
        (
            &[(FORWARDED, "for=192.0.2.1;proto=https;host=a.example, for=10.0.0.7;proto=http")],
            "192.0.2.1 https a.example",
        ),
        (&[(FORWARDED, "for=192.0.2.1, for=10.0.0.7;proto=http;host=b.example")], "192.0.2.1 http b.example"),
        // All are trusted: then the outermost asks.
        (&[(FOR, "10.0.0.9, 10.0.0.7")], "10.0.0.9 - -"),
        (&[(FORWARDED, "for=10.0.0.9, for=10.0.0.7")], "10.0.0.9 - -"),
    ] {
        assert_eq!(told("127.0.0.1", lines), expected, "{lines:?}");
    }
    assert_eq!(told("unix", &[(FOR, "192.0.2.1")]), "192.0.2.1 - -");
    assert_eq!(told("unix", &[]), "- - -");
    assert_eq!(told("::ffff:10.1.2.3", &[(FOR, "::ffff:192.0.2.1")]), "192.0.2.1 - -");
}

#[test]
fn an_address_is_read_in_every_form_that_proxies_write() {
    for (form, address) in [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("192.0.2.1:_hidden", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unknown", "-"),
        ("_proxy7", "-"),
        ("_proxy7:80", "-"),
        ("192.0.2.1:", "-"),
        ("192.0.2.1:80:80", "-"),
        ("192.0.2.01", "-"),
        ("192.0.2", "-"),
        ("[2001:db8::1", "-"),
        ("[192.0.2.1]", "-"),
        ("[2001:db8::1]4711", "-"),
        ("fe80::1%eth0", "-"),
        ("localhost", "-"),
        ("", "-"),
    ] {
        let element = format!("by=_me;For=\"{form}\" ; proto=HTTPS");
        assert_eq!(told("127.0.0.1", &[(FORWARDED, &element)]), format!("{address} https -"), "{element}");
        assert_eq!(told("127.0.0.1", &[(FOR, form), (PROTO, "wss")]), format!("{address} https -"), "{form}");
    }
}

#[test]
fn a_visitor_cannot_hide_or_replace_what_a_proxy_puts_behind_its_words() {
    for before in
        ["for=\"", "for=\"8.8.8.8", "for=\"a\\", "\\\"", "for=8.8.8.8;for=8.8.4.4", "\"\"\"", "==;;", "for", "ü"]
    {
        let line = format!("{before}, for=192.0.2.1;proto=https");
        assert_eq!(told("127.0.0.1", &[(FORWARDED, &line)]), "192.0.2.1 https -", "{line}");
        let line = format!("{before}, 192.0.2.1");
        assert_eq!(told("127.0.0.1", &[(FOR, &line)]), "192.0.2.1 - -", "{line}");
    }
    let long = format!("{}, 192.0.2.1", "8.8.8.8,".repeat(1000));
    assert_eq!(told("127.0.0.1", &[(FOR, &long)]), "192.0.2.1 - -");
}

#[test]
fn what_cannot_be_read_is_not_guessed_at() {
    let long = "a".repeat(300);
    let too_long = format!("for=192.0.2.1;secret={}", "x".repeat(2000));
    for (lines, expected) in [
        // The next to the left may be the visitor's own words.
        (&[(FOR, "8.8.8.8, unknown")][..], "- - -"),
        (&[(FOR, "8.8.8.8, 10.0.0.7, ???")], "- - -"),
        (&[(FORWARDED, "for=8.8.8.8, proto=https")], "- https -"),
        (&[(FORWARDED, "for=8.8.8.8, for=10.0.0.7, for=unknown;proto=https")], "- https -"),
        (&[(FORWARDED, "for=192.0.2.1;for=8.8.8.8;proto=https")], "- - -"),
        (&[(FORWARDED, "for=192.0.2.1;proto=\"https")], "- - -"),
        (&[(FORWARDED, &too_long)], "- - -"),
        // An escape in what nobody reads does no harm, a semicolon in quotation marks divides nothing.
        (&[(FORWARDED, "secret=\"a\\\";for=8.8.8.8,\";for=192.0.2.1")], "192.0.2.1 - -"),
        (&[(PROTO, "gopher"), (FOR, "192.0.2.1")], "192.0.2.1 - -"),
        (&[(HOST, "user@evil.example"), (FOR, "192.0.2.1")], "192.0.2.1 - -"),
        (&[(HOST, "evil.example/path"), (FOR, "192.0.2.1")], "192.0.2.1 - -"),
        (&[(HOST, ":80"), (FOR, "192.0.2.1")], "192.0.2.1 - -"),
        (&[(HOST, &long), (FOR, "192.0.2.1")], "192.0.2.1 - -"),
        (&[(HOST, "[::1]:80"), (FOR, "192.0.2.1")], "192.0.2.1 - [::1]:80"),
    ] {
        assert_eq!(told("127.0.0.1", lines), expected, "{lines:?}");
    }
}

#[test]
fn two_accounts_of_one_visitor_must_be_one() {
    let proxy = [(FOR, "192.0.2.1"), (PROTO, "https"), (HOST, "other.example")];
    for (forwarded, expected) in [
        ("for=192.0.2.1;proto=https;host=\"OTHER.example\"", "192.0.2.1 https OTHER.example"),
        ("for=8.8.8.8;proto=https;host=other.example", "contradictory"),
        ("for=192.0.2.1;proto=http;host=other.example", "contradictory"),
        ("for=192.0.2.1;proto=https;host=evil.example", "contradictory"),
        ("for=192.0.2.1;proto=https", "contradictory"),
        ("nonsense", "contradictory"),
    ] {
        let lines = [&proxy[..], &[(FORWARDED, forwarded)]].concat();
        assert_eq!(told("127.0.0.1", &lines), expected, "{forwarded}");
        assert_eq!(told("192.0.2.9", &lines), "192.0.2.9 - -", "an untrusted peer contradicts nobody");
    }
}

#[test]
fn networks_are_read_and_wrong_ones_named() {
    let network = |text: &str| of(text).unwrap();
    let has = |text: &str, address: &str| network(text).has(address.parse().unwrap());
    assert!(has("10.0.0.0/8", "10.255.0.1") && !has("10.0.0.0/8", "11.0.0.0"));
    assert!(has("192.0.2.128/25", "192.0.2.255") && !has("192.0.2.128/25", "192.0.2.127"));
    assert!(has("fd00::/8", "fdff::1") && !has("fd00::/8", "fc00::1"));
    assert!(has("::1", "::1") && !has("::1", "::2"));
    assert!(has("::ffff:128.0.0.0/97", "192.0.2.1") && !has("::ffff:128.0.0.0/97", "10.0.0.1"));
    assert!(
        !has("::ffff:10.0.0.0/104", "11.0.0.0")
            && has("::ffff:10.0.0.0/104", "10.1.1.1")
            && has("::ffff:192.0.2.1", "192.0.2.1")
    );
    assert!(!has("128.0.0.0/1", "::1") && !has("8000::/1", "192.0.2.1"));
    assert!(network("").networks.is_empty() && network("unix").is_trusted(None) && !network("::1").is_trusted(None));
    for (wrong, reason) in [
        ("localhost", "neither an address such as"),
        ("*", "neither an address such as"),
        ("10.0.0.0/", "neither an address such as"),
        ("10.0.0.0/+8", "neither an address such as"),
        ("10.0.0.0/8/8", "neither an address such as"),
        ("10.0.0.0/33", "at most 32"),
        ("fd00::/129", "at most 128"),
        ("10.0.0.1/8", "write `10.0.0.0/8`"),
        ("0.0.0.0/0", "all addresses"),
        ("::/0", "all addresses"),
        ("::ffff:0:0/96", "all IPv4 addresses"),
        ("::ffff:10.0.0.1/104", "write `::ffff:10.0.0.0/104`"),
        ("Unix", "neither an address such as"),
    ] {
        let error = of(&format!("127.0.0.1,{wrong}")).unwrap_err();
        assert!(error.starts_with(&format!("has `{wrong}`, ")) && error.contains(reason), "{error}");
    }
}

/// Random lines of what such headers are made of: none may panic, none that a trusted proxy has put its own words behind may change them.
#[test]
fn random_headers_do_no_harm() {
    const PARTS: [&[u8]; 24] = [
        b",",
        b";",
        b"=",
        b"\"",
        b"\\",
        b" ",
        b"\t",
        b"for=",
        b"host=",
        b"proto=",
        b"https",
        b"127.0.0.1",
        b"10.0.0.1",
        b"8.8.8.8",
        b"[::1]",
        b":80",
        b"[",
        b"]",
        b"unknown",
        b"_x",
        b"\xff",
        b"\xc3\xbc",
        b"fd00::1",
        b"evil.example",
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for _ in 0..20_000 {
        let line: Vec<u8> = (0..random(12)).flat_map(|_| PARTS[random(PARTS.len())].to_vec()).collect();
        let behind = |own: &[u8]| [&line[..], b", ", own].concat();
        for name in [FOR, FORWARDED, PROTO, HOST] {
            let client = asking("127.0.0.1", &[(name, &line)]);
            assert!(client.host.is_none_or(|host| host.bytes().all(|byte| byte.is_ascii_graphic())));
        }
        let client = asking("127.0.0.1", &[(FORWARDED, &behind(b"for=\"192.0.2.1:80\";proto=https;host=a.example"))]);
        let expected = (Some("192.0.2.1".parse().unwrap()), Some(Scheme::Https), Some("a.example".into()));
        assert_eq!((client.address, client.scheme, client.host), expected, "{:?}", line.escape_ascii().to_string());
        let lines = [(FOR, &behind(b"192.0.2.1")[..]), (PROTO, &behind(b"https")), (HOST, &behind(b"a.example"))];
        let client = asking("127.0.0.1", &lines);
        assert_eq!((client.address, client.scheme, client.host), expected, "{:?}", line.escape_ascii().to_string());
    }
}
