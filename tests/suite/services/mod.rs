//! What controllers call, against real servers and in whole sites; a module per service.

mod lifecycle;
mod mounted;
mod passwords;
#[cfg(feature = "websocket")]
mod sockets;
mod subprocess;
mod testing;
mod visit;
