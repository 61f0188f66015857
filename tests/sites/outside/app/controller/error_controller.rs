use kalgan::{Request, Response, render};

pub fn missing(_: Request) -> Response {
    render!("missing.html").with_status(404)
}
