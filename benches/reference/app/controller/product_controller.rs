//! A list of products, made once; the context is built for each request, as in a site that reads a database.

use std::sync::LazyLock;

use kalgan::{Request, Response, context, render};
use serde::Serialize;

#[derive(Serialize)]
struct Product {
    id: u32,
    name: String,
    sku: String,
    price: String,
    stock: u32,
}

const NAMES: [&str; 10] = [
    "Walnut desk organiser",
    "Brass reading lamp",
    "Linen notebook, A5",
    "Salt & pepper mill",
    "Enamel kettle 1.5 l",
    "Wool throw <large>",
    "Cork coaster (set of 6)",
    "Oak cutting board",
    "Chef's knife 20 cm",
    "Glass carafe \"Riva\"",
];

static PRODUCTS: LazyLock<Vec<Product>> = LazyLock::new(|| (0..25).map(product).collect());

fn product(number: u32) -> Product {
    Product {
        id: 1000 + number * 7,
        name: NAMES[number as usize % NAMES.len()].to_string(),
        sku: format!("SKU-{:05}", 31_337 + number * 113),
        price: format!("{}.{:02}", 9 + number * 3, (number * 37) % 100),
        stock: (number * 5) % 17,
    }
}

/// The page with 25 rows.
pub fn list(_: Request) -> Response {
    let context = context! {
        "user" => "Ada Lovelace",
        "year" => 2026,
        "category" => "kitchen",
        "products" => *PRODUCTS,
    };
    render!("products.html", context)
}

/// The least that a route can answer, to see what the way there costs.
pub fn hello(_: Request) -> &'static str {
    "Hello, World!"
}
