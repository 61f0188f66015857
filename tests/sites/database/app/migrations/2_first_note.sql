-- The same for every engine.
INSERT INTO note (text) VALUES ('the first; with a semicolon');
INSERT INTO note (text) VALUES ('the second');
