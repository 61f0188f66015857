//! Static files that NGINX serves itself, from the folder that `assets export` writes.
//!
//! A file gets the type and the headers that the binary would send, and what is not there the site is asked for: it answers with its own
//! page.

use std::collections::BTreeSet;

use super::{Plan, limits, pattern, proxy::REQUEST_ID, quoted, types};
use crate::error::Error;
use crate::snapshot::Asset;

/// The page that stands for its folder.
const INDEX: &str = "index.html";

/// For an address that changes whenever the file does.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// What browsers show as a page of its own.
const PAGES: &str = r"text/html|application/xhtml\+xml|image/svg\+xml|application/xml|text/xml";

/// The same, and what loads other files.
const LOADING: &str = r"text/html|application/xhtml\+xml|image/svg\+xml|application/xml|text/xml|text/css|text/javascript|application/javascript";

/// Headers that only mean something for some types of files: the header, the end of its variable, the name of its setting, and the
/// types.
const BY_TYPE: [(&str, &str, &str, &str); 5] = [
    ("Referrer-Policy", "referer", "referrer_policy", LOADING),
    ("X-Frame-Options", "framing", "x_frame_options", PAGES),
    ("Cross-Origin-Opener-Policy", "opener", "cross_origin_opener_policy", PAGES),
    ("Permissions-Policy", "permit", "permissions_policy", PAGES),
    ("Content-Security-Policy", "policy", "content_security_policy", PAGES),
];

