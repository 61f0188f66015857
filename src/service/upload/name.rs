//! File names that clients send, made safe.
//!
//! A name may be a path with slashes of either kind, have control characters that turn the direction of what is shown, be hidden,
//! name a device of Windows, or be longer than a file system takes. What comes out is one plain component of a path.

/// Most bytes of a name. File systems take 255; what is left is for a number or an ending that a site adds.
const LONGEST: usize = 200;

/// Most bytes of an ending that is kept when a name is made shorter.
const LONGEST_ENDING: usize = 16;

/// The name of a file that has none.
const NAMELESS: &str = "file";

/// The last component of what a client sent, without what is dangerous in it; never empty. Spaces within it are kept.
pub(super) fn safe(raw: &str) -> String {
    let last = raw.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String =
        last.chars().filter(|c| !is_invisible(*c)).map(|c| if is_special(c) { '_' } else { c }).collect();
    let trimmed = plain.trim_start_matches(is_dot_or_space).trim_end_matches(is_dot_or_space);
    let mut name = shortened(trimmed);
    if is_device(&name) {
        name.insert(0, '_');
    }
    if name.is_empty() { NAMELESS.to_string() } else { name }
}

/// Control characters, and those that turn the direction of text or cannot be seen: with them `gpj.exe` looks like `exe.jpg`.
fn is_invisible(c: char) -> bool {
    let is_format = matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    c.is_control() || is_format
}

/// What Windows does not take in a name.
fn is_special(c: char) -> bool {
    matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*')
}

fn is_dot_or_space(c: char) -> bool {
    c == '.' || c.is_whitespace()
}

/// Names that Windows takes for a device, with any ending.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    if matches!(&*stem, "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") {
        return true;
    }
    let number = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    number.is_some_and(|number| {
        matches!(number, "¹" | "²" | "³") || (number.len() == 1 && number.as_bytes()[0].is_ascii_digit())
    })
}

/// At most [`LONGEST`] bytes, cut between two characters, with its ending.
fn shortened(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_string();
    }
    let ending =
        name.rfind('.').map(|dot| &name[dot..]).filter(|ending| ending.len() <= LONGEST_ENDING).unwrap_or_default();
    let stem = &name[..name.floor_char_boundary(LONGEST - ending.len())];
    format!("{}{ending}", stem.trim_end_matches(is_dot_or_space))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_one_safe_component() {
        for (raw, expected) in [
            ("photo.jpg", "photo.jpg"),
            ("my file (1).png", "my file (1).png"),
            ("Über uns.pdf", "Über uns.pdf"),
            ("../../etc/passwd", "passwd"),
            (r"C:\Users\me\a.txt", "a.txt"),
            (r"..\..", "file"),
            ("a/b\\c", "c"),
            ("folder/", "file"),
            ("", "file"),
            (".", "file"),
            ("..", "file"),
            ("...", "file"),
            (" . ", "file"),
            (".htaccess", "htaccess"),
            ("..  .env", "env"),
            ("a.txt...  ", "a.txt"),
            ("a\0b\r\nc\u{7f}.txt", "abc.txt"),
            ("\u{202e}gpj.exe", "gpj.exe"),
            ("a:b*c?.txt", "a_b_c_.txt"),
            ("<script>\"|", "_script___"),
            ("con", "_con"),
            ("NUL.tar.gz", "_NUL.tar.gz"),
            ("aux .txt", "_aux .txt"),
            ("com1.txt", "_com1.txt"),
            ("LPT³", "_LPT³"),
            ("com10", "com10"),
            ("console.log", "console.log"),
        ] {
            assert_eq!(safe(raw), expected, "{raw:?}");
        }
    }

    #[test]
    fn long_names_are_cut_between_characters_and_keep_their_ending() {
        let name = safe(&format!("{}.tar.gz", "ä".repeat(300)));
        assert!(name.len() <= LONGEST && name.ends_with("ä.gz"), "{name}");
        let name = safe(&format!("a.{}", "é".repeat(300)));
        assert!((LONGEST - 1..=LONGEST).contains(&name.len()), "{} bytes", name.len());
        assert!(safe(&"x".repeat(10_000)).len() == LONGEST);
    }

    #[test]
    fn whatever_is_sent_stays_one_component() {
        let pieces = ["/", "\\", ".", "..", " ", "\0", "a", "ä", "\u{202e}", "con", ":", "\n", "~", "%2e%2e%2f"];
        for a in pieces {
            for b in pieces {
                for c in pieces {
                    let name = safe(&format!("{a}{b}{c}"));
                    let path = std::path::Path::new(&name);
                    assert_eq!(path.file_name(), Some(path.as_os_str()), "{a:?}{b:?}{c:?} became {name:?}");
                    assert!(!name.starts_with('.') && !name.contains('\\'), "{name:?}");
                }
            }
        }
    }
}
