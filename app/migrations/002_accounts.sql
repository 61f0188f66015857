-- The accounts of the demo: a name and the hash of a password, no more.
CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password TEXT NOT NULL,
    made INTEGER NOT NULL DEFAULT (unixepoch())
);