impl Plan<'_> {
    /// The variables of static files' headers.
    pub(super) fn static_maps(&self) -> Result<String, Error> {
        let (variable, settings) = (&self.variable, &self.subject.settings);
        let max_age: Option<u64> = settings.get("static.max_age")?;
        let plain = max_age.map_or_else(|| "no-cache".to_string(), |seconds| format!("public, max-age={seconds}"));
        let versions: String = self
            .versions()?
            .iter()
            .map(|version| format!("    {} \"{IMMUTABLE}\";\n", quoted(&format!("~(^|&){version}$"))))
            .collect();
        Ok(format!(
            "# An address with the current version, as the filter `asset` writes it, never changes its content; any other may.\n\
             map $args ${variable}_control {{\n    default \"{plain}\";\n{versions}}}\n{}",
            self.security_maps()?
        ))
    }

    /// The headers of `security.headers` by what browsers make of a file: those of pages, of what loads other files, of all files.
    fn security_maps(&self) -> Result<String, Error> {
        let variable = &self.variable;
        let mut text = format!(
            "# Headers that keep browsers in bounds (`security.headers`), for the files that they mean something for. An empty one is not sent.\n\
             map {} ${variable}_hsts {{\n    default \"\";\n    https {};\n}}\n",
            self.scheme(),
            quoted(&self.header("strict_transport_security")?.unwrap_or_default())
        );
        for (_, end, name, types) in BY_TYPE {
            let value = match name {
                "content_security_policy" => self.policy()?,
                name => self.header(name)?,
            };
            if let Some(value) = value {
                let (types, value) = (quoted(&format!("~^({types})(;|$)")), quoted(&value));
                text.push_str(&format!(
                    "map $sent_http_content_type ${variable}_{end} {{\n    default \"\";\n    {types} {value};\n}}\n"
                ));
            }
        }
        Ok(text + "\n")
    }

    /// The Content-Security-Policy of a file. Nobody can have put a script into one, and those that its author wrote are not known.
    fn policy(&self) -> Result<Option<String>, Error> {
        let Some(text) = self.header("content_security_policy")? else { return Ok(None) };
        if text == "auto" {
            return Ok(Some("object-src 'none'; base-uri 'self'; frame-ancestors 'self'".to_string()));
        }
        let path = self.subject.settings.get::<Option<String>>("static.path")?.unwrap_or_default();
        let origin = path
            .parse::<http::Uri>()
            .ok()
            .and_then(|address| Some(format!(" {}://{}", address.scheme_str()?, address.authority()?)));
        let origin = origin.unwrap_or_default();
        let filled =
            |text: String, place: &str| text.replace(&format!(" {place}"), &origin).replace(place, origin.trim());
        Ok(Some(filled(filled(text, "{scripts}"), "{styles}")))
    }

    /// Expressions of the versions that addresses of static files carry.
    fn versions(&self) -> Result<BTreeSet<String>, Error> {
        let snapshot = &self.subject.snapshot;
        let patched = snapshot.assets.iter().filter(|asset| asset.is_patched).map(|asset| asset.version.to_string());
        let mut versions: BTreeSet<String> = patched.collect();
        versions.insert(snapshot.version.to_string());
        let own = self.subject.settings.get_string("static.version")?;
        match &*own {
            "auto" => {}
            // As many as there are files: the shape is enough.
            "file" => return Ok([format!("[0-9a-f]{{{}}}", snapshot.version.len().max(1))].into()),
            own => drop(versions.insert(own.to_string())),
        }
        Ok(versions.iter().filter(|version| !version.is_empty()).map(|version| pattern::escaped(version)).collect())
    }

    /// The directives and locations of static files; none where the site serves them.
    pub(super) fn statics(&self) -> Result<String, Error> {
        let Some(root) = &self.choices.static_root else { return Ok(String::new()) };
        let assets = &self.subject.snapshot.assets;
        let types = types::by_ending(assets);
        let types = types.lines().map(|line| format!("    {line}\n")).collect::<String>();
        let mut text = format!(
            "\n    # Static files, as `assets export {root}` writes them: the site is not asked. Compressed forms lie beside them.\n    \
             root {root};\n    gzip_static on;\n    # With Debian's package libnginx-mod-http-brotli-static:\n    # brotli_static on;\n    \
             # The types that the binary sends.\n{types}"
        );
        let headers = self.headers()?;
        for folder in self.folders()? {
            text.push_str(&self.location("^~", &folder, "$uri", &headers, None));
        }
        let odd: BTreeSet<&str> = types::odd(assets).iter().map(|asset| &*asset.path).collect();
        for asset in assets.iter() {
            let address = format!("/{}", asset.path);
            if odd.contains(&*asset.path) {
                text.push_str(&self.location("=", &address, "$uri", &headers, Some(&asset.mime)));
            } else if self.is_outside(asset)? {
                text.push_str(&self.location("=", &address, "$uri", &headers, None));
            }
            text.push_str(&self.index(asset, &headers)?);
        }
        text.push_str(&format!(
            "    # What is not there is the site's to answer.\n    location @site {{\n{}\n    }}\n",
            self.pass(limits::ONCE)
        ));
        Ok(text)
    }

    /// The folder of a file that is its page.
    fn index(&self, asset: &Asset, headers: &str) -> Result<String, Error> {
        let Some(folder) = asset.path.strip_suffix(INDEX).filter(|folder| folder.is_empty() || folder.ends_with('/'))
        else {
            return Ok(String::new());
        };
        if folder.is_empty() && !self.is_outside(asset)? {
            return Ok(String::new());
        }
        let (address, file) = (format!("/{folder}"), format!("/{}", asset.path));
        let mut text = self.location("=", &address, &file, headers, Some(&asset.mime));
        if let Some(bare) = address.strip_suffix('/').filter(|bare| !bare.is_empty()) {
            let (mount, raw) = (&self.mount, &self.raw_mount);
            let (from, to) = (quoted(&format!("{mount}{bare}")), encoded(&address));
            text.push_str(&format!(
                "    location = {from} {{\n        return 308 \"{raw}{to}$is_args$args\";\n    }}\n"
            ));
        }
        Ok(text)
    }

    fn location(&self, kind: &str, address: &str, file: &str, headers: &str, mime: Option<&str>) -> String {
        let mount = &self.mount;
        let place = quoted(&format!("{mount}{address}"));
        let mut text = format!("    location {kind} {place} {{\n");
        if !mount.is_empty() {
            let rewrite = quoted(&format!("^{}(/.*)$", pattern::escaped(mount)));
            text.push_str(&format!("        rewrite {rewrite} $1 break;\n"));
        }
        if let Some(mime) = mime {
            text.push_str(&format!("        types {{ }}\n        default_type {};\n", quoted(mime)));
        }
        let file = if file == "$uri" { file.to_string() } else { quoted(file) };
        text.push_str(&format!("{headers}        try_files {file} @site;\n    }}\n"));
        text
    }

    /// The headers that the binary sends with its files. They stand in each location, because `add_header` is not handed down to one that
    /// has any.
    fn headers(&self) -> Result<String, Error> {
        let variable = &self.variable;
        let mut text = format!(
            "        {REQUEST_ID}\n        add_header Cache-Control ${variable}_control;\n        \
             add_header Strict-Transport-Security ${variable}_hsts;\n"
        );
        if let Some(value) = self.header("x_content_type_options")? {
            text.push_str(&format!("        add_header X-Content-Type-Options {};\n", quoted(&value)));
        }
        for (header, end, name, _) in BY_TYPE {
            if self.header(name)?.is_some() {
                text.push_str(&format!("        add_header {header} ${variable}_{end};\n"));
            }
        }
        Ok(text)
    }

    /// The value of a header of `security.headers`; none where it is off.
    fn header(&self, name: &str) -> Result<Option<String>, Error> {
        let key = format!("security.headers.{name}");
        let value = self.subject.settings.get::<Option<String>>(&key)?.unwrap_or_default();
        let value = value.trim();
        if value.is_empty() || value == "off" {
            return Ok(None);
        }
        match value.contains(|c: char| c == '$' || c.is_control()) {
            true => Err(Error::Setting(format!(
                "{} has a `$`, which NGINX takes for a variable; let the site serve the files, without `--static-root`",
                self.subject.settings.name(&key)
            ))),
            false => Ok(Some(value.to_string())),
        }
    }

    /// The addresses that folders of static files answer under, a slash at both ends.
    fn folders(&self) -> Result<Vec<String>, Error> {
        let folders = self.subject.settings.get_vec("static.folders")?;
        let folders = folders.iter().map(|folder| folder.trim().trim_matches('/').to_string());
        Ok(folders.filter(|folder| !folder.is_empty()).map(|folder| format!("/{folder}/")).collect())
    }

    /// Whether a file answers outside those folders.
    fn is_outside(&self, asset: &Asset) -> Result<bool, Error> {
        let address = format!("/{}", asset.path);
        let has_root =
            self.subject.settings.get::<Option<String>>("static.root")?.is_some_and(|root| !root.trim().is_empty());
        Ok(has_root && asset.is_root && !self.folders()?.iter().any(|folder| address.starts_with(folder.as_str())))
    }
}

/// A path as it is written in addresses, without what NGINX would take for a variable.
fn encoded(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
