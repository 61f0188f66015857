//! The arrangement of the code that `ARCHITECTURE.md` describes, checked: which module may use which, which outside crate is
//! used where, and how long a file may be.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each module of the library and the modules that it may use. `problem`, `hint`, `pattern` and `snapshot` are leaves.
const MODULES: &[(&str, &[&str])] = &[
    ("problem", &[]),
    ("hint", &[]),
    ("pattern", &[]),
    ("snapshot", &[]),
    ("error", &["problem"]),
    ("source", &["snapshot", "problem", "hint", "pattern"]),
    ("build", &["source", "snapshot", "problem", "hint", "pattern"]),
    ("site", &["snapshot", "error", "problem", "hint", "pattern"]),
    ("process", &["metrics", "site", "error"]),
    ("http", &["metrics", "process", "site", "error", "hint", "pattern"]),
    ("controller", &["http", "site", "error", "problem", "hint", "pattern"]),
    // The table of static files is the snapshot's, and a failed page shows the problem that the renderer found.
    (
        "server",
        &["controller", "http", "metrics", "process", "site", "snapshot", "error", "problem", "hint", "pattern"],
    ),
    ("overlay", &["source", "site", "snapshot", "http", "problem", "hint", "pattern"]),
    ("service", &["http", "metrics", "process", "site", "snapshot", "error", "hint", "pattern"]),
    // Counters, with nothing but what they are made visible by.
    ("metrics", &[]),
    // The deployment kit: texts for systemd and NGINX, and the steps that put them in place.
    ("deploy", &["site", "snapshot", "error", "hint", "pattern"]),
    // Only in unit tests.
    ("captured_log", &[]),
    ("testing", &["launch", "server", "controller", "http", "process", "site", "snapshot", "error"]),
    ("generated", &["launch", "controller", "snapshot"]),
    ("cli", ALL_BUT_BUILD),
    ("launch", ALL_BUT_BUILD),
    ("lib", ALL_BUT_BUILD),
];

/// The modules that put the others together. `build` belongs to a site's `build.rs` alone.
const ALL_BUT_BUILD: &[&str] = &[
    "problem",
    "hint",
    "pattern",
    "snapshot",
    "error",
    "source",
    "site",
    "process",
    "http",
    "controller",
    "server",
    "overlay",
    "service",
    "metrics",
    "deploy",
    "testing",
    "generated",
    "cli",
    "launch",
    "lib",
];

/// Outside crates and the only places that may name them: changing such a crate must touch one place.
const DOORS: &[(&str, &[&str])] = &[
    ("argon2", &["service/password/"]),
    ("arc_swap", &["server/", "launch/", "cli/log/"]),
    ("base64", &["service/csrf/", "source/templates/inline/"]),
    ("blake3", &["source/assets", "build/compress/cache.rs", "service/session/id.rs"]),
    ("brotli", &["build/compress/encoders.rs", "server/page/compression"]),
    ("clap", &["cli/"]),
    ("cssparser", &["source/assets/"]),
    ("ctutils", &["service/token.rs"]),
    ("cookie", &["http/", "service/secrets/"]),
    ("fixed_decimal", &["site/translator/"]),
    ("flate2", &["build/compress/encoders.rs", "server/page/compression"]),
    ("getrandom", &["http/policy.rs"]),
    ("hashbrown", &["site/translator/"]),
    ("hyper", &["server/"]),
    ("hyper_util", &["server/"]),
    ("infer", &["service/upload/"]),
    ("icu_locale_core", &["site/translator/"]),
    ("icu_plurals", &["site/translator/"]),
    ("listenfd", &["server/listener/"]),
    ("lettre", &["service/mail/"]),
    ("lightningcss", &["build/minify/"]),
    ("moka", &["service/cache/memory.rs", "service/session/store/memory.rs"]),
    ("matchit", &["site/router/"]),
    ("rustix", &["overlay/watch/", "server/listener/", "cli/dev/"]),
    ("multer", &["service/upload/"]),
    ("oxc_minifier", &["build/minify/"]),
    ("oxc_parser", &["build/minify/"]),
    ("prometheus_client", &["metrics/"]),
    ("rand", &["service/random.rs"]),
    ("redis", &["service/redis.rs"]),
    ("rust_embed", &["generated.rs"]),
    ("sd_notify", &["cli/notify.rs"]),
    ("serde_yaml", &["source/yaml/"]),
    ("sha2", &["source/templates/inline/"]),
    // An error of it may come out of any controller, and is told apart where all errors are.
    ("sqlx", &["service/db/", "error/database.rs", "service/mail/queue/table.rs", "service/session/store/sqlite.rs"]),
    ("strsim", &["hint.rs"]),
    // The latter in its tests alone.
    ("tempfile", &["service/upload/", "overlay/watch/folders.rs"]),
    ("tera", &["site/renderer/", "source/templates", "generated.rs"]),
    ("tracing_core", &["cli/log/"]),
    ("tracing_subscriber", &["captured_log.rs", "cli/log/"]),
    ("twox_hash", &["deploy/install/", "server/page/validator", "cli/manifest/make.rs"]),
    ("warp", &["server/"]),
    ("zstd", &["build/compress/encoders.rs"]),
];

