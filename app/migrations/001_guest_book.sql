-- The guest book of the demo. A picture is small and belongs to its entry, so it is kept beside it.
CREATE TABLE guest_book (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    language TEXT NOT NULL,
    picture BLOB,
    picture_type TEXT,
    written INTEGER NOT NULL DEFAULT (unixepoch())
);
