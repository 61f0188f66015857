//! The controllers, by the names that the routes use.

pub mod product_controller;
