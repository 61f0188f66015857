//! Deployments into a folder. The programs of the system are played by [`System`], which keeps what systemd would know and fails when told.

mod instances;
mod killed;
mod refused;
mod removed;
mod static_files;
mod steps;
mod system;
