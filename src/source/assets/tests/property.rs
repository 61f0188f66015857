//! Whatever files name each other: the versions that change with a file are those of the files from which it can be reached.

use std::collections::BTreeSet;

use super::*;

/// Files of a generated site: stylesheets, each of which names some of all files, and images.
struct Generated {
    /// For each stylesheet the numbers of the files that it names.
    links: Vec<Vec<usize>>,
    images: usize,
}

impl Generated {
    /// A site from a seed, by the generator of Knuth's MMIX: equal on every machine.
    fn new(seed: u64) -> Self {
        let mut state = seed;
        let mut below = |limit: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % limit
        };
        let (sheets, images) = (1 + below(6), 1 + below(4));
        let links = (0..sheets).map(|_| (0..below(4)).map(|_| below(sheets + images)).collect()).collect();
        Generated { links, images }
    }

    fn len(&self) -> usize {
        self.links.len() + self.images
    }

    fn address(&self, number: usize) -> String {
        let is_sheet = number < self.links.len();
        if is_sheet { format!("static/{number}/a.css") } else { format!("static/{number}.png") }
    }

    /// The files, one of them with another byte in it.
    fn files(&self, changed: Option<usize>) -> Vec<(String, String)> {
        let file = |number: usize| {
            let links = self.links.get(number).into_iter().flatten();
            let links: String = links.map(|&target| format!("a{{b:url(/{})}}", self.address(target))).collect();
            let mark = if changed == Some(number) { "/*x*/" } else { "/*y*/" };
            (self.address(number), format!("{number}{mark}{links}"))
        };
        (0..self.len()).map(file).collect()
    }

    fn snapshot(&self, changed: Option<usize>, is_prod: bool, settings: &str) -> Snapshot {
        let files = self.files(changed);
        let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        environment(is_prod, settings, &files)
    }

    /// The addresses of the files from which a file can be reached, itself included.
    fn reaching(&self, number: usize) -> BTreeSet<String> {
        let mut reaching = BTreeSet::from([number]);
        loop {
            let more = |from: &usize| self.links[*from].iter().any(|target| reaching.contains(target));
            let found: Vec<usize> = (0..self.links.len()).filter(more).collect();
            let before = reaching.len();
            reaching.extend(found);
            if reaching.len() == before {
                return reaching.into_iter().map(|number| self.address(number)).collect();
            }
        }
    }
}

/// The addresses of the files of which something differs between two snapshots.
fn differing(a: &Snapshot, b: &Snapshot, what: impl Fn(&Asset) -> Vec<u8>) -> BTreeSet<String> {
    let pairs = a.assets.iter().zip(b.assets.iter());
    pairs.filter(|(a, b)| what(a) != what(b)).map(|(a, _)| a.path.to_string()).collect()
}

#[test]
fn one_byte_changes_the_versions_of_exactly_the_files_that_reach_it() {
    for seed in 0..60 {
        let site = Generated::new(seed);
        let before = site.snapshot(None, true, "{version: file}");
        for number in 0..site.len() {
            let after = site.snapshot(Some(number), true, "{version: file}");
            let expected = site.reaching(number);
            assert_eq!(
                differing(&before, &after, |file| file.version.as_bytes().to_vec()),
                expected,
                "{seed} {number}"
            );
            assert_eq!(differing(&before, &after, |file| file.body.to_vec()), expected, "{seed} {number}");
            assert_eq!(differing(&before, &after, |file| file.hash.as_bytes().to_vec()), expected, "{seed} {number}");
            assert_ne!(before.version, after.version);
        }
    }
}

#[test]
fn versions_are_those_of_the_contents_whatever_the_setting_says() {
    for seed in 0..20 {
        let site = Generated::new(seed);
        let version = |file: &Asset| file.version.as_bytes().to_vec();
        let by_file = site.snapshot(None, true, "{version: file}");
        for (is_prod, settings) in [(true, "{}"), (true, "{version: v1}"), (false, "{}")] {
            let other = site.snapshot(None, is_prod, settings);
            assert_eq!(differing(&by_file, &other, version), BTreeSet::new(), "{seed} {settings}");
            assert_eq!(other.version, by_file.version);
        }
        assert_eq!(by_file.assets, site.snapshot(None, true, "{version: file}").assets);
    }
}

/// In development an address in a stylesheet has to change whenever the file does, and never otherwise.
#[test]
fn in_development_the_query_in_a_stylesheet_changes_exactly_with_the_file() {
    let read = |image: &str, other: &str| {
        let files = [
            ("static/a.css", "@import 'b.css'; a{b:url(a.png)}"),
            ("static/b.css", "a{b:url(b.png)}"),
            ("static/a.png", image),
            ("static/b.png", other),
        ];
        let snapshot = environment(false, "{}", &files);
        let versions = body(&snapshot, "static/a.css").split('?').skip(1).map(|rest| rest[..16].to_string());
        versions.collect::<Vec<_>>()
    };
    let before = read("1", "1");
    let image = read("2", "1");
    assert_eq!((image[0] == before[0], image[1] == before[1]), (true, false));
    let other = read("1", "2");
    assert_eq!((other[0] == before[0], other[1] == before[1]), (false, true));
    assert_eq!(read("1", "1"), before);
}
