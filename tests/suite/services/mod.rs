//! What controllers call, against real servers and in whole sites; a module per service.

mod mail;
