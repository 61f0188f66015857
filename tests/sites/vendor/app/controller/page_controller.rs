use kalgan::{Request, Response, render};

pub fn page(_: Request) -> Response {
    render!("page.html")
}
