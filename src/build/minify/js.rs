//! Scripts, with oxc.
//!
//! Classic scripts keep the names outside of all functions, because other scripts may use and change them. Nothing is written
//! in a syntax that came later than ECMAScript 2015, unless the author wrote it.

use std::path::PathBuf;

use oxc_allocator::Allocator;
use oxc_codegen::{Codegen, CodegenOptions, CommentOptions, LegalComment};
use oxc_compat::EngineTargets;
use oxc_minifier::{CompressOptions, Minifier, MinifierOptions};
use oxc_parser::{Parser, ParserReturn};
use oxc_semantic::SemanticBuilder;
use oxc_sourcemap::SourceMap;
use oxc_span::SourceType;

use super::{Refusal, Short, keep};
use crate::problem::position;

/// What a script may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grammar {
    /// A classic script.
    Script,
    /// A module.
    Module,
    /// A module if it imports or exports, else a classic script.
    Either,
}

/// A script in fewer bytes, and where its parts were.
pub(super) fn shorten(address: &str, text: &str, grammar: Grammar) -> Result<Short, Refusal> {
    let allocator = Allocator::default();
    let (parsed, kind) = match grammar {
        Grammar::Script => (parse(&allocator, text, SourceType::script())?, SourceType::script()),
        Grammar::Module => (parse(&allocator, text, SourceType::mjs())?, SourceType::mjs()),
        Grammar::Either => either(&allocator, text)?,
    };
    let legal = parsed.program.comments.iter().filter(|comment| comment.is_legal());
    let comments: Vec<&str> = legal.map(|comment| comment.span.source_text(text)).collect();
    let (mut short, map) = write(&allocator, parsed, address)?;
    let is_read = parse(&Allocator::default(), &short, kind).is_ok();
    if !is_read {
        return Err(Refusal::of_all(Refusal::NOT_SAME));
    }
    keep(&comments, &mut short);
    Ok(Short { text: short, map })
}

/// A script, or else a module. The mistake in what is neither is that of the script, unless it imports or exports.
fn either<'a>(allocator: &'a Allocator, text: &'a str) -> Result<(ParserReturn<'a>, SourceType), Refusal> {
    let script = parse(allocator, text, SourceType::script());
    match script {
        Ok(script) => Ok((script, SourceType::script())),
        Err(refusal) => match parse(allocator, text, SourceType::mjs()) {
            Ok(module) => Ok((module, SourceType::mjs())),
            Err(mistake) if refusal.line == 0 => Err(mistake),
            Err(_) => Err(refusal),
        },
    }
}

/// The syntax tree of a script without mistakes.
fn parse<'a>(allocator: &'a Allocator, text: &'a str, kind: SourceType) -> Result<ParserReturn<'a>, Refusal> {
    let parsed = Parser::new(allocator, text, kind).parse();
    if parsed.module_record.has_module_syntax && kind.is_script() {
        return Err(Refusal::of_all("it is a module"));
    }
    let checked = SemanticBuilder::new().with_check_syntax_error(true).build(&parsed.program);
    let mut mistakes = parsed.diagnostics.iter().chain(checked.diagnostics.iter());
    if let Some(mistake) = mistakes.next() {
        let offset = mistake.labels.first().map(|label| label.offset() as usize);
        let (line, column) = offset.map_or((0, 0), |offset| position(text, offset));
        return Err(Refusal { line, column, reason: mistake.message.to_string() });
    }
    Ok(parsed)
}

fn write<'a>(
    allocator: &'a Allocator,
    parsed: ParserReturn<'a>,
    address: &str,
) -> Result<(String, SourceMap<'static>), Refusal> {
    let mut program = parsed.program;
    let target = EngineTargets::from_target("es2015").map_err(Refusal::of_all)?;
    // A `debugger` that its author left in is theirs to remove.
    let compress = CompressOptions { target, drop_debugger: false, ..CompressOptions::smallest() };
    let options = MinifierOptions { compress: Some(compress), ..MinifierOptions::default() };
    let minified = Minifier::new(options).minify(allocator, &mut program);
    let comments = CommentOptions { legal: LegalComment::Inline, ..CommentOptions::disabled() };
    let source_map_path = Some(PathBuf::from(address));
    let options = CodegenOptions { minify: true, comments, source_map_path, ..CodegenOptions::default() };
    let codegen = Codegen::new().with_options(options).with_scoping(minified.scoping);
    let written = codegen.with_private_member_mappings(minified.class_private_mappings).build(&program);
    let map = written.map.map(SourceMap::into_owned).ok_or_else(|| Refusal::of_all("it has no source map"))?;
    Ok((written.code, map))
}
