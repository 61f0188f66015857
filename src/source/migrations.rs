//! Files of SQL to the steps that bring a database up to date.
//!
//! They lie in `migrations/`, those for one engine in a folder of its name, and are called `<number>_<name>.sql`. What is in them is
//! for the database to understand; here it only has to be a text that says something.

use crate::hint::nearest;
use crate::problem::Problem;
use crate::snapshot::{Engine, Migration};
use crate::source::errors;
use crate::source::files::{self, Entry, Files};

/// The folder, relative to the site's.
pub const FOLDER: &str = "migrations";

/// A number of more digits has no room in the table where a database keeps them.
const DIGITS: usize = 18;

/// The migrations of a site as they are.
#[derive(Debug, Default)]
pub struct Found {
    /// Sorted by number and engine.
    pub list: Vec<Migration>,
    /// Whether all of them could be read and fit together.
    pub is_usable: bool,
}

/// What the path of a file says.
#[derive(Debug, PartialEq, Eq)]
struct Named<'f> {
    number: i64,
    name: &'f str,
    engine: Option<Engine>,
}

/// Reads the migrations, as far as they have not been read before.
pub fn find(files: &mut Files, problems: &mut Vec<Problem>) -> Found {
    let before = errors(files, problems);
    let mut list = Vec::new();
    match files.entry(FOLDER) {
        Entry::Missing => {}
        Entry::File => problems.push(Problem::error(FOLDER, "this must be a folder, with files of SQL in it")),
        Entry::Folder => {
            for found in files.walk(FOLDER).iter() {
                list.extend(migration(files, found, problems));
            }
        }
    }
    list.sort_by_key(|migration| (migration.number, migration.engine));
    repeated(&list, problems);
    Found { list, is_usable: errors(files, problems) == before }
}

fn migration(files: &mut Files, found: &files::Found, problems: &mut Vec<Problem>) -> Option<Migration> {
    if !found.name.to_ascii_lowercase().ends_with(".sql") {
        problems.push(
            Problem::warning(&found.path, "this is no file of SQL, so it is not read")
                .help("name it `….sql`, or remove it"),
        );
        return None;
    }
    let named =
        named(&found.name).map_err(|problem| problems.push(Problem { file: found.path.clone(), ..*problem })).ok()?;
    let sql = files.text(found)?.text.replace("\r\n", "\n");
    if is_empty(&sql) {
        let help =
            "write the statements, or remove the file: a step that does nothing is kept in every database for good";
        problems.push(Problem::error(&found.path, "this migration has no statement").help(help));
        return None;
    }
    Some(Migration {
        number: named.number,
        name: named.name.to_string().into(),
        engine: named.engine,
        sql: sql.into(),
        file: found.path.clone().into(),
    })
}

/// What a path below the folder says.
fn named(path: &str) -> Result<Named<'_>, Box<Problem>> {
    let wrong = |message: String, help: &str| Err(Box::new(Problem::error("", message).help(help)));
    let (engine, file) = match path.split_once('/') {
        None => (None, path),
        Some((folder, file)) => match Engine::ALL.into_iter().find(|engine| engine.name() == folder) {
            Some(engine) => (Some(engine), file),
            None => {
                let near = nearest(folder, Engine::ALL.iter().map(|engine| engine.name()));
                let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
                let help = "the folders of engines are `sqlite`, `postgres` and `mysql`";
                return wrong(format!("`{folder}` is no engine of databases"), &format!("{near}{help}"));
            }
        },
    };
    const FORM: &str = "name it `<number>_<name>.sql`, such as `3_add_comments.sql`";
    let parts = file.strip_suffix(".sql").and_then(|name| name.split_once('_'));
    let Some((number, name)) = parts.filter(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit())) else {
        return wrong("this is not the name of a migration".to_string(), FORM);
    };
    if name.ends_with(".up") || name.ends_with(".down") {
        let help = "drop `.up`, and the files `.down.sql`: what a step has changed, a later step changes back";
        return wrong("migrations go one way".to_string(), help);
    }
    let is_name = |character: char| character.is_alphanumeric() || character == '_' || character == '-';
    if name.is_empty() || !name.chars().all(is_name) {
        return wrong("the name has other characters than letters, digits, `_` and `-`".to_string(), FORM);
    }
    match number.parse() {
        Ok(number) if (1..=DIGITS).contains(&file.find('_').unwrap_or_default()) => Ok(Named { number, name, engine }),
        _ => wrong(format!("the number must have 1 to {DIGITS} digits"), FORM),
    }
}

/// Whether there is nothing but comments.
fn is_empty(sql: &str) -> bool {
    sql.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with("--"))
}

/// Two steps of one number are a mistake where one database would get both.
fn repeated(list: &[Migration], problems: &mut Vec<Problem>) {
    for (index, later) in list.iter().enumerate() {
        let is_same = |earlier: &&Migration| {
            earlier.number == later.number
                && (earlier.engine == later.engine || earlier.engine.is_none() || later.engine.is_none())
        };
        if let Some(earlier) = list[..index].iter().find(is_same) {
            let message = format!("the number {} is that of `{}` too", later.number, earlier.file);
            let help =
                "give the newer of them a higher number; the older one keeps its own, by which databases know it";
            problems.push(Problem::error(&*later.file, message).help(help));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_number_and_engine() {
        let plain = |number, name| Named { number, name, engine: None };
        assert_eq!(named("1_create_posts.sql").ok(), Some(plain(1, "create_posts")));
        assert_eq!(named("0012_añadir-autor.sql").ok(), Some(plain(12, "añadir-autor")));
        assert_eq!(named("20260102030405_x.sql").ok(), Some(plain(20_260_102_030_405, "x")));
        let engine = Named { number: 2, name: "index", engine: Some(Engine::Postgres) };
        assert_eq!(named("postgres/2_index.sql").ok(), Some(engine));
    }

    #[test]
    fn other_names_are_refused_with_the_reason() {
        for (path, expected) in [
            ("create.sql", "not the name"),
            ("_create.sql", "1 to 18 digits"),
            ("1.sql", "not the name"),
            ("v1_create.sql", "not the name"),
            ("-1_create.sql", "not the name"),
            ("1_.sql", "other characters"),
            ("1_a b.sql", "other characters"),
            ("1_a.up.sql", "one way"),
            ("1234567890123456789_a.sql", "1 to 18 digits"),
            ("mysql/sub/1_a.sql", "not the name"),
            ("mariadb/1_a.sql", "no engine"),
            ("1_a.SQL", "not the name"),
        ] {
            let problem = named(path).expect_err(path);
            assert!(problem.message.contains(expected), "{path}: {}", problem.message);
        }
    }

    #[test]
    fn comments_alone_are_no_statement() {
        assert!(is_empty("") && is_empty("\n-- later\n  \n") && !is_empty("-- now\nSELECT 1;"));
    }
}
