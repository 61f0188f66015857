pub mod error_controller;
pub mod page_controller;
