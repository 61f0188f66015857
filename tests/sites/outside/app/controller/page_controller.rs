use kalgan::{Request, Response, render, trans};

pub async fn home(_: Request) -> Response {
    render!("home.html", "visits" => 3)
}

pub fn greeting(request: Request) -> String {
    trans!(request, "page.greeting", name = request.parameter("name").unwrap_or_default())
}