/// Longer than this, a file is about more than one thing.
const LINES: usize = 500;

#[test]
fn modules_use_only_those_that_they_may() {
    let mut wrong = Vec::new();
    for (file, code) in library() {
        let module = module_of(&file);
        let allowed = MODULES.iter().find(|(name, _)| *name == module).map(|(_, allowed)| *allowed);
        let Some(allowed) = allowed else {
            wrong.push(format!("{file}: the module `{module}` is not in the table of tests/suite/layout.rs"));
            continue;
        };
        let used = used_modules(&code).into_iter().filter(|used| *used != module && !allowed.contains(&used.as_str()));
        wrong.extend(used.map(|used| format!("{file}: `{module}` must not use `{used}`")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn outside_crates_have_one_door() {
    let mut wrong = Vec::new();
    for (file, code) in library() {
        for (name, doors) in DOORS {
            if names_crate(&code, name) && !doors.iter().any(|door| file.starts_with(door)) {
                wrong.push(format!("{file}: `{name}` may only be named in {}", doors.join(", ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_too_long() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("build.rs")];
    for folder in ["src", "app", "tests/suite", "benches"] {
        collect(&root.join(folder), &mut files);
    }
    let lines = |path: &PathBuf| fs::read_to_string(path).expect("a source file can be read").lines().count();
    let long: Vec<_> = files.iter().filter(|path| lines(path) > LINES).collect();
    assert!(long.is_empty(), "more than {LINES} lines: {long:?}");
}

#[test]
fn uses_are_found_in_code_and_not_in_comments_or_texts() {
    let source = r####"
        // crate::a
        /* crate::b /* crate::c */ crate::d */
        use crate::{http::Request, site};
        let text = "crate::e \" crate::f"; let raw = r#"crate::g " crate::h"#;
        let quote = '"'; fn f<'a>(x: &'a crate::server::Server) { tera::Tera::new(); my_warp::x(); }
    "####;
    let code = without_comments_and_texts(source);
    let used = ["http", "server", "site"].map(str::to_string);
    assert_eq!(used_modules(&code), BTreeSet::from(used));
    assert!(names_crate(&code, "tera"));
    assert!(!names_crate(&code, "warp"));
}

/// The library's files without their tests, by path below `src`.
fn library() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    let name = |path: &Path| path.strip_prefix(&root).expect("it lies below").to_string_lossy().replace('\\', "/");
    let named = files.iter().map(|path| (name(path), path));
    let sources = named.filter(|(name, _)| !name.ends_with("tests.rs") && !name.contains("/tests/"));
    sources.map(|(name, path)| (name, code_of(path))).collect()
}

fn code_of(path: &Path) -> String {
    let source = fs::read_to_string(path).expect("a source file can be read");
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    without_comments_and_texts(code)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("a folder can be read").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn module_of(file: &str) -> String {
    let first = file.split('/').next().unwrap_or(file);
    first.trim_end_matches(".rs").to_string()
}

/// The modules that stand after `crate::`, alone or in braces; other names there are the crate's public face.
fn used_modules(code: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (start, found) in code.match_indices("crate::") {
        let rest = &code[start + found.len()..];
        match rest.strip_prefix('{') {
            Some(list) => used.extend(outermost_names(list)),
            None => {
                used.insert(leading_name(rest));
            }
        }
    }
    used.retain(|name| MODULES.iter().any(|(module, _)| module == name));
    used
}

/// The first name of each item of a braced list, whose opening brace is already gone.
fn outermost_names(list: &str) -> Vec<String> {
    let (mut depth, mut names, mut at_start) = (0, Vec::new(), true);
    for (index, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_start = true,
            character if at_start && !character.is_whitespace() => {
                names.push(leading_name(&list[index..]));
                at_start = false;
            }
            _ => {}
        }
    }
    names
}

fn leading_name(text: &str) -> String {
    text.chars().take_while(|character| is_name(*character)).collect()
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Whether a path begins with this crate's name.
fn names_crate(code: &str, name: &str) -> bool {
    let path = format!("{name}::");
    let mut found = code.match_indices(&path).map(|(start, _)| &code[..start]);
    found.any(|before| {
        let before = before.strip_suffix("::").unwrap_or(before);
        !before.ends_with(|character: char| is_name(character) || character == ':')
    })
}

/// The code with every comment and every literal text or character replaced by a space.
fn without_comments_and_texts(source: &str) -> String {
    let (mut code, mut rest) = (String::new(), source);
    while let Some(character) = rest.chars().next() {
        match skipped(rest) {
            0 => {
                code.push(character);
                rest = &rest[character.len_utf8()..];
            }
            length => {
                code.push(' ');
                rest = &rest[length..];
            }
        }
    }
    code
}

/// How many bytes of a comment or literal the text begins with; 0 when it begins with neither.
fn skipped(text: &str) -> usize {
    let end = |from: usize, mark: &str| text[from..].find(mark).map_or(text.len(), |index| from + index + mark.len());
    if text.starts_with("//") {
        return end(2, "\n");
    }
    if text.starts_with("/*") {
        return block_comment(text);
    }
    if let Some(hashes) = text.strip_prefix('r').map(|raw| raw.len() - raw.trim_start_matches('#').len())
        && text[1 + hashes..].starts_with('"')
    {
        return end(hashes + 2, &format!("\"{}", "#".repeat(hashes)));
    }
    match text.chars().next() {
        Some('"') => quoted(text, '"'),
        // Anything else behind a single quote is a lifetime.
        Some('\'') if text[1..].starts_with('\\') => quoted(text, '\''),
        Some('\'') => text[1..]
            .chars()
            .next()
            .map(|inside| 1 + inside.len_utf8())
            .map_or(0, |length| if text[length..].starts_with('\'') { length + 1 } else { 0 }),
        _ => 0,
    }
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut index) = (0, 0);
    while index < text.len() {
        let rest = &text[index..];
        if rest.starts_with("/*") {
            depth += 1;
        } else if rest.starts_with("*/") {
            depth -= 1;
        }
        let is_mark = rest.starts_with("/*") || rest.starts_with("*/");
        index += if is_mark { 2 } else { rest.chars().next().map_or(1, char::len_utf8) };
        if depth == 0 {
            return index;
        }
    }
    text.len()
}

/// Length of a literal with backslash escapes.
fn quoted(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1);
    while let Some((index, character)) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if character == quote {
            return index + 1;
        }
    }
    text.len()
}
