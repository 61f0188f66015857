CREATE INDEX post_title ON post (title);
