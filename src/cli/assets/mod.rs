//! The command `assets`: the static files that are in the binary, for people and for a server in front of it.
//!
//! All of it is about what the build froze and an overlay puts over it, so no setting from outside counts here and no secret is needed.

mod export;
mod list;

use std::process::ExitCode;

use clap::Subcommand;

use crate::deploy::types;
use crate::error::Error;
use crate::snapshot::Snapshot;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the static files with their sizes, those of their compressed forms, and their types
    ///
    /// Sizes are in bytes; `–` stands where a file is not compressed that way. HASH is what entity tags are made of, VERSION is what the
    /// file's address carries with `static.version: file`.
    List,
    /// Write the static files to a folder, compressed forms beside them, for NGINX to serve
    ///
    /// Each file lies at its address: `/static/css/site.css` becomes `DIR/static/css/site.css`, with `site.css.gz`, `site.css.br` and `site.css.zst`
    /// beside it where those are smaller. With `root DIR; gzip_static on;` and the directives of `assets types` NGINX sends the same bytes
    /// and types as the site itself.
    ///
    /// A file is written beside its place and then moved there, so nobody ever reads half of one, and a file that is right already is left
    /// alone. A compressed form that the file no longer has is removed, because NGINX would send it. Whatever else lies in the folder stays as
    /// it is; so do the files of an earlier export that the site no longer has, because pages that are open in a browser may still ask for
    /// them: they are listed, and `--delete` removes them.
    ///
    /// All exports of the same binary give the files the same times: that of SOURCE_DATE_EPOCH where the build had it, else a time made
    /// from each file's content, between November 2023 and December 2025. NGINX makes entity tags of a file's time and size, so a file that
    /// changes without growing must get another time.
    Export(export::Flags),
    /// Print the NGINX directives that give exported files the same `Content-Type` as the site does
    ///
    /// They belong into the `server` or `location` that has `root DIR` and `gzip_static on`: a character set is a part of its type, and a
    /// file whose type differs from that of others with its ending gets a `location` of its own. Types from elsewhere, such as
    /// `mime.types`, no longer count there.
    Types,
}

impl Command {
    /// Does what the command line says.
    pub(super) fn run(self, snapshot: &Snapshot) -> Result<ExitCode, Error> {
        match self {
            Command::List => super::print(&list::table(&snapshot.assets))?,
            Command::Export(flags) => return export::run(snapshot, &flags),
            Command::Types => super::print(&types::page(snapshot))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests;
