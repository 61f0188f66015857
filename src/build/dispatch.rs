//! The dispatch code: every controller, middleware and template function that the site's files name, as a Rust path.
//!
//! The compiler thereby checks the names. Each stands on a line of its own that ends with a comment saying which file and
//! line named it, because rustc shows that line when nobody wrote the function.

use std::collections::BTreeMap;

use super::code::line;
use super::settings;
use crate::snapshot::{Place, Setting, Snapshot, Value};

/// Where each name was written first.
type Names<'a> = BTreeMap<String, &'a Place>;

/// The kinds of template functions: the setting that lists them, and the method of `tera::Tera` that registers one.
const TEMPLATE_FUNCTIONS: [(&str, &str); 3] =
    [("tera.filters", "register_filter"), ("tera.functions", "register_function"), ("tera.tests", "register_test")];

/// Appends the functions `controllers`, `middleware_functions` and `template_functions`; `folder` is put before each file's name.
pub(super) fn functions(code: &mut String, snapshot: &Snapshot, folder: &str) {
    line(code, format_args!("fn controllers() -> Vec<(&'static str, ControllerFn)> {{"));
    table(code, "controller", &controllers(snapshot), folder);
    line(code, format_args!("}}\n\nfn middleware_functions() -> Vec<(&'static str, MiddlewareFn)> {{"));
    table(code, "middleware", &middleware(snapshot), folder);
    line(code, format_args!("}}\n\nfn template_functions(tera: &mut Tera) {{"));
    for (setting, method) in TEMPLATE_FUNCTIONS {
        for (name, place) in listed(snapshot, setting) {
            let (path, spot) = (rust_path("template", &name), spot(folder, place));
            line(code, format_args!("    tera.{method}({name:?}, {path}); // {spot}"));
        }
    }
    line(code, format_args!("}}\n"));
}

/// The pairs of name and function; `module` is the module that the functions are in and the function that makes one type of them.
fn table(code: &mut String, module: &str, names: &Names, folder: &str) {
    line(code, format_args!("    vec!["));
    for (name, place) in names {
        let (path, spot) = (rust_path(module, name), spot(folder, place));
        line(code, format_args!("        ({name:?}, {module}({path})), // {spot}"));
    }
    line(code, format_args!("    ]"));
}

/// The controllers of routes and of the settings `error.<code>`; none where a resolver of the site finds them.
fn controllers(snapshot: &Snapshot) -> Names<'_> {
    if settings::find(snapshot, "router.resolver").is_some_and(|setting| setting.value == Value::Bool(true)) {
        return Names::new();
    }
    let routes = snapshot.routes.iter().map(|route| (route.controller.to_string(), &route.place));
    let errors = snapshot.settings.iter().filter_map(error_controller);
    first_places(routes.chain(errors))
}

/// The controller that a setting `error.<code>` names. One that comes from the environment is looked up when the process
/// starts, among those that the files name.
fn error_controller(setting: &Setting) -> Option<(String, &Place)> {
    let code = setting.key.strip_prefix("error.")?;
    let Value::Text(name) = &setting.value else { return None };
    let is_code = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit());
    (is_code && !name.is_empty()).then(|| (name.replace('/', "::"), &setting.place))
}

/// The middleware of all routes, which a setting lists, and those of each.
fn middleware(snapshot: &Snapshot) -> Names<'_> {
    let common = settings::items(snapshot, "router.middleware");
    let common = common.into_iter().map(|(name, place)| (name.replace('/', "::"), place));
    let named = snapshot.routes.iter().flat_map(|route| route.middleware.iter().map(move |name| (name, &route.place)));
    first_places(common.chain(named.map(|(name, place)| (name.to_string(), place))))
}

/// The names in a list setting.
fn listed<'a>(snapshot: &'a Snapshot, key: &str) -> Names<'a> {
    first_places(settings::items(snapshot, key).into_iter().map(|(name, place)| (name.to_string(), place)))
}

fn first_places<'a>(named: impl Iterator<Item = (String, &'a Place)>) -> Names<'a> {
    let mut names = Names::new();
    for (name, place) in named {
        names.entry(name).or_insert(place);
    }
    names
}

/// The names are Rust paths: `source` has refused all others.
fn rust_path(module: &str, name: &str) -> String {
    format!("crate::{module}::{name}")
}

/// File and line: rustc shows one line, in which a column would only be noise.
fn spot(folder: &str, place: &Place) -> String {
    format!("{folder}/{}:{}", place.file, place.line)
}
