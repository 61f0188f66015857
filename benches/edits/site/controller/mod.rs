pub mod page_controller;
