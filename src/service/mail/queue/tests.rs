//! The queue in memory, which whole sites with a database never use, against a real mail server.
