//! What is said of broken templates.
